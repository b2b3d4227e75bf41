// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/video_signer.hpp"

#include "unit_hash.hpp"

namespace signet::video {

/// What one SEI of ours says.
struct SeiContent {
  bool with_identity = true;    ///< certificates or key, device, hash
  bool is_certificate = false;  ///< certificate SEI (ONVIF), golden SEI (Axis): covers nothing
  bool is_partial = false;
  std::uint32_t counter = 0;
  std::int64_t start_us = 0;
  std::int64_t end_us = 0;
  std::vector<Digest> entries = {};
  Digest gop_hash = {};
  Digest link = {};
};

/// Writes signature SEI, escaped (H.26x) or as metadata OBU (AV1). The layout is in docs/formats/signed-video.md.
class SeiWriter {
 public:
  SeiWriter(const SignOptions& options, const crypto::PublicKey& key);

  /// How its key signs.
  [[nodiscard]] crypto::SignatureScheme scheme() const;
  /// With a signature by `signer`; without one if it is null.
  Result<Bytes> write(const SeiContent& content, crypto::Signer* signer) const;

 private:
  [[nodiscard]] Bytes tags_of(const SeiContent& content) const;
  [[nodiscard]] Bytes onvif_tags(const SeiContent& content) const;
  [[nodiscard]] Bytes axis_tags(const SeiContent& content) const;
  [[nodiscard]] Bytes front_of(const SeiContent& content, std::size_t payload_size_bytes) const;
  [[nodiscard]] Bytes escaped(ByteView plain) const;

  SignOptions options_;
  std::string key_pem_;
  std::string chain_pem_;
  crypto::KeyAlgorithm key_algorithm_;
  std::size_t signature_size_bytes_max_;
};

/// Inserts emulation prevention bytes (H.264 7.4.1, H.265 7.4.2).
[[nodiscard]] Bytes escape(ByteView plain);

/// How many entries fit into a hash list, with room to spare for the other tags.
[[nodiscard]] std::size_t list_entries_max(crypto::HashAlgorithm hash);

}  // namespace signet::video
