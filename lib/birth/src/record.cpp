// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: birth_record_fuzz)
#include "fields.hpp"

namespace signet::birth {

namespace {

constexpr std::string_view k_format = "signet-birth-record-1";
constexpr std::size_t k_model_bytes_max = 200;
constexpr std::size_t k_serial_hex_max = 40;  // RFC 5280 section 4.1.2.2: 20 bytes

Error bad(std::string text) { return {Errc::invalid_input, "birth.record", std::move(text)}; }

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Each certificate once, with its digest and its serial number: so both maps have the same keys.
Result<void> read_certificates(const Json& json, Record& record) {
  TRY_ASSIGN(const Json::Object members, named_members_at(json, "certificates"));
  for (const auto& [label, value] : members) {
    TRY(value.only_members({"sha256", "serial"}));
    TRY_ASSIGN(const Bytes digest, digest_at(value, "sha256"));
    TRY_ASSIGN(std::string serial, value.string_at("serial"));
    if (serial.empty() || serial.size() > k_serial_hex_max || serial.front() == '0' || !is_lower_hex(serial)) {
      return bad("'serial' of the certificate '" + label + "' must be lower-case hexadecimal without leading zeros");
    }
    record.certificates[label] = to_hex(digest);
    record.issuer_serials[label] = std::move(serial);
  }
  if (!record.certificates.contains("idevid") || !record.certificates.contains("iak")) {
    return bad("'certificates' must name those of IDevID and IAK");
  }
  return {};
}

Result<Record> read(ByteView text) {
  TRY_ASSIGN(const Json json,
             Json::parse(text, {.size_bytes_max = k_envelope_bytes_max, .depth_max = 4, .values_max = 300}));
  TRY_ASSIGN(const std::string format, json.string_at("format"));
  if (format != k_format) return bad("a document of the format '" + printable(format, 60) + "'");
  TRY(json.only_members({"format", "product", "serial", "station", "line", "born", "policy_revision", "policy_sha256",
                         "strength", "tpm_model", "ek_sha256", "certificates", "floor", "evidence_sha256", "escrow",
                         "tests"}));
  TRY_ASSIGN(ProductId product, product_at(json, "product"));
  Record record{.product = std::move(product)};
  TRY_ASSIGN(record.serial, name_at(json, "serial"));
  TRY_ASSIGN(record.station, name_at(json, "station"));
  TRY_ASSIGN(record.line, name_at(json, "line"));
  TRY_ASSIGN(const std::string born, json.string_at("born"));
  TRY_ASSIGN(record.born, from_rfc3339(born));
  TRY_ASSIGN(record.policy_revision, json.uint_at("policy_revision"));
  TRY_ASSIGN(record.policy_sha256, digest_at(json, "policy_sha256"));
  TRY_ASSIGN(const std::string strength, json.string_at("strength"));
  TRY_ASSIGN(record.strength, attest::strength_from(strength));
  TRY_ASSIGN(record.tpm_model, json.string_at("tpm_model"));
  if (record.tpm_model.size() > k_model_bytes_max) return bad("'tpm_model' is longer than 200 bytes");
  TRY_ASSIGN(record.ek_fingerprint, digest_at(json, "ek_sha256"));
  TRY(read_certificates(json, record));
  TRY_ASSIGN(record.floor, json.uint_at("floor"));
  TRY_ASSIGN(record.evidence_sha256, digest_at(json, "evidence_sha256"));
  TRY_ASSIGN(record.escrow, bytes_at(json, "escrow", 1, k_blob_bytes_max));
  TRY_ASSIGN(record.tests, json.object_at("tests"));
  TRY(check_tests(record.tests));
  return record;
}

}  // namespace

Result<Record> Record::parse(ByteView json) { return refused_as(read(json), "birth.record", "a birth record"); }

Bytes Record::encode() const {
  Json issued = Json::object();
  for (const auto& [label, digest] : certificates) {
    const auto serial_of = issuer_serials.find(label);
    issued.set(label, Json::object({{"sha256", digest},
                                    {"serial", serial_of == issuer_serials.end() ? "" : serial_of->second}}));
  }
  return to_bytes(Json::object({{"format", k_format},
                                {"product", product.str()},
                                {"serial", serial},
                                {"station", station},
                                {"line", line},
                                {"born", to_rfc3339(born)},
                                {"policy_revision", policy_revision},
                                {"policy_sha256", to_hex(policy_sha256)},
                                {"strength", attest::name_of(strength)},
                                {"tpm_model", tpm_model},
                                {"ek_sha256", to_hex(ek_fingerprint)},
                                {"certificates", issued},
                                {"floor", floor},
                                {"evidence_sha256", to_hex(evidence_sha256)},
                                {"escrow", to_base64(escrow)},
                                {"tests", tests}})
                      .dump());
}

}  // namespace signet::birth
