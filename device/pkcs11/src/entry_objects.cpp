// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Objects, keys and random numbers: PKCS#11 2.40 sections 5.7, 5.13 and 5.14.
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "entry.hpp"
#include "keys.hpp"

#include <algorithm>
#include <cstring>

using namespace signet::pkcs11;
using signet::Bytes;
using signet::ByteView;

namespace {

constexpr CK_ULONG k_random_bytes_max = 1U << 20U;

/// The value of one attribute: CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID.
CK_RV value_of(const Object& object, CK_ATTRIBUTE_TYPE type, Bytes& out) {
  const CK_OBJECT_CLASS object_class = object.object_class();
  const bool secret = object_class == CKO_PRIVATE_KEY || object_class == CKO_SECRET_KEY;
  if (secret && is_private_number(type)) {
    const bool rsa = object.key_type() == CKK_RSA;
    if ((type == CKA_VALUE) == rsa) return CKR_ATTRIBUTE_TYPE_INVALID;
    if (object.secret != nullptr && type != CKA_VALUE) return CKR_ATTRIBUTE_TYPE_INVALID;
    if (object.in_token() || object.is(CKA_SENSITIVE) || !object.is(CKA_EXTRACTABLE)) return CKR_ATTRIBUTE_SENSITIVE;
    out = object.secret != nullptr ? signet::to_bytes(object.secret->read(signet::SecretAccess::for_export()))
                                   : private_number(object.soft.get(), type);
    return out.empty() ? CKR_ATTRIBUTE_TYPE_INVALID : CKR_OK;
  }
  const auto found = object.attributes.find(type);
  if (found == object.attributes.end()) return CKR_ATTRIBUTE_TYPE_INVALID;
  out = found->second;
  return CKR_OK;
}

/// The last of the errors, as section 5.7 leaves open; every row is worked on all the same.
CK_RV give_values(const Object& object, CK_ATTRIBUTE* rows, CK_ULONG count) {
  CK_RV last = CKR_OK;
  for (CK_ATTRIBUTE& row : std::span(rows, count)) {
    Bytes value;
    CK_RV code = value_of(object, row.type, value);
    if (code == CKR_OK) {
      code = give_value(row, value);
    } else {
      row.ulValueLen = CK_UNAVAILABLE_INFORMATION;
    }
    signet::wipe(signet::ByteSpan(value));
    if (code != CKR_OK) last = code;
  }
  return last;
}

}  // namespace

extern "C" {

CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE* given, CK_ULONG count, CK_OBJECT_HANDLE* object) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    if (object == nullptr) return CKR_ARGUMENTS_BAD;
    Attributes attributes;
    CHECK_RV(read_template(given, count, TemplateUse::describe, attributes));
    return create_object(module, at, std::move(attributes), *object);
  });
}

CK_RV C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* given, CK_ULONG count,
                   CK_OBJECT_HANDLE* copy) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    if (copy == nullptr) return CKR_ARGUMENTS_BAD;
    Attributes changes;
    CHECK_RV(read_template(given, count, TemplateUse::describe, changes));
    ObjectPtr from;
    CHECK_RV(module.object(object, from));
    return copy_object(module, at, *from, changes, *copy);
  });
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  return with_session(session,
                      [&](Module& module, Session& at) -> CK_RV { return destroy_object(module, at, object); });
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG* size) {
  return with_session(session, [&](Module& module, Session&) -> CK_RV {
    if (size == nullptr) return CKR_ARGUMENTS_BAD;
    ObjectPtr found;
    CHECK_RV(module.object(object, found));
    *size = CK_UNAVAILABLE_INFORMATION;
    return CKR_OK;
  });
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* rows, CK_ULONG count) {
  return with_session(session, [&](Module& module, Session&) -> CK_RV {
    if (rows == nullptr && count > 0) return CKR_ARGUMENTS_BAD;
    ObjectPtr found;
    if (module.object(object, found) != CKR_OK) return CKR_OBJECT_HANDLE_INVALID;
    return give_values(*found, rows, count);
  });
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* given, CK_ULONG count) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    Attributes changes;
    CHECK_RV(read_template(given, count, TemplateUse::describe, changes));
    return change_object(module, at, object, changes);
  });
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE* given, CK_ULONG count) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    if (at.found) return CKR_OPERATION_ACTIVE;
    Attributes wanted;
    CHECK_RV(read_template(given, count, TemplateUse::search, wanted));
    CHECK_RV(module.refresh());
    at.found = module.find(wanted);
    return CKR_OK;
  });
}

CK_RV C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE* objects, CK_ULONG max_count, CK_ULONG* count) {
  return with_session(session, [&](Module&, Session& at) -> CK_RV {
    if (!at.found) return CKR_OPERATION_NOT_INITIALIZED;
    if (count == nullptr || (objects == nullptr && max_count > 0)) return CKR_ARGUMENTS_BAD;
    const auto given = std::min<std::size_t>(max_count, at.found->size());
    std::copy_n(at.found->begin(), given, objects);
    at.found->erase(at.found->begin(), at.found->begin() + static_cast<std::ptrdiff_t>(given));
    *count = given;
    return CKR_OK;
  });
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE session) {
  return with_session(session, [](Module&, Session& at) -> CK_RV {
    if (!at.found) return CKR_OPERATION_NOT_INITIALIZED;
    at.found.reset();
    return CKR_OK;
  });
}

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* given, CK_ULONG count,
                    CK_OBJECT_HANDLE* key) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    if (mechanism == nullptr || key == nullptr) return CKR_ARGUMENTS_BAD;
    Attributes attributes;
    CHECK_RV(read_template(given, count, TemplateUse::describe, attributes));
    return generate_secret(module, at, *mechanism, std::move(attributes), *key);
  });
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* public_given,
                        CK_ULONG public_count, CK_ATTRIBUTE* private_given, CK_ULONG private_count,
                        CK_OBJECT_HANDLE* public_key, CK_OBJECT_HANDLE* private_key) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    if (mechanism == nullptr || public_key == nullptr || private_key == nullptr) return CKR_ARGUMENTS_BAD;
    Attributes public_half;
    Attributes private_half;
    CHECK_RV(read_template(public_given, public_count, TemplateUse::describe, public_half));
    CHECK_RV(read_template(private_given, private_count, TemplateUse::describe, private_half));
    return generate_pair(module, at, *mechanism, std::move(public_half), std::move(private_half), *public_key,
                         *private_key);
  });
}

CK_RV C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key,
                CK_BYTE* out, CK_ULONG* size) {
  return with_session(session, [&](Module& module, Session&) -> CK_RV {
    if (mechanism == nullptr || size == nullptr) return CKR_ARGUMENTS_BAD;
    ObjectPtr by;
    ObjectPtr what;
    CHECK_RV(key_object(module, wrapping, by, CKR_WRAPPING_KEY_HANDLE_INVALID));
    CHECK_RV(key_object(module, key, what));
    Bytes wrapped;
    CHECK_RV(wrap_secret(*mechanism, *by, *what, wrapped));
    return give_output(wrapped, out, size);
  });
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE unwrapping, CK_BYTE* wrapped,
                  CK_ULONG wrapped_size, CK_ATTRIBUTE* given, CK_ULONG count, CK_OBJECT_HANDLE* key) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    if (mechanism == nullptr || key == nullptr) return CKR_ARGUMENTS_BAD;
    ByteView bytes;
    CHECK_RV(view_of(wrapped, wrapped_size, bytes));
    Attributes attributes;
    CHECK_RV(read_template(given, count, TemplateUse::describe, attributes));
    ObjectPtr by;
    CHECK_RV(key_object(module, unwrapping, by, CKR_UNWRAPPING_KEY_HANDLE_INVALID));
    return unwrap_secret(module, at, *mechanism, *by, bytes, std::move(attributes), *key);
  });
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE base, CK_ATTRIBUTE* given,
                  CK_ULONG count, CK_OBJECT_HANDLE* key) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    if (mechanism == nullptr || key == nullptr) return CKR_ARGUMENTS_BAD;
    Attributes attributes;
    CHECK_RV(read_template(given, count, TemplateUse::describe, attributes));
    ObjectPtr from;
    CHECK_RV(key_object(module, base, from));
    return derive_secret(module, at, *mechanism, *from, std::move(attributes), *key);
  });
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE session, CK_BYTE* seed, CK_ULONG) {
  return with_session(session, [&](Module&, Session&) -> CK_RV {
    return seed == nullptr ? CKR_ARGUMENTS_BAD : CKR_RANDOM_SEED_NOT_SUPPORTED;
  });
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE* out, CK_ULONG size) {
  return with_session(session, [&](Module& module, Session&) -> CK_RV {
    if (out == nullptr && size > 0) return CKR_ARGUMENTS_BAD;
    if (size > k_random_bytes_max) return CKR_ARGUMENTS_BAD;
    if (size == 0) return CKR_OK;
    const auto bytes = module.backend().random(size);
    if (!bytes) return rv_of(bytes.error());
    std::memcpy(out, bytes->data(), size);
    return CKR_OK;
  });
}

}  // extern "C"
