// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "floor/floor_commands.hpp"

#include "signet/bundle.hpp"
#include "signet/keystore.hpp"
#include "signet/keystored.hpp"
#include "signet/os/file.hpp"
#include "signet/tpm_policy.hpp"
#include "signet/updated.hpp"

#include <limits>

namespace signet::cli {

namespace {

using tpm::FloorApproval;

constexpr std::uint64_t k_value_max = std::numeric_limits<std::int64_t>::max();

std::string_view name_of(FloorApproval::Kind kind) {
  switch (kind) {
    case FloorApproval::Kind::first:
      return "first";
    case FloorApproval::Kind::raise:
      return "raise";
    case FloorApproval::Kind::lower:
      return "lower";
  }
  return "";
}

/// One sentence: what this approval lets a TPM do.
std::string sentence(const FloorApproval& approval) {
  const std::string value = std::to_string(approval.value);
  switch (approval.kind) {
    case FloorApproval::Kind::first:
      return "writes " + value + " into a new floor, once";
    case FloorApproval::Kind::raise:
      return "raises any floor below " + value + " to " + value;
    case FloorApproval::Kind::lower:
      return "lowers one device's floor from " + std::to_string(approval.from) + " to " + value +
             ", before that device restarts";
  }
  return {};
}

Json as_json(const FloorApproval& approval) {
  Json json = Json::object({{"kind", name_of(approval.kind)},
                            {"value", approval.value},
                            {"key_fingerprint", to_hex(approval.key.fingerprint())}});
  if (approval.kind == FloorApproval::Kind::lower) {
    json.set("from", approval.from);
    json.set("device", to_hex(approval.device_name));
    json.set("reset_count", std::int64_t{approval.reset_count});
  }
  return json;
}

Result<void> write_out(const Invocation& call, const FloorApproval& approval) {
  TRY(os::write_new_file(call.get("--out"), approval.encode()));
  call.out().line("Wrote " + printable(call.get("--out")) + ": it " + sentence(approval) + ".");
  Json json = as_json(approval);
  json.set("file", call.get("--out"));
  call.out().result(std::move(json));
  return {};
}

/// The security version that a bundle's manifest names; approving it makes no claim about the bundle.
Result<std::uint64_t> security_version_of(const std::string& file) {
  TRY_ASSIGN(const std::unique_ptr<bundle::Source> source, bundle::open_source(file));
  TRY_ASSIGN(const Untrusted<bundle::Head> head, bundle::read_head(*source));
  TRY_ASSIGN(const bundle::Manifest manifest, bundle::Manifest::parse(head.unverified().manifest));
  return manifest.security_version;
}

Result<void> run_approve(const Invocation& call) {
  if (call.has("--bundle") == call.has("--out") || call.has("--bundle") == call.has("--value") ||
      (call.has("--first") && call.has("--bundle"))) {
    return Error(Errc::usage, "floor.approve-how",
                 "give either --bundle, or --value and --out (with --first if wanted)",
                 "See 'signet floor approve --help' for examples of both.");
  }
  std::uint64_t value = 0;
  if (call.has("--bundle")) {
    TRY_ASSIGN(value, security_version_of(call.get("--bundle")));
  } else {
    TRY_ASSIGN(value, call.get_uint("--value", 0, k_value_max));
  }
  TRY_ASSIGN(const std::shared_ptr<crypto::Signer> signer, keystore::open_signer(call.get("--key")));
  const auto kind = call.has("--first") ? FloorApproval::Kind::first : FloorApproval::Kind::raise;
  TRY_ASSIGN(const FloorApproval approval, tpm::approve_floor(*signer, kind, value));
  if (!call.has("--bundle")) return write_out(call, approval);
  TRY(bundle::add_record(call.get("--bundle"), bundle::RecordKind::floor_approval, approval.encode()));
  call.out().line("Added to " + printable(call.get("--bundle")) + " an approval that " + sentence(approval) + ".");
  Json json = as_json(approval);
  json.set("bundle", call.get("--bundle"));
  call.out().result(std::move(json));
  return {};
}

Result<void> run_lower(const Invocation& call) {
  TRY_ASSIGN(const std::uint64_t from, call.get_uint("--from", 1, k_value_max));
  TRY_ASSIGN(const std::uint64_t to, call.get_uint("--to", 0, from - 1));
  TRY_ASSIGN(const std::uint64_t resets, call.get_uint("--reset-count", 0, std::numeric_limits<std::uint32_t>::max()));
  auto device = from_hex(call.get("--device-name"));
  if (!device) {
    return Error(Errc::usage, "floor.device-name", "--device-name takes the hexadecimal name of a device's IDevID key",
                 "The device shows it: 'signet floor show'.");
  }
  TRY_ASSIGN(const std::shared_ptr<crypto::Signer> signer, keystore::open_signer(call.get("--key")));
  TRY_ASSIGN(const FloorApproval approval,
             tpm::approve_lower(*signer, from, to, *device, static_cast<std::uint32_t>(resets)));
  return write_out(call, approval);
}

Result<void> run_check(const Invocation& call) {
  TRY_ASSIGN(const Bytes text, os::read_file(call.get("FILE"), bundle::k_floor_approval_size_bytes_max));
  TRY_ASSIGN(const FloorApproval approval, FloorApproval::parse(text));
  TRY(approval.check());
  call.out().line(printable(call.get("FILE")) + " " + sentence(approval) + ".");
  call.out().line("  signed by         " + to_hex(approval.key.fingerprint()));
  call.out().result(as_json(approval));
  return {};
}

Result<void> run_show(const Invocation& call) {
  keystore::KeystoredClient keystored(call.get("--keystored"));
  TRY_ASSIGN(const Json floor, keystored.call("floor-read"));
  TRY_ASSIGN(const std::uint64_t value, floor.uint_at("floor"));
  TRY_ASSIGN(const std::uint64_t resets, floor.uint_at("reset_count"));
  TRY_ASSIGN(const std::string device_base64, floor.string_at("device_name"));
  TRY_ASSIGN(const Bytes device, from_base64(device_base64));
  call.out().line("The version floor in the TPM is " + std::to_string(value) + ".");
  call.out().line("  device name       " + to_hex(device));
  call.out().line("  reset count       " + std::to_string(resets));
  call.out().result(Json::object({{"value", value}, {"device_name", to_hex(device)}, {"reset_count", resets}}));
  return {};
}

Result<void> run_apply(const Invocation& call) {
  TRY_ASSIGN(const Bytes approval, os::read_file(call.get("FILE"), bundle::k_floor_approval_size_bytes_max));
  TRY_ASSIGN(updated::Installer installer, updated::Installer::open(call.get("--device")));
  TRY_ASSIGN(const std::uint64_t floor, installer.change_floor(approval));
  call.out().line("The version floor is now " + std::to_string(floor) +
                  ". The change is in the device's audit ledger.");
  call.out().result(Json::object({{"value", floor}}));
  return {};
}

Option key_option() {
  return {.name = "--key", .value = "URI", .help = "Floor key: pkcs11:... or file:...", .required = true};
}

Command approve_command() {
  return {
      .noun = "floor",
      .verb = "approve",
      .summary = "Approve a version floor for every device of the vendor",
      .description =
          "A device whose version floor lives in its TPM raises it only with the vendor's approval; the TPM itself "
          "checks the signature. With --bundle the approval is for the bundle's security version and travels in it. "
          "With --value it is written to a file.\n\n"
          "--first approves the first write of a new floor, for the birth policy; it cannot be repeated on a "
          "device.",
      .options = {key_option(),
                  {.name = "--bundle", .value = "FILE", .help = "Bundle to add it to.", .complete = Complete::file},
                  {.name = "--value", .value = "N", .help = "Security version to approve."},
                  {.name = "--out", .value = "FILE", .help = "File to write.", .complete = Complete::file},
                  {.name = "--first", .help = "Approve the first write of a new floor."}},
      .examples = {{"signet floor approve --key 'pkcs11:token=vendor;object=floor?pin-source=file:pin' --bundle "
                    "cam-a.bundle",
                    "For the security version of a bundle"},
                   {"signet floor approve --key 'file:keys?label=floor' --first --value 1 --out first-floor.json",
                    "For devices that are to be born"}},
      .run = run_approve};
}

Command lower_command() {
  return {
      .noun = "floor",
      .verb = "approve-lower",
      .summary = "Approve a lower version floor for one device",
      .description =
          "For a device that must go back. The approval names the device's own key and the present power cycle, so "
          "it works on no other device and not after a restart. The device logs that it was used.",
      .options =
          {key_option(),
           {.name = "--from", .value = "N", .help = "Floor that the device has.", .required = true},
           {.name = "--to", .value = "N", .help = "Floor that it shall get.", .required = true},
           {.name = "--device-name",
            .value = "HEX",
            .help = "Name of its IDevID key, as 'signet floor show' prints it.",
            .required = true},
           {.name = "--reset-count",
            .value = "N",
            .help = "Its reset count, as 'signet floor show' prints it.",
            .required = true},
           {.name = "--out", .value = "FILE", .help = "File to write.", .required = true, .complete = Complete::file}},
      .examples = {{"signet floor approve-lower --key 'file:keys?label=floor' --from 9 --to 7 --device-name 000b17ac "
                    "--reset-count 12 --out lower.json",
                    "Let one device go back from 9 to 7"}},
      .run = run_lower};
}

}  // namespace

std::vector<Command> floor_commands() {
  Command check{.noun = "floor",
                .verb = "check",
                .summary = "Show what an approval allows, and by whose key",
                .description = "Checks the signature of an approval and says in words what a TPM would do with it.",
                .positionals = {{"FILE", "Approval to check."}},
                .options = {},
                .examples = {{"signet floor check first-floor.json", "Read an approval"}},
                .run = run_check};
  Command show{
      .noun = "floor",
      .verb = "show",
      .summary = "Show the version floor of this device's TPM",
      .description = "Also shows the two values that the vendor needs to approve a lower floor for this device.",
      .positionals = {},
      .options = {{.name = "--keystored",
                   .value = "SOCKET",
                   .help = "Socket of signet-keystored.",
                   .fallback = std::string(keystore::k_keystored_socket),
                   .complete = Complete::file}},
      .examples = {{"signet floor show", "On the device"}},
      .run = run_show};
  Command apply{.noun = "floor",
                .verb = "apply",
                .summary = "Carry out an approval on this device",
                .description =
                    "Hands an approval to the TPM. A raise usually comes with firmware and needs no command; a lower "
                    "floor always does. Either is recorded in the device's audit ledger.",
                .positionals = {{"FILE", "Approval to carry out."}},
                .options = {{.name = "--device",
                             .value = "FILE",
                             .help = "Device configuration.",
                             .fallback = "/etc/signet/device.json",
                             .complete = Complete::file}},
                .examples = {{"signet floor apply lower.json", "On the device that it was made for"}},
                .run = run_apply};
  return {approve_command(), lower_command(), std::move(check), std::move(show), std::move(apply)};
}

}  // namespace signet::cli
