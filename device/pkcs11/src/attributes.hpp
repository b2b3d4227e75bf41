// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <p11-kit/pkcs11.h>

#include <map>
#include <optional>
#include <string_view>

/// Returns the code of an expression unless it is CKR_OK.
#define CHECK_RV(...)                                                                    \
  do {                                                                                   \
    if (const CK_RV signet_rv_ = (__VA_ARGS__); signet_rv_ != CKR_OK) return signet_rv_; \
  } while (false)

namespace signet::pkcs11 {

/// The attributes of an object: each value as PKCS#11 hands it over (CK_ULONG and CK_BBOOL in the machine's form).
using Attributes = std::map<CK_ATTRIBUTE_TYPE, Bytes>;

[[nodiscard]] Bytes of_bool(bool value);
[[nodiscard]] Bytes of_ulong(CK_ULONG value);
[[nodiscard]] bool is_true(const Attributes& attributes, CK_ATTRIBUTE_TYPE type, bool otherwise);
[[nodiscard]] std::optional<CK_ULONG> ulong_at(const Attributes& attributes, CK_ATTRIBUTE_TYPE type);
/// A value, or nothing where there is none.
[[nodiscard]] ByteView bytes_at(const Attributes& attributes, CK_ATTRIBUTE_TYPE type);

/// What a template is for: one that describes an object must hold attributes that exist, of their sizes.
enum class TemplateUse : std::uint8_t { describe, search };

/// Reads an application's template within bounds. CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_TYPE_INVALID,
/// CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT (an attribute that stands twice).
CK_RV read_template(const CK_ATTRIBUTE* given, CK_ULONG count, TemplateUse use, Attributes& out);

/// One row of C_GetAttributeValue (PKCS#11 2.40 section 5.7): copies, tells the size for no buffer, or says why not.
CK_RV give_value(CK_ATTRIBUTE& row, ByteView value);

/// Bytes of a caller; CKR_ARGUMENTS_BAD for a null pointer with a size.
CK_RV view_of(const void* data, CK_ULONG size, ByteView& out);

/// Copies to a caller's buffer by the convention of section 5.2: no buffer asks for the size, a small one is
/// CKR_BUFFER_TOO_SMALL with the size.
CK_RV give_output(ByteView value, CK_BYTE_PTR out, CK_ULONG_PTR size);

}  // namespace signet::pkcs11
