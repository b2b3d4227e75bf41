// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: versions_fuzz)
#include "signet/sbom/versions.hpp"

#include "signet/core/bytes.hpp"

#include "orders.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace signet::sbom {

namespace {

using enum VersionScheme;

// Sorted by name. Types of package URLs, schemes of vers ranges, and OSV's names in small letters.
constexpr std::array<Ecosystem, 70> k_ecosystems{{{"almalinux", rpm},
                                                  {"alpaquita", apk},
                                                  {"alpine", apk},
                                                  {"alpm", alpm},
                                                  {"android", semver},
                                                  {"apk", apk},
                                                  {"arch", alpm},
                                                  {"azure linux", rpm},
                                                  {"bazel", semver},
                                                  {"bellsoft hardened containers", apk},
                                                  {"bioconductor", semver},
                                                  {"bitnami", semver},
                                                  {"cargo", semver},
                                                  {"chainguard", apk},
                                                  {"cocoapods", semver},
                                                  {"composer", packagist},
                                                  {"conan", conan},
                                                  {"conancenter", conan},
                                                  {"cpan", semver},
                                                  {"cran", cran},
                                                  {"crates.io", semver},
                                                  {"datetime", datetime},
                                                  {"deb", deb},
                                                  {"debian", deb},
                                                  {"docker", semver},
                                                  {"ebuild", gentoo},
                                                  {"fedora", rpm},
                                                  {"gem", gem},
                                                  {"generic", semver},
                                                  {"gentoo", gentoo},
                                                  {"ghc", semver},
                                                  {"github", semver},
                                                  {"github actions", semver},
                                                  {"go", semver},
                                                  {"golang", semver},
                                                  {"hackage", hackage},
                                                  {"hex", semver},
                                                  {"intdot", semver},
                                                  {"julia", semver},
                                                  {"lexicographic", lexicographic},
                                                  {"linux", semver},
                                                  {"mageia", rpm},
                                                  {"maven", maven},
                                                  {"minimos", apk},
                                                  {"nginx", semver},
                                                  {"npm", semver},
                                                  {"nuget", nuget},
                                                  {"oci", semver},
                                                  {"openeuler", rpm},
                                                  {"openssl", openssl},
                                                  {"opensuse", rpm},
                                                  {"otp", semver},
                                                  {"packagist", packagist},
                                                  {"photon os", rpm},
                                                  {"pub", pub},
                                                  {"pypi", pypi},
                                                  {"python", pypi},
                                                  {"red hat", rpm},
                                                  {"redhat", rpm},
                                                  {"rocky linux", rpm},
                                                  {"rpm", rpm},
                                                  {"rubygems", gem},
                                                  {"semver", semver},
                                                  {"suse", rpm},
                                                  {"swift", semver},
                                                  {"swifturl", semver},
                                                  {"ubuntu", deb},
                                                  {"vscode-extension", semver},
                                                  {"wolfi", apk},
                                                  {"yocto", semver}}};

static_assert(std::ranges::is_sorted(k_ecosystems, {}, &Ecosystem::name));

std::weak_ordering compare_bytes(std::string_view a, std::string_view b) { return compare_text(a, b); }

struct Order {
  std::string_view name;
  std::weak_ordering (*compare)(std::string_view, std::string_view);
};

// By the numbers of VersionScheme
constexpr std::array<Order, 18> k_orders{{{"alpm", compare_alpm},
                                          {"apk", compare_apk},
                                          {"conan", compare_conan},
                                          {"cran", compare_cran},
                                          {"datetime", compare_datetime},
                                          {"deb", compare_deb},
                                          {"gem", compare_gem},
                                          {"gentoo", compare_gentoo},
                                          {"hackage", compare_hackage},
                                          {"lexicographic", compare_bytes},
                                          {"maven", compare_maven},
                                          {"nuget", compare_nuget},
                                          {"openssl", compare_openssl},
                                          {"packagist", compare_packagist},
                                          {"pub", compare_pub},
                                          {"pypi", compare_pypi},
                                          {"rpm", compare_rpm},
                                          {"semver", compare_semver}}};

Error bad(std::string_view reason, std::string text, std::string hint) {
  return {Errc::invalid_input, "version." + std::string(reason), std::move(text), std::move(hint)};
}

}  // namespace

std::string_view name_of(VersionScheme scheme) { return k_orders[static_cast<std::size_t>(scheme)].name; }

std::span<const Ecosystem> ecosystems() { return k_ecosystems; }

Result<VersionScheme> version_scheme(std::string_view ecosystem) {
  // OSV appends a release: "Debian:12", "Alpine:v3.20".
  const std::string_view name = ecosystem.substr(0, ecosystem.find(':'));
  const auto at = std::ranges::find_if(k_ecosystems, [&](const Ecosystem& one) {
    return compare_folded(one.name, name) == std::weak_ordering::equivalent;
  });
  if (at != k_ecosystems.end()) return at->scheme;
  return Error(Errc::not_found, "version.ecosystem", "there is no ecosystem '" + printable(ecosystem, 40) + "'",
               "Use the type of a package URL (deb, npm, golang), or OSV's name (Debian, crates.io).");
}

Result<void> check_version(VersionScheme scheme, std::string_view text) {
  if (text.empty()) return bad("empty", "the version is empty", "Leave out a version that is not known.");
  if (text.size() > k_version_size_bytes_max) {
    return bad("too-long", "the version is longer than " + std::to_string(k_version_size_bytes_max) + " bytes",
               "Give the version alone.");
  }
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    return bad("text", "the version has control characters", "Give the version alone.");
  }
  if (scheme == datetime && !is_datetime(text)) {
    return bad("date", "'" + printable(text, 40) + "' is no date and time", "Write it as in 2026-11-22T10:00:00Z.");
  }
  return {};
}

std::weak_ordering compare_versions(VersionScheme scheme, std::string_view a, std::string_view b) {
  if (a.size() > k_version_size_bytes_max || b.size() > k_version_size_bytes_max) return compare_text(a, b);
  return k_orders[static_cast<std::size_t>(scheme)].compare(a, b);
}

}  // namespace signet::sbom
