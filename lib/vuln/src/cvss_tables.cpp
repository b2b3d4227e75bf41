// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "cvss_tables.hpp"

namespace signet::vuln {

namespace {

using enum MetricGroup;
using Values3 = std::array<ValueInfo, 3>;
using Values4 = std::array<ValueInfo, 4>;
using Values5 = std::array<ValueInfo, 5>;

// CVSS v2, sections 2.1 to 2.3
constexpr Values3 k_av2{{{"L", "Local"}, {"A", "Adjacent Network"}, {"N", "Network"}}};
constexpr Values3 k_ac2{{{"H", "High"}, {"M", "Medium"}, {"L", "Low"}}};
constexpr Values3 k_au2{{{"M", "Multiple"}, {"S", "Single"}, {"N", "None"}}};
constexpr Values3 k_impact2{{{"N", "None"}, {"P", "Partial"}, {"C", "Complete"}}};
constexpr Values5 k_e2{
    {{"ND", "Not Defined"}, {"U", "Unproven"}, {"POC", "Proof-of-Concept"}, {"F", "Functional"}, {"H", "High"}}};
constexpr Values5 k_rl2{{{"ND", "Not Defined"},
                         {"OF", "Official Fix"},
                         {"TF", "Temporary Fix"},
                         {"W", "Workaround"},
                         {"U", "Unavailable"}}};
constexpr Values4 k_rc2{{{"ND", "Not Defined"}, {"UC", "Unconfirmed"}, {"UR", "Uncorroborated"}, {"C", "Confirmed"}}};
constexpr std::array<ValueInfo, 6> k_cdp2{
    {{"ND", "Not Defined"}, {"N", "None"}, {"L", "Low"}, {"LM", "Low-Medium"}, {"MH", "Medium-High"}, {"H", "High"}}};
constexpr Values5 k_td2{{{"ND", "Not Defined"}, {"N", "None"}, {"L", "Low"}, {"M", "Medium"}, {"H", "High"}}};
constexpr Values4 k_req2{{{"ND", "Not Defined"}, {"L", "Low"}, {"M", "Medium"}, {"H", "High"}}};

constexpr std::array<MetricInfo, 14> k_v2{{{"AV", "Access Vector", base, k_av2},
                                           {"AC", "Access Complexity", base, k_ac2},
                                           {"Au", "Authentication", base, k_au2},
                                           {"C", "Confidentiality Impact", base, k_impact2},
                                           {"I", "Integrity Impact", base, k_impact2},
                                           {"A", "Availability Impact", base, k_impact2},
                                           {"E", "Exploitability", temporal, k_e2},
                                           {"RL", "Remediation Level", temporal, k_rl2},
                                           {"RC", "Report Confidence", temporal, k_rc2},
                                           {"CDP", "Collateral Damage Potential", environmental, k_cdp2},
                                           {"TD", "Target Distribution", environmental, k_td2},
                                           {"CR", "Confidentiality Requirement", environmental, k_req2},
                                           {"IR", "Integrity Requirement", environmental, k_req2},
                                           {"AR", "Availability Requirement", environmental, k_req2}}};

// CVSS v3.0 and v3.1, sections 2 to 4
constexpr Values4 k_av{{{"N", "Network"}, {"A", "Adjacent"}, {"L", "Local"}, {"P", "Physical"}}};
constexpr std::array<ValueInfo, 2> k_ac{{{"L", "Low"}, {"H", "High"}}};
constexpr Values3 k_pr{{{"N", "None"}, {"L", "Low"}, {"H", "High"}}};
constexpr std::array<ValueInfo, 2> k_ui3{{{"N", "None"}, {"R", "Required"}}};
constexpr std::array<ValueInfo, 2> k_s3{{{"U", "Unchanged"}, {"C", "Changed"}}};
constexpr Values3 k_impact{{{"H", "High"}, {"L", "Low"}, {"N", "None"}}};
constexpr Values5 k_e3{
    {{"X", "Not Defined"}, {"U", "Unproven"}, {"P", "Proof-of-Concept"}, {"F", "Functional"}, {"H", "High"}}};
constexpr Values5 k_rl3{
    {{"X", "Not Defined"}, {"O", "Official Fix"}, {"T", "Temporary Fix"}, {"W", "Workaround"}, {"U", "Unavailable"}}};
constexpr Values4 k_rc3{{{"X", "Not Defined"}, {"U", "Unknown"}, {"R", "Reasonable"}, {"C", "Confirmed"}}};
constexpr Values4 k_req{{{"X", "Not Defined"}, {"H", "High"}, {"M", "Medium"}, {"L", "Low"}}};
constexpr Values5 k_mav{{{"X", "Not Defined"}, {"N", "Network"}, {"A", "Adjacent"}, {"L", "Local"}, {"P", "Physical"}}};
constexpr Values3 k_mac{{{"X", "Not Defined"}, {"L", "Low"}, {"H", "High"}}};
constexpr Values4 k_mpr{{{"X", "Not Defined"}, {"N", "None"}, {"L", "Low"}, {"H", "High"}}};
constexpr Values3 k_mui3{{{"X", "Not Defined"}, {"N", "None"}, {"R", "Required"}}};
constexpr Values3 k_ms3{{{"X", "Not Defined"}, {"U", "Unchanged"}, {"C", "Changed"}}};
constexpr Values4 k_mimpact{{{"X", "Not Defined"}, {"H", "High"}, {"L", "Low"}, {"N", "None"}}};

constexpr std::array<MetricInfo, 22> k_v3{{{"AV", "Attack Vector", base, k_av},
                                           {"AC", "Attack Complexity", base, k_ac},
                                           {"PR", "Privileges Required", base, k_pr},
                                           {"UI", "User Interaction", base, k_ui3},
                                           {"S", "Scope", base, k_s3},
                                           {"C", "Confidentiality", base, k_impact},
                                           {"I", "Integrity", base, k_impact},
                                           {"A", "Availability", base, k_impact},
                                           {"E", "Exploit Code Maturity", temporal, k_e3},
                                           {"RL", "Remediation Level", temporal, k_rl3},
                                           {"RC", "Report Confidence", temporal, k_rc3},
                                           {"CR", "Confidentiality Requirement", environmental, k_req},
                                           {"IR", "Integrity Requirement", environmental, k_req},
                                           {"AR", "Availability Requirement", environmental, k_req},
                                           {"MAV", "Modified Attack Vector", environmental, k_mav},
                                           {"MAC", "Modified Attack Complexity", environmental, k_mac},
                                           {"MPR", "Modified Privileges Required", environmental, k_mpr},
                                           {"MUI", "Modified User Interaction", environmental, k_mui3},
                                           {"MS", "Modified Scope", environmental, k_ms3},
                                           {"MC", "Modified Confidentiality", environmental, k_mimpact},
                                           {"MI", "Modified Integrity", environmental, k_mimpact},
                                           {"MA", "Modified Availability", environmental, k_mimpact}}};

// CVSS v4.0, Table 23
constexpr std::array<ValueInfo, 2> k_at{{{"N", "None"}, {"P", "Present"}}};
constexpr Values3 k_ui4{{{"N", "None"}, {"P", "Passive"}, {"A", "Active"}}};
constexpr Values4 k_e4{{{"X", "Not Defined"}, {"A", "Attacked"}, {"P", "Proof-of-Concept"}, {"U", "Unreported"}}};
constexpr Values3 k_mat{{{"X", "Not Defined"}, {"N", "None"}, {"P", "Present"}}};
constexpr Values4 k_mui4{{{"X", "Not Defined"}, {"N", "None"}, {"P", "Passive"}, {"A", "Active"}}};
constexpr Values4 k_msc{{{"X", "Not Defined"}, {"H", "High"}, {"L", "Low"}, {"N", "Negligible"}}};
constexpr Values5 k_msafety{{{"X", "Not Defined"}, {"S", "Safety"}, {"H", "High"}, {"L", "Low"}, {"N", "Negligible"}}};
constexpr Values3 k_safety{{{"X", "Not Defined"}, {"N", "Negligible"}, {"P", "Present"}}};
constexpr Values3 k_au4{{{"X", "Not Defined"}, {"N", "No"}, {"Y", "Yes"}}};
constexpr Values4 k_recovery{{{"X", "Not Defined"}, {"A", "Automatic"}, {"U", "User"}, {"I", "Irrecoverable"}}};
constexpr Values3 k_density{{{"X", "Not Defined"}, {"D", "Diffuse"}, {"C", "Concentrated"}}};
constexpr Values4 k_effort{{{"X", "Not Defined"}, {"L", "Low"}, {"M", "Moderate"}, {"H", "High"}}};
constexpr Values5 k_urgency{
    {{"X", "Not Defined"}, {"Clear", "Clear"}, {"Green", "Green"}, {"Amber", "Amber"}, {"Red", "Red"}}};

constexpr std::array<MetricInfo, 32> k_v4{{{"AV", "Attack Vector", base, k_av},
                                           {"AC", "Attack Complexity", base, k_ac},
                                           {"AT", "Attack Requirements", base, k_at},
                                           {"PR", "Privileges Required", base, k_pr},
                                           {"UI", "User Interaction", base, k_ui4},
                                           {"VC", "Vulnerable System Confidentiality", base, k_impact},
                                           {"VI", "Vulnerable System Integrity", base, k_impact},
                                           {"VA", "Vulnerable System Availability", base, k_impact},
                                           {"SC", "Subsequent System Confidentiality", base, k_impact},
                                           {"SI", "Subsequent System Integrity", base, k_impact},
                                           {"SA", "Subsequent System Availability", base, k_impact},
                                           {"E", "Exploit Maturity", threat, k_e4},
                                           {"CR", "Confidentiality Requirement", environmental, k_req},
                                           {"IR", "Integrity Requirement", environmental, k_req},
                                           {"AR", "Availability Requirement", environmental, k_req},
                                           {"MAV", "Modified Attack Vector", environmental, k_mav},
                                           {"MAC", "Modified Attack Complexity", environmental, k_mac},
                                           {"MAT", "Modified Attack Requirements", environmental, k_mat},
                                           {"MPR", "Modified Privileges Required", environmental, k_mpr},
                                           {"MUI", "Modified User Interaction", environmental, k_mui4},
                                           {"MVC", "Modified Vulnerable Confidentiality", environmental, k_mimpact},
                                           {"MVI", "Modified Vulnerable Integrity", environmental, k_mimpact},
                                           {"MVA", "Modified Vulnerable Availability", environmental, k_mimpact},
                                           {"MSC", "Modified Subsequent Confidentiality", environmental, k_msc},
                                           {"MSI", "Modified Subsequent Integrity", environmental, k_msafety},
                                           {"MSA", "Modified Subsequent Availability", environmental, k_msafety},
                                           {"S", "Safety", supplemental, k_safety},
                                           {"AU", "Automatable", supplemental, k_au4},
                                           {"R", "Recovery", supplemental, k_recovery},
                                           {"V", "Value Density", supplemental, k_density},
                                           {"RE", "Vulnerability Response Effort", supplemental, k_effort},
                                           {"U", "Provider Urgency", supplemental, k_urgency}}};

}  // namespace

std::span<const MetricInfo> metrics_of(CvssVersion version) {
  if (version == CvssVersion::v2) return k_v2;
  return version == CvssVersion::v4_0 ? std::span<const MetricInfo>(k_v4) : std::span<const MetricInfo>(k_v3);
}

}  // namespace signet::vuln
