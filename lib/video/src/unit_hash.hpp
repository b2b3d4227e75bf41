// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/crypto.hpp"

#include "ossl.hpp"

#include <array>

namespace signet::video {

/// A digest of up to 64 bytes without allocation.
struct Digest {
  std::array<std::byte, 64> bytes{};
  std::uint8_t size_bytes = 0;

  [[nodiscard]] ByteView view() const { return ByteView(bytes).first(size_bytes); }
  friend bool operator==(const Digest& a, const Digest& b) { return equal(a.view(), b.view()); }
  /// The first eight bytes: a key for look-ups.
  [[nodiscard]] std::uint64_t key() const { return get_be64(ByteView(bytes).first(8)); }
  /// At most 64 bytes are taken.
  static Digest of(ByteView bytes);
};

/// Hashes unit after unit with one OpenSSL context; crypto::Hasher would allocate for each.
class UnitHasher {
 public:
  explicit UnitHasher(crypto::HashAlgorithm algorithm);
  [[nodiscard]] crypto::HashAlgorithm algorithm() const { return algorithm_; }
  void update(ByteView piece);
  /// The digest; the hasher starts anew.
  [[nodiscard]] Digest finish();
  /// Forgets what it was given.
  void restart();
  /// H(anchor || hash): how a slice that is not the anchor stands in a hash list.
  [[nodiscard]] Digest chained(const Digest& anchor, const Digest& hash);

 private:
  ossl::EvpMdCtx ctx_;
  crypto::HashAlgorithm algorithm_;
};

}  // namespace signet::video
