// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "tour_commands.hpp"

#include "stage.hpp"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <system_error>

namespace signet::cli {

namespace {

using tour::Stage;

struct Chapter {
  std::string_view name;
  Result<void> (*play)(Stage&);
};

// Played in this order; each may build on what the ones before left in the tour's folder.
constexpr std::array k_chapters{
    Chapter{"keys", tour::play_keys},           Chapter{"birth", tour::play_birth},
    Chapter{"release", tour::play_release},     Chapter{"device", tour::play_device},
    Chapter{"forgeries", tour::play_forgeries}, Chapter{"ledger", tour::play_ledger},
    Chapter{"video", tour::play_video},
};

/// The tour's folder; removed at the end unless the user wants to look around.
class Folder {
 public:
  static Result<Folder> make() {
    std::string pattern = (std::filesystem::temp_directory_path() / "signet-tour-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return errno_error(errno, "make a folder for the tour");
    return Folder(pattern);
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Folder& operator=(Folder&&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  std::filesystem::path keep() { return std::exchange(path_, {}); }

 private:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

Result<void> run_tour(const Invocation& call) {
  const auto began = std::chrono::steady_clock::now();
  std::error_code failed;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return Error(Errc::unavailable, "tour.program", "the program cannot find itself", "Is /proc mounted?");
  TRY_ASSIGN(Folder folder, Folder::make());
  Stage stage(call.out(), folder.path(), program);
  call.out().line(
      "Signet: devices are born, a release goes from its maker's keys onto one of them, and forgeries do not; one of "
      "them signs what it records. Every command below really runs.");
  for (const Chapter& chapter : k_chapters) {
    TRY(chapter.play(stage).context("chapter '" + std::string(chapter.name) + "'"));
  }
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
  call.out().line("");
  call.out().line("Done in " + std::to_string((took + 500) / 1000) + " seconds: " + std::to_string(stage.refusals()) +
                  " attacks, all refused.");
  Json result = Json::object({{"chapters", stage.record()},
                              {"attacks_refused", static_cast<std::int64_t>(stage.refusals())},
                              {"took_ms", std::int64_t{took}}});
  if (call.has("--keep")) {
    const std::string kept = folder.keep().string();
    call.out().line("Everything is kept in " + kept + " (--keep).");
    result.set("folder", kept);
  } else {
    call.out().line(
        "Look around yourself: 'signet tour --keep' leaves its folder; 'signet --help' lists the commands.");
  }
  call.out().result(std::move(result));
  return {};
}

}  // namespace

std::vector<Command> tour_commands() {
  return {
      {.noun = "tour",
       .verb = "",
       .summary = "Watch births, a release on its way, and attackers who fail",
       .description =
           "Plays the life of devices with real parts: keys in a PKCS#11 token (SoftHSM2), units with software TPMs "
           "(swtpm) that are born at a station, an erofs image of a small Debian root, two signatures, a ledger with "
           "a witness, a device with two slots and its floor in the TPM, a camera service that signs its live picture "
           "with "
           "a key in that TPM, and attackers. Every line that starts with a dollar sign is a command that really ran; "
           "anything that does not come out as told ends the tour with "
           "an error.\n\n"
           "It works in a temporary folder and changes nothing else. It needs the Debian packages softhsm2, swtpm, "
           "swtpm-tools, erofs-utils, openssl, and GStreamer's base, good, bad and ugly plugins.",
       .options = {{.name = "--keep", .help = "Keep the folder, to look around."}},
       .examples = {{"signet tour", "For people"}, {"signet tour --json", "The same for machines"}},
       .run = run_tour}};
}

}  // namespace signet::cli
