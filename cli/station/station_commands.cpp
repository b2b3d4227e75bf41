// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "station/station_commands.hpp"

#include "signet/documents.hpp"
#include "signet/keystore.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"
#include "signet/station.hpp"

#include <array>

namespace signet::cli {

namespace {

constexpr std::uint64_t k_file_bytes_max = 1U << 20U;

const Positional k_config = {.name = "CONFIG", .help = "The station's configuration file."};

Result<std::string> text_of(const std::string& path) {
  TRY_ASSIGN(const Bytes bytes, os::read_file(path, k_file_bytes_max));
  return std::string(as_text(bytes));
}

Result<tpm::DevidTemplate> template_from(std::string_view name) {
  for (const auto which : {tpm::DevidTemplate::h1_rsa2048, tpm::DevidTemplate::h2_p256, tpm::DevidTemplate::h3_p384}) {
    if (tpm::name_of(which) == name) return which;
  }
  return Error(Errc::usage, "station.template", "a template is H-1, H-2 or H-3");
}

Result<std::vector<pki::Certificate>> anchors_from(const Invocation& invocation) {
  std::vector<pki::Certificate> anchors;
  for (const std::string& path : invocation.all("--anchor")) {
    TRY_ASSIGN(const std::string pem, text_of(path));
    TRY_ASSIGN(auto certificate, pki::Certificate::from_pem(pem));
    anchors.push_back(std::move(certificate));
  }
  return anchors;
}

Result<void> policy(const Invocation& invocation) {
  TRY_ASSIGN(ProductId product, ProductId::parse(invocation.get("--product")));
  TRY_ASSIGN(const std::uint64_t revision, invocation.get_uint("--revision", 1, UINT32_MAX));
  TRY_ASSIGN(const std::uint64_t floor, invocation.get_uint("--floor", 0, UINT32_MAX));
  TRY_ASSIGN(const auto devid, template_from(invocation.get("--template")));
  TRY_ASSIGN(const auto strength, attest::strength_from(invocation.get("--minimum-strength")));
  TRY_ASSIGN(const std::string escrow_pem, text_of(invocation.get("--escrow-key")));
  TRY_ASSIGN(auto escrow_key, crypto::PublicKey::from_pem(escrow_pem));
  TRY_ASSIGN(auto anchors, anchors_from(invocation));
  TRY_ASSIGN(const auto floor_key, keystore::open_signer(invocation.get("--floor-key")));
  TRY_ASSIGN(auto first_floor, tpm::approve_floor(*floor_key, tpm::FloorApproval::Kind::first, floor));
  TRY_ASSIGN(const auto key, keystore::open_signer(invocation.get("--key")));
  const birth::Policy made{.product = std::move(product),
                           .revision = revision,
                           .devid = devid,
                           .escrow_key = std::move(escrow_key),
                           .floor_key = floor_key->public_key(),
                           .first_floor = std::move(first_floor),
                           .anchors = std::move(anchors),
                           .keys = invocation.all("--further-key"),
                           .minimum_strength = strength};
  const Bytes payload = made.encode();
  TRY(birth::Policy::parse(payload));  // what no station and no unit would take is not signed
  TRY_ASSIGN(const Bytes envelope, documents::sign_envelope(birth::k_policy_type, payload, std::array{key.get()}));
  TRY(os::replace_file(invocation.get("OUT"), envelope));
  invocation.out().line("Signed revision " + std::to_string(revision) + " of the birth policy of '" +
                        made.product.str() + "'.");
  invocation.out().result(Json::object({{"product", made.product.str()}, {"revision", revision}, {"floor", floor}}));
  return {};
}

Result<void> init(const Invocation& invocation) {
  TRY_ASSIGN(const auto config, station::Config::load(invocation.get("CONFIG")));
  TRY(station::init(config));
  invocation.out().line("The line '" + config.line + "' can begin: signet-station " + invocation.get("CONFIG"));
  invocation.out().result(Json::object({{"station", config.station}, {"line", config.line}}));
  return {};
}

Result<void> status(const Invocation& invocation) {
  TRY_ASSIGN(const auto config, station::Config::load(invocation.get("CONFIG")));
  TRY_ASSIGN(const auto now, station::status(config, os::SystemClock().now()));
  Output& out = invocation.out();
  out.line("station             " + config.station + ", line " + config.line);
  for (const auto& [phase, count] : now.phases) {
    out.line(phase + std::string(20 - std::min<std::size_t>(phase.size(), 19), ' ') + std::to_string(count));
  }
  out.line("quarantined         " + std::to_string(now.quarantined));
  out.line("identities issued   " + std::to_string(now.identities_issued));
  out.line("ledger entries      " + std::to_string(now.ledger_entries));
  for (const auto& [step, count] : now.failures_by_step) {
    out.line("failed at " + step + ": " + std::to_string(count));
  }
  out.result(now.json());
  return {};
}

Result<void> list_failed(const Invocation& invocation, const station::Config& config) {
  TRY_ASSIGN(const auto all, station::failures(config));
  Json list = Json::array();
  for (const station::Failed& each : all) {
    invocation.out().line(each.serial + "  " + (each.quarantined ? "quarantined" : "may try again") + "  at " +
                          each.step + "  " + each.reason + ": " + each.text);
    list.push(Json::object({{"serial", each.serial},
                            {"tpm", each.tpm},
                            {"at", to_rfc3339(each.at)},
                            {"step", each.step},
                            {"reason", each.reason},
                            {"text", each.text},
                            {"failures", each.failures},
                            {"quarantined", each.quarantined}}));
  }
  if (all.empty()) invocation.out().line("No unit has failed.");
  invocation.out().result(Json::object({{"failed", std::move(list)}}));
  return {};
}

Result<void> units(const Invocation& invocation) {
  TRY_ASSIGN(const auto config, station::Config::load(invocation.get("CONFIG")));
  if (invocation.has("--failed")) return list_failed(invocation, config);
  TRY_ASSIGN(const auto all, station::units(config));
  Json list = Json::array();
  for (const station::Unit& each : all) {
    const std::string entry = each.ledger_index ? "  entry " + std::to_string(*each.ledger_index) : "";
    invocation.out().line(each.serial + "  " + std::string(station::name_of(each.phase)) + "  " +
                          std::string(attest::name_of(each.strength)) + entry);
    list.push(Json::object({{"serial", each.serial},
                            {"tpm", each.tpm},
                            {"phase", station::name_of(each.phase)},
                            {"strength", attest::name_of(each.strength)},
                            {"reserved_at", to_rfc3339(each.reserved_at)},
                            {"updated_at", to_rfc3339(each.updated_at)},
                            {"ledger_index", each.ledger_index ? Json(*each.ledger_index) : Json()}}));
  }
  if (all.empty()) invocation.out().line("No unit has come yet.");
  invocation.out().result(Json::object({{"units", std::move(list)}}));
  return {};
}

Result<void> release(const Invocation& invocation) {
  TRY_ASSIGN(const auto config, station::Config::load(invocation.get("CONFIG")));
  TRY_ASSIGN(const std::uint64_t count, station::release(config, invocation.get("SERIAL")));
  invocation.out().line("The unit " + printable(invocation.get("SERIAL"), 80) + " may try again.");
  invocation.out().result(Json::object({{"serial", invocation.get("SERIAL")}, {"released", count}}));
  return {};
}

Result<void> batch(const Invocation& invocation) {
  TRY_ASSIGN(const auto config, station::Config::load(invocation.get("CONFIG")));
  std::optional<std::uint64_t> first;
  if (invocation.has("--from")) {
    TRY_ASSIGN(first, invocation.get_uint("--from", 0, UINT32_MAX));
  }
  TRY_ASSIGN(const auto made, station::batch(config, first, invocation.get("OUT"), os::SystemClock().now()));
  invocation.out().line("Handed over " + std::to_string(made.count) + " records from entry " +
                        std::to_string(made.first) + " on; " + std::to_string(made.left) + " are left.");
  invocation.out().result(Json::object({{"first", made.first}, {"count", made.count}, {"left", made.left}}));
  return {};
}

Command policy_command() {
  return {
      .noun = "station",
      .verb = "policy",
      .summary = "Sign what the vendor orders for the units of a product",
      .description =
          "Makes the birth policy that a station carries to its units: which keys they make, whom they trust, where "
          "their version floor begins, to whom their TPM's auth values are escrowed, and how much a TPM must be "
          "worth. Units take it only under the vendor's key.",
      .positionals = {{.name = "OUT", .help = "The signed policy to write."}},
      .options = {{.name = "--key", .value = "URI", .help = "The vendor's key that signs policies.", .required = true},
                  {.name = "--product", .value = "NAME", .help = "The product.", .required = true},
                  {.name = "--revision", .value = "N", .help = "One above the last policy's.", .fallback = "1"},
                  {.name = "--floor", .value = "N", .help = "The version floor at birth.", .required = true},
                  {.name = "--floor-key", .value = "URI", .help = "The key that rules the floor.", .required = true},
                  {.name = "--escrow-key",
                   .value = "FILE",
                   .help = "The public key (PEM) that receives the escrow.",
                   .required = true,
                   .complete = Complete::file},
                  {.name = "--anchor",
                   .value = "FILE",
                   .help = "A root certificate (PEM) that units trust from now on.",
                   .required = true,
                   .repeatable = true,
                   .complete = Complete::file},
                  {.name = "--further-key",
                   .value = "NAME",
                   .help = "A further key that units make.",
                   .repeatable = true,
                   .choices = {"video"}},
                  {.name = "--template",
                   .value = "NAME",
                   .help = "The TCG template of IDevID and IAK.",
                   .fallback = "H-2",
                   .choices = {"H-1", "H-2", "H-3"}},
                  {.name = "--minimum-strength",
                   .value = "STRENGTH",
                   .help = "What a unit's TPM must be worth at least.",
                   .fallback = "STRONG",
                   .choices = {"SOFTWARE", "TRUSTED_ENVIRONMENT", "STRONG"}}},
      .examples = {{"signet station policy birth-policy.json --key 'file:keys?label=policy' --product cam-a --floor 7 "
                    "--floor-key 'file:keys?label=floor' --escrow-key escrow.pem --anchor root.pem --further-key "
                    "video",
                    "Order how units of cam-a are born."}},
      .run = policy};
}

Command simple(std::string verb, std::string summary, std::string description, std::string example,
               std::function<Result<void>(const Invocation&)> run) {
  return {.noun = "station",
          .verb = std::move(verb),
          .summary = summary,
          .description = std::move(description),
          .positionals = {k_config},
          .options = {},
          .examples = {{std::move(example), summary + "."}},
          .run = std::move(run)};
}

}  // namespace

std::vector<Command> station_commands() {
  Command units_command =
      simple("units", "List the units of a line", "Every unit that has a serial number here, and how far it is.",
             "signet station units line-7.json", units);
  units_command.options = {{.name = "--failed", .value = "", .help = "Those that failed, and why."}};
  Command release_command = simple("release", "Let a quarantined unit try again",
                                   "Every box that came under this serial number and is held back may come again.",
                                   "signet station release line-7.json A4711", release);
  release_command.positionals.push_back(
      {.name = "SERIAL", .help = "The serial number.", .complete = Complete::nothing});
  Command batch_command =
      simple("batch", "Hand over the records of births to the vendor",
             "Writes the published birth records that were not handed over yet, with their proofs, the "
             "ledger's checkpoint and the revocation list, signed by the station.",
             "signet station batch line-7.json batch.json", batch);
  batch_command.positionals.push_back({.name = "OUT", .help = "The batch to write."});
  batch_command.options = {{.name = "--from", .value = "N", .help = "Begin at this entry of the ledger."}};
  return {policy_command(),
          simple("init", "Begin a new line",
                 "Makes the station's registry, and the ledger where there is none. A ledger that has records already "
                 "belongs to the registry that made them.",
                 "signet station init line-7.json", init),
          simple("status", "Show how a line is doing",
                 "Units by phase, failures by step, identities against ledger entries.",
                 "signet station status line-7.json", status),
          std::move(units_command),
          std::move(release_command),
          std::move(batch_command)};
}

}  // namespace signet::cli
