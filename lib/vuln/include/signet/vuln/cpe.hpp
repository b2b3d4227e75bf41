// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signet::vuln {

/// What one attribute of a CPE name says.
struct CpeValue {
  enum class Kind : std::uint8_t { any, na, text };

  static constexpr std::size_t k_unlimited = SIZE_MAX;

  Kind kind = Kind::any;
  std::string text;            ///< small letters, without escapes and wildcards
  std::size_t before_max = 0;  ///< how many characters the wildcards in front stand for
  std::size_t after_max = 0;   ///< how many those at the end stand for

  [[nodiscard]] bool has_wildcard() const { return before_max != 0 || after_max != 0; }
  friend bool operator==(const CpeValue&, const CpeValue&) = default;
};

/// How what one name stands for lies to what another one stands for (NISTIR 7696 table 6-1).
enum class CpeRelation : std::uint8_t { disjoint, equal, subset, superset, undefined };

inline constexpr std::size_t k_cpe_size_bytes_max = 2048;
inline constexpr std::size_t k_cpe_attributes = 11;

/// A name of the Common Platform Enumeration 2.3 (NISTIR 7695).
class Cpe {
 public:
  /// The attributes in the order of the formatted string.
  enum Attribute : std::uint8_t {
    part,
    vendor,
    product,
    version,
    update,
    edition,
    language,
    sw_edition,
    target_sw,
    target_hw,
    other
  };

  /// Reads a formatted string ("cpe:2.3:a:haxx:curl:7.88.1:*:*:*:*:*:*:*") or a URI ("cpe:/a:haxx:curl:7.88.1").
  /// Malformed: "cpe.too-long", "cpe.prefix", "cpe.attributes" (not eleven), "cpe.part", "cpe.value".
  static Result<Cpe> parse(std::string_view text);

  [[nodiscard]] const CpeValue& value(Attribute attribute) const { return values_[attribute]; }

  /// How this name as a pattern relates to `target`: superset or equal means that it matches (NISTIR 7696 section 6.2).
  [[nodiscard]] CpeRelation relation_to(const Cpe& target) const;
  /// Whether every product that `target` names is one that this pattern names.
  [[nodiscard]] bool matches(const Cpe& target) const;

  /// The formatted string.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Cpe&, const Cpe&) = default;

 private:
  Cpe() = default;
  std::array<CpeValue, k_cpe_attributes> values_;
};

}  // namespace signet::vuln
