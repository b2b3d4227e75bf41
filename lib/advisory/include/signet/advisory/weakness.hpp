// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace signet::advisory {

/// A weakness as a release of CWE has it.
struct KnownWeakness {
  std::string name;
  std::string release;         ///< of CWE: "4.17"
  bool is_for_mapping = true;  ///< false: deprecated, or MITRE prohibits calling a vulnerability so
};

/// "CWE-306" in the release that was the latest at `at`; nothing if that has no such weakness (categories and views are
/// none).
[[nodiscard]] std::optional<KnownWeakness> known_weakness(std::string_view id, Instant at);

}  // namespace signet::advisory
