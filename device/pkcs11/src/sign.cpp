// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "signet/crypto.hpp"

#include "operations.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace signet::pkcs11 {

namespace {

using crypto::SignatureScheme;

constexpr std::size_t k_raw_bytes_max = 512;  // of an RSA-4096 modulus
constexpr std::size_t k_pkcs1_bytes = 11;     // of padding, at least
constexpr std::string_view k_any = "sign-any";
constexpr std::string_view k_oid_prefix("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02", 10);

struct HashRow {
  const char* name;
  CK_ULONG size;
  CK_RSA_PKCS_MGF_TYPE mgf;
  unsigned char oid_last;
  SignatureScheme pkcs1;
  SignatureScheme pss;
};
constexpr std::array k_hashes{
    HashRow{"SHA256", 32, CKG_MGF1_SHA256, 1, SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::rsa_pss_sha256},
    HashRow{"SHA384", 48, CKG_MGF1_SHA384, 2, SignatureScheme::rsa_pkcs1_sha384, SignatureScheme::rsa_pss_sha384},
    HashRow{"SHA512", 64, CKG_MGF1_SHA512, 3, SignatureScheme::rsa_pkcs1_sha512, SignatureScheme::rsa_pss_sha512},
};

const HashRow* row_of(const char* hash) {
  const auto* const row = std::ranges::find_if(
      k_hashes, [&](const HashRow& each) { return hash != nullptr && std::string_view(each.name) == hash; });
  return row == k_hashes.end() ? nullptr : &*row;
}

/// DigestInfo of SHA-1 and SHA-224 (RFC 8017 section 9.2, note 1) up to the digest: old, and of no scheme of the TPM.
constexpr std::string_view k_sha1_info("\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14", 15);
constexpr std::string_view k_sha224_info("\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c",
                                         19);

/// DigestInfo (RFC 8017 section 9.2, note 1) of one of the hashes that tokens sign; null if it is anything else.
const HashRow* digest_in(ByteView info, ByteView& digest) {
  for (const HashRow& row : k_hashes) {
    Bytes head{std::byte{0x30}, static_cast<std::byte>(row.size + 17), std::byte{0x30}, std::byte{0x0d}};
    append(head, as_bytes(k_oid_prefix));
    for (const unsigned value : {unsigned{row.oid_last}, 0x05U, 0x00U, 0x04U, static_cast<unsigned>(row.size)})
      head.push_back(static_cast<std::byte>(value));
    if (info.size() != head.size() + row.size || !equal(info.first(head.size()), head)) continue;
    digest = info.subspan(head.size());
    return &row;
  }
  return nullptr;
}

/// ECDSA takes the leftmost bits of a digest as a number (FIPS 186-4 section 6.4): a TPM wants just as many bytes as
/// the curve's own hash has, so shorter ones get zeros in front.
Bytes fitted(ByteView digest, std::size_t size) {
  Bytes out(size - std::min(size, digest.size()));
  append(out, digest.first(std::min(size, digest.size())));
  return out;
}

CK_RV token_ecdsa(Backend& backend, const keystore::KeystoredKey& key, ByteView digest, Bytes& out) {
  const bool p256 = key.public_key.algorithm() == crypto::KeyAlgorithm::ec_p256;
  const std::size_t size = p256 ? 32 : 48;
  const auto scheme = p256 ? SignatureScheme::ecdsa_sha256 : SignatureScheme::ecdsa_sha384;
  const auto made = backend.sign(key, scheme, fitted(digest, size));
  if (!made) return rv_of(made.error());
  out = raw_of_der(*made, size);
  return out.empty() ? CKR_DEVICE_ERROR : CKR_OK;
}

CK_RV token_block(Backend& backend, const keystore::KeystoredKey& key, ByteView block, Bytes& out) {
  if (key.use != k_any) return CKR_DATA_INVALID;  // made to sign digests, and a TPM holds it to them
  const auto made = backend.sign_block(key, block);
  if (!made) return rv_of(made.error());
  out = *made;
  return CKR_OK;
}

/// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) around what need not be a digest.
CK_RV token_pkcs1(Backend& backend, const keystore::KeystoredKey& key, ByteView info, std::size_t size, Bytes& out) {
  if (info.size() + k_pkcs1_bytes > size) return CKR_DATA_LEN_RANGE;
  Bytes block{std::byte{0}, std::byte{1}};
  block.resize(size - info.size() - 1, std::byte{0xff});
  block.push_back(std::byte{0});
  append(block, info);
  return token_block(backend, key, block, out);
}

CK_RV token_rsa(Backend& backend, const keystore::KeystoredKey& key, const SignatureKind& kind, ByteView data,
                std::size_t size, Bytes& out) {
  if (kind.family == Family::rsa_raw) return token_block(backend, key, data, out);
  ByteView digest = data;
  const HashRow* row = row_of(kind.hash);
  if (kind.family == Family::rsa_pkcs && kind.hash == nullptr) {
    row = digest_in(data, digest);
    if (row == nullptr) return token_pkcs1(backend, key, data, size, out);
  }
  if (row == nullptr && kind.family == Family::rsa_pkcs) {
    Bytes info = to_bytes(as_bytes(std::string_view(kind.hash) == "SHA1" ? k_sha1_info : k_sha224_info));
    append(info, data);
    return token_pkcs1(backend, key, info, size, out);
  }
  if (row == nullptr) return CKR_MECHANISM_PARAM_INVALID;
  if (digest.size() != row->size) return CKR_DATA_LEN_RANGE;
  const auto made = backend.sign(key, kind.family == Family::rsa_pss ? row->pss : row->pkcs1, digest);
  if (!made) return rv_of(made.error());
  out = *made;
  return CKR_OK;
}

CK_KEY_TYPE type_of(Family family) { return family == Family::ecdsa ? CKK_EC : CKK_RSA; }

}  // namespace

CK_RV DigestOperation::begin(const CK_MECHANISM& mechanism, std::optional<DigestOperation>& out) {
  const Mechanism* const row = find_mechanism(mechanism.mechanism, CKF_DIGEST);
  if (row == nullptr) return CKR_MECHANISM_INVALID;
  if (mechanism.ulParameterLen != 0) return CKR_MECHANISM_PARAM_INVALID;
  DigestOperation made;
  made.ctx_.reset(EVP_MD_CTX_new());
  if (EVP_DigestInit_ex(made.ctx_.get(), EVP_get_digestbyname(row->hash), nullptr) != 1) return CKR_FUNCTION_FAILED;
  out = std::move(made);
  return CKR_OK;
}

CK_RV DigestOperation::update(ByteView data) {
  return EVP_DigestUpdate(ctx_.get(), data.data(), data.size()) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_ULONG DigestOperation::size() const { return static_cast<CK_ULONG>(EVP_MD_CTX_get_size(ctx_.get())); }

CK_RV DigestOperation::finish(Bytes& out) {
  out.resize(size());
  return EVP_DigestFinal_ex(ctx_.get(), as_uchar(ByteSpan(out)), nullptr) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV SignOperation::begin(const CK_MECHANISM& mechanism, ObjectPtr key, CK_FLAGS use,
                           std::optional<SignOperation>& out) {
  SignOperation made;
  made.mechanism_ = find_mechanism(mechanism.mechanism, use);
  if (made.mechanism_ == nullptr) return CKR_MECHANISM_INVALID;
  const Family family = made.mechanism_->family;
  const bool signs = use == CKF_SIGN;
  const bool hmac = family == Family::hmac;
  const CK_OBJECT_CLASS wanted = hmac ? CKO_SECRET_KEY : signs ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY;
  if (key->object_class() != wanted) return CKR_KEY_TYPE_INCONSISTENT;
  const bool fits = hmac ? key->secret != nullptr && key->key_type() == CKK_GENERIC_SECRET
                         : key->soft != nullptr && key->key_type() == type_of(family);
  if (!fits) return CKR_KEY_TYPE_INCONSISTENT;
  if (!key->is(signs ? CKA_SIGN : CKA_VERIFY)) return CKR_KEY_FUNCTION_NOT_PERMITTED;
  const bool no_scheme = family == Family::rsa_raw || (family == Family::rsa_pkcs && made.mechanism_->hash != nullptr &&
                                                       row_of(made.mechanism_->hash) == nullptr);
  if (signs && no_scheme && key->in_token() && key->key->use != k_any) return CKR_KEY_FUNCTION_NOT_PERMITTED;
  made.key_ = std::move(key);
  made.kind_ = {.family = family, .hash = made.mechanism_->hash, .mgf = made.mechanism_->hash};
  CHECK_RV(made.take_parameters(mechanism));
  if (hmac) {
    const ossl::Handle<EVP_MAC, EVP_MAC_free> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    made.mac_.reset(EVP_MAC_CTX_new(mac.get()));
    std::string hash = made.mechanism_->hash;
    const std::array params{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash.data(), 0),
                            OSSL_PARAM_construct_end()};
    const ByteView value = made.key_->secret->read(SecretAccess::for_cryptography());
    if (EVP_MAC_init(made.mac_.get(), as_uchar(value), value.size(), params.data()) != 1) return CKR_FUNCTION_FAILED;
  } else if (made.mechanism_->hash != nullptr) {
    made.md_.reset(EVP_MD_CTX_new());
    if (EVP_DigestInit_ex(made.md_.get(), EVP_get_digestbyname(made.mechanism_->hash), nullptr) != 1)
      return CKR_FUNCTION_FAILED;
  }
  out = std::move(made);
  return CKR_OK;
}

CK_RV SignOperation::take_parameters(const CK_MECHANISM& mechanism) {
  if (kind_.family != Family::rsa_pss) return mechanism.ulParameterLen == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
  if (mechanism.pParameter == nullptr || mechanism.ulParameterLen != sizeof(CK_RSA_PKCS_PSS_PARAMS))
    return CKR_MECHANISM_PARAM_INVALID;
  CK_RSA_PKCS_PSS_PARAMS given;
  std::memcpy(&given, mechanism.pParameter, sizeof given);
  const HashRow* const row = row_of(hash_of(given.hashAlg));
  if (row == nullptr || given.mgf != row->mgf || (kind_.hash != nullptr && row_of(kind_.hash) != row))
    return CKR_MECHANISM_PARAM_INVALID;
  const CK_ULONG modulus = signature_bytes(key_->soft.get());
  if (given.sLen > modulus || given.sLen + row->size + 2 > modulus) return CKR_MECHANISM_PARAM_INVALID;
  if (key_->in_token() && given.sLen != row->size) return CKR_MECHANISM_PARAM_INVALID;  // the TPM chooses the salt
  kind_.hash = row->name;
  kind_.mgf = row->name;
  kind_.salt_bytes = given.sLen;
  return CKR_OK;
}

CK_RV SignOperation::update(ByteView data) {
  if (mac_ != nullptr) {
    return EVP_MAC_update(mac_.get(), as_uchar(data), data.size()) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
  }
  if (md_ != nullptr) return EVP_DigestUpdate(md_.get(), data.data(), data.size()) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
  if (data.size() > k_raw_bytes_max - std::min(k_raw_bytes_max, data_.size())) return CKR_DATA_LEN_RANGE;
  append(data_, data);
  return CKR_OK;
}

CK_ULONG SignOperation::size() const {
  return mac_ != nullptr ? EVP_MAC_CTX_get_mac_size(mac_.get()) : signature_bytes(key_->soft.get());
}

CK_RV SignOperation::digest(Bytes& out) {
  if (mac_ != nullptr) {
    out.resize(size());
    std::size_t size_out = 0;
    return EVP_MAC_final(mac_.get(), as_uchar(ByteSpan(out)), &size_out, out.size()) == 1 ? CKR_OK
                                                                                          : CKR_FUNCTION_FAILED;
  }
  if (md_ == nullptr) {
    if (kind_.family == Family::rsa_raw) {  // a number: shorter ones have zeros in front
      if (data_.size() > size()) return CKR_DATA_LEN_RANGE;
      out.assign(size() - data_.size(), std::byte{0});
    }
    append(out, data_);
    return CKR_OK;
  }
  out.resize(static_cast<std::size_t>(EVP_MD_CTX_get_size(md_.get())));
  return EVP_DigestFinal_ex(md_.get(), as_uchar(ByteSpan(out)), nullptr) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV SignOperation::sign(Backend& backend, Bytes& out) {
  if (mac_ != nullptr) return digest(out);
  Bytes input;
  CHECK_RV(digest(input));
  // An empty "digest" would sign the number 0, which nobody means.
  if (kind_.family == Family::ecdsa && input.empty()) return CKR_DATA_LEN_RANGE;
  if (!key_->in_token()) return soft_sign(key_->soft.get(), kind_, input, out);
  return kind_.family == Family::ecdsa ? token_ecdsa(backend, *key_->key, input, out)
                                       : token_rsa(backend, *key_->key, kind_, input, size(), out);
}

CK_RV SignOperation::verify(ByteView signature) {
  Bytes input;
  CHECK_RV(digest(input));
  if (mac_ == nullptr) return soft_verify(key_->soft.get(), kind_, input, signature);
  if (signature.size() != input.size()) return CKR_SIGNATURE_LEN_RANGE;
  return CRYPTO_memcmp(input.data(), signature.data(), input.size()) == 0 ? CKR_OK : CKR_SIGNATURE_INVALID;
}

}  // namespace signet::pkcs11
