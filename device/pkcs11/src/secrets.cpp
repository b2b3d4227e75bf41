// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Secret keys: in this process only, for as long as the session lives.
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "signet/crypto.hpp"

#include "keys.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace signet::pkcs11 {

namespace {

constexpr CK_ULONG k_generic_bytes_max = 512;
constexpr CK_ULONG k_check_bytes = 3;

bool size_fits(CK_KEY_TYPE type, CK_ULONG size) {
  if (type == CKK_AES) return size == 16 || size == 24 || size == 32;
  return size >= 1 && size <= k_generic_bytes_max;
}

/// PKCS#11 2.40 section 4.10.2: of an AES key the first bytes of a block of zeros, encrypted with it.
Bytes check_value(const Secret& value, CK_KEY_TYPE type) {
  if (type != CKK_AES) return {};
  const EVP_CIPHER* const cipher = value.size() == 16   ? EVP_aes_128_ecb()
                                   : value.size() == 24 ? EVP_aes_192_ecb()
                                                        : EVP_aes_256_ecb();
  const ossl::EvpCipherCtx ctx(EVP_CIPHER_CTX_new());
  Bytes block(32);
  int made = 0;
  const ByteView key = value.read(SecretAccess::for_cryptography());
  const Bytes zeros(16);
  EVP_EncryptInit_ex(ctx.get(), cipher, nullptr, as_uchar(key), nullptr);
  EVP_EncryptUpdate(ctx.get(), as_uchar(ByteSpan(block)), &made, as_uchar(ByteView(zeros)), 16);
  block.resize(k_check_bytes);
  return block;
}

void set_secret_defaults(Attributes& given, CK_KEY_TYPE type, bool generated) {
  given[CKA_CLASS] = of_ulong(CKO_SECRET_KEY);
  given[CKA_KEY_TYPE] = of_ulong(type);
  for (const CK_ATTRIBUTE_TYPE each : {CKA_ID, CKA_START_DATE, CKA_END_DATE}) set_default(given, each, {});
  const bool aes = type == CKK_AES;
  set_default(given, CKA_ENCRYPT, of_bool(aes));
  set_default(given, CKA_DECRYPT, of_bool(aes));
  set_default(given, CKA_SIGN, of_bool(!aes));
  set_default(given, CKA_VERIFY, of_bool(!aes));
  for (const CK_ATTRIBUTE_TYPE each :
       {CKA_WRAP, CKA_UNWRAP, CKA_DERIVE, CKA_WRAP_WITH_TRUSTED, CKA_TRUSTED, CKA_SENSITIVE})
    set_default(given, each, of_bool(false));
  set_default(given, CKA_EXTRACTABLE, of_bool(!is_true(given, CKA_SENSITIVE, false)));
  given[CKA_LOCAL] = of_bool(generated);
  given[CKA_ALWAYS_SENSITIVE] = of_bool(generated && is_true(given, CKA_SENSITIVE, false));
  given[CKA_NEVER_EXTRACTABLE] = of_bool(generated && !is_true(given, CKA_EXTRACTABLE, false));
}

CK_RV shared_secret(Module& module, const Object& base, const CK_MECHANISM& mechanism, Secret& out) {
  if (mechanism.pParameter == nullptr || mechanism.ulParameterLen != sizeof(CK_ECDH1_DERIVE_PARAMS))
    return CKR_MECHANISM_PARAM_INVALID;
  CK_ECDH1_DERIVE_PARAMS given;
  std::memcpy(&given, mechanism.pParameter, sizeof given);
  ByteView point;
  if (given.kdf != CKD_NULL || given.ulSharedDataLen != 0 || given.ulPublicDataLen > 256 ||
      view_of(given.pPublicData, given.ulPublicDataLen, point) != CKR_OK)
    return CKR_MECHANISM_PARAM_INVALID;
  SoftKey peer;
  CHECK_RV(peer_from(base.soft.get(), point, peer));
  if (!base.in_token()) return soft_ecdh(base.soft.get(), peer.get(), out);
  const auto key = ossl::from_evp(peer.get());
  if (!key) return CKR_MECHANISM_PARAM_INVALID;
  auto derived = module.backend().derive(*base.key, *key);
  if (!derived) return rv_of(derived.error());
  out = *std::move(derived);
  return CKR_OK;
}

const EVP_CIPHER* wrap_cipher(Family family, std::size_t key_bytes) {
  if (family == Family::aes_key_wrap_pad)
    return key_bytes == 16 ? EVP_aes_128_wrap_pad() : key_bytes == 24 ? EVP_aes_192_wrap_pad() : EVP_aes_256_wrap_pad();
  return key_bytes == 16 ? EVP_aes_128_wrap() : key_bytes == 24 ? EVP_aes_192_wrap() : EVP_aes_256_wrap();
}

/// RFC 3394 and RFC 5649. False where the bytes have the wrong size, or are not what the key has wrapped.
CK_RV run_wrap(Family family, const Object& key, bool wraps, ByteView in, ByteSpan out, std::size_t& size_out) {
  const ossl::EvpCipherCtx ctx(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX_set_flags(ctx.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  const ByteView value = key.secret->read(SecretAccess::for_cryptography());
  int made = 0;
  int more = 0;
  const bool done = EVP_CipherInit_ex(ctx.get(), wrap_cipher(family, value.size()), nullptr, as_uchar(value), nullptr,
                                      wraps ? 1 : 0) == 1 &&
                    EVP_CipherUpdate(ctx.get(), as_uchar(out), &made, as_uchar(in), static_cast<int>(in.size())) == 1 &&
                    EVP_CipherFinal_ex(ctx.get(), as_uchar(out) + made, &more) == 1;
  if (!done || made <= 0) {
    ERR_clear_error();
    return CKR_FUNCTION_FAILED;
  }
  size_out = static_cast<std::size_t>(made + more);
  return CKR_OK;
}

CK_RV check_wrapping(const CK_MECHANISM& mechanism, const Object& key, CK_FLAGS use, const Mechanism*& row) {
  row = find_mechanism(mechanism.mechanism, use);
  if (row == nullptr) return CKR_MECHANISM_INVALID;
  if (mechanism.ulParameterLen != 0) return CKR_MECHANISM_PARAM_INVALID;
  const bool wraps = use == CKF_WRAP;
  if (key.secret == nullptr || key.key_type() != CKK_AES)
    return wraps ? CKR_WRAPPING_KEY_TYPE_INCONSISTENT : CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT;
  return key.is(wraps ? CKA_WRAP : CKA_UNWRAP) ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED;
}

}  // namespace

CK_RV add_secret(Module& module, const Session& session, Attributes given, Secret value, CK_MECHANISM_TYPE made_by,
                 CK_OBJECT_HANDLE& out) {
  const auto type = ulong_at(given, CKA_KEY_TYPE);
  if (!type) return CKR_TEMPLATE_INCOMPLETE;
  if (*type != CKK_AES && *type != CKK_GENERIC_SECRET) return CKR_ATTRIBUTE_VALUE_INVALID;
  if (ulong_at(given, CKA_CLASS).value_or(CKO_SECRET_KEY) != CKO_SECRET_KEY) return CKR_TEMPLATE_INCONSISTENT;
  if (!size_fits(*type, value.size())) return CKR_ATTRIBUTE_VALUE_INVALID;
  set_common(given, true);
  CHECK_RV(module.may_write(session, given));
  if (is_true(given, CKA_TOKEN, false)) return CKR_ATTRIBUTE_VALUE_INVALID;
  const bool generated = made_by == CKM_AES_KEY_GEN || made_by == CKM_GENERIC_SECRET_KEY_GEN;
  set_secret_defaults(given, *type, generated);
  given[CKA_KEY_GEN_MECHANISM] = of_ulong(generated ? made_by : CK_UNAVAILABLE_INFORMATION);
  given[CKA_VALUE_LEN] = of_ulong(value.size());
  given[CKA_CHECK_VALUE] = check_value(value, *type);
  Object object;
  object.attributes = std::move(given);
  object.secret = std::make_shared<const Secret>(std::move(value));
  return place_object(module, session, std::move(object), out);
}

CK_RV generate_secret(Module& module, const Session& session, const CK_MECHANISM& mechanism, Attributes given,
                      CK_OBJECT_HANDLE& out) {
  const Mechanism* const row = find_mechanism(mechanism.mechanism, CKF_GENERATE);
  if (row == nullptr) return CKR_MECHANISM_INVALID;
  if (mechanism.ulParameterLen != 0) return CKR_MECHANISM_PARAM_INVALID;
  const CK_KEY_TYPE type = row->family == Family::aes_key ? CKK_AES : CKK_GENERIC_SECRET;
  if (ulong_at(given, CKA_KEY_TYPE).value_or(type) != type) return CKR_TEMPLATE_INCONSISTENT;
  if (given.contains(CKA_VALUE)) return CKR_TEMPLATE_INCONSISTENT;
  const auto size = ulong_at(given, CKA_VALUE_LEN);
  if (!size) return CKR_TEMPLATE_INCOMPLETE;
  if (!size_fits(type, *size)) return CKR_KEY_SIZE_RANGE;
  given[CKA_KEY_TYPE] = of_ulong(type);
  return add_secret(module, session, std::move(given), crypto::random_secret(*size), mechanism.mechanism, out);
}

CK_RV derive_secret(Module& module, const Session& session, const CK_MECHANISM& mechanism, const Object& base,
                    Attributes given, CK_OBJECT_HANDLE& out) {
  if (find_mechanism(mechanism.mechanism, CKF_DERIVE) == nullptr) return CKR_MECHANISM_INVALID;
  if (base.object_class() != CKO_PRIVATE_KEY || base.key_type() != CKK_EC || base.soft == nullptr)
    return CKR_KEY_TYPE_INCONSISTENT;
  if (!base.is(CKA_DERIVE)) return CKR_KEY_FUNCTION_NOT_PERMITTED;
  if (given.contains(CKA_VALUE)) return CKR_TEMPLATE_INCONSISTENT;
  Secret shared;
  CHECK_RV(shared_secret(module, base, mechanism, shared));
  const CK_ULONG size = ulong_at(given, CKA_VALUE_LEN).value_or(shared.size());
  if (size == 0 || size > shared.size()) return CKR_KEY_SIZE_RANGE;
  set_default(given, CKA_KEY_TYPE, of_ulong(CKK_GENERIC_SECRET));
  // Mechanisms section 2.3.9: too many bytes are taken off the leading end.
  Secret value = Secret::copy_of(shared.read(SecretAccess::for_cryptography()).last(size));
  return add_secret(module, session, std::move(given), std::move(value), mechanism.mechanism, out);
}

CK_RV wrap_secret(const CK_MECHANISM& mechanism, const Object& wrapping, const Object& key, Bytes& out) {
  const Mechanism* row = nullptr;
  CHECK_RV(check_wrapping(mechanism, wrapping, CKF_WRAP, row));
  if (key.object_class() != CKO_SECRET_KEY && key.object_class() != CKO_PRIVATE_KEY) return CKR_KEY_NOT_WRAPPABLE;
  if (!key.is(CKA_EXTRACTABLE)) return CKR_KEY_UNEXTRACTABLE;
  if (key.secret == nullptr || key.is(CKA_WRAP_WITH_TRUSTED)) return CKR_KEY_NOT_WRAPPABLE;
  const ByteView value = key.secret->read(SecretAccess::for_cryptography());
  const bool whole = row->family == Family::aes_key_wrap_pad || (value.size() >= 16 && value.size() % 8 == 0);
  if (!whole) return CKR_KEY_SIZE_RANGE;
  out.resize(value.size() + 32);
  std::size_t size = 0;
  CHECK_RV(run_wrap(row->family, wrapping, true, value, out, size));
  out.resize(size);
  return CKR_OK;
}

CK_RV unwrap_secret(Module& module, const Session& session, const CK_MECHANISM& mechanism, const Object& unwrapping,
                    ByteView wrapped, Attributes given, CK_OBJECT_HANDLE& out) {
  const Mechanism* row = nullptr;
  CHECK_RV(check_wrapping(mechanism, unwrapping, CKF_UNWRAP, row));
  const auto object_class = ulong_at(given, CKA_CLASS);
  if (!object_class) return CKR_TEMPLATE_INCOMPLETE;
  if (*object_class != CKO_SECRET_KEY || given.contains(CKA_VALUE)) return CKR_TEMPLATE_INCONSISTENT;
  const bool sound = wrapped.size() >= 16 && wrapped.size() <= k_generic_bytes_max + 16 && wrapped.size() % 8 == 0;
  if (!sound) return CKR_WRAPPED_KEY_LEN_RANGE;
  Secret room(wrapped.size() + 16);
  std::size_t size = 0;
  const ByteSpan into = room.write(SecretAccess::for_cryptography());
  if (run_wrap(row->family, unwrapping, false, wrapped, into, size) != CKR_OK) return CKR_WRAPPED_KEY_INVALID;
  if (ulong_at(given, CKA_VALUE_LEN).value_or(size) != size) return CKR_TEMPLATE_INCONSISTENT;
  return add_secret(module, session, std::move(given), Secret::copy_of(into.first(size)), mechanism.mechanism, out);
}

}  // namespace signet::pkcs11
