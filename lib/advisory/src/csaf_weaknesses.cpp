// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// Weaknesses by the releases of CWE (CSAF section 6.1.11, 6.2.23 to 6.2.26, 6.3.4).
#include "csaf.hpp"
#include "weaknesses.hpp"

#include <algorithm>

namespace signet::advisory {

namespace {

/// Calls `each` with every weakness: its object, and what the named release says of it.
template <typename Each>
void each_cwe(const Csaf& csaf, Each each) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const Node& cwe : vulnerability["cwes"].items()) {
      each(cwe, weakness_in(cwe["id"].text(), cwe["version"].text()));
    }
  }
}

void unknown_cwe(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {  // 2.0: any release
    const Node& cwe = vulnerability["cwe"];
    if (!cwe.is_object()) continue;
    if (!is_weakness_name(cwe["id"].text(), cwe["name"].text())) {
      csaf.fail(cwe, quote(cwe["id"].text()) + " is no weakness of the name " + quote(cwe["name"].text()));
    }
  }
}

void unknown_cwe_21(Csaf& csaf) {
  each_cwe(csaf, [&](const Node& cwe, const std::optional<Weakness>& known) {
    const std::string release = quote(cwe["version"].text());
    if (!is_cwe_release(cwe["version"].text())) {
      csaf.fail(cwe["version"].exists() ? cwe["version"] : cwe,
                "there is no release " + release + " of CWE known here");
    } else if (!known) {
      csaf.fail(cwe["id"], quote(cwe["id"].text()) + " is no weakness of the release " + release);
    } else if (known->name != cwe["name"].text()) {
      csaf.fail(cwe["name"],
                quote(cwe["id"].text()) + " is called " + quote(known->name) + " in the release " + release);
    }
  });
}

void deprecated_cwe(Csaf& csaf) {
  each_cwe(csaf, [&](const Node& cwe, const std::optional<Weakness>& known) {
    if (known && known->is_deprecated) csaf.fail(cwe, quote(cwe["id"].text()) + " is deprecated");
  });
}

void old_cwe_release(Csaf& csaf) {
  const auto newest = csaf.newest();
  if (!newest) return;
  const std::string_view latest = cwe_release_at(newest->seconds);
  if (latest.empty()) return;
  each_cwe(csaf, [&](const Node& cwe, const std::optional<Weakness>&) {
    if (cwe["version"].text() == latest) return;
    csaf.fail(cwe["version"], "the release of CWE at the last revision was " + quote(latest));
  });
}

void unmappable_cwe(Csaf& csaf) {
  each_cwe(csaf, [&](const Node& cwe, const std::optional<Weakness>& known) {
    if (known && (known->usage == 'D' || known->usage == 'P')) {
      csaf.fail(cwe, "MITRE advises against calling a vulnerability " + quote(cwe["id"].text()));
    }
  });
}

void reviewed_cwe(Csaf& csaf) {
  each_cwe(csaf, [&](const Node& cwe, const std::optional<Weakness>& known) {
    if (known && known->usage == 'R') csaf.fail(cwe, quote(cwe["id"].text()) + " may be used only after a review");
  });
}

void missing_cwe(Csaf& csaf) {
  for (const Node& one : csaf.vulnerabilities.items()) {
    if (!one.has(csaf.is_21 ? "cwes" : "cwe")) csaf.fail(one, "no weakness is named");
  }
}

constexpr std::string_view k_lower = "Use a more exact weakness below it.";

constexpr std::array<CsafTest, 7> k_weakness_tests{{
    {"6.1.11", k_in_20, Weight::error, unknown_cwe, "Take id and name from cwe.mitre.org."},
    {"6.1.11", k_in_21, Weight::error, unknown_cwe_21, "Take id, name and version from cwe.mitre.org."},
    {"6.2.23", k_in_21, Weight::warning, deprecated_cwe, "Use the weakness that took its place."},
    {"6.2.24", k_in_21, Weight::warning, old_cwe_release, "Use the release that was the latest at the last revision."},
    {"6.2.25", k_in_21, Weight::warning, unmappable_cwe, k_lower},
    {"6.2.26", k_in_21, Weight::warning, reviewed_cwe, k_lower},
    {"6.3.4", k_in_both, Weight::note, missing_cwe, "Name the weakness behind the vulnerability."},
}};

}  // namespace

std::span<const CsafTest> csaf_weakness_tests() { return k_weakness_tests; }

}  // namespace signet::advisory
