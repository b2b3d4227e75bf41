// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <string_view>

namespace signet::advisory {

/// A file of lib/advisory/data that is part of the program ("schemas/csaf-2.0.json", "cwe.tsv"); data/README.md says
/// where each comes from. Asking for one that is not there is a broken invariant.
[[nodiscard]] ByteView embedded(std::string_view name);

}  // namespace signet::advisory
