// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "csaf.hpp"

#include <vector>

namespace signet::advisory {

/// What good documents have beyond their schema, by kind.
[[nodiscard]] std::vector<RawFinding> lint_cve(const Node& root);
[[nodiscard]] std::vector<RawFinding> lint_cyclonedx(const Node& root);
[[nodiscard]] std::vector<RawFinding> lint_openvex(const Node& root);
[[nodiscard]] std::vector<RawFinding> lint_osv(const Node& root);

}  // namespace signet::advisory
