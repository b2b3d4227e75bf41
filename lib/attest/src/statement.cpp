// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: attest_statement_fuzz)
#include "signet/attest.hpp"

namespace signet::attest {

namespace {

constexpr std::string_view k_format = "signet-device-identity-v1";
constexpr std::string_view k_challenge_prefix = "signet device identity challenge v1\n";
constexpr JsonLimits k_limits{.size_bytes_max = 1U << 20U, .depth_max = 4, .values_max = 64};
constexpr std::size_t k_chain_max = 8;
constexpr std::size_t k_nonce_size_bytes_min = 16;
constexpr std::size_t k_nonce_size_bytes_max = 64;   // the largest that TPM2B_DATA holds, two bytes for its hash aside
constexpr std::size_t k_part_size_bytes_max = 8192;  // larger than any public area, statement or signature

Error malformed(std::string text) {
  return {Errc::invalid_input, "attest.statement", "not a device's identity: " + std::move(text),
          "Expected is what 'signet id show --json' prints; see docs/formats/device-identity.md."};
}

Result<Bytes> bytes_at(const Json& json, std::string_view name, std::size_t min, std::size_t max) {
  TRY_ASSIGN(const std::string text, json.string_at(name));
  auto bytes = from_base64(text);
  if (!bytes) return malformed("'" + std::string(name) + "' is not base64");
  if (bytes->size() < min || bytes->size() > max) {
    return malformed("'" + std::string(name) + "' has " + std::to_string(bytes->size()) + " bytes");
  }
  return bytes;
}

Result<Bytes> part_at(const Json& json, std::string_view name) {
  return bytes_at(json, name, 1, k_part_size_bytes_max);
}
Result<Bytes> nonce_at(const Json& json, std::string_view name) {
  return bytes_at(json, name, k_nonce_size_bytes_min, k_nonce_size_bytes_max);
}

Result<std::vector<pki::Certificate>> chain_at(const Json& json) {
  TRY_ASSIGN(const auto elements, json.array_at("certificates"));
  if (elements.empty() || elements.size() > k_chain_max) {
    return malformed(std::to_string(elements.size()) + " certificates in one chain");
  }
  std::vector<pki::Certificate> chain;
  for (const Json& element : elements) {
    TRY_ASSIGN(const std::string text, element.as_string("certificates[]"));
    TRY_ASSIGN(const Bytes der, from_base64(text));
    TRY_ASSIGN(auto certificate, pki::Certificate::from_der(der));
    chain.push_back(std::move(certificate));
  }
  return chain;
}

Json chain_json(const std::vector<pki::Certificate>& chain) {
  Json list = Json::array();
  for (const pki::Certificate& each : chain) list.push(to_base64(each.der()));
  return list;
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
  TRY_ASSIGN(statement.idevid, chain_at(idevid));
  TRY_ASSIGN(statement.idevid_evidence.public_area, part_at(idevid, "public_area"));
  TRY_ASSIGN(statement.idevid_evidence.attestation.statement, part_at(idevid, "statement"));
  TRY_ASSIGN(statement.idevid_evidence.attestation.signature, part_at(idevid, "signature"));
  TRY_ASSIGN(statement.iak, chain_at(iak));
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
