// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: firmware_bundle_fuzz)
#include "signet/bundle.hpp"

#include "layout.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace signet::bundle {

namespace {

/// How a certificate that does not hold is called when it signed firmware.
struct ReasonRow {
  std::string_view pki;
  std::string_view bundle;
  Errc code;
  std::string_view hint;
};

constexpr std::array k_reasons{
    ReasonRow{"pki.no-anchor", "bundle.wrong-signer", Errc::untrusted,
              "Only the maker's own firmware is accepted; get it from the maker."},
    ReasonRow{"pki.revoked", "bundle.signer-revoked", Errc::untrusted,
              "The maker withdrew this key; get a release signed with a valid one."},
    ReasonRow{"pki.expired", "bundle.signer-expired", Errc::expired,
              "A release older than its signer's certificate needs a ledger proof of its release time; get a bundle "
              "that carries one."},
    ReasonRow{"pki.not-yet-valid", "bundle.signer-not-yet-valid", Errc::expired, "Is this device's clock right?"},
    ReasonRow{
        "pki.wrong-usage", "bundle.signer-usage", Errc::untrusted,
        "The certificate must have the extended key usage codeSigning; issue one with the profile firmware-signing."},
};

/// The row of a pki reason; anything else is a signer that is not to be trusted, for the reason that pki gives.
SignatureReport refused(const Error& error, SignatureReport report) {
  const auto row = std::ranges::find(k_reasons, error.reason(), &ReasonRow::pki);
  report.reason = row != k_reasons.end() ? row->bundle : "bundle.wrong-signer";
  report.text = error.message();
  return report;
}

Error as_error(const SignatureReport& report) {
  const auto row = std::ranges::find(k_reasons, report.reason, &ReasonRow::bundle);
  const Errc code = row != k_reasons.end() ? row->code : Errc::untrusted;
  const std::string hint(row != k_reasons.end() ? row->hint : k_reasons[0].hint);
  return {code, report.reason, "the signer '" + report.signer + "' is not accepted: " + report.text, hint};
}

Error altered(const Error& cause) {
  return {Errc::untrusted, "bundle.altered", "a signature does not belong to this manifest: " + cause.message(),
          "The bundle was changed after it was signed; get it again from the maker."};
}

/// The chain at the time of the release where that is proven; else, or if the certificate is younger than the proof
/// because the release was signed anew, at the time that is now.
Result<pki::ValidatedChain> validate_at(const pki::CmsSigner& cms, const TrustPolicy& policy,
                                        const std::optional<Instant>& proven, Instant now) {
  pki::ValidationInput input{.anchors = policy.anchors,
                             .intermediates = cms.extra,
                             .crls = policy.crls,
                             .at = now,
                             .usage = pki::Usage::code_signing};
  if (!proven) return pki::validate(cms.signer, input);
  auto today = pki::validate(cms.signer, input);
  if (today) return today;
  input.at = *proven;
  return pki::validate(cms.signer, input);
}

Result<SignatureReport> judge(const pki::CmsSigner& cms, const TrustPolicy& policy,
                              const std::optional<Instant>& proven, Instant now) {
  SignatureReport report{cms.signer.subject(), {}, {}, {}};
  const auto key = cms.signer.public_key();
  if (!key) return refused(key.error(), std::move(report));
  report.key_fingerprint = to_hex(key->fingerprint());
  const auto chain = validate_at(cms, policy, proven, now);
  if (!chain) return refused(chain.error(), std::move(report));
  return report;
}

/// A log or witnesses that this device does not know say nothing to it; that is no reason to refuse what others may
/// need.
bool speaks_to_others(const Error& error) {
  return error.reason() == "ledger.unknown-log" || error.reason() == "ledger.unwitnessed";
}

/// The earliest time by which a trusted ledger proves that the release existed; nothing if no such proof is there or
/// wanted.
Result<std::optional<Instant>> proven_release_time(const Head& head, const TrustPolicy& policy) {
  std::optional<Instant> earliest;
  if (!policy.release_logs) return earliest;
  const std::string entry = ledger_entry(head.manifest);
  for (const Bytes& proof : head.proofs) {
    const auto inclusion = ledger::verify_proof_file(Untrusted<ByteView>(proof), as_bytes(entry), *policy.release_logs);
    if (!inclusion && speaks_to_others(inclusion.error())) continue;
    if (!inclusion) {
      return Error(Errc::untrusted, "bundle.release-proof",
                   "the proof of the release time does not hold: " + inclusion.error().message(),
                   "Get the bundle again, or have the maker prove the release anew.");
    }
    const auto witnessed = inclusion->checkpoint().witnessed_at();
    if (witnessed && (!earliest || *witnessed < *earliest)) earliest = witnessed;
  }
  return earliest;
}

Error too_few(std::size_t have, unsigned wanted) {
  return {Errc::untrusted, "bundle.too-few-signers",
          std::to_string(have) + " of the " + std::to_string(wanted) + " signers that this device demands have signed",
          "Have the other signers sign it: 'signet firmware sign'."};
}

/// m-of-n, counted over keys: two certificates for one key are one signer.
Result<void> demand_signers(const std::vector<SignatureReport>& reports, unsigned signers_required) {
  std::set<std::string> keys;
  const SignatureReport* first_refused = nullptr;
  for (const SignatureReport& report : reports) {
    if (report.counts()) {
      keys.insert(report.key_fingerprint);
    } else if (first_refused == nullptr) {
      first_refused = &report;
    }
  }
  if (keys.size() >= std::max(signers_required, 1U)) return {};
  if (first_refused != nullptr) return as_error(*first_refused);
  return too_few(keys.size(), signers_required);
}

}  // namespace

Result<VerifiedBundle> verify(const Untrusted<Head>& untrusted, const TrustPolicy& policy, Instant now) {
  const Head& head = untrusted.unverified();
  if (head.signatures.empty()) {
    return Error(Errc::untrusted, "bundle.unsigned", "the bundle carries no signature",
                 "Sign it: 'signet firmware sign'.");
  }
  std::vector<pki::CmsSigner> signers;
  for (const Bytes& cms : head.signatures) {  // RFC 5652 section 5.6: is it over this manifest at all?
    auto signer = pki::cms_verify(cms, head.manifest);
    if (!signer) return altered(signer.error());
    signers.push_back(*std::move(signer));
  }
  TRY_ASSIGN(const std::optional<Instant> proven, proven_release_time(head, policy));
  std::vector<SignatureReport> reports;
  for (const pki::CmsSigner& signer : signers) {
    TRY_ASSIGN(SignatureReport report, judge(signer, policy, proven, now));
    reports.push_back(std::move(report));
  }
  TRY(demand_signers(reports, policy.signers_required));

  TRY_ASSIGN(Manifest manifest, Manifest::parse(head.manifest));  // authenticated first, parsed now
  VerifiedBundle bundle(std::move(manifest));
  bundle.signatures_ = std::move(reports);
  bundle.judged_at_ = proven.value_or(now);
  bundle.release_time_proven_ = proven.has_value();
  bundle.file_size_bytes_ = head.size_bytes;
  for (const Image& image : bundle.manifest_.images)
    bundle.file_size_bytes_ += layout::image_span_bytes(image.size_bytes);
  return bundle;
}

}  // namespace signet::bundle
