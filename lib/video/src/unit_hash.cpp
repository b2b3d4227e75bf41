// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "unit_hash.hpp"

#include "signet/core/ensure.hpp"

#include <algorithm>

namespace signet::video {

Digest Digest::of(ByteView bytes) {
  Digest digest;
  digest.size_bytes = static_cast<std::uint8_t>(std::min(bytes.size(), digest.bytes.size()));
  std::ranges::copy(bytes.first(digest.size_bytes), digest.bytes.begin());
  return digest;
}

UnitHasher::UnitHasher(crypto::HashAlgorithm algorithm) : ctx_(EVP_MD_CTX_new()), algorithm_(algorithm) {
  ensure(EVP_DigestInit_ex2(ctx_.get(), ossl::md_of(algorithm), nullptr) == 1, "a hash can be started");
}

void UnitHasher::update(ByteView piece) {
  ensure(EVP_DigestUpdate(ctx_.get(), piece.data(), piece.size()) == 1, "a hash takes bytes");
}

Digest UnitHasher::finish() {
  Digest digest;
  digest.size_bytes = static_cast<std::uint8_t>(crypto::digest_size_bytes(algorithm_));
  ensure(EVP_DigestFinal_ex(ctx_.get(), as_uchar(ByteSpan(digest.bytes)), nullptr) == 1, "a hash can be finished");
  restart();
  return digest;
}

void UnitHasher::restart() { ensure(EVP_DigestInit_ex2(ctx_.get(), nullptr, nullptr) == 1, "a hash can be restarted"); }

Digest UnitHasher::chained(const Digest& anchor, const Digest& hash) {
  update(anchor.view());
  update(hash.view());
  return finish();
}

}  // namespace signet::video
