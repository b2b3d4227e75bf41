// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: birth_escrow_fuzz)
#include "signet/birth.hpp"

#include "ossl.hpp"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

// version (1) || size of the key part (2, big-endian) || key part || AES-256-GCM (nonce || ciphertext || tag) over the
// three auths, each with its size (1) before it. The key part is the RSA-OAEP ciphertext of 32 random bytes, or the
// ephemeral key's SubjectPublicKeyInfo.
namespace signet::birth {

namespace {

constexpr std::byte k_escrow_version{1};
constexpr std::size_t k_head_bytes = 3;
constexpr std::size_t k_key_part_bytes_max = 1024;
constexpr std::size_t k_seed_bytes = 32;
constexpr std::size_t k_auth_bytes_max = 64;

Error broken() {
  return {Errc::untrusted, "birth.escrow",
          "the escrow does not open: it is damaged, or of another TPM, or was made for another key",
          "Use the private half of the escrow key of the policy under which the unit was born."};
}
Error failed(const char* doing) {
  return ossl::take_error(Errc::internal, "birth.crypto", std::string("cannot ") + doing);
}

bool is_rsa(EVP_PKEY* key) { return EVP_PKEY_is_a(key, "RSA") == 1; }

Result<void> check_key(const crypto::PublicKey& key) {
  constexpr std::array k_fit = {crypto::KeyAlgorithm::rsa_3072, crypto::KeyAlgorithm::rsa_4096,
                                crypto::KeyAlgorithm::ec_p256, crypto::KeyAlgorithm::ec_p384};
  if (std::ranges::find(k_fit, key.algorithm()) != k_fit.end()) return {};
  return Error(Errc::unsupported, "birth.escrow-key",
               "a key of the kind " + std::string(crypto::name_of(key.algorithm())) + " cannot receive an escrow",
               "Use RSA-3072, RSA-4096, P-256 or P-384.");
}

Result<ossl::EvpPkeyCtx> oaep(EVP_PKEY* key, int (*init)(EVP_PKEY_CTX*)) {
  ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (ctx == nullptr || init(ctx.get()) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), EVP_sha256()) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(ctx.get(), EVP_sha256()) != 1) {
    return failed("set up RSA-OAEP");
  }
  return ctx;
}

Result<Bytes> wrap_rsa(EVP_PKEY* key, const Secret& seed) {
  TRY_ASSIGN(const auto ctx, oaep(key, [](EVP_PKEY_CTX* c) { return EVP_PKEY_encrypt_init(c); }));
  const ByteView plain = seed.read(SecretAccess::for_cryptography());
  std::size_t size = 0;
  if (EVP_PKEY_encrypt(ctx.get(), nullptr, &size, as_uchar(plain), plain.size()) != 1) return failed("wrap a key");
  Bytes wrapped(size);
  if (EVP_PKEY_encrypt(ctx.get(), as_uchar(ByteSpan(wrapped)), &size, as_uchar(plain), plain.size()) != 1) {
    return failed("wrap a key");
  }
  wrapped.resize(size);
  return wrapped;
}

Result<Secret> unwrap_rsa(EVP_PKEY* key, ByteView wrapped) {
  TRY_ASSIGN(const auto ctx, oaep(key, [](EVP_PKEY_CTX* c) { return EVP_PKEY_decrypt_init(c); }));
  Secret plain(k_key_part_bytes_max);
  std::size_t size = plain.size();
  if (EVP_PKEY_decrypt(ctx.get(), as_uchar(plain.write(SecretAccess::for_cryptography())), &size, as_uchar(wrapped),
                       wrapped.size()) != 1 ||
      size != k_seed_bytes) {
    const Error queued = failed("unwrap a key");  // empties OpenSSL's queue; whoever asks learns no more than "broken"
    return broken();
  }
  return Secret::copy_of(plain.read(SecretAccess::for_cryptography()).first(size));
}

Result<Secret> agree(EVP_PKEY* mine, EVP_PKEY* theirs) {
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, mine, nullptr));
  std::size_t size = 0;
  if (ctx == nullptr || EVP_PKEY_derive_init(ctx.get()) != 1 || EVP_PKEY_derive_set_peer(ctx.get(), theirs) != 1 ||
      EVP_PKEY_derive(ctx.get(), nullptr, &size) != 1) {
    return failed("agree on a key");
  }
  Secret shared(size);
  if (EVP_PKEY_derive(ctx.get(), as_uchar(shared.write(SecretAccess::for_cryptography())), &size) != 1 ||
      size != shared.size()) {
    return failed("agree on a key");
  }
  return shared;
}

/// What both ways agree in: the key part, the recipient and the EK are all bound in, so no part can be exchanged.
Result<Secret> content_key(const Secret& seed, ByteView head, const crypto::PublicKey& recipient, ByteView ek) {
  Bytes info = to_bytes("signet birth escrow 1");
  append(info, recipient.fingerprint());
  append(info, crypto::digest(crypto::HashAlgorithm::sha256, head));
  return crypto::hkdf(crypto::HashAlgorithm::sha256, seed, ek, info, k_seed_bytes);
}

Result<Secret> join(const Escrow& escrow) {
  const std::array parts = {&escrow.owner, &escrow.endorsement, &escrow.lockout};
  std::size_t size = 0;
  for (const Secret* part : parts) {
    if (part->empty() || part->size() > k_auth_bytes_max) {
      return Error(Errc::usage, "birth.escrow-auth", "a hierarchy auth must have 1 to 64 bytes");
    }
    size += 1 + part->size();
  }
  Secret plain(size);
  ByteSpan out = plain.write(SecretAccess::for_cryptography());
  for (const Secret* part : parts) {
    out[0] = static_cast<std::byte>(part->size());
    std::ranges::copy(part->read(SecretAccess::for_cryptography()), out.begin() + 1);
    out = out.subspan(1 + part->size());
  }
  return plain;
}

Result<Escrow> split(const Secret& plain) {
  ByteView rest = plain.read(SecretAccess::for_cryptography());
  Escrow escrow;
  for (Secret* part : {&escrow.owner, &escrow.endorsement, &escrow.lockout}) {
    if (rest.empty()) return broken();
    const auto size = static_cast<std::size_t>(rest.front());
    if (size == 0 || size > k_auth_bytes_max || rest.size() - 1 < size) return broken();
    *part = Secret::copy_of(rest.subspan(1, size));
    rest = rest.subspan(1 + size);
  }
  if (!rest.empty()) return broken();
  return escrow;
}

}  // namespace

Result<Bytes> seal_escrow(const Escrow& escrow, const crypto::PublicKey& escrow_key, ByteView ek_fingerprint) {
  TRY(check_key(escrow_key));
  TRY_ASSIGN(const Secret plain, join(escrow));
  TRY_ASSIGN(const auto recipient, ossl::to_evp(escrow_key));
  Bytes key_part;
  Secret seed;
  if (is_rsa(recipient.get())) {
    seed = crypto::random_secret(k_seed_bytes);
    TRY_ASSIGN(key_part, wrap_rsa(recipient.get(), seed));
  } else {
    TRY_ASSIGN(const auto ephemeral, ossl::generate_key(escrow_key.algorithm()));
    TRY_ASSIGN(seed, agree(ephemeral.get(), recipient.get()));
    TRY_ASSIGN(const auto public_half, ossl::from_evp(ephemeral.get()));
    key_part = public_half.spki_der();
  }
  Bytes sealed(k_head_bytes);
  sealed[0] = k_escrow_version;
  put_be16(ByteSpan(sealed).subspan(1), static_cast<std::uint16_t>(key_part.size()));
  append(sealed, key_part);
  TRY_ASSIGN(const Secret key, content_key(seed, sealed, escrow_key, ek_fingerprint));
  TRY_ASSIGN(const Bytes body, crypto::seal(key, plain.read(SecretAccess::for_cryptography()), ek_fingerprint));
  append(sealed, body);
  return sealed;
}

Result<Escrow> open_escrow(ByteView sealed, const Secret& escrow_key_pkcs8, ByteView ek_fingerprint) {
  const ByteView pkcs8 = escrow_key_pkcs8.read(SecretAccess::for_cryptography());
  const unsigned char* at = as_uchar(pkcs8);
  const ossl::EvpPkey own(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())));
  if (own == nullptr || at != as_uchar(pkcs8) + pkcs8.size()) {
    return ossl::take_error(Errc::invalid_input, "birth.escrow-key", "not a private key in PKCS#8 (DER)");
  }
  TRY_ASSIGN(const crypto::PublicKey recipient, ossl::from_evp(own.get()));
  TRY(check_key(recipient));
  if (sealed.size() < k_head_bytes || sealed[0] != k_escrow_version) return broken();
  const std::size_t key_size = get_be16(sealed.subspan(1));
  if (key_size > k_key_part_bytes_max || sealed.size() - k_head_bytes < key_size) return broken();
  const ByteView key_part = sealed.subspan(k_head_bytes, key_size);
  Secret seed;
  if (is_rsa(own.get())) {
    TRY_ASSIGN(seed, unwrap_rsa(own.get(), key_part));
  } else {
    const auto ephemeral = crypto::PublicKey::from_spki_der(key_part);
    // The curve first: a point of another one must never meet the private key.
    if (!ephemeral || ephemeral->algorithm() != recipient.algorithm()) return broken();
    TRY_ASSIGN(const auto theirs, ossl::to_evp(*ephemeral));
    TRY_ASSIGN(seed, agree(own.get(), theirs.get()));
  }
  TRY_ASSIGN(const Secret key, content_key(seed, sealed.first(k_head_bytes + key_size), recipient, ek_fingerprint));
  const auto plain = crypto::open(key, sealed.subspan(k_head_bytes + key_size), ek_fingerprint);
  if (!plain) return broken();
  return split(*plain);
}

}  // namespace signet::birth
