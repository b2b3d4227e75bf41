// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "key/attestation.hpp"

#include "signet/os/file.hpp"

#include "id/identity_trust.hpp"

#include <algorithm>

namespace signet::cli {

namespace {

constexpr std::uint64_t k_attestation_bytes_max = 1U << 20U;
constexpr std::size_t k_nonce_bytes_min = 16;
constexpr std::size_t k_nonce_bytes_max = 64;

Json claims_json(const attest::KeyClaims& claims) {
  Json attributes = Json::object();
  for (const auto& [name, set] : claims.attributes) attributes.set(name, Json(set));
  return Json::object({{"backend", printable(claims.backend)},
                       {"model", printable(claims.model)},
                       {"serial", printable(claims.serial)},
                       {"protection", printable(claims.protection)},
                       {"extractable", printable(claims.extractable)},
                       {"attributes", std::move(attributes)}});
}

}  // namespace

Option nonce_option(std::string help) { return {.name = "--nonce", .value = "HEX", .help = std::move(help)}; }

Result<std::optional<Bytes>> nonce_of(const Invocation& call) {
  if (!call.has("--nonce")) return std::optional<Bytes>();
  TRY_ASSIGN(Bytes nonce, from_hex(call.get("--nonce")));
  if (nonce.size() >= k_nonce_bytes_min && nonce.size() <= k_nonce_bytes_max) return std::optional(std::move(nonce));
  return Error(Errc::usage, "key.nonce", "a nonce of " + std::to_string(nonce.size()) + " bytes",
               "Give 16 to 64 bytes in hexadecimal: openssl rand -hex 32.");
}

Option strength_option(std::string name, std::string help) {
  return {.name = std::move(name),
          .value = "STRENGTH",
          .help = std::move(help),
          .choices = {"software", "trusted-environment", "strong"}};
}

Result<attest::Strength> strength_of(const std::string& text) {
  std::string name = text;
  std::ranges::transform(name, name.begin(), [](char c) {
    if (c == '-') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return attest::strength_from(name);
}

Result<birth::JudgedKey> judge_attestation(const Invocation& call, const std::string& file,
                                           const std::optional<crypto::PublicKey>& key) {
  TRY_ASSIGN(birth::IdentityTrust trust, id::trust_from(call));
  TRY_ASSIGN(trust.nonce, nonce_of(call));
  TRY_ASSIGN(const Bytes text, os::read_file(file, k_attestation_bytes_max));
  TRY_ASSIGN(const attest::KeyStatement statement, attest::KeyStatement::parse(text));
  return birth::judge_key(statement, trust, key);
}

std::string place_of(const birth::JudgedKey& judged) {
  const attest::AttestedKey& key = judged.key();
  if (key.basis() == attest::Basis::certified && judged.device()) {
    return "made in the TPM of device " + judged.device()->serial() + " of " + judged.device()->vendor().subject() +
           ", which it cannot leave";
  }
  if (key.basis() == attest::Basis::possession || !key.claims()) return "in a file, of which there may be copies";
  const attest::KeyClaims& claims = *key.claims();
  return "by its own store's word behind " + printable(claims.backend, 32) + " (" + printable(claims.model, 80) +
         "), which says protection " + printable(claims.protection, 20) + ", extractable " +
         printable(claims.extractable, 20);
}

Json as_json(const birth::JudgedKey& judged) {
  const attest::AttestedKey& key = judged.key();
  Json notes = Json::array();
  for (const std::string& note : judged.notes()) notes.push(note);
  Json json = Json::object({{"basis", attest::name_of(key.basis())},
                            {"strength", attest::name_of(key.strength())},
                            {"fresh", key.freshness() == attest::Presence::proven},
                            {"fingerprint", to_hex(key.key().fingerprint())},
                            {"algorithm", crypto::name_of(key.key().algorithm())},
                            {"public_key", key.key().pem()},
                            {"notes", std::move(notes)}});
  if (const auto& device = judged.device()) {
    json.set("serial", device->serial()).set("vendor", device->vendor().subject());
    json.set("recorded", birth::name_of(device->recorded()));
    if (device->record()) {
      json.set("product", device->record()->product.str()).set("tpm_model", printable(device->record()->tpm_model, 80));
    }
  }
  if (!key.boot_state().empty()) {
    Json pcrs = Json::object();
    for (const tpm::PcrValue& pcr : key.boot_state()) pcrs.set(std::to_string(pcr.index), to_hex(pcr.value));
    json.set("boot_state", std::move(pcrs));
  }
  if (key.claims()) json.set("claims", claims_json(*key.claims()));
  return json;
}

}  // namespace signet::cli
