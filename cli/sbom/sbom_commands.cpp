// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "sbom/sbom_commands.hpp"

#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"
#include "signet/sbom/bom.hpp"

#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace signet::cli {

namespace {

const Option k_format = {.name = "--format",
                         .value = "FORMAT",
                         .help = "CycloneDX 1.6 or SPDX 2.3, both as JSON.",
                         .fallback = "cyclonedx",
                         .choices = {"cyclonedx", "spdx"}};
const Option k_out = {.name = "--out",
                      .value = "FILE",
                      .help = "Write to this file instead of standard output.",
                      .complete = Complete::file};

/// The time in the document: SOURCE_DATE_EPOCH where it is set, so that the same input gives the same bytes.
Result<Instant> creation_time() {
  const char* given = std::getenv("SOURCE_DATE_EPOCH");
  if (given == nullptr || *given == '\0') return os::SystemClock().now();
  const std::string_view text = given;
  constexpr std::int64_t k_max = 253'402'300'799;  // the end of the year 9999
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && seconds >= 0 && seconds <= k_max)
    return Instant{seconds};
  return Error(Errc::usage, "sbom.date", "SOURCE_DATE_EPOCH is no number of seconds", "Unset it, or use date +%s.");
}

/// A folder is a root file system, a file is a lock file if its name says so, and else a bill.
Result<sbom::Bom> read_source(const std::string& name) {
  const std::filesystem::path path = name;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return sbom::read_debian_root(path);
  TRY_ASSIGN(const Bytes content, os::read_file(path, sbom::k_bom_size_bytes_max));
  auto locked = sbom::read_lock_file(path.filename().string(), content);
  if (locked || locked.error().reason() != "bom.lock-file") return locked;
  return sbom::read_bom(content);
}

Result<void> deliver(const Invocation& call, sbom::Bom bom) {
  if (call.has("--name")) bom.name = call.get("--name");
  if (call.has("--version")) bom.version = call.get("--version");
  TRY_ASSIGN(const Instant created, creation_time());
  const auto format = call.get("--format") == "spdx" ? sbom::BomFormat::spdx : sbom::BomFormat::cyclonedx;
  const std::string document = sbom::write_bom(bom, format, created);
  Output& out = call.out();
  if (call.has("--out")) {
    TRY(os::replace_file(call.get("--out"), as_bytes(document)));
    out.line(std::to_string(bom.components.size()) + " components written to " + printable(call.get("--out")) + ".");
    out.result(Json::object({{"components", std::uint64_t{bom.components.size()}}, {"file", call.get("--out")}}));
    return {};
  }
  if (!out.json()) {
    out.raw(as_bytes(document));
    return {};
  }
  TRY_ASSIGN(Json json, Json::parse(as_bytes(document), {.size_bytes_max = document.size(), .values_max = 50'000'000}));
  out.result(std::move(json));
  return {};
}

Result<std::vector<sbom::Bom>> read_sources(const std::vector<std::string>& names) {
  std::vector<sbom::Bom> bills;
  for (const std::string& name : names) {
    TRY_ASSIGN(sbom::Bom bom, read_source(name).context("read " + printable(name)));
    bills.push_back(std::move(bom));
  }
  return bills;
}

Result<void> make(const Invocation& call) {
  TRY_ASSIGN(sbom::Bom bom, read_source(call.get("SOURCE")));
  return deliver(call, std::move(bom));
}

Result<void> merge(const Invocation& call) {
  TRY_ASSIGN(const std::vector<sbom::Bom> bills, read_sources(call.all("SOURCE")));
  return deliver(call, sbom::merge(bills));
}

Result<void> diff(const Invocation& call) {
  TRY_ASSIGN(const sbom::Bom before, read_source(call.get("BEFORE")));
  TRY_ASSIGN(const sbom::Bom after, read_source(call.get("AFTER")));
  Json changes = Json::array();
  for (const sbom::BomChange& change : sbom::diff(before, after)) {
    const std::string package = printable(change.package);
    if (change.before.empty()) {
      call.out().line("+ " + package + " " + printable(change.after));
    } else if (change.after.empty()) {
      call.out().line("- " + package + " " + printable(change.before));
    } else {
      call.out().line("~ " + package + " " + printable(change.before) + " -> " + printable(change.after));
    }
    changes.push(Json::object({{"package", change.package}, {"before", change.before}, {"after", change.after}}));
  }
  if (changes.elements().empty()) call.out().line("Both have the same components.");
  call.out().result(Json::object({{"changes", std::move(changes)}}));
  return {};
}

Result<void> coverage(const Invocation& call) {
  TRY_ASSIGN(const std::uint64_t list, call.get_uint("--list", 0, 10'000'000));
  TRY_ASSIGN(const sbom::Coverage found, sbom::measure_coverage(call.get("ROOT"), list));
  const std::uint64_t unowned = found.files - found.owned;
  for (const std::string& path : found.unowned) call.out().line(printable(path, 4096));
  call.out().line(std::to_string(found.owned) + " of " + std::to_string(found.files) + " files belong to a package; " +
                  std::to_string(unowned) + " have no owner.");
  Json paths = Json::array();
  for (const std::string& path : found.unowned) paths.push(path);
  call.out().result(Json::object(
      {{"files", found.files}, {"owned", found.owned}, {"unowned", unowned}, {"paths", std::move(paths)}}));
  return {};
}

Positional source(const char* name) {
  return {.name = name,
          .help = "A root file system, a lock file (npm, Cargo, pip), or a bill in CycloneDX or SPDX JSON."};
}

std::vector<Option> writing_options() {
  return {k_format,
          {.name = "--name", .value = "NAME", .help = "What the product is called."},
          {.name = "--version", .value = "VERSION", .help = "The product's version."},
          k_out};
}

}  // namespace

std::vector<Command> sbom_commands() {
  Positional sources = source("SOURCE");
  sources.repeatable = true;
  return {
      {.noun = "sbom",
       .verb = "make",
       .summary = "Make a bill of materials",
       .description =
           "Of a Debian root file system: every installed package with its version, source, licences and dependencies. "
           "Of a lock file: what it pins. Of another bill: the same components in the other format.\n\n"
           "The same input gives the same bytes: all is sorted, the serial number is made of the content, and the time "
           "is that of SOURCE_DATE_EPOCH if it is set.",
       .positionals = {source("SOURCE")},
       .options = writing_options(),
       .examples = {{"signet sbom make / --name cam-a --version 5.2.0 --out sbom.cdx.json", "Describe this system."},
                    {"signet sbom make package-lock.json --format spdx", "Describe what npm installs."}},
       .run = make},
      {.noun = "sbom",
       .verb = "merge",
       .summary = "Join bills of materials into one",
       .description = "Each component once; what one source leaves open, another fills in.",
       .positionals = {sources},
       .options = writing_options(),
       .examples = {{"signet sbom merge rootfs.cdx.json Cargo.lock --out product.cdx.json",
                     "Add what Cargo built in."}},
       .run = merge},
      {.noun = "sbom",
       .verb = "diff",
       .summary = "Say which components came, went and changed",
       .description = "Lines begin with + for a new component, - for one that is gone, ~ for another version.",
       .positionals = {source("BEFORE"), source("AFTER")},
       .examples = {{"signet sbom diff v1.cdx.json v2.spdx.json", "Compare two releases."}},
       .run = diff},
      {.noun = "sbom",
       .verb = "coverage",
       .summary = "Find files that belong to no package",
       .description = "A bill made of packages says nothing about files that no package owns. Lists them, with merged "
                      "/usr and diversions taken into account; dev, proc, run, sys and tmp are left out.",
       .positionals = {{.name = "ROOT", .help = "The folder of a root file system.", .complete = Complete::folder}},
       .options = {{.name = "--list", .value = "COUNT", .help = "How many to list.", .fallback = "100"}},
       .examples = {{"signet sbom coverage / --list 20", "See what the package manager does not know."}},
       .run = coverage},
  };
}

}  // namespace signet::cli
