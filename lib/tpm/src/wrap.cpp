// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "wrap.hpp"

#include "ossl.hpp"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

namespace signet::tpm {

namespace {

const auto k_access = SecretAccess::for_cryptography;

Bytes hmac(crypto::HashAlgorithm algorithm, ByteView key, ByteView message) {
  Bytes out(crypto::digest_size_bytes(algorithm));
  unsigned size = 0;
  ensure(HMAC(ossl::md_of(algorithm), key.data(), static_cast<int>(key.size()), as_uchar(message), message.size(),
              as_uchar(ByteSpan(out)), &size) != nullptr &&
             size == out.size(),
         "OpenSSL computes an HMAC");
  return out;
}

void append_label(Bytes& to, std::string_view label) {
  append(to, as_bytes(label));
  to.push_back(std::byte{0});
}

/// KDFa: NIST SP 800-108 in counter mode (Part 1, section 11.4.10.2); no more than one block is ever asked for.
Secret kdfa(crypto::HashAlgorithm algorithm, const Secret& key, std::string_view label, ByteView context,
            std::size_t size_bytes) {
  ensure(size_bytes <= crypto::digest_size_bytes(algorithm), "one block is enough");
  Bytes message;
  append_be32(message, 1);
  append_label(message, label);
  append(message, context);
  append_be32(message, static_cast<std::uint32_t>(size_bytes * 8));
  Bytes block = hmac(algorithm, key.read(k_access()), message);
  Secret out = Secret::copy_of(ByteView(block).first(size_bytes));
  wipe(block);
  return out;
}

/// KDFe: NIST SP 800-56A (Part 1, section 11.4.10.3), one block.
Secret kdfe(crypto::HashAlgorithm algorithm, const Secret& z, std::string_view label, ByteView party_u,
            ByteView party_v) {
  Bytes message;
  append_be32(message, 1);
  append(message, z.read(k_access()));
  append_label(message, label);
  append(message, party_u);
  append(message, party_v);
  Bytes block = crypto::digest(algorithm, message);
  wipe(message);
  Secret out = Secret::copy_of(block);
  wipe(block);
  return out;
}

Result<Bytes> encrypt(const Secret& key, const Secret& plain) {
  const EVP_CIPHER* cipher = key.size() == 16 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128();
  const ossl::EvpCipherCtx ctx(EVP_CIPHER_CTX_new());
  const Bytes iv(16);  // zeros: the key is used once (Part 1, section 24.4)
  Bytes out(plain.size());
  int size = 0;
  const ByteView in = plain.read(k_access());
  ensure(EVP_EncryptInit_ex2(ctx.get(), cipher, as_uchar(key.read(k_access())), as_uchar(iv), nullptr) == 1 &&
             EVP_EncryptUpdate(ctx.get(), as_uchar(ByteSpan(out)), &size, as_uchar(in), static_cast<int>(in.size())) ==
                 1 &&
             static_cast<std::size_t>(size) == out.size(),
         "OpenSSL encrypts");
  return out;
}

struct Seed {
  Secret seed;
  Bytes secret;
};

Result<Seed> rsa_seed(const Public& parent, std::string_view label) {
  TRY_ASSIGN(const ossl::EvpPkey key, ossl::to_evp(*parent.key));
  Secret seed = crypto::random_secret(crypto::digest_size_bytes(parent.name_algorithm));
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key.get(), nullptr));
  const EVP_MD* md = ossl::md_of(parent.name_algorithm);
  // OpenSSL owns the label; its zero byte at the end is part of it (Part 1, annex B.4).
  auto* copy = static_cast<char*>(OPENSSL_zalloc(label.size() + 1));
  ensure(copy != nullptr, "memory");
  std::ranges::copy(label, copy);
  Bytes out(512);
  std::size_t size = out.size();
  const ByteView in = seed.read(k_access());
  ensure(EVP_PKEY_encrypt_init(ctx.get()) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_oaep_md(ctx.get(), md) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx.get(), md) == 1 &&
             EVP_PKEY_CTX_set0_rsa_oaep_label(ctx.get(), copy, static_cast<int>(label.size() + 1)) == 1 &&
             EVP_PKEY_encrypt(ctx.get(), as_uchar(ByteSpan(out)), &size, as_uchar(in), in.size()) == 1,
         "OpenSSL encrypts to an RSA key");
  out.resize(size);
  return Seed{std::move(seed), std::move(out)};
}

Result<Seed> ecc_seed(const Public& parent, std::string_view label) {
  TRY_ASSIGN(const ossl::EvpPkey key, ossl::to_evp(*parent.key));
  TRY_ASSIGN(const ossl::EvpPkey ephemeral, ossl::generate_key(parent.key->algorithm()));
  TRY_ASSIGN(const crypto::PublicKey ephemeral_public, ossl::from_evp(ephemeral.get()));
  TRY_ASSIGN(const TPMT_PUBLIC ours, key_area(ephemeral_public));
  TRY_ASSIGN(const TPMT_PUBLIC theirs, key_area(*parent.key));
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(ephemeral.get(), nullptr));
  Secret z(theirs.unique.ecc.x.size);
  std::size_t size = z.size();
  ensure(EVP_PKEY_derive_init(ctx.get()) == 1 && EVP_PKEY_derive_set_peer(ctx.get(), key.get()) == 1 &&
             EVP_PKEY_derive(ctx.get(), as_uchar(z.write(k_access())), &size) == 1 && size == z.size(),
         "OpenSSL agrees on a secret");
  return Seed{kdfe(parent.name_algorithm, z, label, view(ours.unique.ecc.x), view(theirs.unique.ecc.x)),
              marshal(ours.unique.ecc)};
}

Error unsupported_key() {
  return {
      Errc::unsupported, "tpm.ek-unsupported",
      "nothing can be encrypted to this TPM key: a storage key of RSA-2048, RSA-3072, P-256 or P-384 with AES in CFB "
      "is needed"};
}

/// AES key size in bytes of a storage key; 0 where there is none.
std::size_t aes_size_bytes(const TPMT_PUBLIC& area) {
  const TPMT_SYM_DEF_OBJECT& symmetric =
      area.type == TPM2_ALG_RSA ? area.parameters.rsaDetail.symmetric : area.parameters.eccDetail.symmetric;
  if (symmetric.algorithm != TPM2_ALG_AES || symmetric.mode.aes != TPM2_ALG_CFB) return 0;
  if (symmetric.keyBits.aes != 128 && symmetric.keyBits.aes != 256) return 0;
  return symmetric.keyBits.aes / 8;
}

}  // namespace

Result<Wrapped> wrap(const Public& parent, std::string_view label, ByteView object_name, const Secret& plain) {
  if (!parent.key || !parent.has(k_restricted | k_decrypt) || parent.has(k_sign)) return unsupported_key();
  TRY_ASSIGN(const auto area, unmarshal<TPMT_PUBLIC>(parent.wire, "a public area"));
  const std::size_t key_size = aes_size_bytes(area);
  if (key_size == 0) return unsupported_key();
  TRY_ASSIGN(const Seed seed, area.type == TPM2_ALG_RSA ? rsa_seed(parent, label) : ecc_seed(parent, label));
  const crypto::HashAlgorithm hash = parent.name_algorithm;
  const Secret key = kdfa(hash, seed.seed, "STORAGE", object_name, key_size);
  TRY_ASSIGN(const Bytes ciphertext, encrypt(key, plain));
  const Secret integrity = kdfa(hash, seed.seed, "INTEGRITY", {}, crypto::digest_size_bytes(hash));
  Bytes authentic = ciphertext;
  append(authentic, object_name);
  Bytes data;
  append_tpm2b(data, hmac(hash, integrity.read(k_access()), authentic));
  append(data, ciphertext);
  return Wrapped{std::move(data), seed.secret};
}

Result<Credential> make_credential(const Public& ek, ByteView object_name, const Secret& secret) {
  if (secret.size() > 32) return too_long(secret.size(), 32);
  Secret plain(secret.size() + 2);
  put_be16(plain.write(k_access()), static_cast<std::uint16_t>(secret.size()));
  std::ranges::copy(secret.read(k_access()), plain.write(k_access()).begin() + 2);
  TRY_ASSIGN(Wrapped wrapped, wrap(ek, "IDENTITY", object_name, plain));
  return Credential{std::move(wrapped.data), std::move(wrapped.secret)};
}

}  // namespace signet::tpm
