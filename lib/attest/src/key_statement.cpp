// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: attest_key_fuzz)
#include "signet/key_attestation.hpp"
#include "signet/tpm_policy.hpp"

#include "fields.hpp"

#include <variant>

namespace signet::attest {

namespace {

constexpr std::string_view k_format = "signet-key-attestation-v1";
/// Of keys that are bound to a boot state, which a reader of version 1 must not overlook.
constexpr std::string_view k_format_bound = "signet-key-attestation-v2";
constexpr std::string_view k_residency_prefix = "signet key residency v1\n";
constexpr std::string_view k_possession_prefix = "signet key possession v1\n";
constexpr JsonLimits k_limits{.size_bytes_max = k_statement_bytes_max, .depth_max = 5, .values_max = 192};
constexpr std::size_t k_backend_bytes_max = 32;
constexpr std::size_t k_text_bytes_max = 256;
constexpr std::size_t k_attributes_max = 16;
constexpr std::size_t k_spki_bytes_max = 1024;

Error malformed(std::string text) {
  return {Errc::invalid_input, "attest.key-statement", "not an attestation of a key: " + std::move(text),
          "Expected is what 'signet key attest' writes; see docs/formats/key-attestation.md."};
}

Result<std::string> text_at(const Json& json, std::string_view name, std::size_t size_bytes_max) {
  TRY_ASSIGN(std::string text, json.string_at(name));
  if (text.size() > size_bytes_max) return malformed("'" + std::string(name) + "' is too long");
  return text;
}

/// CKA_LOCAL: how PKCS#11 spells what it says of a key.
Result<void> check_attribute(std::string_view name) {
  constexpr std::string_view k_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  if (name.starts_with("CKA_") && name.size() <= 64 && name.find_first_not_of(k_letters) == std::string_view::npos) {
    return {};
  }
  return malformed("'" + printable(name, 40) + "' is no attribute of a key");
}

Result<KeyClaims> read_claims(const Json& json) {
  TRY(json.only_members({"backend", "model", "serial", "protection", "extractable", "attributes"}));
  KeyClaims claims;
  TRY_ASSIGN(claims.backend, text_at(json, "backend", k_backend_bytes_max));
  TRY_ASSIGN(claims.model, text_at(json, "model", k_text_bytes_max));
  TRY_ASSIGN(claims.serial, text_at(json, "serial", k_text_bytes_max));
  TRY_ASSIGN(claims.protection, text_at(json, "protection", k_text_bytes_max));
  TRY_ASSIGN(claims.extractable, text_at(json, "extractable", k_text_bytes_max));
  TRY_ASSIGN(const Json attributes, json.object_at("attributes"));
  if (attributes.members().size() > k_attributes_max) return malformed("too many attributes");
  for (const auto& [name, value] : attributes.members()) {
    TRY(check_attribute(name));
    bool set = false;
    TRY(value.as_bool(set, name));
    claims.attributes.emplace_back(name, set);
  }
  return claims;
}

Json claims_json(const KeyClaims& claims) {
  Json attributes = Json::object();
  for (const auto& [name, set] : claims.attributes) attributes.set(name, Json(set));
  return Json::object({{"backend", claims.backend},
                       {"model", claims.model},
                       {"serial", claims.serial},
                       {"protection", claims.protection},
                       {"extractable", claims.extractable},
                       {"attributes", std::move(attributes)}});
}

Result<ResidencyProof> read_residency(const Json& json, bool bound) {
  TRY(json.only_members({"public_area", "statement", "signature", "identity", "station", "pcrs"}));
  ResidencyProof proof;
  if (bound != (json.find("pcrs") != nullptr)) return malformed("'pcrs' is for version 2, and needed there");
  if (bound) {
    TRY_ASSIGN(const Json pcrs, json.object_at("pcrs"));
    TRY_ASSIGN(proof.boot_state, tpm::pcr_values_from(pcrs));
  }
  TRY_ASSIGN(proof.evidence.public_area, part_at(json, "public_area"));
  TRY_ASSIGN(proof.evidence.attestation.statement, part_at(json, "statement"));
  TRY_ASSIGN(proof.evidence.attestation.signature, part_at(json, "signature"));
  TRY_ASSIGN(const Json identity, json.object_at("identity"));
  TRY_ASSIGN(proof.identity, IdentityStatement::parse(as_bytes(identity.dump())));
  if (json.find("station") != nullptr) {
    TRY_ASSIGN(proof.station, chain_at(json, "station"));
  }
  return proof;
}

Json residency_json(const ResidencyProof& proof) {
  auto identity = Json::parse(proof.identity.encode());
  Json json = Json::object({{"public_area", to_base64(proof.evidence.public_area)},
                            {"statement", to_base64(proof.evidence.attestation.statement)},
                            {"signature", to_base64(proof.evidence.attestation.signature)},
                            {"identity", identity ? *std::move(identity) : Json::object()}});
  if (!proof.station.empty()) json.set("station", chain_json(proof.station));
  if (!proof.boot_state.empty()) json.set("pcrs", tpm::to_json(proof.boot_state));
  return json;
}

Result<KeyStatement> read(const Json& json) {
  TRY(json.only_members({"format", "public_key", "nonce", "tpm", "claims", "possession"}));
  TRY_ASSIGN(const std::string format, json.string_at("format"));
  const bool bound = format == k_format_bound;
  if (format != k_format && !bound) return malformed("its format is '" + printable(format, 60) + "'");
  TRY_ASSIGN(const Bytes spki, bytes_at(json, "public_key", 1, k_spki_bytes_max));
  TRY_ASSIGN(auto key, crypto::PublicKey::from_spki_der(spki));
  TRY_ASSIGN(Bytes nonce, nonce_at(json, "nonce"));
  const bool certified = json.find("tpm") != nullptr;
  if (certified == (json.find("claims") != nullptr) || certified == (json.find("possession") != nullptr)) {
    return malformed("it has either 'tpm', or 'claims' and 'possession'");
  }
  if (bound && !certified) return malformed("a claim is not of version 2");
  if (certified) {
    TRY_ASSIGN(const Json tpm, json.object_at("tpm"));
    TRY_ASSIGN(ResidencyProof proof, read_residency(tpm, bound));
    return KeyStatement{.key = std::move(key), .nonce = std::move(nonce), .proof = std::move(proof)};
  }
  TRY_ASSIGN(const Json told, json.object_at("claims"));
  TRY_ASSIGN(KeyClaims claims, read_claims(told));
  TRY_ASSIGN(Bytes signature, part_at(json, "possession"));
  return KeyStatement{.key = std::move(key),
                      .nonce = std::move(nonce),
                      .proof = PossessionProof{std::move(claims), std::move(signature)}};
}

/// All but the signature of the key itself.
Json unsigned_json(const KeyStatement& statement) {
  const auto* const certified = std::get_if<ResidencyProof>(&statement.proof);
  const bool bound = certified != nullptr && !certified->boot_state.empty();
  Json json = Json::object({{"format", bound ? k_format_bound : k_format},
                            {"public_key", to_base64(statement.key.spki_der())},
                            {"nonce", to_base64(statement.nonce)}});
  if (certified != nullptr) {
    json.set("tpm", residency_json(*certified));
  } else {
    json.set("claims", claims_json(std::get<PossessionProof>(statement.proof).claims));
  }
  return json;
}

}  // namespace

Result<KeyStatement> KeyStatement::parse(ByteView json) {
  const auto parsed = Json::parse(json, k_limits);
  if (!parsed) return malformed(parsed.error().message());
  auto statement = read(*parsed);
  if (statement || statement.error().reason() == "attest.key-statement") return statement;
  return malformed(statement.error().message());
}

Bytes KeyStatement::encode() const {
  Json json = unsigned_json(*this);
  if (const auto* own = std::get_if<PossessionProof>(&proof)) json.set("possession", to_base64(own->signature));
  return to_bytes(json.dump() + "\n");
}

Bytes KeyStatement::possession_message() const {
  Bytes message = to_bytes(k_possession_prefix);
  append(message, crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(unsigned_json(*this).dump())));
  return message;
}

Bytes residency_challenge(ByteView nonce) {
  Bytes message = to_bytes(k_residency_prefix);
  append(message, nonce);
  return crypto::digest(crypto::HashAlgorithm::sha256, message);
}

}  // namespace signet::attest
