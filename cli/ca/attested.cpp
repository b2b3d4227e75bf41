// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ca/attested.hpp"

#include "signet/os/clock.hpp"
#include "signet/pki.hpp"

#include "key/attestation.hpp"

namespace signet::cli {

namespace {

Result<void> require(const Invocation& call) {
  TRY_ASSIGN(const attest::Strength strength, strength_of(call.get("--strength")));
  const os::SystemClock clock;
  TRY_ASSIGN(auto authority, ca::Authority::open(call.get("FOLDER"), nullptr, clock));
  TRY(authority.demand(call.get("--profile"), strength));
  call.out().line("certificates of profile " + call.get("--profile") +
                  " are issued only for keys that are proven to be " + std::string(attest::name_of(strength)) +
                  " at least");
  Json demands = Json::object();
  for (const auto& [profile, least] : authority.demands()) demands.set(profile, attest::name_of(least));
  call.out().result(Json::object({{"demands", std::move(demands)}}));
  return {};
}

}  // namespace

Result<std::string> add_attestation(const Invocation& call, ca::Application& application) {
  if (call.has("--require-strength")) {
    TRY_ASSIGN(application.minimum_strength, strength_of(call.get("--require-strength")));
  }
  if (!call.has("--attestation")) return std::string();
  TRY_ASSIGN(const auto judged, judge_attestation(call, call.get("--attestation"), std::nullopt));
  application.attestation = judged.key();
  return "; the key is " + place_of(judged) + "; proven: " + std::string(attest::name_of(judged.key().strength()));
}

Option profile_option(bool self_signed) {
  std::vector<std::string> names;
  for (const pki::Profile& each : pki::profiles()) {
    if (each.self_signed == self_signed) names.emplace_back(each.name);
  }
  Option option{
      .name = "--profile", .value = "PROFILE", .help = "What kind of certificate it is.", .required = !self_signed};
  if (self_signed) option.fallback = names.front();
  option.choices = std::move(names);
  return option;
}

Command require_command() {
  Option strength = strength_option("--strength", "How strong keys must be proven to be.");
  strength.required = true;
  return {.noun = "ca",
          .verb = "require",
          .summary = "Demand that keys of a profile are proven to be strong",
          .description =
              "From now on certificates of that profile are issued only for keys whose attestation ('signet key "
              "attest') proves that strength. software demands an attestation, of whatever strength. It is on record, "
              "and the last word of a profile counts.",
          .positionals = {{.name = "FOLDER", .help = "The authority's folder.", .complete = Complete::folder}},
          .options = {profile_option(false), std::move(strength)},
          .examples = {{"signet ca require fleet-ca --profile tls-server --strength trusted-environment",
                        "no server key in a file"}},
          .run = require};
}

}  // namespace signet::cli
