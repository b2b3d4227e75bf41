// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/attest.hpp"

#include <algorithm>
#include <array>

namespace signet::attest {

namespace {

// In the order of the enum.
constexpr std::array<std::string_view, 3> k_names{"SOFTWARE", "TRUSTED_ENVIRONMENT", "STRONG"};

}  // namespace

std::string_view name_of(Strength strength) { return k_names.at(static_cast<std::size_t>(strength)); }

Result<Strength> strength_from(std::string_view name) {
  const auto* found = std::ranges::find(k_names, name);
  if (found != k_names.end()) return static_cast<Strength>(found - k_names.begin());
  return Error(Errc::invalid_input, "attest.strength", "there is no strength '" + printable(name, 40) + "'",
               "Write SOFTWARE, TRUSTED_ENVIRONMENT or STRONG.");
}

}  // namespace signet::attest
