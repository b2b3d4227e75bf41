// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::sbom {

/// The parts of a package URL, decoded; an empty one is absent.
struct PurlParts {
  std::string type;
  std::string name_space;  ///< segments between "/"
  std::string name;
  std::string version;
  std::vector<std::pair<std::string, std::string>> qualifiers;
  std::string subpath;

  friend bool operator==(const PurlParts&, const PurlParts&) = default;
};

inline constexpr std::size_t k_purl_size_bytes_max = 8192;
inline constexpr std::size_t k_purl_qualifiers_max = 64;

/// A package URL (ECMA-427): what a package is called, in any ecosystem. One that exists is in canonical form: case and
/// spelling as its type demands, qualifiers sorted, none empty.
class Purl {
 public:
  /// Reads a package URL that is written as it should be. Malformed: "purl.too-long", "purl.scheme", "purl.type",
  /// "purl.name" (missing, or not one of its type), "purl.namespace" (missing or prohibited by the type),
  /// "purl.version", "purl.qualifier" (a bad key, a key twice, one that the type demands, or one of the type's own with
  /// capital letters), "percent.syntax".
  static Result<Purl> parse(std::string_view text);

  /// As parse(), but puts right the case of the keys of qualifiers too.
  static Result<Purl> canonicalise(std::string_view text);

  /// From parts; errors as above, and "purl.text" (not UTF-8).
  static Result<Purl> build(PurlParts parts);

  [[nodiscard]] const PurlParts& parts() const { return parts_; }
  /// The value of a qualifier, or empty.
  [[nodiscard]] std::string_view qualifier(std::string_view key) const;
  /// The canonical form.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Purl&, const Purl&) = default;

 private:
  explicit Purl(PurlParts parts) : parts_(std::move(parts)) {}
  PurlParts parts_;
};

}  // namespace signet::sbom
