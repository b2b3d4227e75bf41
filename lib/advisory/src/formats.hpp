// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace signet::advisory {

/// Formats of JSON Schema that are asserted; all others pass.
enum class Format : std::uint8_t { none, date_time, date, uri, iri, uuid };

[[nodiscard]] Format format_named(std::string_view name);
[[nodiscard]] bool has_format(Format format, std::string_view text);

/// A moment to the nanosecond, with what its text said.
struct Moment {
  std::int64_t seconds = 0;  ///< since 1970-01-01T00:00:00Z
  std::uint32_t nanoseconds = 0;

  friend auto operator<=>(const Moment&, const Moment&) = default;
};

/// RFC 3339 section 5.6; a blank or small letters where it lets an application choose. Without a zone it is UTC, if
/// `zone_optional`: CVE records have many of these.
[[nodiscard]] std::optional<Moment> parse_moment(std::string_view text, bool zone_optional = false);
/// The stricter rules of CSAF 2.1 section 3.2: "T" and "Z", no leap second.
[[nodiscard]] bool is_strict_moment(std::string_view text);

}  // namespace signet::advisory
