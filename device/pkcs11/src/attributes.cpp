// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "attributes.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace signet::pkcs11 {

namespace {

constexpr CK_ULONG k_rows_max = 256;
constexpr CK_ULONG k_value_bytes_max = 64U << 10U;

enum class Kind : std::uint8_t { boolean, number, bytes };
struct Row {
  CK_ATTRIBUTE_TYPE type;
  Kind kind;
};

// PKCS#11 2.40, appendix of C language bindings; what is not here is not an attribute that this module knows.
constexpr std::array k_rows{
    Row{CKA_CLASS, Kind::number},
    Row{CKA_TOKEN, Kind::boolean},
    Row{CKA_PRIVATE, Kind::boolean},
    Row{CKA_LABEL, Kind::bytes},
    Row{CKA_APPLICATION, Kind::bytes},
    Row{CKA_VALUE, Kind::bytes},
    Row{CKA_OBJECT_ID, Kind::bytes},
    Row{CKA_CERTIFICATE_TYPE, Kind::number},
    Row{CKA_ISSUER, Kind::bytes},
    Row{CKA_SERIAL_NUMBER, Kind::bytes},
    Row{CKA_TRUSTED, Kind::boolean},
    Row{CKA_CERTIFICATE_CATEGORY, Kind::number},
    Row{CKA_JAVA_MIDP_SECURITY_DOMAIN, Kind::number},
    Row{CKA_URL, Kind::bytes},
    Row{CKA_HASH_OF_SUBJECT_PUBLIC_KEY, Kind::bytes},
    Row{CKA_HASH_OF_ISSUER_PUBLIC_KEY, Kind::bytes},
    Row{CKA_CHECK_VALUE, Kind::bytes},
    Row{CKA_KEY_TYPE, Kind::number},
    Row{CKA_SUBJECT, Kind::bytes},
    Row{CKA_ID, Kind::bytes},
    Row{CKA_SENSITIVE, Kind::boolean},
    Row{CKA_ENCRYPT, Kind::boolean},
    Row{CKA_DECRYPT, Kind::boolean},
    Row{CKA_WRAP, Kind::boolean},
    Row{CKA_UNWRAP, Kind::boolean},
    Row{CKA_SIGN, Kind::boolean},
    Row{CKA_SIGN_RECOVER, Kind::boolean},
    Row{CKA_VERIFY, Kind::boolean},
    Row{CKA_VERIFY_RECOVER, Kind::boolean},
    Row{CKA_DERIVE, Kind::boolean},
    Row{CKA_START_DATE, Kind::bytes},
    Row{CKA_END_DATE, Kind::bytes},
    Row{CKA_MODULUS, Kind::bytes},
    Row{CKA_MODULUS_BITS, Kind::number},
    Row{CKA_PUBLIC_EXPONENT, Kind::bytes},
    Row{CKA_PRIVATE_EXPONENT, Kind::bytes},
    Row{CKA_PRIME_1, Kind::bytes},
    Row{CKA_PRIME_2, Kind::bytes},
    Row{CKA_EXPONENT_1, Kind::bytes},
    Row{CKA_EXPONENT_2, Kind::bytes},
    Row{CKA_COEFFICIENT, Kind::bytes},
    Row{CKA_VALUE_LEN, Kind::number},
    Row{CKA_EXTRACTABLE, Kind::boolean},
    Row{CKA_LOCAL, Kind::boolean},
    Row{CKA_NEVER_EXTRACTABLE, Kind::boolean},
    Row{CKA_ALWAYS_SENSITIVE, Kind::boolean},
    Row{CKA_KEY_GEN_MECHANISM, Kind::number},
    Row{CKA_MODIFIABLE, Kind::boolean},
    Row{CKA_COPYABLE, Kind::boolean},
    Row{CKA_DESTROYABLE, Kind::boolean},
    Row{CKA_EC_PARAMS, Kind::bytes},
    Row{CKA_EC_POINT, Kind::bytes},
    Row{CKA_ALWAYS_AUTHENTICATE, Kind::boolean},
    Row{CKA_WRAP_WITH_TRUSTED, Kind::boolean},
    Row{CKA_PUBLIC_KEY_INFO, Kind::bytes},
};

CK_RV check_row(const CK_ATTRIBUTE& row) {
  const auto* const known = std::ranges::find(k_rows, row.type, &Row::type);
  if (known == k_rows.end()) return CKR_ATTRIBUTE_TYPE_INVALID;
  if (known->kind == Kind::number && row.ulValueLen != sizeof(CK_ULONG)) return CKR_ATTRIBUTE_VALUE_INVALID;
  if (known->kind != Kind::boolean) return CKR_OK;
  if (row.ulValueLen != sizeof(CK_BBOOL)) return CKR_ATTRIBUTE_VALUE_INVALID;
  const CK_BBOOL value = *static_cast<const CK_BBOOL*>(row.pValue);
  return value == CK_TRUE || value == CK_FALSE ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

}  // namespace

Bytes of_bool(bool value) { return {std::byte{static_cast<unsigned char>(value ? CK_TRUE : CK_FALSE)}}; }

Bytes of_ulong(CK_ULONG value) {
  Bytes out(sizeof value);
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

bool is_true(const Attributes& attributes, CK_ATTRIBUTE_TYPE type, bool otherwise) {
  const auto found = attributes.find(type);
  return found == attributes.end() ? otherwise : found->second == of_bool(true);
}

std::optional<CK_ULONG> ulong_at(const Attributes& attributes, CK_ATTRIBUTE_TYPE type) {
  const auto found = attributes.find(type);
  if (found == attributes.end() || found->second.size() != sizeof(CK_ULONG)) return std::nullopt;
  CK_ULONG value = 0;
  std::memcpy(&value, found->second.data(), sizeof value);
  return value;
}

ByteView bytes_at(const Attributes& attributes, CK_ATTRIBUTE_TYPE type) {
  const auto found = attributes.find(type);
  return found == attributes.end() ? ByteView() : ByteView(found->second);
}

CK_RV read_template(const CK_ATTRIBUTE* given, CK_ULONG count, TemplateUse use, Attributes& out) {
  if ((given == nullptr && count > 0) || count > k_rows_max) return CKR_ARGUMENTS_BAD;
  for (const CK_ATTRIBUTE& row : std::span(given, count)) {
    if (row.ulValueLen > k_value_bytes_max || (row.pValue == nullptr && row.ulValueLen > 0))
      return CKR_ATTRIBUTE_VALUE_INVALID;
    if (use == TemplateUse::describe) CHECK_RV(check_row(row));
    ByteView value;
    CHECK_RV(view_of(row.pValue, row.ulValueLen, value));
    if (!out.try_emplace(row.type, to_bytes(value)).second) return CKR_TEMPLATE_INCONSISTENT;
  }
  return CKR_OK;
}

CK_RV give_value(CK_ATTRIBUTE& row, ByteView value) {
  if (row.pValue == nullptr) {
    row.ulValueLen = value.size();
    return CKR_OK;
  }
  if (row.ulValueLen < value.size()) {
    row.ulValueLen = CK_UNAVAILABLE_INFORMATION;
    return CKR_BUFFER_TOO_SMALL;
  }
  if (!value.empty()) std::memcpy(row.pValue, value.data(), value.size());
  row.ulValueLen = value.size();
  return CKR_OK;
}

CK_RV view_of(const void* data, CK_ULONG size, ByteView& out) {
  if (data == nullptr && size > 0) return CKR_ARGUMENTS_BAD;
  out = ByteView(static_cast<const std::byte*>(data), size);
  return CKR_OK;
}

CK_RV give_output(ByteView value, CK_BYTE_PTR out, CK_ULONG_PTR size) {
  if (size == nullptr) return CKR_ARGUMENTS_BAD;
  const CK_ULONG room = *size;
  *size = value.size();
  if (out == nullptr) return CKR_OK;
  if (room < value.size()) return CKR_BUFFER_TOO_SMALL;
  if (!value.empty()) std::memcpy(out, value.data(), value.size());
  return CKR_OK;
}

}  // namespace signet::pkcs11
