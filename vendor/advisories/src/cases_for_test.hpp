// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/documents.hpp"
#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace signet::advisories::test {

inline Instant at(const std::string& text) { return *from_rfc3339(text); }

inline Publisher publisher() {
  return {.name = "Example Company",
          .url = "https://example.com",
          .base = "https://example.com/security",
          .prefix = "EXAMPLE",
          .contact = "mailto:psirt@example.com",
          .policy = "https://example.com/disclosure",
          .cna_org = "8254265b-2729-46b6-b9e3-3dfca2d5bfca",
          .cna_name = "example",
          .csirt = "CSIRT of Example Land",
          .contact_until = at("2027-06-01T00:00:00Z"),
          .since = at("2026-01-01T00:00:00Z")};
}

inline const std::string k_v31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";
inline const std::string k_v40 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N";
inline const std::string k_v2 = "AV:N/AC:L/Au:N/C:N/I:N/A:C";

inline Product camera() {
  return {.vendor = "Example Company",
          .name = "Camera OS",
          .purl = "pkg:generic/example/camera-os",
          .cpe = "cpe:2.3:o:example:camera_os:*:*:*:*:*:*:*:*",
          .status = ProductStatus::affected,
          .affected = "vers:semver/>=1.0.0|<1.2.3|>=2.0.0|<2.0.5",
          .fixed = {"1.2.3", "2.0.5"},
          .releases = {"0.9.0", "1.0.0", "1.1.0", "1.2.3", "1.3.0", "2.0.0", "2.0.4", "2.0.5"},
          .justification = {},
          .impact = {}};
}

inline Product package(const std::string& purl, const std::string& range, std::vector<std::string> fixed,
                       std::vector<std::string> releases) {
  return {.vendor = "Example Company",
          .name = purl.substr(purl.rfind('/') + 1),
          .purl = purl,
          .cpe = {},
          .status = ProductStatus::affected,
          .affected = range,
          .fixed = std::move(fixed),
          .releases = std::move(releases),
          .justification = {},
          .impact = {}};
}

inline Facts facts(std::vector<Product> products) {
  return {.title = "Restart of Camera OS without login",
          .description = "A missing check in Camera OS lets anybody on the network restart the camera.",
          .cve = "CVE-2026-12345",
          .aliases = {"EUVD-2026-1234"},
          .cwe = {"CWE-306"},
          .cvss = {k_v31},
          .products = std::move(products),
          .remediations = {},
          .credits = {{.name = "A. Finder", .organization = "Finders", .role = "finder"}},
          .references = {{.summary = "How to update", .url = "https://example.com/update?from=1#now"}},
          .reporter = "A. Finder <a@example.org>",
          .embargo = {},
          .disclosed = {},
          .exploited = {},
          .incident = {},
          .made_available = {"DE", "FR"},
          .sent = {}};
}

inline Act act(const std::string& time, std::uint64_t entry, const std::string& note = {}) {
  return {.by = "alice", .at = at(time), .recorded = at(time), .note = note, .entry = entry};
}

/// A case that went all the way to publication.
inline Case published(const Facts& facts, const std::string& id = "EXAMPLE-2026-001") {
  auto one = Case::begin(id, facts, act("2026-02-01T08:00:00Z", 0));
  EXPECT_OK(one);
  one = one->advanced(State::triaged, act("2026-02-02T08:00:00Z", 1));
  EXPECT_OK(one);
  one = one->advanced(State::confirmed, act("2026-02-03T08:00:00Z", 2));
  EXPECT_OK(one);
  one = one->advanced(State::published, act("2026-03-01T08:00:00Z", 3, "Initial version."));
  EXPECT_OK(one);
  return *one;
}

/// A case and what it is an example of.
struct Sample {
  std::string name;
  Facts facts;
  std::vector<std::string> missing;  ///< "osv document.no-ecosystem": forms that it cannot become, and why
};

inline Facts with(Facts facts, const std::function<void(Facts&)>& change) {
  change(facts);
  return facts;
}

inline Product recorder() {
  return {.vendor = "Example Company",
          .name = "Recorder",
          .purl = "pkg:generic/example/recorder",
          .cpe = "cpe:2.3:o:example:recorder:*:*:*:*:*:*:*:*",
          .status = ProductStatus::not_affected,
          .affected = {},
          .fixed = {},
          .releases = {},
          .justification = "vulnerable_code_not_present",
          .impact = "The recorder has no such interface."};
}

inline Product door_station() {
  Product open = recorder();
  open.name = "Door Station";
  open.purl = "pkg:generic/example/door-station";
  open.cpe = "cpe:2.3:o:example:door_station:*:*:*:*:*:*:*:*";
  open.status = ProductStatus::under_investigation;
  open.justification.clear();
  open.impact.clear();
  return open;
}

inline Product viewer() {
  return package("pkg:npm/%40example/viewer", "vers:npm/<3.4.1", {"3.4.1"}, {"3.0.0", "3.4.1"});
}

/// A camera with twenty lines of development.
inline Product many_lines() {
  Product many = camera();
  many.affected = "vers:semver/";
  many.fixed.clear();
  many.releases = {"1.0.0", "14.3.0", "14.7.0"};
  for (int line = 1; line <= 20; ++line) {
    const std::string major = std::to_string(line);
    many.affected += (line == 1 ? ">=" : "|>=") + major + ".0.0|<" + major + ".7.0";
    many.fixed.push_back(major + ".7.0");
  }
  return many;
}

inline const std::string k_no_osv = "osv document.no-ecosystem";

inline std::vector<Sample> firmware_samples() {
  return {{"two lines of firmware", facts({camera()}), {k_no_osv}},
          {"two editions of CVSS", with(facts({camera()}), [](Facts& f) { f.cvss = {k_v31, k_v40}; }), {k_no_osv}},
          {"twenty lines of firmware", facts({many_lines()}), {k_no_osv}}};
}

inline std::vector<Sample> package_samples() {
  const Product agent =
      package("pkg:deb/debian/example-agent", "vers:deb/>=2.0-1|<2.4-3", {"2.4-3"}, {"2.3-1", "2.4-3"});
  const Product tool = package("pkg:pypi/example-tool", "vers:pypi/>=1.0|<=1.9", {}, {"0.9", "1.0", "1.9", "2.0"});
  const Product library =
      package("pkg:maven/com.example/library", "vers:maven/1.0|>=2.0|<2.5", {"2.5"}, {"1.0", "2.1"});
  const auto close_port = [](Facts& f) {
    f.remediations = {{.category = "workaround", .details = "Close port 80.", .url = "https://example.com/w"}};
  };
  return {{"an old vector alone", with(facts({viewer()}), [](Facts& f) { f.cvss = {k_v2}; }), {}},
          {"a package of npm in a scope", facts({viewer()}), {}},
          {"a package of Debian", facts({agent}), {}},
          {"no repair, and the last affected version is known", with(facts({tool}), close_port), {}},
          {"one version and a range", facts({library}), {}},
          {"one version alone", facts({package("pkg:cargo/example", "vers:cargo/5.0.0", {"5.0.1"}, {})}), {}},
          {"no list of releases",
           facts({package("pkg:npm/example", "vers:npm/>=1.0.0|<2.0.0", {}, {})}),
           {"openvex document.no-releases"}}};
}

inline std::vector<Sample> other_samples() {
  const auto out_of_support = [](Facts& f) {
    f.cvss = {k_v40};
    f.remediations = {{.category = "no_fix_planned", .details = "The product is out of support.", .url = {}}};
  };
  const auto without_cve = [](Facts& f) {
    f.cve.clear();
    f.aliases.clear();
  };
  const auto hostile = [](Facts& f) {
    f.title = "Überlauf in <viewer> & \"co\"";
    f.description = "Line one <script>alert(1)</script>.\nLine two: 100 % – ünïcödé, ünïcödé, ünïcödé.";
    f.exploited = at("2026-02-10T10:00:00Z");
    f.credits = {{.name = "Łukasz \"L\" <b>", .organization = {}, .role = "remediation developer"}};
  };
  const Product old = package("pkg:generic/example/old-camera", "vers:semver/*", {}, {"1.0.0"});
  return {{"every version", with(facts({old}), out_of_support), {k_no_osv}},
          {"products of every status", facts({camera(), recorder(), door_station()}), {k_no_osv}},
          {"nothing is affected",
           facts({recorder()}),
           {"cve-5.1 document.not-affected", "cve-5.2 document.not-affected", "osv document.no-products"}},
          {"no CVE", with(facts({viewer()}), without_cve), {"cve-5.1 document.no-cve", "cve-5.2 document.no-cve"}},
          {"texts with markup and other scripts", with(facts({viewer()}), hostile), {}}};
}

/// All of them: firmware first, hostile texts last.
inline std::vector<Sample> samples() {
  std::vector<Sample> all = firmware_samples();
  for (auto* more : {&package_samples, &other_samples}) {
    for (Sample& one : (*more)()) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace signet::advisories::test
