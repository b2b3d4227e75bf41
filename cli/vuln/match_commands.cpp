// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"
#include "signet/vuln/match.hpp"

#include "vuln/findings.hpp"
#include "vuln/vuln_commands.hpp"

#include <filesystem>
#include <memory>
#include <optional>

namespace signet::cli {

namespace {

Result<std::optional<vuln::Index>> read_vex(const Invocation& call) {
  std::vector<std::unique_ptr<vuln::FeedSource>> feeds;
  for (const std::string& path : call.all("--vex")) {
    TRY_ASSIGN(auto feed, vuln::open_feed(path));
    feeds.push_back(std::move(feed));
  }
  if (feeds.empty()) return std::optional<vuln::Index>();
  TRY_ASSIGN(Bytes bytes, vuln::make_index(feeds, os::SystemClock().now()));
  TRY_ASSIGN(vuln::Index index, vuln::Index::from_bytes(std::move(bytes)));
  return std::optional<vuln::Index>(std::move(index));
}

/// Matches, shows, and says by the exit code whether something is open.
Result<void> answer(const Invocation& call, const sbom::Bom& bom, const vuln::PackageHistory* history) {
  TRY_ASSIGN(const vuln::Index index, vuln::Index::open(call.get("--index")));
  TRY_ASSIGN(const std::optional<vuln::Index> vex, read_vex(call));
  const vuln::MatchOptions options{.product = call.get("--product"),
                                   .vex = vex ? &*vex : nullptr,
                                   .history = history,
                                   .with_names = !call.has("--no-names")};
  const vuln::MatchReport report = vuln::match(bom, index, options);
  const FindingsView view{.bom = bom, .report = report, .index = index.info(), .now = os::SystemClock().now()};
  if (call.has("--html")) TRY(os::replace_file(call.get("--html"), as_bytes(findings_html(view))));
  print_findings(view, call.has("--all"), call.out());
  call.out().evidence(Json::object({{"report", findings_json(view)}}));
  if (report.open.empty()) return {};
  return Error(Errc::untrusted, "vuln.found", std::to_string(report.open.size()) + " findings are open",
               "Update what has a fix; for what does not apply, say so in a VEX document and give it with --vex.");
}

Result<sbom::Bom> read_bill(const std::string& name) {
  const std::filesystem::path path = name;
  TRY_ASSIGN(const Bytes content, os::read_file(path, sbom::k_bom_size_bytes_max));
  auto locked = sbom::read_lock_file(path.filename().string(), content);
  if (locked || locked.error().reason() != "bom.lock-file") return locked;
  return sbom::read_bom(content);
}

Result<void> match(const Invocation& call) {
  TRY_ASSIGN(const sbom::Bom bom, read_bill(call.get("SBOM")));
  if (!call.has("--debian-root")) return answer(call, bom, nullptr);
  TRY_ASSIGN(const vuln::PackageHistory history, vuln::PackageHistory::open(call.get("--debian-root")));
  return answer(call, bom, &history);
}

Result<void> device(const Invocation& call) {
  const std::string target = call.get("TARGET");
  std::error_code error;
  if (!std::filesystem::is_directory(target, error)) {
    TRY_ASSIGN(const sbom::Bom bom, read_bill(target));
    return answer(call, bom, nullptr);
  }
  TRY_ASSIGN(const sbom::Bom bom, sbom::read_debian_root(target));
  TRY_ASSIGN(const vuln::PackageHistory history, vuln::PackageHistory::open(target));
  return answer(call, bom, &history);
}

std::vector<Option> match_options(bool with_root) {
  std::vector<Option> options = {
      index_option(),
      {.name = "--vex",
       .value = "FILE",
       .help = "A VEX document, or a folder of them: OpenVEX, CSAF or CycloneDX.",
       .repeatable = true,
       .complete = Complete::file},
      {.name = "--product", .value = "PURL", .help = "The package URL by which VEX documents call the whole product."},
      {.name = "--no-names", .help = "Leave out components that are known by nothing but their name."},
      {.name = "--all", .help = "Show also what was found to be fixed or not affected."},
      {.name = "--html",
       .value = "FILE",
       .help = "Write a report with pictures to this file.",
       .complete = Complete::file}};
  if (with_root) {
    options.push_back({.name = "--debian-root",
                       .value = "DIR",
                       .help = "The root file system of the bill: its changelogs show what was fixed in place.",
                       .complete = Complete::folder});
  }
  return options;
}

std::vector<Exit> match_exits() {
  return {{0, {}, "nothing is open"}, {1, {"vuln.found"}, "at least one finding is open"}};
}

constexpr const char* k_precedence =
    "Each finding says which document, which range and which order of versions it comes from. Where documents differ, "
    "the "
    "VEX given here counts most, then vendors' own VEX, the distribution, the installed changelog, other advisories, "
    "and "
    "last what matches by name alone; within that a vendor's word, the narrower product, the later date. What is not "
    "known is shown as unknown, and counts as open.";

}  // namespace

std::vector<Command> vuln_match_commands() {
  return {
      {.noun = "vuln",
       .verb = "match",
       .summary = "Find the vulnerabilities of a bill of materials",
       .description = "Puts every component beside every statement of the index.\n\n" + std::string(k_precedence),
       .positionals = {{.name = "SBOM", .help = "A bill in CycloneDX or SPDX JSON, or a lock file."}},
       .options = match_options(true),
       .examples = {{"signet vuln match sbom.cdx.json --index vuln.index", "See what is open."},
                    {"signet vuln match sbom.cdx.json --index vuln.index --vex our.vex.json --html report.html",
                     "With what you know better, as a page."}},
       .run = match,
       .exits = match_exits()},
      {.noun = "vuln",
       .verb = "device",
       .summary = "Find what a device is exposed to today",
       .description =
           "Of a root file system: what is installed in it, with what its own changelogs say was fixed. Of a "
           "bill of materials: as `vuln match`. An image has to be mounted first.\n\n" +
           std::string(k_precedence),
       .positionals = {{.name = "TARGET", .help = "A root file system, or a bill of materials."}},
       .options = match_options(false),
       .examples = {{"signet vuln device / --index vuln.index", "Ask about this machine."},
                    {"signet vuln device /mnt/image --index vuln.index --no-names", "Only what is certain."}},
       .run = device,
       .exits = match_exits()},
  };
}

}  // namespace signet::cli
