// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// Versions and dates of the document (CSAF section 6.1.14 to 6.1.22, 6.1.30, 6.1.37, 6.1.45, 6.2.4 to 6.2.6, ...).
#include "signet/sbom/versions.hpp"

#include "csaf.hpp"

#include <algorithm>
#include <unordered_set>

namespace signet::advisory {

namespace {

std::string_view without_build(std::string_view number) { return number.substr(0, number.find('+')); }
std::string_view without_prerelease(std::string_view number) { return number.substr(0, number.find_first_of("-+")); }
bool has_prerelease(std::string_view number) { return without_build(number).find('-') != std::string_view::npos; }
bool is_zero(std::string_view number) { return number == "0" || number.starts_with("0."); }

std::weak_ordering compare(std::string_view a, std::string_view b) {
  return sbom::compare_versions(sbom::VersionScheme::semver, a, b);
}

const Node& history(const Csaf& csaf) { return csaf.tracking["revision_history"]; }

void sorted_history(Csaf& csaf) {
  for (std::size_t i = 1; i < csaf.sorted.size(); ++i) {
    if (compare(csaf.sorted[i - 1]->number, csaf.sorted[i]->number) != std::weak_ordering::greater) continue;
    csaf.fail(history(csaf), "items must be in ascending order when sorted by `date` and `number`: " +
                                 quote(csaf.sorted[i]->number) + " comes after " + quote(csaf.sorted[i - 1]->number));
    return;
  }
}

void latest_version(Csaf& csaf) {
  if (csaf.sorted.empty()) return;
  const bool is_draft = csaf.status() == "draft";
  const auto cut = [&](std::string_view number) {
    return is_draft ? without_prerelease(number) : without_build(number);
  };
  const Node& version = csaf.tracking["version"];
  const std::string_view last = csaf.sorted.back()->number;
  if (compare(cut(version.text()), cut(last)) != std::weak_ordering::equivalent) {
    csaf.fail(version, "the version is " + quote(version.text()) + ", the newest item of the history " + quote(last));
  }
}

void draft_status(Csaf& csaf) {
  const std::string_view version = csaf.tracking["version"].text();
  if ((is_zero(version) || has_prerelease(version)) && csaf.status() != "draft") {
    csaf.fail(csaf.tracking["status"], "the version " + quote(version) + " is one of a draft");
  }
}

void released_history(Csaf& csaf) {
  if (!csaf.is_released()) return;
  for (const Revision& one : csaf.revisions) {
    if (is_zero(one.number)) csaf.fail((*one.node)["number"], "a released document has an item " + quote(one.number));
  }
}

void prerelease_history(Csaf& csaf) {
  for (const Revision& one : csaf.revisions) {
    if (has_prerelease(one.number)) csaf.fail((*one.node)["number"], quote(one.number) + " is a pre-release");
  }
}

void prerelease_version(Csaf& csaf) {
  const Node& version = csaf.tracking["version"];
  if (csaf.is_released() && has_prerelease(version.text())) {
    csaf.fail(version, "a released document has the version " + quote(version.text()));
  }
}

std::string number_text(std::uint64_t major, bool is_semver) {
  return quote(std::to_string(major) + (is_semver ? ".0.0" : ""));
}

/// Says which versions are missing between two items of the sorted history; `before` is none at its beginning.
void missing_between(Csaf& csaf, const Revision* before, const Revision& after) {
  constexpr std::uint64_t k_said_max = 50;
  const std::uint64_t first = before == nullptr ? 1 : before->major + 1;
  const auto date = [](const Revision& one) { return quote((*one.node)["date"].text()); };
  for (std::uint64_t major = first; major < after.major && major < first + k_said_max; ++major) {
    const bool is_elsewhere =
        std::ranges::any_of(csaf.revisions, [&](const Revision& one) { return one.major == major; });
    std::string text = "missing revision history item with number " + number_text(major, after.is_semver);
    if (!is_elsewhere) {
      text += " at all";
    } else if (before == nullptr) {
      text += " before " + date(after);
    } else {
      text += " between " + date(*before) + " and " + date(after);
    }
    csaf.fail(history(csaf), std::move(text));
  }
}

void missing_item(Csaf& csaf) {
  if (csaf.sorted.empty()) return;
  const Revision& first = *csaf.sorted.front();
  if (first.major > 1) {
    csaf.fail(history(csaf), std::string("revision history does not start with a version of ") +
                                 (first.is_semver ? "`0.y.z` or `1.0.0`" : "`0` or `1`") +
                                 " when sorted by date (was " + quote(first.number) + ")");
    missing_between(csaf, nullptr, first);
  }
  const Revision* highest = &first;
  for (const Revision* one : csaf.sorted) {
    if (one->major <= highest->major) continue;
    missing_between(csaf, highest, *one);
    highest = one;
  }
}

void twice_numbered(Csaf& csaf) {
  std::unordered_set<std::string_view> seen;
  for (const Revision& one : csaf.revisions) {
    if (!seen.insert(one.number).second) csaf.fail((*one.node)["number"], quote(one.number) + " stands there twice");
  }
}

void mixed_numbers(Csaf& csaf) {
  const bool is_semver = csaf.tracking["version"].text().find('.') != std::string_view::npos;
  for (const Revision& one : csaf.revisions) {
    if (one.is_semver == is_semver) continue;
    csaf.fail((*one.node)["number"], quote(one.number) + " and " + quote(csaf.tracking["version"].text()) +
                                         " are of different kinds of version");
    return;
  }
}

void build_in_history(Csaf& csaf) {
  for (const Revision& one : csaf.revisions) {
    if (one.number.find('+') != std::string_view::npos) {
      csaf.fail((*one.node)["number"], quote(one.number) + " has build metadata");
    }
  }
}

/// "Older" is judged by the oldest or newest item; in 2.0 the suite means the first and the last by date as well.
void old_initial_date(Csaf& csaf) {
  const Node& node = csaf.tracking["initial_release_date"];
  const auto date = parse_moment(node.text());
  if (date && !csaf.sorted.empty() && *date < *csaf.sorted.front()->date) {
    csaf.fail(node, "the initial release date is older than the oldest item of the history");
  }
}

void old_current_date(Csaf& csaf) {
  const Node& node = csaf.tracking["current_release_date"];
  const auto date = parse_moment(node.text());
  if (date && !csaf.sorted.empty() && *date < *csaf.sorted.back()->date) {
    csaf.fail(node, "the current release date is older than the newest item of the history");
  }
}

void same_times(Csaf& csaf) {
  for (std::size_t i = 1; i < csaf.sorted.size(); ++i) {
    if (*csaf.sorted[i]->date == *csaf.sorted[i - 1]->date) {
      csaf.fail((*csaf.sorted[i]->node)["date"], "two items of the history have the same time");
    }
  }
}

void strict_times(Csaf& csaf, const Node& node) {
  constexpr std::array<std::string_view, 10> k_names{
      "date",           "timestamp",         "current_release_date",          "initial_release_date", "disclosure_date",
      "discovery_date", "exploitation_date", "first_known_exploitation_date", "release_date",         "restart_date"};
  for (const Node& item : node.items()) strict_times(csaf, item);
  for (const Member& member : node.members()) {
    if (member.name == "x_extensions") continue;
    if (!member.value.is_string()) {
      strict_times(csaf, member.value);
    } else if (std::ranges::find(k_names, member.name) != k_names.end() && !is_strict_moment(member.value.text())) {
      csaf.fail(member.value,
                quote(member.value.text()) + " is not written as YYYY-MM-DDThh:mm:ssZ, or is a leap second");
    }
  }
}

void date_and_time(Csaf& csaf) {
  strict_times(csaf, csaf.tracking);
  strict_times(csaf, csaf.vulnerabilities);
}

/// Fails for a date that is newer than the newest item of the history.
void not_newer(Csaf& csaf, const Node& node) {
  const auto date = parse_moment(node.text());
  const auto newest = csaf.newest();
  if (date && newest && *newest < *date) {
    csaf.fail(node, quote(node.text()) + " is newer than the newest item of the revision history");
  }
}

void disclosure_date(Csaf& csaf) {
  if (csaf.tlp() != "CLEAR" || !csaf.is_released()) return;
  for (const Node& one : csaf.vulnerabilities.items()) not_newer(csaf, one["disclosure_date"]);
}

void ssvc_time(Csaf& csaf) {
  if (!csaf.is_released()) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    for (const auto& metric : csaf.metrics(one)) not_newer(csaf, (*metric.content)["ssvc_v2"]["timestamp"]);
  }
}

void epss_time(Csaf& csaf) {
  if (!csaf.is_released()) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    for (const auto& metric : csaf.metrics(one)) not_newer(csaf, (*metric.content)["epss"]["timestamp"]);
  }
}

void exploitation_dates(Csaf& csaf) {
  if (!csaf.is_released()) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    for (const Node& item : one["first_known_exploitation_dates"].items()) {
      not_newer(csaf, item["date"]);
      not_newer(csaf, item["exploitation_date"]);
    }
  }
}

void exploitation_order(Csaf& csaf) {
  for (const Node& one : csaf.vulnerabilities.items()) {
    for (const Node& item : one["first_known_exploitation_dates"].items()) {
      const auto known = parse_moment(item["date"].text());
      const auto exploited = parse_moment(item["exploitation_date"].text());
      if (known && exploited && *known < *exploited) {
        csaf.fail(item["exploitation_date"], "the exploitation is newer than the day on which it became known");
      }
    }
  }
}

void disclosed_after_revision(Csaf& csaf) {
  if (!csaf.outside.now) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    const auto date = parse_moment(one["disclosure_date"].text());
    if (date && date->seconds < csaf.outside.now->seconds_since_epoch) not_newer(csaf, one["disclosure_date"]);
  }
}

void old_epss(Csaf& csaf) {
  constexpr std::int64_t k_age_s_max = 15 * 86400;
  const auto newest = csaf.newest();
  if (!csaf.is_released() || !newest) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    const Node* youngest = nullptr;
    for (const auto& metric : csaf.metrics(one)) {
      const Node& time = (*metric.content)["epss"]["timestamp"];
      const auto date = parse_moment(time.text());
      if (date && (youngest == nullptr || *parse_moment(youngest->text()) < *date)) youngest = &time;
    }
    if (youngest != nullptr && newest->seconds - parse_moment(youngest->text())->seconds > k_age_s_max) {
      csaf.fail(*youngest, "the EPSS score is more than 15 days older than the newest item of the history");
    }
  }
}

constexpr std::string_view k_renumber = "Number the items in the order of their dates.";
constexpr std::string_view k_redate = "Put the date right, or add an item to the revision history.";

constexpr std::array<CsafTest, 21> k_tracking_tests{{
    {"6.1.14", k_in_both, Weight::error, sorted_history, k_renumber},
    {"6.1.16", k_in_both, Weight::error, latest_version, "Give the document the version of its newest item."},
    {"6.1.17", k_in_both, Weight::error, draft_status, "Set the status to `draft`, or give it a released version."},
    {"6.1.18", k_in_both, Weight::error, released_history, "Leave out the items of drafts."},
    {"6.1.19", k_in_both, Weight::error, prerelease_history, "Leave out pre-releases, or number them as releases."},
    {"6.1.20", k_in_both, Weight::error, prerelease_version,
     "Leave out the pre-release part, or set the status to `draft`."},
    {"6.1.21", k_in_both, Weight::error, missing_item, "Add an item for each release, starting with 1."},
    {"6.1.22", k_in_both, Weight::error, twice_numbered, k_renumber},
    {"6.1.30", k_in_both, Weight::error, mixed_numbers, "Use whole numbers, or semantic versions, throughout."},
    {"6.1.37", k_in_21, Weight::error, date_and_time, "Write the time in UTC: 2024-01-24T10:00:00Z."},
    {"6.1.45", k_in_21, Weight::error, disclosure_date, k_redate},
    {"6.1.49", k_in_21, Weight::error, ssvc_time, k_redate},
    {"6.1.51", k_in_21, Weight::error, epss_time, k_redate},
    {"6.1.52", k_in_21, Weight::error, exploitation_dates, k_redate},
    {"6.1.53", k_in_21, Weight::error, exploitation_order, "Exchange the two dates, or put them right."},
    {"6.2.4", k_in_both, Weight::warning, build_in_history, "Leave out what follows the +."},
    {"6.2.5", k_in_both, Weight::warning, old_initial_date, k_redate},
    {"6.2.6", k_in_both, Weight::warning, old_current_date, k_redate},
    {"6.2.21", k_in_21, Weight::warning, same_times, "Give each item its own time."},
    {"6.2.33", k_in_21, Weight::warning, disclosed_after_revision, k_redate},
    {"6.2.41", k_in_21, Weight::warning, old_epss, "Look the score up again."},
}};

}  // namespace

std::span<const CsafTest> csaf_tracking_tests() { return k_tracking_tests; }

}  // namespace signet::advisory
