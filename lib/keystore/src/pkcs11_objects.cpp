// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "pkcs11_objects.hpp"

#include "ossl.hpp"
#include "pkcs11_encoding.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace signet::keystore {

Template& Template::bytes(CK_ATTRIBUTE_TYPE type, ByteView value) {
  Bytes& kept = values_.emplace_back(to_bytes(value));
  attributes_.push_back({type, kept.data(), kept.size()});
  return *this;
}

Template& Template::number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  return bytes(type, std::as_bytes(std::span(&value, 1)));
}

Template& Template::flag(CK_ATTRIBUTE_TYPE type, bool value) {
  const CK_BBOOL byte = value ? CK_TRUE : CK_FALSE;
  return bytes(type, std::as_bytes(std::span(&byte, 1)));
}

Template& Template::secret(CK_ATTRIBUTE_TYPE type, Secret value) {
  Secret& kept = secrets_.emplace_back(std::move(value));
  attributes_.push_back({type, kept.write(SecretAccess::for_cryptography()).data(), kept.size()});
  return *this;
}

namespace {

/// The value of one attribute; empty where the object does not have it or does not tell.
Result<Bytes> attribute_of(Pkcs11Call& call, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  constexpr CK_ULONG k_size_bytes_max = 65'536;
  CK_ATTRIBUTE attribute{type, nullptr, 0};
  CK_RV code = call.module.C_GetAttributeValue(call.session, object, &attribute, 1);
  if (code == CKR_ATTRIBUTE_TYPE_INVALID || code == CKR_ATTRIBUTE_SENSITIVE) return Bytes{};
  TRY(call.check(code, "read a key's attributes"));
  if (attribute.ulValueLen > k_size_bytes_max) return Bytes{};  // covers CK_UNAVAILABLE_INFORMATION
  Bytes value(attribute.ulValueLen);
  attribute.pValue = value.data();
  code = call.module.C_GetAttributeValue(call.session, object, &attribute, 1);
  TRY(call.check(code, "read a key's attributes"));
  value.resize(std::min<std::size_t>(value.size(), attribute.ulValueLen));
  return value;
}

/// A yes is a yes; an attribute that is missing is a no.
Result<void> read_flag(Pkcs11Call& call, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool& out) {
  TRY_ASSIGN(const Bytes value, attribute_of(call, object, type));
  out = value.size() == 1 && value.front() != std::byte{CK_FALSE};
  return {};
}

/// What a token says of how a key is held (PKCS#11 2.40 section 4.9), for those who are shown it.
Result<std::vector<TokenAttribute>> told_of(Pkcs11Call& call, CK_OBJECT_HANDLE object) {
  constexpr std::array<std::pair<CK_ATTRIBUTE_TYPE, const char*>, 6> k_told{
      {{CKA_LOCAL, "CKA_LOCAL"},
       {CKA_SENSITIVE, "CKA_SENSITIVE"},
       {CKA_ALWAYS_SENSITIVE, "CKA_ALWAYS_SENSITIVE"},
       {CKA_EXTRACTABLE, "CKA_EXTRACTABLE"},
       {CKA_NEVER_EXTRACTABLE, "CKA_NEVER_EXTRACTABLE"},
       {CKA_ALWAYS_AUTHENTICATE, "CKA_ALWAYS_AUTHENTICATE"}}};
  std::vector<TokenAttribute> told;
  for (const auto& [type, name] : k_told) {
    TRY_ASSIGN(const Bytes value, attribute_of(call, object, type));
    if (value.size() == 1) told.emplace_back(name, value.front() != std::byte{CK_FALSE});
  }
  return told;
}

Result<CK_ULONG> number_of(Pkcs11Call& call, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  TRY_ASSIGN(const Bytes value, attribute_of(call, object, type));
  CK_ULONG number = CK_UNAVAILABLE_INFORMATION;
  if (value.size() == sizeof(number)) std::memcpy(&number, value.data(), sizeof(number));
  return number;
}

/// The public key as the attributes of one object tell it, private or public.
Result<crypto::PublicKey> public_key_in(Pkcs11Call& call, CK_OBJECT_HANDLE object, CK_ULONG type) {
  if (type == CKK_RSA) {
    TRY_ASSIGN(const Bytes modulus, attribute_of(call, object, CKA_MODULUS));
    TRY_ASSIGN(const Bytes exponent, attribute_of(call, object, CKA_PUBLIC_EXPONENT));
    return rsa_public_key(modulus, exponent);
  }
  TRY_ASSIGN(const Bytes params, attribute_of(call, object, CKA_EC_PARAMS));
  TRY_ASSIGN(const Bytes point, attribute_of(call, object, CKA_EC_POINT));
  return ec_public_key(params, point);
}

Result<std::optional<Pkcs11Key>> read_key(Pkcs11Call& call, CK_OBJECT_HANDLE object) {
  TRY_ASSIGN(const CK_ULONG type, number_of(call, object, CKA_KEY_TYPE));
  if (type != CKK_RSA && type != CKK_EC && type != CKK_EC_EDWARDS) return std::optional<Pkcs11Key>();
  TRY_ASSIGN(const Bytes label, attribute_of(call, object, CKA_LABEL));
  TRY_ASSIGN(Bytes id, attribute_of(call, object, CKA_ID));
  bool signs = false;
  TRY(read_flag(call, object, CKA_SIGN, signs));
  if (!signs) return std::optional<Pkcs11Key>();
  TRY_ASSIGN(auto told, told_of(call, object));
  const auto set = [&](std::string_view name) {  // an attribute that is missing is a no
    return std::ranges::find(told, TokenAttribute(name, true)) != told.end();
  };

  // Some tokens keep the public half at the private object, others in an object of its own with the same id.
  auto public_key = public_key_in(call, object, type);
  if (!public_key && !id.empty()) {
    TRY_ASSIGN(const auto publics, find_objects(call, CKO_PUBLIC_KEY, id, {}));
    for (const CK_OBJECT_HANDLE candidate : publics) {
      if (!public_key) public_key = public_key_in(call, candidate, type);
    }
  }
  if (call.stale) return ckr_error(CKR_OBJECT_HANDLE_INVALID, "read a key's attributes");
  if (!public_key) return std::optional<Pkcs11Key>();
  const bool sensitive = set("CKA_SENSITIVE");
  const bool may_leave = set("CKA_EXTRACTABLE") || !sensitive;
  const bool never = set("CKA_NEVER_EXTRACTABLE") && set("CKA_LOCAL");
  const Extractable leaves = may_leave ? Extractable::yes : (never ? Extractable::never : Extractable::no);
  return std::optional<Pkcs11Key>(Pkcs11Key{.handle = object,
                                            .label = std::string(as_text(label)),
                                            .id = std::move(id),
                                            .public_key = *std::move(public_key),
                                            .sensitive = sensitive,
                                            .extractable = leaves,
                                            .attributes = std::move(told)});
}

}  // namespace

Result<std::vector<CK_OBJECT_HANDLE>> find_objects(Pkcs11Call& call, CK_OBJECT_CLASS kind, ByteView id,
                                                   std::string_view label) {
  Template wanted;
  wanted.number(CKA_CLASS, kind).flag(CKA_TOKEN, true);
  if (!id.empty()) wanted.bytes(CKA_ID, id);
  if (!label.empty()) wanted.bytes(CKA_LABEL, as_bytes(label));
  TRY(call.check(call.module.C_FindObjectsInit(call.session, wanted.data(), wanted.size()), "search the token"));
  std::vector<CK_OBJECT_HANDLE> found;
  std::array<CK_OBJECT_HANDLE, 64> some{};
  CK_RV code = CKR_OK;
  CK_ULONG count = 0;
  do {
    code = call.module.C_FindObjects(call.session, some.data(), some.size(), &count);
    if (code == CKR_OK) found.insert(found.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
  } while (code == CKR_OK && count > 0);
  call.module.C_FindObjectsFinal(call.session);
  TRY(call.check(code, "search the token"));
  return found;
}

Result<std::vector<Pkcs11Key>> read_keys(Pkcs11Call& call) {
  TRY_ASSIGN(const auto objects, find_objects(call, CKO_PRIVATE_KEY, {}, {}));
  std::vector<Pkcs11Key> keys;
  for (const CK_OBJECT_HANDLE object : objects) {
    TRY_ASSIGN(auto key, read_key(call, object));
    if (key) keys.push_back(*std::move(key));
  }
  std::ranges::sort(keys, {}, &Pkcs11Key::label);
  return keys;
}

}  // namespace signet::keystore
