// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/sbom/versions.hpp"

#include "signet/test/expect.hpp"

#include "suites_for_test.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace signet::sbom {
namespace {

char sign_of(std::weak_ordering order) {
  return order == std::weak_ordering::less ? '<' : order == std::weak_ordering::greater ? '>' : '=';
}

char mirrored(char sign) { return sign == '<' ? '>' : sign == '>' ? '<' : '='; }

/// The names of the files begin with an ecosystem.
std::string ecosystem_of(const std::filesystem::path& path) {
  const std::string name = path.filename();
  return name.substr(0, name.find('-'));
}

TEST(Versions, P_SBOM_003_orders_versions_as_the_suite_of_osv_scalibr_does) {
  const Suite lines = suite("versions-osv-scalibr", "versions");
  std::size_t count = 0;
  for (const auto& path : files_below(lines.folder, ".txt")) {
    const auto scheme = version_scheme(ecosystem_of(path));
    ASSERT_OK(scheme) << path;
    std::istringstream file(read_whole(path));
    std::size_t faults = 0;
    for (std::string line; std::getline(file, line) && faults < 20;) {
      if (line.empty() || line.starts_with('#') || line.starts_with("//")) continue;
      std::istringstream words(line);
      std::string a, b;
      char sign = 0;
      words >> a >> sign >> b;
      ++count;
      const char found = sign_of(compare_versions(*scheme, a, b));
      const char back = sign_of(compare_versions(*scheme, b, a));
      if (found == sign && back == mirrored(sign)) continue;
      ++faults;
      ADD_FAILURE() << path.filename() << ": " << line << " came out as " << found << ", the other way as " << back;
    }
  }
  EXPECT_EQ(count, lines.is_whole ? 70'875U : 542U);
}

// Pairs of each scheme's own documents, of the comparisons that the suites do not have, and of hostile ones.
struct Pair {
  const char* ecosystem;
  const char* a;
  char sign;
  const char* b;
};

TEST(Versions, P_SBOM_003_orders_what_the_manuals_of_package_managers_say) {
  const Pair k_table[] = {
      {"rpm", "1.0~rc1", '<', "1.0"},           // rpm-version(7)
      {"rpm", "1.0^git1", '>', "1.0"},          // rpm-version(7)
      {"rpm", "1.0^git1", '<', "1.0.1"},        //
      {"rpm", "1:1.0", '>', "2.0"},             //
      {"rpm", "1.0-1.el9", '<', "1.0-10.el9"},  //
      {"rpm", "1.0a", '<', "1.0.1"},            //
      {"rpm", "fc4", '<', "fc33"},              //
      {"rpm", "1.05", '=', "1.5"},              //
      {"deb", "1.0~~", '<', "1.0~"},            // deb-version(7)
      {"deb", "1.0~", '<', "1.0"},              // deb-version(7)
      {"deb", "1.0", '<', "1.0a"},              //
      {"deb", "1.0a", '<', "1.0+"},             //
      {"apk", "1.2.3_rc1", '<', "1.2.3"},       //
      {"apk", "1.2.3_p1", '>', "1.2.3"},        //
      {"apk", "1.2.3a", '>', "1.2.3"},          //
      {"apk", "1.2.3-r1", '<', "1.2.3-r2"},     //
      {"gem", "1.0-rc1", '<', "1.0"},           // Gem::Version
      {"gem", "1.a", '<', "1"},                 //
      {"golang", "v1.2.3-0.20200101000000-abcdef", '<', "v1.2.3"},
      {"golang", "v2.0.0+incompatible", '=', "v2.0.0"},
      {"npm", "1.2.3.4", '>', "1.2.3"},
      {"openssl", "1.0.2z", '<', "1.0.2za"},
      {"openssl", "3.0.0-beta1", '<', "3.0.0"},
      {"gentoo", "1.01", '<', "1.1"},  // PMS 3.3
      {"gentoo", "1.0-r0", '=', "1.0"},
      {"gentoo", "1.0_alpha", '<', "1.0"},
      {"gentoo", "1.0_p", '>', "1.0"},
      {"datetime", "2024-01-01T00:00:00+02:00", '<', "2023-12-31T23:00:00Z"},
      {"pypi", "1.0.post1.dev1", '<', "1.0.post1"},
      {"pypi", "1.0c1", '=', "1.0RC1"},
  };
  for (const Pair& pair : k_table) {
    const auto scheme = version_scheme(pair.ecosystem);
    ASSERT_OK(scheme) << pair.ecosystem;
    EXPECT_EQ(sign_of(compare_versions(*scheme, pair.a, pair.b)), pair.sign)
        << pair.ecosystem << " " << pair.a << " " << pair.b;
    EXPECT_EQ(sign_of(compare_versions(*scheme, pair.b, pair.a)), mirrored(pair.sign)) << pair.a << " " << pair.b;
  }
}

TEST(Versions, P_SBOM_004_hostile_versions_have_an_order_in_bounded_time) {
  std::vector<std::string> hostile{"", ".", "-", "--", "~", "^", ":", "+", "_", "\xff\xfe", "1..2", "1.-.2", "0:0:0"};
  for (const char* piece : {"9", ".", "-", "1-", "a", "1a", "~", "_rc", "0", ".0", "-0"}) {
    std::string text;
    while (text.size() + 4 < k_version_size_bytes_max) text += piece;
    hostile.push_back(text);
    hostile.push_back(text + text + text);
  }
  for (const Ecosystem& ecosystem : ecosystems()) {
    for (const std::string& a : hostile) {
      EXPECT_EQ(sign_of(compare_versions(ecosystem.scheme, a, a)), '=') << ecosystem.name << " " << a.substr(0, 20);
      for (const std::string& b : hostile) {
        EXPECT_EQ(sign_of(compare_versions(ecosystem.scheme, a, b)),
                  mirrored(sign_of(compare_versions(ecosystem.scheme, b, a))))
            << ecosystem.name << " " << a.substr(0, 20) << " " << b.substr(0, 20);
      }
    }
  }
}

TEST(Versions, names_of_ecosystems_are_found_in_any_case_and_with_a_release) {
  for (const auto& [name, wanted] : {std::pair{"Debian:12", "deb"},
                                     {"Alpine:v3.20", "apk"},
                                     {"PyPI", "pypi"},
                                     {"crates.io", "semver"},
                                     {"Red Hat", "rpm"},
                                     {"Go", "semver"}}) {
    const auto scheme = version_scheme(name);
    ASSERT_OK(scheme) << name;
    EXPECT_EQ(name_of(*scheme), wanted);
  }
  EXPECT_REASON(version_scheme("nowhere"), "version.ecosystem");
  EXPECT_REASON(version_scheme(""), "version.ecosystem");
}

TEST(Versions, what_cannot_be_a_version_is_refused_with_a_reason) {
  EXPECT_REASON(check_version(VersionScheme::deb, ""), "version.empty");
  EXPECT_REASON(check_version(VersionScheme::deb, "1\n2"), "version.text");
  EXPECT_REASON(check_version(VersionScheme::deb, std::string(2000, '1')), "version.too-long");
  EXPECT_REASON(check_version(VersionScheme::datetime, "2023-02-29T00:00:00Z"), "version.date");
  EXPECT_OK(check_version(VersionScheme::datetime, "2024-02-29T00:00:00Z"));
}

}  // namespace
}  // namespace signet::sbom
