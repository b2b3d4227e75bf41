// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: ca_journal_fuzz)
#include "records.hpp"

#include "signet/core/json.hpp"

#include <variant>

namespace signet::ca {

namespace {

Json to_json(const AuthorityRecord& record) {
  return Json::object(
      {{"type", "authority"}, {"at", to_rfc3339(record.at)}, {"certificate", to_base64(record.certificate.der())}});
}
Json to_json(const IssuedRecord& record) {
  Json json = Json::object({{"type", "issued"},
                            {"at", to_rfc3339(record.at)},
                            {"profile", record.profile},
                            {"certificate", to_base64(record.certificate.der())}});
  if (record.strength) json.set("strength", attest::name_of(*record.strength));
  return json;
}
Json to_json(const DemandRecord& record) {
  return Json::object({{"type", "demand"},
                       {"at", to_rfc3339(record.at)},
                       {"profile", record.profile},
                       {"strength", attest::name_of(record.strength)}});
}
Json to_json(const RevokedRecord& record) {
  return Json::object({{"type", "revoked"},
                       {"at", to_rfc3339(record.revoked.when)},
                       {"serial", record.revoked.serial_hex},
                       {"reason", pki::name_of(record.revoked.reason)}});
}
Json to_json(const CrlRecord& record) {
  return Json::object({{"type", "crl"}, {"at", to_rfc3339(record.at)}, {"number", record.number}});
}

Result<pki::Certificate> certificate_at(const Json& json) {
  TRY_ASSIGN(const std::string text, json.string_at("certificate"));
  TRY_ASSIGN(const Bytes der, from_base64(text));
  return pki::Certificate::from_der(der);
}

Result<attest::Strength> strength_at(const Json& json) {
  TRY_ASSIGN(const std::string name, json.string_at("strength"));
  return attest::strength_from(name);
}

Result<Record> from_json(const Json& json) {
  TRY_ASSIGN(const std::string type, json.string_at("type"));
  TRY_ASSIGN(const std::string at_text, json.string_at("at"));
  TRY_ASSIGN(const Instant at, from_rfc3339(at_text));
  if (type == "authority") {
    TRY_ASSIGN(auto certificate, certificate_at(json));
    return Record(AuthorityRecord{std::move(certificate), at});
  }
  if (type == "issued") {
    TRY_ASSIGN(auto profile, json.string_at("profile"));
    TRY_ASSIGN(auto certificate, certificate_at(json));
    IssuedRecord issued{std::move(profile), std::move(certificate), at};
    if (json.find("strength") != nullptr) {
      TRY_ASSIGN(issued.strength, strength_at(json));
    }
    return Record(std::move(issued));
  }
  if (type == "demand") {
    TRY_ASSIGN(auto profile, json.string_at("profile"));
    TRY_ASSIGN(const attest::Strength strength, strength_at(json));
    return Record(DemandRecord{std::move(profile), strength, at});
  }
  if (type == "revoked") {
    TRY_ASSIGN(auto serial, json.string_at("serial"));
    TRY_ASSIGN(const std::string reason_name, json.string_at("reason"));
    TRY_ASSIGN(const auto reason, pki::revocation_reason_from(reason_name));
    return Record(RevokedRecord{{.serial_hex = std::move(serial), .when = at, .reason = reason}});
  }
  if (type == "crl") {
    TRY_ASSIGN(const std::uint64_t number, json.uint_at("number"));
    return Record(CrlRecord{number, at});
  }
  return Error(Errc::invalid_input, "ca.damaged", "a record of type '" + printable(type, 40) + "'");
}

}  // namespace

Bytes encode(const Record& record) {
  return to_bytes(std::visit([](const auto& each) { return to_json(each); }, record).dump());
}

Result<Record> decode(ByteView bytes) {
  auto json = Json::parse(bytes);
  auto record = json ? from_json(*json) : Result<Record>(std::move(json).error());
  if (!record)
    return Error(Errc::invalid_input, "ca.damaged", "a record that cannot be read: " + record.error().message());
  if (!equal(encode(*record), bytes))
    return Error(Errc::invalid_input, "ca.damaged", "a record that this program did not write");
  return record;
}

}  // namespace signet::ca
