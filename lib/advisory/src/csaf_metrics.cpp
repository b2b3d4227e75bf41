// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// Scores: valid, computed right, one for each version, product and source (CSAF section 6.1.7 to 6.1.10, 6.1.56, ...).
#include "csaf.hpp"
#include "cvss_facts.hpp"

#include <algorithm>
#include <unordered_set>

namespace signet::advisory {

namespace {

constexpr std::array<std::string_view, 3> k_cvss{"cvss_v2", "cvss_v3", "cvss_v4"};

/// Calls `each` with every CVSS object: the vulnerability, the metric, the object, and its member name.
template <typename Each>
void each_cvss(const Csaf& csaf, Each each) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const Csaf::Metric& metric : csaf.metrics(vulnerability)) {
      for (const Member& member : metric.content->members()) {
        if (member.name.starts_with("cvss_v") && member.value.is_object()) {
          each(vulnerability, metric, member.value, member.name);
        }
      }
    }
  }
}

void several_scores(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::set<std::string> seen;
    for (const Csaf::Metric& metric : csaf.metrics(vulnerability)) {
      for (const Member& member : metric.content->members()) {
        if (!member.name.starts_with("cvss_v") || !member.value.is_object()) continue;
        std::string version(member.value["version"].text());
        if (version.empty()) version = member.name;
        for (const Node& product : (*metric.item)["products"].items()) {
          std::string key = version + "\n" + std::string(product.text()) + "\n" + std::string(metric.source);
          if (seen.insert(std::move(key)).second) continue;
          csaf.fail(product, "the product " + quote(product.text()) + " has several scores of CVSS " + version);
        }
      }
    }
  }
}

const Rule* cvss_rule(const Csaf& csaf, std::string_view name, const Node& object) {
  if (name == "cvss_v2") return csaf.rules.cvss_v2;
  if (name == "cvss_v4") return csaf.rules.cvss_v4;
  if (name != "cvss_v3") return nullptr;
  return object["version"].text() == "3.0" ? csaf.rules.cvss_v30 : csaf.rules.cvss_v31;
}

void invalid_cvss(Csaf& csaf) {
  if (csaf.meets_schema) return;  // the schema of the document holds those of CVSS
  each_cvss(csaf, [&](const Node&, const Csaf::Metric&, const Node& object, std::string_view name) {
    const Rule* rule = cvss_rule(csaf, name, object);
    if (rule == nullptr) return;
    for (Violation& one : violations(*rule, object, Strictness::as_written, k_findings_max)) {
      csaf.fail(*one.at, std::move(one.text));
    }
  });
}

void wrong_score(Csaf& csaf) {
  each_cvss(csaf, [&](const Node&, const Csaf::Metric&, const Node& object, std::string_view) {
    for (CvssFault& one : cvss_faults(object)) {
      if (one.is_score) csaf.fail(*one.at, std::move(one.text));
    }
  });
}

void wrong_property(Csaf& csaf) {
  each_cvss(csaf, [&](const Node&, const Csaf::Metric&, const Node& object, std::string_view) {
    for (CvssFault& one : cvss_faults(object)) {
      if (one.is_property) csaf.fail(*one.at, std::move(one.text));
    }
  });
}

void rating_beside_cvss(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::set<std::pair<std::string_view, std::string_view>> scored;
    const auto metrics = csaf.metrics(vulnerability);
    const auto has_cvss = [](const Node& content) {
      return std::ranges::any_of(content.members(), [](const Member& one) { return one.name.starts_with("cvss_v"); });
    };
    for (const auto& metric : metrics) {
      if (!has_cvss(*metric.content)) continue;
      for (const Node& id : (*metric.item)["products"].items()) scored.emplace(id.text(), metric.source);
    }
    for (const auto& metric : metrics) {
      if (!metric.content->has("qualitative_severity_rating")) continue;
      for (const Node& id : (*metric.item)["products"].items()) {
        if (scored.contains({id.text(), metric.source})) {
          csaf.fail((*metric.content)["qualitative_severity_rating"],
                    "the product " + quote(id.text()) + " has a score of CVSS from the same source");
        }
      }
    }
  }
}

void missing_metric(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::unordered_set<std::string_view> covered;
    for (const auto& metric : csaf.metrics(vulnerability)) {
      for (const Node& id : (*metric.item)["products"].items()) covered.insert(id.text());
    }
    for (const std::string_view list : lists_of(StatusGroup::affected)) {
      for (const Node& id : vulnerability["product_status"][list].items()) {
        if (!covered.contains(id.text())) csaf.fail(id, "nothing says how severe it is for " + quote(id.text()));
      }
    }
  }
}

/// 2.0 asks the environmental score, 2.1 the overall one: both are that of the whole vector.
void score_of_fixed(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    const auto fixed = csaf.in_group(vulnerability, StatusGroup::fixed);
    for (const Csaf::Metric& metric : csaf.metrics(vulnerability)) {
      for (const std::string_view name : k_cvss) {
        const Node& object = (*metric.content)[name];
        if (!object.is_object() || has_zero_score(object)) continue;
        if (const Node& stated = object["environmentalScore"]; stated.is_number() && stated.number() == 0) continue;
        for (const Node& id : (*metric.item)["products"].items()) {
          if (contains(fixed, id.text()))
            csaf.fail(object, quote(id.text()) + " is fixed, and yet it has a score above 0");
        }
      }
    }
  }
}

void only_v2(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::unordered_set<std::string_view> other;
    const auto metrics = csaf.metrics(vulnerability);
    for (const auto& metric : metrics) {
      const bool has_other = std::ranges::any_of(metric.content->members(), [](const Member& one) {
        return one.name != "cvss_v2" && one.name != "products" && one.name != "x_extensions";
      });
      if (!has_other) continue;
      for (const Node& id : (*metric.item)["products"].items()) other.insert(id.text());
    }
    for (const auto& metric : metrics) {
      const Node& object = (*metric.content)["cvss_v2"];
      const auto ids = (*metric.item)["products"].items();
      if (object.exists() && !std::ranges::all_of(ids, [&](const Node& id) { return other.contains(id.text()); })) {
        csaf.fail(object, "there is only a score of CVSS v2");
      }
    }
  }
}

void version_30(Csaf& csaf) {
  each_cvss(csaf, [&](const Node&, const Csaf::Metric&, const Node& object, std::string_view name) {
    if (name != "cvss_v3") return;
    if (object["version"].text() == "3.0" || object["vectorString"].text().starts_with("CVSS:3.0")) {
      csaf.fail(object["version"].exists() ? object["version"] : object, "CVSS v3.0 is used");
    }
  });
}

void no_version_4(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    std::unordered_set<std::string_view> covered;
    for (const auto& metric : csaf.metrics(vulnerability)) {
      const Node& content = *metric.content;
      const bool has_cvss = content.has("cvss_v2") || content.has("cvss_v3") || content.has("cvss_v4");
      if (has_cvss && !content.has("cvss_v4")) csaf.fail(content, "there is no score of CVSS v4.0");
      if (!has_cvss) continue;
      for (const Node& id : (*metric.item)["products"].items()) covered.insert(id.text());
    }
    for (const std::string_view list : lists_of(StatusGroup::affected)) {
      for (const Node& id : vulnerability["product_status"][list].items()) {
        if (!covered.contains(id.text())) csaf.fail(id, "no score of CVSS covers " + quote(id.text()));
      }
    }
  }
}

void own_rating(Csaf& csaf) {
  std::unordered_set<std::string_view> own{""};
  for (const Node& reference : csaf.document["references"].items()) {
    const std::string_view url = reference["url"].text();
    if (reference["category"].text() == "self" && url.ends_with(csaf_file_name(csaf.tracking["id"].text())))
      own.insert(url);
  }
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const auto& metric : csaf.metrics(vulnerability)) {
      const Node& rating = (*metric.content)["qualitative_severity_rating"];
      if (rating.exists() && own.contains(metric.source))
        csaf.fail(rating, "the issuer gives a rating without a score");
    }
  }
}

void any_rating(Csaf& csaf) {
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    for (const auto& metric : csaf.metrics(vulnerability)) {
      const Node& rating = (*metric.content)["qualitative_severity_rating"];
      if (rating.exists()) csaf.fail(rating, "a rating without a score says nothing about what it stands on");
    }
  }
}

constexpr std::string_view k_recompute = "Take the value from the vector.";

constexpr std::array<CsafTest, 12> k_metric_tests{{
    {"6.1.7", k_in_both, Weight::error, several_scores, "Leave one score for each version, product and source."},
    {"6.1.8", k_in_both, Weight::error, invalid_cvss, "Write the score as FIRST's schema has it."},
    {"6.1.9", k_in_both, Weight::error, wrong_score, k_recompute},
    {"6.1.10", k_in_both, Weight::error, wrong_property, k_recompute},
    {"6.1.56", k_in_21, Weight::error, rating_beside_cvss, "Leave out the rating."},
    {"6.2.3", k_in_both, Weight::warning, missing_metric, "Give a score for the product."},
    {"6.2.19", k_in_both, Weight::warning, score_of_fixed, "Leave the fixed product out of the score."},
    {"6.2.47", k_in_21, Weight::warning, own_rating, "Give a score of CVSS, or an SSVC decision."},
    {"6.3.1", k_in_both, Weight::note, only_v2, "Give a score of CVSS v4.0 as well."},
    {"6.3.2", k_in_both, Weight::note, version_30, "Use CVSS v3.1 or v4.0."},
    {"6.3.12", k_in_21, Weight::note, no_version_4, "Give a score of CVSS v4.0."},
    {"6.3.18", k_in_21, Weight::note, any_rating, "Give a score of CVSS, or an SSVC decision."},
}};

}  // namespace

std::span<const CsafTest> csaf_metric_tests() { return k_metric_tests; }

}  // namespace signet::advisory
