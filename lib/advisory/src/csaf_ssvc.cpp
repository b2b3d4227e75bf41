// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// SSVC decisions (CSAF 2.1 section 6.1.46 to 6.1.48, 6.2.34 to 6.2.37, 6.3.13 to 6.3.15).
#include "csaf.hpp"
#include "embedded.hpp"

#include <algorithm>

namespace signet::advisory {

namespace {

/// A namespace: "BASE//EXTENSION", "BASE/LANGUAGE/EXTENSION"; a base that begins with x_ is registered by nobody.
struct Namespace {
  std::string_view whole;
  std::string_view base;
  bool has_extension = false;
};

Namespace namespace_of(const Node& selection) {
  const std::string_view whole = selection["namespace"].text();
  const std::size_t slash = whole.find('/');
  return {whole, whole.substr(0, slash), slash != std::string_view::npos};
}

/// Reserved for documentation and tests: never known, never a fault.
bool is_reserved(std::string_view base) {
  const std::string_view name = base.substr(0, base.find('#'));
  return name == "example" || name == "x_example" || name == "test" || name == "x_test";
}

struct DecisionPoint {
  std::string_view space, key, version, values;
};

const std::vector<DecisionPoint>& decision_points() {
  static const std::vector<DecisionPoint> k_points = [] {
    std::vector<DecisionPoint> points;
    std::string_view text = as_text(embedded("ssvc.tsv"));
    while (!text.empty()) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      std::array<std::string_view, 4> fields;
      for (std::string_view& field : fields) {
        field = line.substr(0, line.find('\t'));
        line.remove_prefix(std::min(line.size(), field.size() + 1));
      }
      points.push_back({fields[0], fields[1], fields[2], fields[3]});
    }
    return points;
  }();
  return k_points;
}

bool is_registered(std::string_view base) {
  return std::ranges::any_of(decision_points(), [&](const DecisionPoint& one) { return one.space == base; });
}

std::optional<std::size_t> place_of(std::string_view values, std::string_view key) {
  for (std::size_t place = 0; !values.empty(); ++place) {
    const std::string_view one = values.substr(0, values.find(' '));
    values.remove_prefix(std::min(values.size(), one.size() + 1));
    if (one == key) return place;
  }
  return std::nullopt;
}

/// Calls `each` with every SSVC object and its vulnerability.
template <typename Each>
void each_ssvc(const Csaf& csaf, Each each) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const auto& metric : csaf.metrics(vulnerability)) {
      const Node& ssvc = (*metric.content)["ssvc_v2"];
      if (ssvc.is_object()) each(vulnerability, ssvc);
    }
  }
}

template <typename Each>
void each_selection(const Csaf& csaf, Each each) {
  each_ssvc(csaf, [&](const Node&, const Node& ssvc) {
    for (const Node& selection : ssvc["selections"].items()) each(selection, namespace_of(selection));
  });
}

void invalid_ssvc(Csaf& csaf) {
  if (csaf.meets_schema) return;
  each_ssvc(csaf, [&](const Node&, const Node& ssvc) {
    for (Violation& one : violations(*csaf.rules.ssvc, ssvc, Strictness::as_written, k_findings_max)) {
      csaf.fail(*one.at, std::move(one.text));
    }
  });
}

void foreign_target(Csaf& csaf) {
  each_ssvc(csaf, [&](const Node& vulnerability, const Node& ssvc) {
    for (const Node& target : ssvc["target_ids"].items()) {
      const std::string_view id = target.text();
      const bool is_own =
          id == vulnerability["cve"].text() ||
          std::ranges::any_of(vulnerability["ids"].items(), [&](const Node& one) { return one["text"].text() == id; });
      const bool is_document = id == csaf.tracking["id"].text();
      if (is_document && csaf.vulnerabilities.size() > 1) {
        csaf.fail(target, "the decision is about the whole document, which has several vulnerabilities");
      } else if (!is_own) {
        csaf.fail(target, quote(id) + " is no id of this vulnerability");
      }
    }
  });
}

/// Whether an extension translates the decision point, which then has values in an order of its own.
bool is_translated(std::string_view space) {
  const std::size_t sign = space.rfind('$');
  return sign != std::string_view::npos && lower(space.substr(sign + 1, 2)) != "en";
}

void unknown_point(Csaf& csaf) {
  each_selection(csaf, [&](const Node& selection, const Namespace& space) {
    if (space.base == "invalid" || space.base.starts_with("x_invalid")) {
      csaf.fail(selection["namespace"], "the namespace " + quote(space.base) + " must not be used");
      return;
    }
    if (is_reserved(space.base) || !is_registered(space.base)) return;
    const auto point = std::ranges::find_if(decision_points(), [&](const DecisionPoint& one) {
      return one.space == space.base && one.key == selection["key"].text() &&
             one.version == selection["version"].text();
    });
    if (point == decision_points().end()) {
      csaf.fail(selection, quote(space.base) + " has no decision point " + quote(selection["key"].text()) +
                               " of version " + quote(selection["version"].text()));
      return;
    }
    std::optional<std::size_t> before;
    for (const Node& value : selection["values"].items()) {
      const auto place = place_of(point->values, value["key"].text());
      if (!place) {
        csaf.fail(value, "the decision point has no value " + quote(value["key"].text()));
      } else if (before && *place <= *before && !is_translated(space.whole)) {
        csaf.fail(selection["values"], "the values are not in the order of their definition");
      }
      if (place) before = place;
    }
  });
}

void unknown_base(Csaf& csaf) {
  each_selection(csaf, [&](const Node& selection, const Namespace& space) {
    if (!is_reserved(space.base) && !is_registered(space.base)) {
      csaf.fail(selection["namespace"], quote(space.whole) + " is not a registered namespace");
    }
  });
}

void unregistered_base(Csaf& csaf, bool when_clear) {
  if ((csaf.tlp() == "CLEAR") != when_clear) return;
  each_selection(csaf, [&](const Node& selection, const Namespace& space) {
    if (space.base.starts_with("x_") && !is_reserved(space.base)) {
      csaf.fail(selection["namespace"], quote(space.base) + " is registered by nobody: readers may not know it");
    }
  });
}
void unregistered_when_clear(Csaf& csaf) { unregistered_base(csaf, true); }
void unregistered_when_not(Csaf& csaf) { unregistered_base(csaf, false); }

void extended_namespace(Csaf& csaf, bool when_clear) {
  if ((csaf.tlp() == "CLEAR") != when_clear) return;
  each_selection(csaf, [&](const Node& selection, const Namespace& space) {
    if (space.has_extension && !is_reserved(space.base)) {
      csaf.fail(selection["namespace"], quote(space.whole) + " has an extension: readers may not know it");
    }
  });
}
void extended_when_clear(Csaf& csaf) { extended_namespace(csaf, true); }
void extended_when_not(Csaf& csaf) { extended_namespace(csaf, false); }

void missing_resource(Csaf& csaf) {
  each_ssvc(csaf, [&](const Node&, const Node& ssvc) {
    for (const Node& selection : ssvc["selections"].items()) {
      const Namespace space = namespace_of(selection);
      if (is_registered(space.whole) || is_reserved(space.base)) continue;
      const bool is_explained = std::ranges::any_of(ssvc["decision_point_resources"].items(), [&](const Node& one) {
        return one["summary"].text().find(space.whole) != std::string_view::npos;
      });
      if (!is_explained) csaf.fail(selection["namespace"], "no resource explains the namespace " + quote(space.whole));
    }
  });
}

void old_point(Csaf& csaf) {
  each_selection(csaf, [&](const Node& selection, const Namespace& space) {
    std::string_view latest;
    for (const DecisionPoint& one : decision_points()) {  // sorted by version
      if (one.space == space.base && one.key == selection["key"].text()) latest = one.version;
    }
    if (!latest.empty() && selection["version"].text() != latest) {
      csaf.fail(selection["version"], "the latest version of this decision point is " + quote(latest));
    }
  });
}

constexpr std::string_view k_registered = "Use a registered namespace, or explain yours in decision_point_resources.";

constexpr std::array<CsafTest, 10> k_ssvc_tests{{
    {"6.1.46", k_in_21, Weight::error, invalid_ssvc, "Write it as the schema of SSVC has it."},
    {"6.1.47", k_in_21, Weight::error, foreign_target, "Leave it out, or name the CVE."},
    {"6.1.48", k_in_21, Weight::error, unknown_point, "Take key, version and values from the SSVC registry."},
    {"6.2.34", k_in_21, Weight::warning, unknown_base, k_registered},
    {"6.2.35", k_in_21, Weight::warning, unregistered_when_clear, k_registered},
    {"6.2.36", k_in_21, Weight::warning, extended_when_clear, k_registered},
    {"6.2.37", k_in_21, Weight::warning, missing_resource, "Add a resource whose summary has the namespace."},
    {"6.3.13", k_in_21, Weight::note, old_point, "Use the latest version."},
    {"6.3.14", k_in_21, Weight::note, unregistered_when_not, k_registered},
    {"6.3.15", k_in_21, Weight::note, extended_when_not, k_registered},
}};

}  // namespace

std::span<const CsafTest> csaf_ssvc_tests() { return k_ssvc_tests; }

}  // namespace signet::advisory
