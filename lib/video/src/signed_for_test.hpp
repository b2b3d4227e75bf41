// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/test/memory_signer.hpp"
#include "signet/video_signer.hpp"

#include "vector_files.hpp"

#include <array>

namespace signet::video {

inline constexpr std::int64_t k_start_us = 1'780'272'000'000'000;  // 2026-06-01
inline constexpr std::int64_t k_frame_us = 40'000;

/// A key with a certificate under a root of its own.
struct Camera {
  std::shared_ptr<crypto::Signer> key;
  std::vector<pki::Certificate> chain;
  pki::Certificate root;
};

inline Camera make_camera(crypto::KeyAlgorithm algorithm) {
  const auto root_key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  const auto key = test::make_memory_signer(algorithm);
  const Instant begin{1'700'000'000};
  const auto order = [&](const char* profile, const char* name, const crypto::PublicKey& of) {
    return pki::Order{.profile = *pki::profile_named(profile),
                      .subject = {.common_name = name},
                      .public_key = of,
                      .serial_hex = "01",
                      .not_before = begin,
                      .not_after = begin.plus_days(3000)};
  };
  auto root = pki::issue_root(root_key, order("vendor-root", "Root", root_key->public_key()));
  auto leaf = pki::issue({*root, root_key}, order("firmware-signing", "Camera", key->public_key()));
  return {key, {*leaf}, *root};
}

inline Bytes base_stream(Codec codec) {
  const std::string name = "base/base." + std::string(codec == Codec::av1 ? "obu" : name_of(codec));
  return read_whole(std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/video" / name);
}

inline void append_unit(Bytes& to, Codec codec, ByteView unit) {
  constexpr std::array k_start_code{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
  if (codec != Codec::av1) append(to, k_start_code);
  append(to, unit);
}

/// Signs a stream whose frames come 25 times a second.
inline Result<Bytes> sign_stream(const Bytes& stream, const SignOptions& options,
                                 const std::shared_ptr<crypto::Signer>& key, bool to_the_end = true) {
  TRY_ASSIGN(StreamSigner signer, StreamSigner::make(options, key));
  TRY_ASSIGN(Recording recording, Recording::open(std::make_shared<MemorySource>(stream), options.codec));
  Bytes out;
  std::int64_t time_us = k_start_us;
  while (true) {
    TRY_ASSIGN(const std::optional<Piece> piece, recording.next());
    if (!piece) break;
    TRY_ASSIGN(const std::vector<Bytes> before, signer.add(piece->bytes, time_us));
    for (const Bytes& each : before) append_unit(out, options.codec, each);
    append_unit(out, options.codec, piece->bytes);
    if (piece->bytes.size() > 40) time_us += k_frame_us;
  }
  if (!to_the_end) return out;
  TRY_ASSIGN(const std::vector<Bytes> rest, signer.finish());
  for (const Bytes& each : rest) append_unit(out, options.codec, each);
  return out;
}

}  // namespace signet::video
