// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: birth_message_fuzz)
#include "fields.hpp"

#include <algorithm>
#include <array>
#include <variant>

namespace signet::birth {

namespace {

constexpr std::size_t k_nonce_bytes = 32;
constexpr std::size_t k_text_bytes_max = 500;
constexpr std::size_t k_receipt_bytes_max = 64U << 10U;
constexpr std::size_t k_ek_certificates_max = 12;
constexpr std::size_t k_certificate_bytes_max = 64U << 10U;

Error bad(std::string text) { return {Errc::invalid_input, "birth.message", std::move(text)}; }

Result<std::string> text_at(const Json& json, std::string_view name, std::size_t size_bytes_max) {
  TRY_ASSIGN(std::string text, json.string_at(name));
  if (text.size() > size_bytes_max) {
    return bad("'" + std::string(name) + "' is longer than " + std::to_string(size_bytes_max) + " bytes");
  }
  return text;
}

// --- Parts ---

Json to_json(const tpm::Attestation& attestation) {
  return Json::object(
      {{"statement", to_base64(attestation.statement)}, {"signature", to_base64(attestation.signature)}});
}
Result<tpm::Attestation> attestation_at(const Json& json) {
  TRY_ASSIGN(const Json part, json.object_at("attestation"));
  TRY(part.only_members({"statement", "signature"}));
  tpm::Attestation attestation;
  TRY_ASSIGN(attestation.statement, bytes_at(part, "statement", 1, k_blob_bytes_max));
  TRY_ASSIGN(attestation.signature, bytes_at(part, "signature", 1, k_blob_bytes_max));
  return attestation;
}

Json to_json(const attest::KeyEvidence& evidence) {
  return Json::object(
      {{"public_area", to_base64(evidence.public_area)}, {"attestation", to_json(evidence.attestation)}});
}
Result<attest::KeyEvidence> parse_evidence(const Json& part) {
  TRY(part.only_members({"public_area", "attestation"}));
  attest::KeyEvidence evidence;
  TRY_ASSIGN(evidence.public_area, bytes_at(part, "public_area", 1, k_blob_bytes_max));
  TRY_ASSIGN(evidence.attestation, attestation_at(part));
  return evidence;
}

// --- Bodies: members beside "birth" and "message" ---

/// Units of version 0.1.0 know no "endorsement_key", and show the usual one.
Json to_json(const Begin& begin) {
  Json json = Json::object(
      {{"policy", to_base64(begin.policy_envelope)}, {"nonce", to_base64(begin.nonce)}, {"station", begin.station}});
  if (begin.endorsement_key != k_usual_endorsement_key) {
    json.set("endorsement_key", crypto::name_of(begin.endorsement_key));
  }
  return json;
}
Result<crypto::KeyAlgorithm> endorsement_key_in(const Json& json) {
  if (json.find("endorsement_key") == nullptr) return k_usual_endorsement_key;
  TRY_ASSIGN(const std::string name, json.string_at("endorsement_key"));
  TRY_ASSIGN(const crypto::KeyAlgorithm kind, crypto::key_algorithm_from(name));
  if (kind == k_usual_endorsement_key) return bad("an 'endorsement_key' that is the usual one is left out");
  return kind;
}
Result<Message> parse_begin(const Json& json) {
  Begin begin;
  TRY_ASSIGN(begin.policy_envelope, bytes_at(json, "policy", 1, k_message_bytes_max));
  TRY_ASSIGN(begin.nonce, bytes_at(json, "nonce", k_nonce_bytes, k_nonce_bytes));
  TRY_ASSIGN(begin.station, name_at(json, "station"));
  TRY_ASSIGN(begin.endorsement_key, endorsement_key_in(json));
  return Message(std::move(begin));
}

Json to_json(const Claim& claim) {
  Json certificates = Json::array();
  for (const Bytes& der : claim.ek_certificates) certificates.push(to_base64(der));
  Json keys = Json::object();
  for (const auto& [name, area] : claim.key_areas) keys.set(name, to_base64(area));
  return Json::object({{"serial", claim.serial},
                       {"product", claim.product.str()},
                       {"hardware", claim.hardware},
                       {"ek_certificates", certificates},
                       {"ek", to_base64(claim.ek_area)},
                       {"iak", to_base64(claim.iak_area)},
                       {"idevid", to_base64(claim.idevid_area)},
                       {"keys", keys},
                       {"protection", claim.protection}});
}
Result<std::vector<Bytes>> ek_certificates_at(const Json& json) {
  TRY_ASSIGN(const Json::Array elements, json.array_at("ek_certificates"));
  if (elements.size() > k_ek_certificates_max) return bad("more than 12 certificates of the endorsement key");
  std::vector<Bytes> certificates;
  for (const Json& element : elements) {
    TRY_ASSIGN(const std::string text, element.as_string("ek_certificates[]"));
    TRY_ASSIGN(Bytes der, from_base64(text));
    if (der.empty() || der.size() > k_certificate_bytes_max) return bad("a certificate of 0 or more than 65536 bytes");
    certificates.push_back(std::move(der));
  }
  return certificates;
}
Result<Message> parse_claim(const Json& json) {
  TRY_ASSIGN(ProductId product, product_at(json, "product"));
  Claim claim{.product = std::move(product)};
  TRY_ASSIGN(claim.serial, name_at(json, "serial"));
  TRY_ASSIGN(claim.hardware, name_at(json, "hardware"));
  TRY_ASSIGN(claim.ek_certificates, ek_certificates_at(json));
  TRY_ASSIGN(claim.ek_area, bytes_at(json, "ek", 1, k_blob_bytes_max));
  TRY_ASSIGN(claim.iak_area, bytes_at(json, "iak", 1, k_blob_bytes_max));
  TRY_ASSIGN(claim.idevid_area, bytes_at(json, "idevid", 1, k_blob_bytes_max));
  TRY_ASSIGN(const Json::Object keys, named_members_at(json, "keys"));
  TRY_ASSIGN(const Json areas, json.object_at("keys"));
  for (const auto& [name, value] : keys) {
    TRY_ASSIGN(claim.key_areas[name], bytes_at(areas, name, 1, k_blob_bytes_max));
  }
  TRY_ASSIGN(claim.protection, text_at(json, "protection", k_text_bytes_max));
  return Message(std::move(claim));
}

Json to_json(const Ask& ask) {
  return Json::object({{"credential", to_base64(ask.credential.blob)},
                       {"secret", to_base64(ask.credential.secret)},
                       {"nonce", to_base64(ask.nonce)}});
}
Result<Message> parse_ask(const Json& json) {
  Ask ask;
  TRY_ASSIGN(ask.credential.blob, bytes_at(json, "credential", 1, k_blob_bytes_max));
  TRY_ASSIGN(ask.credential.secret, bytes_at(json, "secret", 1, k_blob_bytes_max));
  TRY_ASSIGN(ask.nonce, bytes_at(json, "nonce", k_nonce_bytes, k_nonce_bytes));
  return Message(std::move(ask));
}

Json to_json(const Proof& proof) {
  Json keys = Json::object();
  for (const auto& [name, evidence] : proof.keys) keys.set(name, to_json(evidence));
  return Json::object({{"secret", to_base64(proof.secret)},
                       {"idevid", to_json(proof.idevid)},
                       {"keys", keys},
                       {"state", Json::object({{"answer", to_base64(proof.state.answer)},
                                               {"attestation", to_json(proof.state.attestation)}})},
                       {"floor", Json::object({{"nv_public", to_base64(proof.floor.nv_public)},
                                               {"attestation", to_json(proof.floor.attestation)}})},
                       {"escrow", to_base64(proof.escrow)},
                       {"tests", proof.tests}});
}
Result<Message> parse_proof(const Json& json) {
  Proof proof;
  TRY_ASSIGN(proof.secret, bytes_at(json, "secret", 1, 64));
  TRY_ASSIGN(const Json idevid, json.object_at("idevid"));
  TRY_ASSIGN(proof.idevid, parse_evidence(idevid));
  TRY_ASSIGN(const Json::Object keys, named_members_at(json, "keys"));
  for (const auto& [name, value] : keys) {
    TRY_ASSIGN(proof.keys[name], parse_evidence(value));
  }
  TRY_ASSIGN(const Json state, json.object_at("state"));
  TRY(state.only_members({"answer", "attestation"}));
  TRY_ASSIGN(proof.state.answer, bytes_at(state, "answer", 1, k_blob_bytes_max));
  TRY_ASSIGN(proof.state.attestation, attestation_at(state));
  TRY_ASSIGN(const Json floor, json.object_at("floor"));
  TRY(floor.only_members({"nv_public", "attestation"}));
  TRY_ASSIGN(proof.floor.nv_public, bytes_at(floor, "nv_public", 1, k_blob_bytes_max));
  TRY_ASSIGN(proof.floor.attestation, attestation_at(floor));
  TRY_ASSIGN(proof.escrow, bytes_at(json, "escrow", 1, k_blob_bytes_max));
  TRY_ASSIGN(proof.tests, json.object_at("tests"));
  TRY(check_tests(proof.tests));
  return Message(std::move(proof));
}

Json to_json(const Identity& identity) {
  Json keys = Json::object();
  for (const auto& [name, chain] : identity.keys) keys.set(name, certificates_json(chain));
  Json json = Json::object({{"idevid", certificates_json(identity.idevid)},
                            {"iak", certificates_json(identity.iak)},
                            {"keys", keys},
                            {"record", to_base64(identity.record_envelope)},
                            {"receipt", identity.receipt}});
  if (!identity.station.empty()) json.set("station", certificates_json(identity.station));
  return json;
}
Result<Message> parse_identity(const Json& json) {
  Identity identity;
  TRY_ASSIGN(identity.idevid, certificates_at(json, "idevid", k_chain_certificates_max));
  TRY_ASSIGN(identity.iak, certificates_at(json, "iak", k_chain_certificates_max));
  TRY_ASSIGN(const Json::Object keys, named_members_at(json, "keys"));
  TRY_ASSIGN(const Json chains, json.object_at("keys"));
  for (const auto& [name, value] : keys) {
    TRY_ASSIGN(identity.keys[name], certificates_at(chains, name, k_chain_certificates_max));
  }
  TRY_ASSIGN(identity.record_envelope, bytes_at(json, "record", 1, k_envelope_bytes_max));
  TRY_ASSIGN(identity.receipt, text_at(json, "receipt", k_receipt_bytes_max));
  if (json.find("station") != nullptr) {
    TRY_ASSIGN(identity.station, certificates_at(json, "station", k_chain_certificates_max));
  }
  return Message(std::move(identity));
}

Json to_json(const Installed& installed) { return Json::object({{"signature", to_base64(installed.signature)}}); }
Result<Message> parse_installed(const Json& json) {
  Installed installed;
  TRY_ASSIGN(installed.signature, bytes_at(json, "signature", 1, k_blob_bytes_max));
  return Message(std::move(installed));
}

Json to_json(const Refused& refused) { return Json::object({{"reason", refused.reason}, {"text", refused.text}}); }
Result<Message> parse_refused(const Json& json) {
  Refused refused;
  TRY_ASSIGN(refused.reason, name_at(json, "reason"));
  TRY_ASSIGN(refused.text, text_at(json, "text", k_text_bytes_max));
  return Message(std::move(refused));
}

/// One row for each alternative of Message, in its order.
struct Row {
  std::string_view name;
  std::initializer_list<std::string_view> members;
  Result<Message> (*parse)(const Json&);
};
const std::array<Row, std::variant_size_v<Message>>& rows() {
  static const std::array<Row, std::variant_size_v<Message>> k_rows = {{
      {"begin", {"birth", "message", "policy", "nonce", "station", "endorsement_key"}, parse_begin},
      {"claim",
       {"birth", "message", "serial", "product", "hardware", "ek_certificates", "ek", "iak", "idevid", "keys",
        "protection"},
       parse_claim},
      {"challenge", {"birth", "message", "credential", "secret", "nonce"}, parse_ask},
      {"proof", {"birth", "message", "secret", "idevid", "keys", "state", "floor", "escrow", "tests"}, parse_proof},
      {"identity", {"birth", "message", "idevid", "iak", "keys", "record", "receipt", "station"}, parse_identity},
      {"installed", {"birth", "message", "signature"}, parse_installed},
      {"refused", {"birth", "message", "reason", "text"}, parse_refused},
  }};
  return k_rows;
}

Result<Message> read(ByteView text) {
  TRY_ASSIGN(const Json json,
             Json::parse(text, {.size_bytes_max = k_message_bytes_max, .depth_max = 6, .values_max = 1000}));
  TRY_ASSIGN(const std::uint64_t version, json.uint_at("birth"));
  if (version != k_version) return bad("a message of version " + std::to_string(version) + ", not 1");
  TRY_ASSIGN(const std::string name, json.string_at("message"));
  const auto* const row = std::ranges::find(rows(), name, &Row::name);
  if (row == rows().end()) return bad("a message of the unknown kind '" + printable(name, 40) + "'");
  TRY(json.only_members(row->members));
  return row->parse(json);
}

}  // namespace

std::string_view name_of(const Message& message) { return rows().at(message.index()).name; }

Result<Message> parse_message(ByteView json) {
  return refused_as(read(json), "birth.message", "a message of the birth protocol");
}

Bytes encode(const Message& message) {
  Json json = Json::object({{"birth", std::uint64_t{k_version}}, {"message", name_of(message)}});
  const Json body = std::visit([](const auto& each) { return to_json(each); }, message);
  for (const auto& [name, value] : body.members()) json.set(name, value);
  return to_bytes(json.dump());
}

}  // namespace signet::birth
