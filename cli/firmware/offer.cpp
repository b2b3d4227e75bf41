// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"
#include "signet/release.hpp"
#include "signet/tuf.hpp"
#include "signet/updated.hpp"

#include "firmware_common.hpp"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace signet::cli::firmware {

namespace {

constexpr std::uint64_t k_waiver_days_max = 3650;
constexpr std::uint64_t k_root_size_bytes_max = 512U << 10U;

/// Who asks: a device by its configuration, or anybody who names one.
struct Asker {
  ProductId product;
  release::Installed installed;
};

Result<Asker> asker_of(const Invocation& call) {
  if (call.has("--installed")) {
    if (!call.has("--product") || !call.has("--hardware")) {
      return Error(Errc::usage, "firmware.which-device", "--installed alone does not say which device it is",
                   "Give --product and --hardware as well, or --device for all three.");
    }
    TRY_ASSIGN(ProductId product, ProductId::parse(call.get("--product")));
    TRY_ASSIGN(const std::uint64_t floor, call.get_uint("--floor", 0, INT64_MAX));
    return Asker{std::move(product),
                 {.hardware = call.get("--hardware"), .version = call.get("--installed"), .version_floor = floor}};
  }
  const std::string file = call.get("--device");
  TRY_ASSIGN(const updated::DeviceConfig config, updated::DeviceConfig::load(file));
  TRY_ASSIGN(updated::Installer installer, updated::Installer::open(file));
  TRY_ASSIGN(const updated::Status status, installer.status());
  const std::string& version = status.boot.at(status.boot.booted).version;
  if (version.empty()) {
    return Error(Errc::not_found, "firmware.nothing-installed", "no release has been installed on this device",
                 "Install one with 'signet firmware install', or ask with --product, --hardware and --installed.");
  }
  return Asker{config.product,
               {.hardware = config.hardware, .version = version, .version_floor = status.version_floor}};
}

/// A folder that goes when it is left.
class PassingFolder {
 public:
  static Result<std::unique_ptr<PassingFolder>> create() {
    std::string pattern = (std::filesystem::temp_directory_path() / "signet-check-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return errno_error(errno, "make a folder for metadata");
    return std::unique_ptr<PassingFolder>(new PassingFolder(pattern));
  }
  ~PassingFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  PassingFolder(const PassingFolder&) = delete;
  PassingFolder& operator=(const PassingFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit PassingFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// The folder in which trusted metadata lies: the one given, or a new one that goes when it is left.
class Memory {
 public:
  static Result<Memory> open(const Invocation& call) {
    Memory memory;
    memory.folder_ = call.get("--state");
    if (!call.has("--state")) {
      TRY_ASSIGN(memory.passing_, PassingFolder::create());
      memory.folder_ = memory.passing_->path();
    }
    std::error_code ignored;
    if (std::filesystem::exists(memory.folder_ / "root.json", ignored)) return memory;
    if (!call.has("--root")) {
      return Error(Errc::usage, "firmware.no-root", "nothing says whose metadata is to be trusted",
                   "Give --root with the root.json that the device was born with.");
    }
    TRY(os::make_folders(memory.folder_));
    TRY_ASSIGN(const Bytes root, os::read_file(call.get("--root"), k_root_size_bytes_max));
    TRY(tuf::Client::init(memory.folder_, root));
    return memory;
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  Memory() = default;
  std::filesystem::path folder_;
  std::unique_ptr<PassingFolder> passing_;
};

Json release_json(const release::Release& release) {
  Json json = Json::object({{"version", release.version},
                            {"security_version", release.security_version},
                            {"path", release.path},
                            {"size_bytes", release.size_bytes}});
  if (release.published) json.set("published", to_rfc3339(*release.published));
  const Json terms = release::to_json(release.terms);
  for (const auto& [name, value] : terms.members()) json.set(name, value);
  return json;
}

Json time_json(const std::optional<Instant>& instant) { return instant ? Json(to_rfc3339(*instant)) : Json(); }

Json answer_json(const Asker& asker, const release::Wish& wish, const release::Answer& answer) {
  Json way = Json::array();
  for (const release::Release& step : answer.way) way.push(release_json(step));
  Json fixes = Json::array();
  for (const std::string& fix : answer.fixes) fixes.push(fix);
  return Json::object({{"product", asker.product.str()},
                       {"hardware", asker.installed.hardware},
                       {"track", wish.track},
                       {"installed", asker.installed.version},
                       {"standing", release::name_of(answer.standing)},
                       {"reason", answer.reason},
                       {"newest", answer.newest ? release_json(*answer.newest) : Json()},
                       {"way", std::move(way)},
                       {"releases_behind", std::uint64_t{answer.releases_behind}},
                       {"seconds_behind", answer.seconds_behind ? Json(*answer.seconds_behind) : Json()},
                       {"fixes", std::move(fixes)},
                       {"unlisted", answer.unlisted},
                       {"release_supported_until", time_json(answer.release_supported_until)},
                       {"track_supported_until", time_json(answer.track_supported_until)},
                       {"track_support", release::name_of(answer.track_support)}});
}

std::string headline(const Asker& asker, const release::Wish& wish, const release::Answer& answer) {
  const std::string here = asker.product.str() + " " + printable(asker.installed.version, 60);
  const std::string track = "the track " + wish.track;
  switch (answer.standing) {
    case release::Standing::current:
      return here + " is the newest release on " + track + ".";
    case release::Standing::behind:
    case release::Standing::no_way: {
      const std::string count =
          answer.releases_behind == 1 ? "1 release" : std::to_string(answer.releases_behind) + " releases";
      const std::string since = answer.seconds_behind ? ", " + describe_seconds(*answer.seconds_behind) + "," : "";
      return here + " is " + count + since + " behind " + answer.newest->version + ", the newest on " + track + ".";
    }
    case release::Standing::ahead:
      return here + " is newer than " + answer.newest->version + ", the newest on " + track + ".";
    case release::Standing::nothing:
      break;
  }
  return "Nothing for " + here + " on " + track + ".";
}

void print_answer(Output& out, const Asker& asker, const release::Wish& wish, const release::Answer& answer) {
  out.line(headline(asker, wish, answer));
  if (!answer.reason.empty()) out.line("  no way            " + answer.reason);
  const char* word = "  install           ";
  for (const release::Release& step : answer.way) {
    out.line(word + step.version + ", " + human_size(step.size_bytes) +
             (step.terms.stepping_stone ? ", which may not be passed by" : ""));
    word = "  then              ";
  }
  std::string fixes;
  for (const std::string& fix : answer.fixes) fixes += (fixes.empty() ? "" : ", ") + fix;
  if (!fixes.empty()) out.line("  it fixes          " + fixes);
  if (answer.unlisted) out.line("  offered           its vendor does not offer the installed release");
  if (answer.release_supported_until) {
    out.line("  this release      is supported until " + to_rfc3339(*answer.release_supported_until));
  }
  switch (answer.track_support) {
    case release::Support::open:
      break;
    case release::Support::ended:
      out.line("  the track         has had no support since " + to_rfc3339(*answer.track_supported_until) +
               ": move to another one");
      break;
    case release::Support::ending:
      out.line("  the track         is supported until " + to_rfc3339(*answer.track_supported_until) +
               ": plan the move to another one");
      break;
    case release::Support::lasts:
      out.line("  the track         is supported until " + to_rfc3339(*answer.track_supported_until));
      break;
  }
}

/// As an exit code, for those who asked for one.
Result<void> as_exit(const release::Answer& answer) {
  switch (answer.standing) {
    case release::Standing::behind:
      return Error(Errc::conflict, "release.behind", "a newer release waits for this device",
                   "Install " + answer.way.front().version + " first.");
    case release::Standing::no_way:
    case release::Standing::nothing:
      return Error(Errc::unavailable, "release.no-way", answer.reason, "Ask the vendor for a release in between.");
    case release::Standing::current:
    case release::Standing::ahead:
      break;
  }
  return {};
}

Result<void> run_check(const Invocation& call) {
  TRY_ASSIGN(const Asker asker, asker_of(call));
  TRY_ASSIGN(const Memory memory, Memory::open(call));
  TRY_ASSIGN(tuf::Client client, tuf::Client::open(memory.folder()));
  const auto fetcher = tuf::make_folder_fetcher(call.get("REPO"));
  TRY_ASSIGN(const std::uint64_t days, call.get_uint("--waive-expiry", 0, k_waiver_days_max));
  const Instant now = os::SystemClock().now();
  TRY(client.refresh(*fetcher, {.now = now, .expiry_waiver_days = static_cast<std::uint32_t>(days)}));
  TRY_ASSIGN(const release::Catalogue catalogue, release::read_catalogue(client, *fetcher, asker.product));
  const release::Wish wish{.track = call.get("--track"), .downgrade = call.has("--downgrade")};
  TRY_ASSIGN(const release::Answer answer, release::decide(catalogue, asker.installed, wish, now));
  Json json = answer_json(asker, wish, answer);
  Json waived = Json::array();
  print_answer(call.out(), asker, wish, answer);
  for (const tuf::Waived& one : client.waived()) {
    call.out().line("  expired           " + one.role + " on " + to_rfc3339(one.expired) + ", which was let pass");
    waived.push(Json::object({{"role", one.role}, {"expired", to_rfc3339(one.expired)}}));
  }
  json.set("waived", std::move(waived));
  if (call.has("--exit-code")) {
    call.out().evidence(json);
    TRY(as_exit(answer));
  }
  call.out().result(std::move(json));
  return {};
}

}  // namespace

std::vector<Command> offer_commands() {
  Command check{
      .noun = "firmware",
      .verb = "check",
      .summary = "Ask which release is the newest for a device, and how to get there",
      .description =
          "Reads an update repository, or a copy of one that was carried here, as a device does: signatures, versions "
          "and expiry are checked first. Says which release of the track is the newest for this hardware, which ones "
          "must be installed on the way, how far behind the device is, what the newest fixes, and how long fixes will "
          "come.\n\n"
          "With --state what was seen is remembered, so that a repository that goes back in time is refused; without "
          "it --root is trusted anew each time.",
      .positionals = {{"REPO", "Folder with metadata and targets.", true, false, Complete::folder}},
      .options =
          {{.name = "--track", .value = "NAME", .help = "Track that the device follows.", .fallback = "active"},
           {.name = "--device",
            .value = "FILE",
            .help = "Device configuration.",
            .fallback = "/etc/signet/device.json",
            .complete = Complete::file},
           {.name = "--installed", .value = "VERSION", .help = "Version that runs, in place of --device."},
           {.name = "--product", .value = "NAME", .help = "Product, with --installed."},
           {.name = "--hardware", .value = "NAME", .help = "Hardware, with --installed."},
           {.name = "--floor",
            .value = "N",
            .help = "Lowest security version that it takes, with --installed.",
            .fallback = "0"},
           {.name = "--state",
            .value = "FOLDER",
            .help = "Folder of the metadata that is trusted already.",
            .complete = Complete::folder},
           {.name = "--root", .value = "FILE", .help = "Root metadata to begin with.", .complete = Complete::file},
           {.name = "--waive-expiry",
            .value = "DAYS",
            .help = "Let metadata pass that expired at most so many days ago.",
            .fallback = "0"},
           {.name = "--downgrade", .help = "Also look for a way back to an older release."},
           {.name = "--exit-code", .help = "End with 1 if a newer release waits, with 2 if none can be taken."}},
      .examples = {{"signet firmware check updates/public --root root.json --product cam-a --hardware cam-a-r2 "
                    "--installed 11.9.60 --track lts-2026",
                    "Is this version still good?"},
                   {"signet firmware check /media/usb/updates --device cam/device.json --state cam/updates",
                    "From a stick, for a device in files"}},
      .run = run_check,
      .exits = {{0, {}, "the device is up to date, or --exit-code was not given"},
                {1, {"release.behind"}, "a newer release waits"},
                {2, {"release.no-way"}, "the track has nothing that the device could take"}}};
  return {std::move(check)};
}

}  // namespace signet::cli::firmware
