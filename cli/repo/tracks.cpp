// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/clock.hpp"
#include "signet/release.hpp"

#include "repo_keys.hpp"
#include "terms.hpp"

#include <algorithm>
#include <string>

namespace signet::cli::repo {

namespace {

Result<void> run_track(const Invocation& call) {
  TRY_ASSIGN(const ProductId product, ProductId::parse(call.get("PRODUCT")));
  release::Track track{.name = call.get("TRACK")};
  TRY(check_name(track.name, "track"));
  TRY_ASSIGN(track.kind, release::track_kind(call.get("--kind")));
  TRY_ASSIGN(track.supported_from, day_option(call, "--from", DayEnd::first_second));
  TRY_ASSIGN(track.supported_until, day_option(call, "--until", DayEnd::last_second));
  if (track.supported_from && track.supported_until && *track.supported_until <= *track.supported_from) {
    return Error(Errc::usage, "repo.support-window", "support of the track would end before it begins",
                 "Give an --until that is later than --from.");
  }
  TRY_ASSIGN(tuf::Repository repository, tuf::Repository::open(call.get("REPO")));
  TRY_ASSIGN(const Keys keys, load_keys(call.all("--key")));
  std::vector<release::Track> tracks;
  const std::string name(release::k_lifecycle_name);
  TRY_ASSIGN(const std::optional<Bytes> present, repository.document(product, name));
  if (present) {
    TRY_ASSIGN(tracks, release::parse_lifecycle(*present, product));
  }
  const auto found = std::ranges::find(tracks, track.name, &release::Track::name);
  if (found == tracks.end()) {
    tracks.push_back(track);
  } else {
    *found = track;
  }
  const Json description = release::lifecycle_json(product, tracks);
  TRY(release::parse_lifecycle(as_bytes(description.dump()), product));
  TRY(repository.put_document(product, name, as_bytes(description.dump()), os::SystemClock().now()));
  return settle(call, repository, keys, "Drafted the track " + track.name + " of " + product.str() + ".",
                Json::object({{"product", product.str()}, {"tracks", *description.find("tracks")}}));
}

}  // namespace

Result<std::optional<Instant>> day_option(const Invocation& call, std::string_view name, DayEnd end) {
  constexpr std::size_t k_day_length = 10;  // "2031-06-30"
  if (!call.has(name)) return std::optional<Instant>();
  std::string text = call.get(name);
  if (text.size() == k_day_length) text += end == DayEnd::first_second ? "T00:00:00Z" : "T23:59:59Z";
  const auto instant = from_rfc3339(text);
  if (instant) return std::optional(*instant);
  return Error(Errc::usage, "repo.date", std::string(name) + " is no date: '" + printable(call.get(name), 40) + "'",
               "Write 2031-06-30, or a time as 2031-06-30T12:00:00Z.");
}

Result<release::Terms> terms_from(const Invocation& call) {
  release::Terms terms;
  TRY_ASSIGN(terms.supported_until, day_option(call, "--supported-until", DayEnd::last_second));
  terms.stepping_stone = call.has("--stepping-stone");
  terms.upgrade_from = call.get("--upgrade-from");
  terms.downgrade_to = call.get("--downgrade-to");
  terms.fixes = call.all("--fixes");
  TRY(release::check(terms));
  return terms;
}

std::vector<Option> terms_options() {
  return {
      {.name = "--supported-until", .value = "DATE", .help = "Last day on which this release gets fixes."},
      {.name = "--stepping-stone", .help = "Let no device pass this release by on its way to a newer one."},
      {.name = "--upgrade-from", .value = "VERSION", .help = "Oldest version over which it may be installed."},
      {.name = "--downgrade-to", .value = "VERSION", .help = "Oldest version to which a device may go back from it."},
      {.name = "--fixes", .value = "CVE", .help = "Vulnerability that it ends.", .repeatable = true}};
}

std::vector<Command> track_commands() {
  Command track{.noun = "repo",
                .verb = "track",
                .summary = "Say what kind of track this is, and until when it is supported",
                .description =
                    "Devices and their owners see with 'signet firmware check' how long fixes will come. Said again, "
                    "the new words replace the old ones.\n\n"
                    "A track needs no description to be followed; without one its support has no named end.",
                .positionals = {repo_positional(),
                                {.name = "PRODUCT", .help = "Name of the product.", .complete = Complete::nothing},
                                {.name = "TRACK", .help = "Name of the track.", .complete = Complete::nothing}},
                .options = {{.name = "--kind",
                             .value = "KIND",
                             .help = "What its releases bring: features and fixes, or fixes only.",
                             .required = true,
                             .choices = {"active", "long-term"}},
                            {.name = "--from", .value = "DATE", .help = "First day of support."},
                            {.name = "--until", .value = "DATE", .help = "Last day of support."},
                            key_option()},
                .examples = {{"signet repo track updates cam-a lts-2026 --kind long-term --from 2026-06-01 "
                              "--until 2031-06-30 --key pkcs11:token=cam-a",
                              "Five years of fixes"}},
                .run = run_track};
  return {std::move(track)};
}

}  // namespace signet::cli::repo
