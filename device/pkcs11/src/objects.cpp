// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "signet/crypto.hpp"

#include "keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::pkcs11 {

namespace {

constexpr std::size_t k_name_bytes = 16;

std::string fresh_name() { return "object-" + to_hex(crypto::random_bytes(k_name_bytes)); }

}  // namespace

CK_RV place_object(Module& module, const Session& session, Object object, CK_OBJECT_HANDLE& out) {
  if (!object.is(CKA_TOKEN)) {
    object.session = session.handle;
    out = module.add(std::move(object));
    return CKR_OK;
  }
  object.stored = fresh_name();
  const auto done = module.backend().put_object(object.stored, encode_object(object.attributes));
  if (!done) return rv_of(done.error());
  std::string identity = "object:" + object.stored;
  out = module.add(std::move(object), std::move(identity));
  return CKR_OK;
}

namespace {

CK_RV create_certificate(Attributes& given) {
  const auto type = ulong_at(given, CKA_CERTIFICATE_TYPE);
  if (!type || !given.contains(CKA_VALUE)) return CKR_TEMPLATE_INCOMPLETE;
  if (*type != CKC_X_509) return CKR_ATTRIBUTE_VALUE_INVALID;
  if (given.contains(CKA_TRUSTED)) return CKR_ATTRIBUTE_READ_ONLY;  // only a security officer's to say, and no use here
  given[CKA_TRUSTED] = of_bool(false);
  set_default(given, CKA_CERTIFICATE_CATEGORY, of_ulong(0));
  for (const CK_ATTRIBUTE_TYPE each :
       {CKA_ID, CKA_SUBJECT, CKA_ISSUER, CKA_SERIAL_NUMBER, CKA_START_DATE, CKA_END_DATE, CKA_CHECK_VALUE})
    set_default(given, each, {});
  return CKR_OK;
}

void set_key_defaults(Attributes& given) {
  set_default(given, CKA_ID, {});
  set_default(given, CKA_START_DATE, {});
  set_default(given, CKA_END_DATE, {});
  set_default(given, CKA_DERIVE, of_bool(false));
  given[CKA_LOCAL] = of_bool(false);
  given[CKA_KEY_GEN_MECHANISM] = of_ulong(CK_UNAVAILABLE_INFORMATION);
}

CK_RV create_public(Attributes& given, Object& object) {
  CHECK_RV(public_from(given, object.soft));
  add_public_numbers(object.soft.get(), CKO_PUBLIC_KEY, given);
  set_key_defaults(given);
  for (const CK_ATTRIBUTE_TYPE each : {CKA_ENCRYPT, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP, CKA_TRUSTED})
    set_default(given, each, of_bool(false));
  set_default(given, CKA_SUBJECT, {});
  return CKR_OK;
}

/// A private key from outside: into keystored, or as a software key of the session.
CK_RV create_private(Module& module, const Session& session, Attributes given, CK_OBJECT_HANDLE& out) {
  SoftKey key;
  CHECK_RV(private_from(given, key));
  for (auto& [type, value] : given) {
    if (is_private_number(type)) wipe(ByteSpan(value));
  }
  std::erase_if(given, [](const auto& each) { return is_private_number(each.first); });
  if (is_true(given, CKA_TOKEN, false)) return import_pair(module, key, std::move(given), out);
  Object object;
  add_public_numbers(key.get(), CKO_PRIVATE_KEY, given);
  object.soft = std::move(key);
  set_key_defaults(given);
  set_private_defaults(given);
  given[CKA_ALWAYS_SENSITIVE] = of_bool(false);
  given[CKA_NEVER_EXTRACTABLE] = of_bool(false);
  object.attributes = std::move(given);
  return place_object(module, session, std::move(object), out);
}

CK_RV create_plain(Module& module, const Session& session, CK_OBJECT_CLASS object_class, Attributes given,
                   CK_OBJECT_HANDLE& out) {
  Object object;
  if (object_class == CKO_CERTIFICATE) CHECK_RV(create_certificate(given));
  if (object_class == CKO_PUBLIC_KEY) CHECK_RV(create_public(given, object));
  if (object_class == CKO_DATA) {
    for (const CK_ATTRIBUTE_TYPE each : {CKA_APPLICATION, CKA_OBJECT_ID, CKA_VALUE}) set_default(given, each, {});
  }
  object.attributes = std::move(given);
  return place_object(module, session, std::move(object), out);
}

/// What C_SetAttributeValue and C_CopyObject may change, and in which direction.
CK_RV check_change(const Object& object, CK_ATTRIBUTE_TYPE type, const Bytes& value) {
  constexpr std::array k_free{CKA_LABEL, CKA_ID, CKA_SUBJECT, CKA_START_DATE, CKA_END_DATE};
  if (std::ranges::find(k_free, type) != k_free.end()) return CKR_OK;
  const auto has = object.attributes.find(type);
  if (has != object.attributes.end() && has->second == value) return CKR_OK;
  const bool own = object.session != 0;
  if (own && type == CKA_SENSITIVE) return value == of_bool(true) ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
  if (own && type == CKA_EXTRACTABLE) return value == of_bool(false) ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
  constexpr std::array k_uses{CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE};
  if (own && has != object.attributes.end() && std::ranges::find(k_uses, type) != k_uses.end()) return CKR_OK;
  const CK_OBJECT_CLASS object_class = object.object_class();
  const bool data = object_class == CKO_DATA && (type == CKA_VALUE || type == CKA_APPLICATION);
  return data ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
}

/// Keeps the public key of a private one that is gone, under its old handle.
CK_RV leave_public(Module& module, Object object, const std::string& label) {
  object.key.reset();
  object.stored = fresh_name();
  const auto done = module.backend().put_object(object.stored, encode_object(object.attributes));
  if (!done) return rv_of(done.error());
  const std::string identity = "object:" + object.stored;
  module.rename("public:" + label, identity, std::move(object));
  return CKR_OK;
}

}  // namespace

Secret take_value(Attributes& attributes) {
  const auto found = attributes.find(CKA_VALUE);
  if (found == attributes.end()) return {};
  Secret value = Secret::copy_of(found->second);
  wipe(ByteSpan(found->second));
  attributes.erase(found);
  return value;
}

CK_RV create_object(Module& module, const Session& session, Attributes given, CK_OBJECT_HANDLE& out) {
  const auto object_class = ulong_at(given, CKA_CLASS);
  if (!object_class) return CKR_TEMPLATE_INCOMPLETE;
  for (const CK_ATTRIBUTE_TYPE type : {CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_KEY_GEN_MECHANISM}) {
    if (given.contains(type)) return CKR_ATTRIBUTE_READ_ONLY;
  }
  const bool secret = *object_class == CKO_PRIVATE_KEY || *object_class == CKO_SECRET_KEY;
  set_common(given, secret);
  CHECK_RV(module.may_write(session, given));
  switch (*object_class) {
    case CKO_SECRET_KEY: {
      if (!given.contains(CKA_VALUE)) return CKR_TEMPLATE_INCOMPLETE;
      if (given.contains(CKA_VALUE_LEN)) return CKR_ATTRIBUTE_READ_ONLY;
      Secret value = take_value(given);
      return add_secret(module, session, std::move(given), std::move(value), CK_UNAVAILABLE_INFORMATION, out);
    }
    case CKO_PRIVATE_KEY:
      return create_private(module, session, std::move(given), out);
    case CKO_CERTIFICATE:
    case CKO_PUBLIC_KEY:
    case CKO_DATA:
      return create_plain(module, session, *object_class, std::move(given), out);
    default:
      return CKR_ATTRIBUTE_VALUE_INVALID;
  }
}

CK_RV copy_object(Module& module, const Session& session, const Object& from, const Attributes& changes,
                  CK_OBJECT_HANDLE& out) {
  if (!from.is(CKA_COPYABLE)) return CKR_ACTION_PROHIBITED;
  Object copy = from;
  copy.session = session.handle;
  for (const auto& [type, value] : changes) {
    if (type != CKA_TOKEN && type != CKA_PRIVATE) CHECK_RV(check_change(copy, type, value));
    copy.attributes[type] = value;
  }
  if (from.is(CKA_PRIVATE) && !copy.is(CKA_PRIVATE)) return CKR_TEMPLATE_INCONSISTENT;
  CHECK_RV(module.may_write(session, copy.attributes));
  if (copy.is(CKA_TOKEN) && (copy.secret != nullptr || copy.object_class() == CKO_PRIVATE_KEY))
    return CKR_ATTRIBUTE_VALUE_INVALID;
  copy.key.reset();
  copy.stored.clear();
  return place_object(module, session, std::move(copy), out);
}

CK_RV change_object(Module& module, const Session& session, CK_OBJECT_HANDLE handle, const Attributes& changes) {
  ObjectPtr before;
  CHECK_RV(module.object(handle, before));
  CHECK_RV(module.may_write(session, before->attributes));
  if (!before->is(CKA_MODIFIABLE)) return CKR_ACTION_PROHIBITED;
  Object after = *before;
  for (const auto& [type, value] : changes) {
    CHECK_RV(check_change(*before, type, value));
    after.attributes[type] = value;
  }
  if (before->session == 0 && before->key) {
    KeyRecord record = module.record_of(*before->key);
    Attributes& half = before->object_class() == CKO_PRIVATE_KEY ? record.private_half : record.public_half;
    for (const auto& [type, value] : changes) half[type] = value;
    CHECK_RV(module.keep(record));
  } else if (before->session == 0) {
    const auto done = module.backend().put_object(after.stored, encode_object(after.attributes));
    if (!done) return rv_of(done.error());
  }
  module.replace(handle, std::move(after));
  return CKR_OK;
}

CK_RV destroy_object(Module& module, const Session& session, CK_OBJECT_HANDLE handle) {
  ObjectPtr object;
  CHECK_RV(module.object(handle, object));
  CHECK_RV(module.may_write(session, object->attributes));
  if (!object->is(CKA_DESTROYABLE)) return CKR_ACTION_PROHIBITED;
  Backend& backend = module.backend();
  if (object->session == 0 && object->in_token()) {
    const KeyRecord record = module.record_of(*object->key);
    if (const auto done = backend.destroy(*object->key); !done) return rv_of(done.error());
    (void)backend.remove_object(KeyRecord::name_of(record.label));
    // The public key is an object of its own and outlives the private one, as PKCS#11 has it.
    if (!record.public_gone) CHECK_RV(leave_public(module, public_object(*object->key, record), object->key->label));
  } else if (object->session == 0 && object->key) {
    KeyRecord record = module.record_of(*object->key);
    record.public_gone = true;
    CHECK_RV(module.keep(record));
  } else if (object->session == 0) {
    if (const auto done = backend.remove_object(object->stored); !done) return rv_of(done.error());
  }
  module.forget(handle);
  return CKR_OK;
}

}  // namespace signet::pkcs11
