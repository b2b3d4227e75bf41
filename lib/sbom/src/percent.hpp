// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <string>
#include <string_view>

namespace signet::sbom {

/// Percent-decoded text; a "%" without two hexadecimal digits, broken UTF-8 and a NUL are errors ("percent.syntax").
Result<std::string> percent_decoded(std::string_view text);

/// Whether a text can be percent-encoded and come back: UTF-8 (RFC 3629) without NUL.
bool is_plain_text(std::string_view text);

/// Appends `text` with all encoded but letters, digits, ".", "-", "_", "~" and ":" (ECMA-427 section 5.4).
void append_encoded(std::string& to, std::string_view text);

}  // namespace signet::sbom
