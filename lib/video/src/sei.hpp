// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/video.hpp"

#include "unit_hash.hpp"

namespace signet::video {

/// The two families; Axis legacy is told from v2 by each SEI's flags.
enum class Family : std::uint8_t { onvif, axis };

/// Tag 1: what a SEI says of the part that it signs.
struct General {
  std::uint32_t counter = 0;
  std::uint32_t units = 0;  ///< entries in the hash list, by the signer's count
  std::optional<bool> partial = {};
  std::optional<std::int64_t> start_us = {};  ///< Unix; see is_date
  std::optional<std::int64_t> end_us = {};
  bool is_date = false;  ///< the times are dates, not seconds since the stream began
  Digest link = {};
  Digest gop_hash = {};
};

/// A PEM chain, leaf first, as it stood in the stream.
struct ChainText {
  std::string pem;
  bool user_provisioned = false;
};

/// A signature SEI, taken apart. Nothing of it is to be believed before its signature has been checked.
struct Sei {
  Family family = Family::onvif;
  Profile profile = Profile::onvif;
  bool is_certificate = false;  ///< certificate SEI (ONVIF), golden SEI (Axis)
  bool is_signed = false;
  bool signs_gop_hash = false;  ///< Axis legacy: the signature is over the GOP hash, not the document
  bool was_escaped = true;
  bool has_arbitrary_data = false;
  Bytes document;  ///< what is signed
  Bytes signature;
  std::optional<General> general;
  std::optional<std::vector<Digest>> hash_list;
  std::optional<crypto::HashAlgorithm> hash;
  std::string public_key_pem;        ///< Axis
  std::vector<ChainText> chains;     ///< ONVIF; Axis: the attestation's chain
  std::optional<Bytes> attestation;  ///< Axis
  std::optional<Device> device;
  std::string signer_version;
};

}  // namespace signet::video
