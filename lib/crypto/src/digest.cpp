// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ensure.hpp"
#include "signet/crypto.hpp"

#include "ossl.hpp"

#include <array>

namespace signet::ossl {

const EVP_MD* md_of(crypto::HashAlgorithm algorithm) {
  // Fetched once: an implicit fetch on each use costs more than hashing a small message.
  static const std::array<EVP_MD*, 3> k_fetched{EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                EVP_MD_fetch(nullptr, "SHA384", nullptr),
                                                EVP_MD_fetch(nullptr, "SHA512", nullptr)};
  const EVP_MD* md = k_fetched.at(static_cast<std::size_t>(algorithm));
  ensure(md != nullptr, "OpenSSL has SHA-2");
  return md;
}

}  // namespace signet::ossl

namespace signet::crypto {

std::string_view name_of(HashAlgorithm algorithm) {
  constexpr std::array<std::string_view, 3> k_names{"sha256", "sha384", "sha512"};
  return k_names.at(static_cast<std::size_t>(algorithm));
}

std::size_t digest_size_bytes(HashAlgorithm algorithm) {
  constexpr std::array<std::size_t, 3> k_sizes{32, 48, 64};
  return k_sizes.at(static_cast<std::size_t>(algorithm));
}

struct Hasher::State {
  ossl::EvpMdCtx ctx{EVP_MD_CTX_new()};
  HashAlgorithm algorithm;
  explicit State(HashAlgorithm wanted) : algorithm(wanted) {}
};

Hasher::Hasher(HashAlgorithm algorithm) : state_(std::make_unique<State>(algorithm)) {
  ensure(EVP_DigestInit_ex2(state_->ctx.get(), ossl::md_of(algorithm), nullptr) == 1, "a hash can be started");
}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(ByteView piece) {
  ensure(EVP_DigestUpdate(state_->ctx.get(), piece.data(), piece.size()) == 1, "a hash takes bytes");
}

Bytes Hasher::finish() {
  Bytes out(digest_size_bytes(state_->algorithm));
  ensure(EVP_DigestFinal_ex(state_->ctx.get(), as_uchar(ByteSpan(out)), nullptr) == 1, "a hash can be finished");
  ensure(EVP_DigestInit_ex2(state_->ctx.get(), nullptr, nullptr) == 1, "a hash can be restarted");
  return out;
}

Bytes digest(HashAlgorithm algorithm, ByteView message) {
  Bytes out(digest_size_bytes(algorithm));
  ensure(EVP_Digest(message.data(), message.size(), as_uchar(ByteSpan(out)), nullptr, ossl::md_of(algorithm),
                    nullptr) == 1,
         "a hash can be computed");
  return out;
}

}  // namespace signet::crypto
