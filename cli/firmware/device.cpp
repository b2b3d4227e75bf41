// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/updated.hpp"

#include "firmware_common.hpp"

namespace signet::cli::firmware {

namespace {

using updated::Installer;
using updated::SlotName;
using updated::Status;

std::string slot_line(const Status& status, SlotName name) {
  const updated::Slot& slot = status.boot.at(name);
  std::string line =
      "  slot " + std::string(updated::name_of(name)) + "            " + std::string(updated::name_of(slot.state));
  if (!slot.version.empty())
    line += ", " + slot.version + " (security version " + std::to_string(slot.security_version) + ")";
  if (slot.state == updated::SlotState::ready) line += ", " + std::to_string(slot.tries_left) + " tries left";
  if (name == status.boot.booted) line += ", running";
  if (name == status.boot.active) line += ", starts next";
  return line;
}

Json status_json(const Status& status) {
  Json slots = Json::object();
  for (const SlotName name : {SlotName::a, SlotName::b}) {
    const updated::Slot& slot = status.boot.at(name);
    slots.set(updated::name_of(name), Json::object({{"state", updated::name_of(slot.state)},
                                                    {"tries_left", static_cast<std::int64_t>(slot.tries_left)},
                                                    {"version", slot.version},
                                                    {"security_version", slot.security_version},
                                                    {"manifest_sha256", slot.manifest_sha256}}));
  }
  return Json::object({{"phase", updated::name_of(status.phase)},
                       {"running", updated::name_of(status.boot.booted)},
                       {"starts_next", updated::name_of(status.boot.active)},
                       {"version_floor", status.version_floor},
                       {"slots", slots}});
}

void print_status(Output& out, const Status& status) {
  out.line("  phase             " + std::string(updated::name_of(status.phase)));
  out.line(slot_line(status, SlotName::a));
  out.line(slot_line(status, SlotName::b));
  out.line("  version floor     " + std::to_string(status.version_floor));
  out.result(status_json(status));
}

Result<void> run_device(const Invocation& call) {
  TRY_ASSIGN(ProductId product, ProductId::parse(call.get("--product")));
  updated::DeviceTemplate wanted{.product = std::move(product),
                                 .hardware = call.get("--hardware"),
                                 .roles = call.all("--role"),
                                 .anchors = {call.all("--anchor").begin(), call.all("--anchor").end()},
                                 .log_keys = {},
                                 .witness_keys = {},
                                 .floor_socket = {}};
  TRY_ASSIGN(const std::uint64_t signers, call.get_uint("--signers", 1, bundle::k_records_max));
  wanted.signers_required = static_cast<unsigned>(signers);
  TRY_ASSIGN(const std::vector<ledger::VerifierKey> logs, load_vkeys(call.all("--log-key")));
  TRY_ASSIGN(const std::vector<ledger::VerifierKey> witnesses, load_vkeys(call.all("--witness-key")));
  for (const ledger::VerifierKey& key : logs) wanted.log_keys.push_back(key.str());
  for (const ledger::VerifierKey& key : witnesses) wanted.witness_keys.push_back(key.str());
  if (call.has("--keystored")) wanted.floor_socket = std::filesystem::absolute(call.get("--keystored"));
  const std::filesystem::path folder = call.get("FOLDER");
  TRY(updated::make_file_device(folder, wanted));
  const std::string config = (folder / "device.json").string();
  call.out().line("Made a device in files: " + printable(config));
  call.out().result(Json::object({{"config", config}}));
  return {};
}

Result<void> run_install(const Invocation& call) {
  TRY_ASSIGN(Installer installer, Installer::open(call.get("--device")));
  const std::string file = call.get("BUNDLE");
  const bundle::Progress progress = progress_to(call.out(), "installing");
  auto report = file == "-" ? installer.install_stream(*bundle::standard_input_source(), progress)
                            : installer.install(file, progress);
  if (!report) return std::move(report).error();
  const bundle::Manifest& manifest = report->bundle.manifest();
  call.out().line("Installed " + manifest.version + " into slot " + std::string(updated::name_of(report->slot)) +
                  ". It is tried at the next start; confirm it when it works.");
  call.out().result(Json::object({{"slot", updated::name_of(report->slot)},
                                  {"manifest", manifest_json(manifest)},
                                  {"signatures", signatures_json(report->bundle.signatures())}}));
  return {};
}

Result<void> run_start(const Invocation& call) {
  TRY_ASSIGN(Installer installer, Installer::open(call.get("--device")));
  TRY_ASSIGN(const SlotName slot, installer.start());
  call.out().line("The loader starts slot " + std::string(updated::name_of(slot)) + ".");
  call.out().result(Json::object({{"slot", updated::name_of(slot)}}));
  return {};
}

Result<void> run_confirm(const Invocation& call) {
  TRY_ASSIGN(Installer installer, Installer::open(call.get("--device")));
  TRY_ASSIGN(const Status status, installer.confirm());
  call.out().line("Confirmed: the running release is good, the version floor is " +
                  std::to_string(status.version_floor) + ".");
  print_status(call.out(), status);
  return {};
}

Result<void> run_status(const Invocation& call) {
  TRY_ASSIGN(Installer installer, Installer::open(call.get("--device")));
  TRY_ASSIGN(const Status status, installer.status());
  call.out().line("Firmware of the device:");
  print_status(call.out(), status);
  return {};
}

Option device_option() {
  return {.name = "--device",
          .value = "FILE",
          .help = "Device configuration.",
          .fallback = "/etc/signet/device.json",
          .complete = Complete::file};
}

Command make_device_command() {
  return {.noun = "firmware",
          .verb = "device",
          .summary = "Make a device in files, to try things out",
          .description =
              "Writes a folder with a device configuration whose two slots are files, so that everything a device does "
              "with firmware can be tried on "
              "any machine. The configuration file is documented in docs/formats/device-config.md.",
          .positionals = {{"FOLDER", "Folder of the new device.", true, false, Complete::folder}},
          .options = {{.name = "--product", .value = "NAME", .help = "Product that it is.", .required = true},
                      {.name = "--hardware", .value = "NAME", .help = "Hardware that it is.", .required = true},
                      {.name = "--role",
                       .value = "NAME",
                       .help = "Image that each slot holds.",
                       .required = true,
                       .repeatable = true},
                      {.name = "--anchor",
                       .value = "FILE",
                       .help = "Trusted root (PEM).",
                       .required = true,
                       .repeatable = true,
                       .complete = Complete::file},
                      {.name = "--signers",
                       .value = "N",
                       .help = "How many different keys must sign its firmware.",
                       .fallback = "1"},
                      {.name = "--log-key",
                       .value = "VKEY",
                       .help = "Ledger whose proof of release time counts.",
                       .repeatable = true,
                       .complete = Complete::file},
                      {.name = "--witness-key",
                       .value = "VKEY",
                       .help = "Witness that must have seen it.",
                       .repeatable = true,
                       .complete = Complete::file},
                      {.name = "--keystored",
                       .value = "SOCKET",
                       .help = "Keep the version floor in the TPM behind this signet-keystored.",
                       .complete = Complete::file}},
          .examples = {{"signet firmware device cam --product cam-a --hardware cam-a-r2 --role rootfs --anchor "
                        "vendor-root.pem --signers 2",
                        "A device that demands two signers"}},
          .run = run_device};
}

}  // namespace

std::vector<Command> device_commands() {
  Command install{.noun = "firmware",
                  .verb = "install",
                  .summary = "Install a bundle into the slot that does not run",
                  .description =
                      "Takes a bundle only if it is genuine, for this product and hardware, not older than the "
                      "device's version floor, and whole. From a file "
                      "every byte is checked before the first one is written; from standard input each MiB is checked "
                      "before it is written.\n\n"
                      "A refusal says why and leaves both slots as they were. The new release is tried three times; "
                      "what is not confirmed by then gives "
                      "way to the old one.",
                  .positionals = {{"BUNDLE", "File to install; - for standard input."}},
                  .options = {device_option()},
                  .examples = {{"signet firmware install cam-a.bundle --device cam/device.json",
                                "Into a device made with 'signet firmware device'"}},
                  .run = run_install};
  Command start{.noun = "firmware",
                .verb = "start",
                .summary = "Play the loader: choose the slot that starts",
                .description =
                    "Does what a boot loader does at power-on with a device in files: starts the active slot, counts a "
                    "try of a new release, falls back when "
                    "the tries are used up.",
                .options = {device_option()},
                .examples = {{"signet firmware start --device cam/device.json", "Restart the device"}},
                .run = run_start};
  Command confirm{
      .noun = "firmware",
      .verb = "confirm",
      .summary = "Confirm that the running release works",
      .description =
          "Makes the running release good and raises the version floor to its security version: from now on nothing "
          "older is accepted.",
      .options = {device_option()},
      .examples = {{"signet firmware confirm --device cam/device.json", "After the first start of a new release"}},
      .run = run_confirm};
  Command status{
      .noun = "firmware",
      .verb = "status",
      .summary = "Show slots, phase and version floor of a device",
      .description = "Shows which release runs, which starts next, and the lowest security version that is accepted.",
      .options = {device_option()},
      .examples = {{"signet firmware status --device cam/device.json --json", "For machines"}},
      .run = run_status};
  return {make_device_command(), std::move(install), std::move(start), std::move(confirm), std::move(status)};
}

}  // namespace signet::cli::firmware
