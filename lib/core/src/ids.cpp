// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ids.hpp"

#include "signet/core/bytes.hpp"

#include <algorithm>

namespace signet {

Result<void> check_name(std::string_view text, std::string_view what) {
  constexpr std::size_t k_size_max = 64;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '+' || c == '-';
  };
  const bool good = !text.empty() && text.size() <= k_size_max && std::ranges::all_of(text, allowed) &&
                    text[0] != '.' && text[0] != '-';
  if (good) return {};
  return Error(Errc::invalid_input, "core.bad-name",
               "'" + printable(text, 80) + "' is not a name for a " + std::string(what),
               "Use 1 to 64 letters, digits, '.', '_', '+' or '-', starting with a letter or a digit.");
}

}  // namespace signet
