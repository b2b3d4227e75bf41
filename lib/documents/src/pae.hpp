// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <string_view>

namespace signet::documents {

/// What is signed: "DSSEv1 LEN(type) type LEN(body) body", lengths in decimal bytes (DSSE protocol, "PAE"). The lengths
/// make the pair unambiguous, so that no payload of one type can pose as one of another.
[[nodiscard]] Bytes pre_authentication_encoding(std::string_view payload_type, ByteView payload);

}  // namespace signet::documents
