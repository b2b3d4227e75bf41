// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: attest_statement_fuzz)
#include "signet/attest.hpp"

#include "fields.hpp"

namespace signet::attest {

namespace {

constexpr std::string_view k_format = "signet-device-identity-v1";
constexpr std::string_view k_challenge_prefix = "signet device identity challenge v1\n";
constexpr JsonLimits k_limits{.size_bytes_max = k_statement_bytes_max, .depth_max = 4, .values_max = 64};

Error malformed(std::string text) {
  return {Errc::invalid_input, "attest.statement", "not a device's identity: " + std::move(text),
          "Expected is what 'signet id show --json' prints; see docs/formats/device-identity.md."};
}

Result<void> read_optional(const Json& json, IdentityStatement& statement) {
  if (json.find("birth_record") != nullptr) {
    TRY_ASSIGN(statement.birth_record, bytes_at(json, "birth_record", 1, k_limits.size_bytes_max));
  }
  if (json.find("receipt") != nullptr) {
    TRY_ASSIGN(statement.receipt, json.string_at("receipt"));
  }
  if (json.find("answer") != nullptr) {
    TRY_ASSIGN(const Json answer, json.object_at("answer"));
    TRY(answer.only_members({"nonce", "signature"}));
    TRY_ASSIGN(statement.fresh_nonce, nonce_at(answer, "nonce"));
    TRY_ASSIGN(statement.fresh_signature, part_at(answer, "signature"));
  }
  return {};
}

Result<IdentityStatement> read(const Json& json) {
  TRY(json.only_members({"format", "idevid", "iak", "birth_nonce", "birth_record", "receipt", "answer"}));
  TRY_ASSIGN(const std::string format, json.string_at("format"));
  if (format != k_format) return malformed("its format is '" + printable(format, 60) + "'");
  TRY_ASSIGN(const Json idevid, json.object_at("idevid"));
  TRY(idevid.only_members({"certificates", "public_area", "statement", "signature"}));
  TRY_ASSIGN(const Json iak, json.object_at("iak"));
  TRY(iak.only_members({"certificates", "public_area"}));
  IdentityStatement statement;
  TRY_ASSIGN(statement.idevid, chain_at(idevid, "certificates"));
  TRY_ASSIGN(statement.idevid_evidence.public_area, part_at(idevid, "public_area"));
  TRY_ASSIGN(statement.idevid_evidence.attestation.statement, part_at(idevid, "statement"));
  TRY_ASSIGN(statement.idevid_evidence.attestation.signature, part_at(idevid, "signature"));
  TRY_ASSIGN(statement.iak, chain_at(iak, "certificates"));
  TRY_ASSIGN(statement.iak_area, part_at(iak, "public_area"));
  TRY_ASSIGN(statement.birth_nonce, nonce_at(json, "birth_nonce"));
  TRY(read_optional(json, statement));
  return statement;
}

}  // namespace

Result<IdentityStatement> IdentityStatement::parse(ByteView json) {
  const auto parsed = Json::parse(json, k_limits);
  if (!parsed) return malformed(parsed.error().message());
  auto statement = read(*parsed);
  if (statement || statement.error().reason() == "attest.statement") return statement;
  return malformed(statement.error().message());
}

Bytes IdentityStatement::encode() const {
  Json json = Json::object({{"format", k_format}});
  json.set("idevid", Json::object({{"certificates", chain_json(idevid)},
                                   {"public_area", to_base64(idevid_evidence.public_area)},
                                   {"statement", to_base64(idevid_evidence.attestation.statement)},
                                   {"signature", to_base64(idevid_evidence.attestation.signature)}}));
  json.set("iak", Json::object({{"certificates", chain_json(iak)}, {"public_area", to_base64(iak_area)}}));
  json.set("birth_nonce", to_base64(birth_nonce));
  if (birth_record) json.set("birth_record", to_base64(*birth_record));
  if (receipt) json.set("receipt", *receipt);
  if (fresh_nonce && fresh_signature) {
    json.set("answer", Json::object({{"nonce", to_base64(*fresh_nonce)}, {"signature", to_base64(*fresh_signature)}}));
  }
  return to_bytes(json.dump() + "\n");
}

Bytes challenge_message(ByteView nonce) {
  Bytes message = to_bytes(k_challenge_prefix);
  append(message, nonce);
  return message;
}

}  // namespace signet::attest
