// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ensure.hpp"
#include "signet/crypto.hpp"

#include "ossl.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>
#include <limits>
#include <vector>

namespace signet::crypto {

namespace {

constexpr std::size_t k_key_bytes = 32;
constexpr std::size_t k_nonce_bytes = 12;
constexpr std::size_t k_tag_bytes = 16;

const SecretAccess k_access = SecretAccess::for_cryptography();

OSSL_PARAM octets(const char* name, ByteView bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(bytes.data()), bytes.size());
}

Result<Secret> derive(const char* kdf_name, const OSSL_PARAM* params, std::size_t size_bytes) {
  const ossl::EvpKdf kdf(EVP_KDF_fetch(nullptr, kdf_name, nullptr));
  const ossl::EvpKdfCtx ctx(EVP_KDF_CTX_new(kdf.get()));
  Secret out(size_bytes);
  if (EVP_KDF_derive(ctx.get(), as_uchar(out.write(k_access)), size_bytes, params) != 1) {
    return ossl::take_error(Errc::invalid_input, "crypto.kdf", "the key derivation refused its parameters");
  }
  return out;
}

Error seal_broken() {
  return {Errc::untrusted, "crypto.seal-broken",
          "the sealed data does not open: wrong key or passphrase, or it was changed",
          "Check the passphrase; if it is right, restore the file from a backup."};
}

int checked_int(std::size_t size) {
  ensure(size <= static_cast<std::size_t>(std::numeric_limits<int>::max()), "AEAD: sizes below 2 GiB");
  return static_cast<int>(size);
}

}  // namespace

Bytes random_bytes(std::size_t size_bytes) {
  Bytes out(size_bytes);
  ensure(RAND_bytes(as_uchar(ByteSpan(out)), checked_int(size_bytes)) == 1, "the system has random bytes");
  return out;
}

Secret random_secret(std::size_t size_bytes) {
  Secret out(size_bytes);
  ensure(RAND_priv_bytes(as_uchar(out.write(k_access)), checked_int(size_bytes)) == 1, "the system has random bytes");
  return out;
}

Result<Secret> hkdf(HashAlgorithm algorithm, const Secret& key, ByteView salt, ByteView info, std::size_t size_bytes) {
  std::string hash(name_of(algorithm));
  std::vector<OSSL_PARAM> params{OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash.data(), 0),
                                 octets(OSSL_KDF_PARAM_KEY, key.read(k_access))};
  // Section 2.2: no salt is a salt of zeros. OpenSSL takes only what has bytes.
  if (!salt.empty()) params.push_back(octets(OSSL_KDF_PARAM_SALT, salt));
  if (!info.empty()) params.push_back(octets(OSSL_KDF_PARAM_INFO, info));
  params.push_back(OSSL_PARAM_construct_end());
  return derive("HKDF", params.data(), size_bytes);
}

Result<Secret> scrypt(const Secret& passphrase, ByteView salt, const ScryptCost& cost, std::size_t size_bytes) {
  constexpr std::uint64_t k_memory_bytes_max = 1ULL << 30U;
  const bool sane = cost.n >= 2 && cost.r >= 1 && cost.r <= 64 && cost.p >= 1 && cost.p <= 16 &&
                    cost.n <= k_memory_bytes_max / 128 / cost.r;
  if (!sane)
    return Error(Errc::invalid_input, "crypto.kdf", "the scrypt costs are out of bounds", "Is the file damaged?");
  std::uint64_t n = cost.n, memory_max = 2 * k_memory_bytes_max;
  std::uint32_t r = cost.r, p = cost.p;
  const std::array params{octets(OSSL_KDF_PARAM_PASSWORD, passphrase.read(k_access)),
                          octets(OSSL_KDF_PARAM_SALT, salt),
                          OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
                          OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
                          OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
                          OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory_max),
                          OSSL_PARAM_construct_end()};
  return derive("SCRYPT", params.data(), size_bytes);
}

Result<Bytes> seal(const Secret& key, ByteView plaintext, ByteView associated_data) {
  ensure(key.size() == k_key_bytes, "seal: a key of 32 bytes");
  const Bytes nonce = random_bytes(k_nonce_bytes);
  Bytes out = nonce;
  out.resize(k_nonce_bytes + plaintext.size() + k_tag_bytes);
  const ossl::EvpCipherCtx ctx(EVP_CIPHER_CTX_new());
  const ByteSpan body = ByteSpan(out).subspan(k_nonce_bytes);
  int size = 0;
  const bool done =
      EVP_EncryptInit_ex2(ctx.get(), EVP_aes_256_gcm(), as_uchar(key.read(k_access)), as_uchar(ByteView(nonce)),
                          nullptr) == 1 &&
      EVP_EncryptUpdate(ctx.get(), nullptr, &size, as_uchar(associated_data), checked_int(associated_data.size())) ==
          1 &&
      EVP_EncryptUpdate(ctx.get(), as_uchar(body), &size, as_uchar(plaintext), checked_int(plaintext.size())) == 1 &&
      EVP_EncryptFinal_ex(ctx.get(), as_uchar(body.subspan(plaintext.size())), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, k_tag_bytes, body.subspan(plaintext.size()).data()) == 1;
  if (!done) return ossl::take_error(Errc::internal, "crypto.seal", "AES-256-GCM failed");
  return out;
}

Result<Secret> open(const Secret& key, ByteView sealed, ByteView associated_data) {
  ensure(key.size() == k_key_bytes, "open: a key of 32 bytes");
  if (sealed.size() < k_nonce_bytes + k_tag_bytes) return seal_broken();
  const ByteView nonce = sealed.first(k_nonce_bytes);
  const ByteView body = sealed.subspan(k_nonce_bytes, sealed.size() - k_nonce_bytes - k_tag_bytes);
  Bytes tag = to_bytes(sealed.last(k_tag_bytes));
  Secret out(body.size());
  std::array<unsigned char, 16> nothing{};  // EVP wants a place to write even for no bytes
  unsigned char* plain = body.empty() ? nothing.data() : as_uchar(out.write(k_access));
  const ossl::EvpCipherCtx ctx(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool done =
      EVP_DecryptInit_ex2(ctx.get(), EVP_aes_256_gcm(), as_uchar(key.read(k_access)), as_uchar(nonce), nullptr) == 1 &&
      EVP_DecryptUpdate(ctx.get(), nullptr, &size, as_uchar(associated_data), checked_int(associated_data.size())) ==
          1 &&
      EVP_DecryptUpdate(ctx.get(), plain, &size, as_uchar(body), checked_int(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, k_tag_bytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(ctx.get(), nothing.data(), &size) == 1;
  if (!done) {
    (void)ossl::take_error(Errc::untrusted, "crypto.seal-broken", "");
    return seal_broken();
  }
  return out;
}

}  // namespace signet::crypto
