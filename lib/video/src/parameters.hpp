// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_sei_fuzz)
#pragma once

#include "signet/crypto.hpp"
#include "signet/video.hpp"

#include "sei.hpp"

namespace signet::video {

/// A parameter set as a decoder keeps it: a later one of the same kind and number takes its place.
struct ParameterSet {
  std::uint8_t kind = 0;  ///< NAL unit type
  std::uint8_t id = 0;    ///< its own number; 255 if it cannot be read
  Digest digest = {};     ///< SHA-256 of the unit

  friend bool operator==(const ParameterSet&, const ParameterSet&) = default;
};

/// The number of a H.264 or H.265 parameter set in its own syntax.
[[nodiscard]] std::uint8_t parameter_set_id(Codec codec, ByteView unit);

/// What one statement holds; no encoder has that many in force.
inline constexpr std::size_t k_parameter_sets_max = 64;

/// Puts a set among those in force; false if it is there already.
bool put_in_force(std::vector<ParameterSet>& sets, const ParameterSet& set);

/// Our own SEI: the parameter sets in force for the GOP of one I picture. The layout is in
/// docs/formats/signed-video.md.
struct ParameterStatement {
  Family family = Family::onvif;  ///< whose signatures vouch for the I picture, and by whose key this is
  Digest anchor;                  ///< hash of the I picture's first slice
  std::vector<ParameterSet> sets;
  Bytes document;  ///< what is signed
  Bytes signature;
};

/// Whether a SEI is one of these.
[[nodiscard]] bool is_parameter_statement(Codec codec, ByteView unit);
/// "video.sei-broken" (invalid_input).
Result<ParameterStatement> parse_parameter_statement(Codec codec, ByteView unit);
/// The SEI, escaped.
Result<Bytes> write_parameter_statement(Codec codec, Family family, const Digest& anchor,
                                        std::span<const ParameterSet> sets, crypto::Signer& key,
                                        crypto::SignatureScheme scheme);

}  // namespace signet::video
