// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/video.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace signet::video {

/// Where bytes come from; `offset` grows but for MP4, whose index may stand at the end.
class Source {
 public:
  virtual ~Source() = default;
  /// Reads up to out.size() bytes at `offset`; 0 at the end.
  virtual Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) = 0;
};

/// Gives units that this library does not split itself: what a RTP stream carries, for one. See lib/media.
class UnitReader {
 public:
  virtual ~UnitReader() = default;
  /// The next piece in decoding order, none at the end.
  virtual Result<std::optional<Piece>> next() = 0;
  /// How far into its source it has read, in bytes.
  [[nodiscard]] virtual std::uint64_t offset() const = 0;
};

/// Splits Annex B (H.264, H.265), MP4 and fragmented MP4 (avc1, hvc1, av01), OBU streams and IVF, by content.
class Recording {
 public:
  /// "video.unknown-container", "video.no-video" (invalid_input), "video.encrypted" (unsupported). `codec` overrides
  /// what Annex B looks like.
  static Result<Recording> open(std::shared_ptr<Source> source, std::optional<Codec> codec = {});
  /// A recording whose units somebody else splits.
  static Recording from_units(Container container, Codec codec, std::unique_ptr<UnitReader> units);
  Recording(Recording&&) noexcept;
  Recording& operator=(Recording&&) noexcept;
  ~Recording();

  [[nodiscard]] Container container() const;
  /// Names what its units came in, where somebody has unwrapped them before.
  void came_in(Container container);
  [[nodiscard]] Codec codec() const;
  /// MP4's creation time, which nobody signed.
  [[nodiscard]] std::optional<Instant> created() const;
  /// The body of MP4's avcC, hvcC or av1C, where parameter sets may stand; empty elsewhere.
  [[nodiscard]] const Bytes& decoder_configuration() const;
  /// The next piece in decoding order, none at the end. "video.malformed" (invalid_input), "video.truncated".
  Result<std::optional<Piece>> next();
  /// How far into the source it has read, in bytes.
  [[nodiscard]] std::uint64_t offset() const;

  class Impl;  ///< private to the sources

 private:
  explicit Recording(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What a signature SEI says of itself; nothing of it has been checked.
struct SeiSummary {
  Profile profile = Profile::onvif;
  bool is_signed = false;
  bool is_certificate = false;  ///< brings certificates or a key, covers nothing
  bool has_hash_list = false;
  bool is_partial = false;  ///< not the last part of its GOP
  std::uint32_t counter = 0;
  std::uint64_t units = 0;  ///< signed by it
  std::string signer_version = {};
  std::string problem = {};  ///< why it cannot be read; then nothing else holds
};
/// None if the unit is no signature SEI (AV1: metadata OBU).
[[nodiscard]] std::optional<SeiSummary> summarize_sei(Codec codec, ByteView unit);

/// The hash of the first signature within the first 64 MiB of a recording: judging needs it before that SEI arrives.
Result<std::optional<crypto::HashAlgorithm>> probe_hash(Recording& recording);

}  // namespace signet::video
