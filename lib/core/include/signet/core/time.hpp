// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace signet {

/// A moment in UTC, in whole seconds since 1970-01-01T00:00:00Z; years 0001 to 9999.
struct Instant {
  std::int64_t seconds_since_epoch = 0;

  friend auto operator<=>(const Instant&, const Instant&) = default;
  /// Sums stop at the first and the last second of those years.
  [[nodiscard]] Instant plus_seconds(std::int64_t seconds) const;
  [[nodiscard]] Instant plus_days(std::int64_t days) const;
};

/// RFC 3339 in UTC: "2026-11-22T12:00:00Z".
[[nodiscard]] std::string to_rfc3339(Instant instant);
/// RFC 3339 with seconds; "Z" or a numeric offset; fractions are cut off, years are 0001 to 9999 in UTC. A leap second
/// counts as the second before.
[[nodiscard]] Result<Instant> from_rfc3339(std::string_view text);

/// A span of time for people, by its largest units: "3 days", "2 hours 5 minutes", "0 seconds", "minus 1 day".
[[nodiscard]] std::string describe_seconds(std::int64_t seconds);

}  // namespace signet
