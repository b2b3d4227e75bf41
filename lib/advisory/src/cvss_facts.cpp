// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
#include "cvss_facts.hpp"

#include "signet/vuln/cvss.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace signet::advisory {

namespace {

using vuln::CvssVector;
using vuln::CvssVersion;

/// How FIRST's JSON schemas name a metric and its values.
struct JsonMetric {
  std::string_view property;
  std::string_view key;
  std::string_view words;  ///< "N=NETWORK A=ADJACENT_NETWORK ..."
};

constexpr std::string_view k_av = "N=NETWORK A=ADJACENT_NETWORK L=LOCAL P=PHYSICAL X=NOT_DEFINED";
constexpr std::string_view k_av4 = "N=NETWORK A=ADJACENT L=LOCAL P=PHYSICAL X=NOT_DEFINED";
constexpr std::string_view k_hlnm = "H=HIGH L=LOW M=MEDIUM N=NONE X=NOT_DEFINED";
constexpr std::string_view k_hln4 = "H=HIGH L=LOW N=NONE X=NOT_DEFINED";
constexpr std::string_view k_sub4 = "S=SAFETY H=HIGH L=LOW N=NEGLIGIBLE X=NOT_DEFINED";
constexpr std::string_view k_impact2 = "N=NONE P=PARTIAL C=COMPLETE";
constexpr std::string_view k_req2 = "L=LOW M=MEDIUM H=HIGH ND=NOT_DEFINED";
constexpr std::string_view k_ui3 = "N=NONE R=REQUIRED X=NOT_DEFINED";
constexpr std::string_view k_scope = "U=UNCHANGED C=CHANGED X=NOT_DEFINED";
constexpr std::string_view k_ui4 = "N=NONE P=PASSIVE A=ACTIVE X=NOT_DEFINED";
constexpr std::string_view k_at4 = "N=NONE P=PRESENT X=NOT_DEFINED";

constexpr std::array<JsonMetric, 14> k_v2{{
    {"accessVector", "AV", "N=NETWORK A=ADJACENT_NETWORK L=LOCAL"},
    {"accessComplexity", "AC", "H=HIGH M=MEDIUM L=LOW"},
    {"authentication", "Au", "M=MULTIPLE S=SINGLE N=NONE"},
    {"confidentialityImpact", "C", k_impact2},
    {"integrityImpact", "I", k_impact2},
    {"availabilityImpact", "A", k_impact2},
    {"exploitability", "E", "U=UNPROVEN POC=PROOF_OF_CONCEPT F=FUNCTIONAL H=HIGH ND=NOT_DEFINED"},
    {"remediationLevel", "RL", "OF=OFFICIAL_FIX TF=TEMPORARY_FIX W=WORKAROUND U=UNAVAILABLE ND=NOT_DEFINED"},
    {"reportConfidence", "RC", "UC=UNCONFIRMED UR=UNCORROBORATED C=CONFIRMED ND=NOT_DEFINED"},
    {"collateralDamagePotential", "CDP", "N=NONE L=LOW LM=LOW_MEDIUM MH=MEDIUM_HIGH H=HIGH ND=NOT_DEFINED"},
    {"targetDistribution", "TD", "N=NONE L=LOW M=MEDIUM H=HIGH ND=NOT_DEFINED"},
    {"confidentialityRequirement", "CR", k_req2},
    {"integrityRequirement", "IR", k_req2},
    {"availabilityRequirement", "AR", k_req2},
}};

constexpr std::array<JsonMetric, 22> k_v3{{
    {"attackVector", "AV", k_av},
    {"attackComplexity", "AC", k_hlnm},
    {"privilegesRequired", "PR", k_hlnm},
    {"userInteraction", "UI", k_ui3},
    {"scope", "S", k_scope},
    {"confidentialityImpact", "C", k_hlnm},
    {"integrityImpact", "I", k_hlnm},
    {"availabilityImpact", "A", k_hlnm},
    {"exploitCodeMaturity", "E", "U=UNPROVEN P=PROOF_OF_CONCEPT F=FUNCTIONAL H=HIGH X=NOT_DEFINED"},
    {"remediationLevel", "RL", "O=OFFICIAL_FIX T=TEMPORARY_FIX W=WORKAROUND U=UNAVAILABLE X=NOT_DEFINED"},
    {"reportConfidence", "RC", "U=UNKNOWN R=REASONABLE C=CONFIRMED X=NOT_DEFINED"},
    {"confidentialityRequirement", "CR", k_hlnm},
    {"integrityRequirement", "IR", k_hlnm},
    {"availabilityRequirement", "AR", k_hlnm},
    {"modifiedAttackVector", "MAV", k_av},
    {"modifiedAttackComplexity", "MAC", k_hlnm},
    {"modifiedPrivilegesRequired", "MPR", k_hlnm},
    {"modifiedUserInteraction", "MUI", k_ui3},
    {"modifiedScope", "MS", k_scope},
    {"modifiedConfidentialityImpact", "MC", k_hlnm},
    {"modifiedIntegrityImpact", "MI", k_hlnm},
    {"modifiedAvailabilityImpact", "MA", k_hlnm},
}};

constexpr std::array<JsonMetric, 32> k_v4{{
    {"attackVector", "AV", k_av4},
    {"attackComplexity", "AC", k_hln4},
    {"attackRequirements", "AT", k_at4},
    {"privilegesRequired", "PR", k_hln4},
    {"userInteraction", "UI", k_ui4},
    {"vulnConfidentialityImpact", "VC", k_hln4},
    {"vulnIntegrityImpact", "VI", k_hln4},
    {"vulnAvailabilityImpact", "VA", k_hln4},
    {"subConfidentialityImpact", "SC", k_hln4},
    {"subIntegrityImpact", "SI", k_hln4},
    {"subAvailabilityImpact", "SA", k_hln4},
    {"exploitMaturity", "E", "A=ATTACKED P=PROOF_OF_CONCEPT U=UNREPORTED X=NOT_DEFINED"},
    {"confidentialityRequirement", "CR", k_hlnm},
    {"integrityRequirement", "IR", k_hlnm},
    {"availabilityRequirement", "AR", k_hlnm},
    {"modifiedAttackVector", "MAV", k_av4},
    {"modifiedAttackComplexity", "MAC", k_hln4},
    {"modifiedAttackRequirements", "MAT", k_at4},
    {"modifiedPrivilegesRequired", "MPR", k_hln4},
    {"modifiedUserInteraction", "MUI", k_ui4},
    {"modifiedVulnConfidentialityImpact", "MVC", k_hln4},
    {"modifiedVulnIntegrityImpact", "MVI", k_hln4},
    {"modifiedVulnAvailabilityImpact", "MVA", k_hln4},
    {"modifiedSubConfidentialityImpact", "MSC", "H=HIGH L=LOW N=NEGLIGIBLE X=NOT_DEFINED"},
    {"modifiedSubIntegrityImpact", "MSI", k_sub4},
    {"modifiedSubAvailabilityImpact", "MSA", k_sub4},
    {"Safety", "S", "N=NEGLIGIBLE P=PRESENT X=NOT_DEFINED"},
    {"Automatable", "AU", "N=NO Y=YES X=NOT_DEFINED"},
    {"Recovery", "R", "A=AUTOMATIC U=USER I=IRRECOVERABLE X=NOT_DEFINED"},
    {"valueDensity", "V", "D=DIFFUSE C=CONCENTRATED X=NOT_DEFINED"},
    {"vulnerabilityResponseEffort", "RE", "L=LOW M=MODERATE H=HIGH X=NOT_DEFINED"},
    {"providerUrgency", "U", "Clear=CLEAR Green=GREEN Amber=AMBER Red=RED X=NOT_DEFINED"},
}};

std::span<const JsonMetric> metrics_of(CvssVersion version) {
  switch (version) {
    case CvssVersion::v2:
      return k_v2;
    case CvssVersion::v4_0:
      return k_v4;
    default:
      return k_v3;
  }
}

/// "NETWORK" for "N"; empty where the table has no such code.
std::string_view word_of(std::string_view words, std::string_view code) {
  while (!words.empty()) {
    const std::string_view one = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(words.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    if (one.substr(0, equals) == code) return one.substr(equals + 1);
  }
  return {};
}

class Judge {
 public:
  Judge(const Node& object, const CvssVector& vector) : object_(object), vector_(vector) {}

  std::vector<CvssFault> judge() {
    const vuln::CvssScores scores = vector_.scores();
    const bool is_v4 = vector_.version() == CvssVersion::v4_0;
    // v4.0 has one score for all metrics of the vector (section 7); its schema calls it baseScore.
    if (is_v4 && says_more()) return std::move(faults_);
    score("base", is_v4 ? scores.overall_tenths : scores.base_tenths);
    if (!is_v4) {
      score("temporal", scores.temporal_tenths.value_or(scores.base_tenths));
      score("environmental", scores.environmental_tenths.value_or(scores.temporal_tenths.value_or(scores.base_tenths)));
    }
    for (const JsonMetric& metric : metrics_of(vector_.version())) property(metric);
    return std::move(faults_);
  }

 private:
  void score(std::string_view group, unsigned tenths) {
    const Node& stated = object_[std::string(group) + "Score"];
    if (stated.is_number() && std::abs(stated.number() * 10 - tenths) > 1e-6) {
      faults_.push_back(
          {&stated, std::string(group) + "Score is " + vuln::score_text(tenths) + " by the vector", true, false});
    }
    const Node& severity = object_[std::string(group) + "Severity"];
    const std::string_view right = name_of(severity_of(vector_.version(), tenths));
    if (severity.is_string() && severity.text() != right) {
      faults_.push_back(
          {&severity, std::string(group) + "Severity is " + std::string(right) + " by the score", true, false});
    }
  }

  /// Whether metrics beside the vector say what it leaves open: then the score is not that of the vector alone.
  [[nodiscard]] bool says_more() const {
    return std::ranges::any_of(metrics_of(vector_.version()), [&](const JsonMetric& metric) {
      const Node& stated = object_[metric.property];
      return stated.is_string() && stated.text() != "NOT_DEFINED" &&
             word_of(metric.words, vector_.code_of(metric.key)) == "NOT_DEFINED";
    });
  }

  void property(const JsonMetric& metric) {
    const Node& stated = object_[metric.property];
    if (!stated.is_string()) return;
    const std::string_view word = word_of(metric.words, vector_.code_of(metric.key));
    if (word.empty() || word == "NOT_DEFINED" || stated.text() == word) return;
    faults_.push_back(
        {&stated, std::string(metric.property) + " is " + std::string(word) + " in the vector", false, true});
  }

  const Node& object_;
  const CvssVector& vector_;
  std::vector<CvssFault> faults_;
};

}  // namespace

std::vector<CvssFault> cvss_faults(const Node& object) {
  const Node& text = object["vectorString"];
  if (!text.is_string()) return {};
  const auto vector = CvssVector::parse(text.text());
  if (!vector) return {};
  return Judge(object, *vector).judge();
}

bool has_zero_score(const Node& object) {
  // Metrics that make the score 0 whatever the vector says (CSAF 2.1 section 6.2.19).
  constexpr std::array<std::string_view, 1> k_v2_zero{"targetDistribution"};
  constexpr std::array<std::string_view, 3> k_v3_zero{"modifiedConfidentialityImpact", "modifiedIntegrityImpact",
                                                      "modifiedAvailabilityImpact"};
  constexpr std::array<std::string_view, 6> k_v4_zero{
      "modifiedVulnConfidentialityImpact", "modifiedVulnIntegrityImpact", "modifiedVulnAvailabilityImpact",
      "modifiedSubConfidentialityImpact",  "modifiedSubIntegrityImpact",  "modifiedSubAvailabilityImpact"};
  const auto vector = CvssVector::parse(object["vectorString"].text());
  if (!vector) return false;
  if (vector->scores().overall_tenths == 0) return true;
  const auto are_none = [&](std::span<const std::string_view> names) {
    return std::ranges::all_of(names, [&](std::string_view name) {
      return object[name].text() == "NONE" || object[name].text() == "NEGLIGIBLE";
    });
  };
  switch (vector->version()) {
    case CvssVersion::v2:
      return are_none(k_v2_zero);
    case CvssVersion::v4_0:
      return are_none(k_v4_zero);
    default:
      return are_none(k_v3_zero);
  }
}

}  // namespace signet::advisory
