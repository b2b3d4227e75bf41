// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/core/time.hpp"
#include "signet/release.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace signet::cli::repo {

/// Which second a day without a time stands for.
enum class DayEnd : std::uint8_t { first_second, last_second };
/// A date or time given with an option; nothing if it was not given.
Result<std::optional<Instant>> day_option(const Invocation& call, std::string_view name, DayEnd end);

/// What a vendor says of a release, on the command line.
std::vector<Option> terms_options();
Result<release::Terms> terms_from(const Invocation& call);

}  // namespace signet::cli::repo
