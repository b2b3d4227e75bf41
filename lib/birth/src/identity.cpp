// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/identity.hpp"

#include <array>

namespace signet::birth {

namespace {

constexpr std::string_view k_ask_the_maker =
    "Do not trust this device. Ask its maker, and name the serial and this reason.";

Error refused(std::string reason, std::string text) {
  return {Errc::untrusted, std::move(reason), std::move(text), std::string(k_ask_the_maker)};
}

/// The same error with another hint.
Error with_hint(const Error& error, std::string_view hint) {
  Error advised(error.code(), error.reason(), error.text(), std::string(hint));
  for (const std::string& each : error.context()) advised = std::move(advised).with_context(each);
  return advised;
}

/// What to do about a chain that a device showed: its judge knows certificates, not devices.
Error advised(const Error& error, const std::vector<pki::Certificate>& chain) {
  if (error.reason() == "pki.expired") {
    return with_hint(error,
                     "Is this machine's clock right? A device's own certificate never ends, but those of its issuers "
                     "do: ask the maker for renewed ones.");
  }
  if (error.reason() == "pki.no-anchor" && chain.size() == 1) {
    return with_hint(error,
                     "The device shows its own certificate alone. Either it is another vendor's, or its server must "
                     "send the certificates of the issuers as well.");
  }
  if (error.reason() == "pki.no-anchor") {
    return with_hint(error,
                     "It is not a device of the vendor whose root you gave: another vendor's, or a forgery. Check that "
                     "the root is the right one.");
  }
  return error.hint().empty() ? with_hint(error, k_ask_the_maker) : error;
}

pki::ValidationInput input_of(const IdentityTrust& trust) {
  return {.anchors = trust.anchors, .crls = trust.crls, .at = trust.at, .usage = pki::Usage::any};
}

}  // namespace

std::string_view name_of(Residency residency) { return residency == Residency::attested ? "attested" : "certificate"; }
std::string_view name_of(Recorded recorded) {
  constexpr std::array<std::string_view, 3> k_names{"unproven", "signed", "ledger"};
  return k_names.at(static_cast<std::size_t>(recorded));
}

/// Fills in a GenuineDevice step by step; the only code that may.
class IdentityJudge {
 public:
  IdentityJudge(pki::DeviceCertificate device, Residency residency, attest::Presence presence,
                const IdentityTrust& trust)
      : verdict_(std::move(device), residency, presence), trust_(&trust) {}

  Result<void> birth_record(const attest::IdentityStatement& statement) {
    if (!statement.birth_record) {
      verdict_.notes_.emplace_back("no birth record came with the statement");
      return {};
    }
    TRY(receipt(statement));
    TRY_ASSIGN(const std::optional<Bytes> payload, record_payload(*statement.birth_record));
    if (!payload) return {};
    TRY_ASSIGN(Record record, Record::parse(*payload));
    const auto named = record.certificates.find("idevid");
    if (record.serial != verdict_.serial() || named == record.certificates.end() ||
        named->second != to_hex(verdict_.certificate().fingerprint())) {
      return refused("identity.record", "the birth record is of another device or certificate");
    }
    verdict_.record_ = std::move(record);
    return {};
  }

  void note(std::string text) { verdict_.notes_.push_back(std::move(text)); }
  GenuineDevice take() && { return std::move(verdict_); }

 private:
  Result<void> receipt(const attest::IdentityStatement& statement) {
    if (!trust_->line) {
      verdict_.notes_.emplace_back("no ledger of the factory line was given to check the birth record against");
      return {};
    }
    if (!statement.receipt) return refused("identity.receipt", "the birth record has no receipt of the line's ledger");
    auto included = ledger::verify_proof_file(Untrusted<ByteView>(as_bytes(*statement.receipt)),
                                              *statement.birth_record, *trust_->line);
    if (!included) {
      return refused("identity.receipt", "the receipt does not prove that the line's ledger holds this birth: " +
                                             included.error().message());
    }
    verdict_.recorded_ = Recorded::ledger;
    return {};
  }

  /// The record's bytes where somebody trusted vouches for them.
  Result<std::optional<Bytes>> record_payload(const Bytes& envelope) {
    if (!trust_->stations.empty()) {
      auto opened =
          documents::open_envelope(Untrusted<ByteView>(ByteView(envelope)), k_record_type, trust_->stations, 1);
      if (!opened)
        return refused("identity.record",
                       "the birth record is not signed by a trusted station: " + opened.error().message());
      if (verdict_.recorded_ == Recorded::unproven) verdict_.recorded_ = Recorded::signed_;
      return std::optional<Bytes>(opened->payload());
    }
    if (verdict_.recorded_ != Recorded::ledger) {
      verdict_.notes_.emplace_back("no station's key was given to check the birth record with");
      return std::optional<Bytes>();
    }
    // The trusted ledger holds exactly these bytes, so whoever runs the line vouches for them.
    TRY_ASSIGN(const Json json, Json::parse(envelope));
    TRY_ASSIGN(const std::string type, json.string_at("payloadType"));
    if (type != k_record_type) return refused("identity.record", "the record in the ledger is no birth record");
    TRY_ASSIGN(const std::string base64, json.string_at("payload"));
    TRY_ASSIGN(Bytes payload, from_base64(base64));
    return std::optional<Bytes>(std::move(payload));
  }

  GenuineDevice verdict_;
  const IdentityTrust* trust_;
};

Result<GenuineDevice> judge_identity(const attest::IdentityStatement& statement, const IdentityTrust& trust) {
  TRY_ASSIGN(const attest::VerifiedIdentity identity,
             attest::verify_identity(statement, {.validation = input_of(trust), .challenge_nonce = trust.nonce}));
  IdentityJudge judge(identity.idevid(), Residency::attested, identity.presence(), trust);
  TRY(judge.birth_record(statement));
  if (!trust.nonce) judge.note("no challenge was sent: the statement may be a copy");
  return std::move(judge).take();
}

Result<GenuineDevice> judge_device_certificate(const std::vector<pki::Certificate>& chain, const IdentityTrust& trust) {
  if (chain.empty()) return refused("identity.no-certificate", "the device shows no certificate");
  pki::ValidationInput input = input_of(trust);
  input.intermediates.assign(chain.begin() + 1, chain.end());
  auto device = pki::validate_device(chain.front(), pki::DevicePurpose::idevid, input);
  if (!device) return advised(device.error(), chain);
  IdentityJudge judge(*std::move(device), Residency::certificate, attest::Presence::proven, trust);
  judge.note("a handshake shows neither attestation nor birth record: 'signet id show' on the device does");
  return std::move(judge).take();
}

}  // namespace signet::birth
