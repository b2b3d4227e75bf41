// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// What a product is made of: names of packages, orders of versions, and bills of materials.
namespace signet::sbom {

/// A rule by which versions are put in order. Ecosystems that share a rule share the value.
enum class VersionScheme : std::uint8_t {
  alpm,           ///< Arch Linux: vercmp(8)
  apk,            ///< Alpine, Wolfi: apk-tools
  conan,          ///< Conan 2
  cran,           ///< R: numeric_version
  datetime,       ///< RFC 3339
  deb,            ///< Debian, Ubuntu: deb-version(7)
  gem,            ///< RubyGems: Gem::Version
  gentoo,         ///< Package Manager Specification 3.2 and 3.3
  hackage,        ///< Haskell: Data.Version
  lexicographic,  ///< by bytes, which for UTF-8 is by code points
  maven,          ///< org.apache.maven.artifact.versioning.ComparableVersion
  nuget,          ///< NuGet: up to four numbers, labels without regard to case
  openssl,        ///< letters for patches before 3.0
  packagist,      ///< PHP: version_compare, as Composer calls it
  pub,            ///< Dart: as semver, and build numbers count
  pypi,           ///< PEP 440; what it does not know sorts before, as setuptools did
  rpm,            ///< rpmvercmp with ~ and ^
  semver,         ///< Semantic Versioning 2.0.0: npm, cargo, golang, hex, swift, generic, ...
};

/// "deb", "semver", ...
[[nodiscard]] std::string_view name_of(VersionScheme scheme);

/// The order that an ecosystem uses: by the type of a package URL ("deb", "golang"), the scheme of a vers range, or the
/// name that OSV uses ("Debian:12", "crates.io", "Red Hat"); letters without regard to case.
/// Not found: "version.ecosystem".
Result<VersionScheme> version_scheme(std::string_view ecosystem);

/// A name by which version_scheme() knows an ecosystem, in small letters.
struct Ecosystem {
  std::string_view name;
  VersionScheme scheme;
};

/// All names that version_scheme() knows.
[[nodiscard]] std::span<const Ecosystem> ecosystems();

inline constexpr std::size_t k_version_size_bytes_max = 1024;

/// Whether a text may be a version at all: not empty, at most k_version_size_bytes_max, without control characters, and
/// for datetime a date that exists. Malformed: "version.empty", "version.too-long", "version.text", "version.date".
Result<void> check_version(VersionScheme scheme, std::string_view text);

/// The order of two versions. Every pair of texts has one; versions that differ in spelling only are equivalent ("1.0"
/// and "1.0.0" in most schemes). Numbers may have any number of digits. Texts beyond k_version_size_bytes_max are
/// compared by bytes.
[[nodiscard]] std::weak_ordering compare_versions(VersionScheme scheme, std::string_view a, std::string_view b);

}  // namespace signet::sbom
