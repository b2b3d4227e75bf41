// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace signet::advisory {

/// What a release of CWE says of a weakness.
struct Weakness {
  std::string_view name;
  bool is_deprecated = false;
  char usage = '-';  ///< for mapping: Allowed, allowed with Review, Discouraged, Prohibited; '-' is not said
};

[[nodiscard]] bool is_cwe_release(std::string_view release);
/// "CWE-79" in "4.13"; categories and views are no weaknesses.
[[nodiscard]] std::optional<Weakness> weakness_in(std::string_view id, std::string_view release);
/// Whether any release calls the weakness so.
[[nodiscard]] bool is_weakness_name(std::string_view id, std::string_view name);
/// The name in the newest release that has it.
[[nodiscard]] std::optional<Weakness> newest_weakness(std::string_view id);
/// The newest release on a day; empty before the first. The days after the newest known one have it as well.
[[nodiscard]] std::string_view cwe_release_at(std::int64_t seconds_since_epoch);

}  // namespace signet::advisory
