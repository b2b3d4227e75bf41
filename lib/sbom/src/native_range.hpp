// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/sbom/range.hpp"

#include <optional>

namespace signet::sbom {

/// What an ecosystem's own notation says, not sorted.
struct NativeRange {
  bool is_any = false;
  std::vector<VersionConstraint> constraints;
};

Result<NativeRange> parse_native(std::string_view scheme, VersionScheme order, std::string_view text);

/// Takes "=", "==", "!=", "<", "<=", ">" or ">=" from the front.
std::optional<Comparator> take_comparator(std::string_view& text);

}  // namespace signet::sbom
