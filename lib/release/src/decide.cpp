// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/release.hpp"

#include "order.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace signet::release {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// Oldest first: what the track has for this device.
std::vector<Release> candidates(const Catalogue& catalogue, const Installed& installed, const std::string& track) {
  std::vector<Release> fitting;
  std::ranges::copy_if(catalogue.releases, std::back_inserter(fitting), [&](const Release& release) {
    return contains(release.tracks, track) && contains(release.hardware, installed.hardware) &&
           release.security_version >= installed.version_floor;
  });
  return fitting;
}

Result<void> check_track(const Catalogue& catalogue, const std::string& track) {
  std::set<std::string> known;
  for (const Track& one : catalogue.tracks) known.insert(one.name);
  for (const Release& release : catalogue.releases) known.insert(release.tracks.begin(), release.tracks.end());
  if (known.contains(track)) return {};
  std::string names;
  for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
  return Error(Errc::not_found, "release.no-track", catalogue.product + " has no track '" + printable(track, 60) + "'",
               names.empty() ? "Its vendor has not published anything yet." : "It has: " + names + ".");
}

Support support_until(const std::optional<Instant>& end, Instant now) {
  if (!end) return Support::open;
  if (*end <= now) return Support::ended;
  return *end <= now.plus_days(k_support_warning_days) ? Support::ending : Support::lasts;
}

/// The steps from `at` to the newest: no stepping stone is passed by, each release is put over one that it accepts, and
/// each step goes as far as it may. Where no step is left, `answer` says why.
void find_way(Answer& answer, const std::vector<Release>& fitting, std::string at) {
  while (older(at, fitting.back().version)) {
    const auto first = std::ranges::find_if(fitting, [&](const Release& one) { return older(at, one.version); });
    const auto stone = std::find_if(first, fitting.end(), [](const Release& one) { return one.terms.stepping_stone; });
    const auto last = stone == fitting.end() ? fitting.end() : std::next(stone);
    auto next = last;
    for (auto one = first; one != last; ++one) {
      if (one->terms.upgrade_from.empty() || !older(at, one->terms.upgrade_from)) next = one;
    }
    if (next == last) {
      answer.standing = Standing::no_way;
      answer.reason = first->version + " can only be installed over " + first->terms.upgrade_from +
                      " or newer, and the track has nothing in between";
      answer.way.clear();
      return;
    }
    answer.way.push_back(*next);
    at = next->version;
  }
}

void go_back(Answer& answer, const Catalogue& catalogue, const Installed& installed, const Release& newest) {
  const Release* runs = catalogue.find(installed.version);
  if (runs == nullptr) {
    answer.reason = "its maker does not say what may follow " + printable(installed.version, 60);
  } else if (runs->terms.downgrade_to.empty()) {
    answer.reason = "its maker allows no way back from " + runs->version;
  } else if (older(newest.version, runs->terms.downgrade_to)) {
    answer.reason = "from " + runs->version + " the way back ends at " + runs->terms.downgrade_to;
  } else {
    answer.way.push_back(newest);
  }
}

void count_what_is_lacking(Answer& answer, const std::vector<Release>& fitting, const std::string& version,
                           Instant now) {
  std::set<std::string> fixes;
  for (const Release& release : fitting) {
    if (!older(version, release.version)) continue;
    ++answer.releases_behind;
    fixes.insert(release.terms.fixes.begin(), release.terms.fixes.end());
    if (!release.published) continue;
    const std::int64_t since = now.seconds_since_epoch - release.published->seconds_since_epoch;
    answer.seconds_behind = std::max(answer.seconds_behind.value_or(0), since);
  }
  answer.fixes.assign(fixes.begin(), fixes.end());
}

}  // namespace

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::current:
      return "current";
    case Standing::behind:
      return "behind";
    case Standing::ahead:
      return "ahead";
    case Standing::no_way:
      return "no-way";
    case Standing::nothing:
      break;
  }
  return "nothing";
}

std::string_view name_of(Support support) {
  switch (support) {
    case Support::open:
      return "open";
    case Support::lasts:
      return "lasts";
    case Support::ending:
      return "ending";
    case Support::ended:
      break;
  }
  return "ended";
}

Result<Answer> decide(const Catalogue& catalogue, const Installed& installed, const Wish& wish, Instant now) {
  TRY(check_track(catalogue, wish.track));
  Answer answer;
  const auto track = std::ranges::find(catalogue.tracks, wish.track, &Track::name);
  if (track != catalogue.tracks.end()) answer.track_supported_until = track->supported_until;
  answer.track_support = support_until(answer.track_supported_until, now);
  const Release* runs = catalogue.find(installed.version);
  answer.unlisted = runs == nullptr;
  if (runs != nullptr) answer.release_supported_until = runs->terms.supported_until;

  const std::vector<Release> fitting = candidates(catalogue, installed, wish.track);
  if (fitting.empty()) {
    answer.reason = "the track " + wish.track + " has nothing for " + printable(installed.hardware, 60) +
                    " with a security version of at least " + std::to_string(installed.version_floor);
    return answer;
  }
  answer.newest = fitting.back();
  if (older(installed.version, answer.newest->version)) {
    answer.standing = Standing::behind;
    count_what_is_lacking(answer, fitting, installed.version, now);
    find_way(answer, fitting, installed.version);
  } else if (older(answer.newest->version, installed.version)) {
    answer.standing = Standing::ahead;
    if (wish.downgrade) go_back(answer, catalogue, installed, *answer.newest);
  } else {
    answer.standing = Standing::current;
  }
  return answer;
}

}  // namespace signet::release
