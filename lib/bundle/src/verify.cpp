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

/// Keys that fall together are one family.
std::string family_of(crypto::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::KeyAlgorithm::ec_p256:
    case crypto::KeyAlgorithm::ec_p384:
      return "ecdsa";
    case crypto::KeyAlgorithm::ed25519:
      return "ed25519";
    case crypto::KeyAlgorithm::rsa_2048:
    case crypto::KeyAlgorithm::rsa_3072:
    case crypto::KeyAlgorithm::rsa_4096:
      return "rsa";
  }
  return {};
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
  SignatureReport report{cms.signer.subject(), {}, {}, {}, {}};
  const auto key = cms.signer.public_key();
  if (!key) return refused(key.error(), std::move(report));
  report.algorithm = family_of(key->algorithm());
  report.key_fingerprint = to_hex(key->fingerprint());
  const auto chain = validate_at(cms, policy, proven, now);
  if (!chain) return refused(chain.error(), std::move(report));
  return report;
}

/// A signature by an HSS key that is not known here neither counts nor harms, as with CMS; one by a known key that does
/// not hold refuses the bundle.
Result<std::vector<SignatureReport>> judge_hss(const Head& head, const TrustPolicy& policy) {
  std::vector<SignatureReport> reports;
  for (const Bytes& record : head.hss_signatures) {
    const ByteView bytes(record);
    const std::size_t name_size = crypto::digest_size_bytes(crypto::HashAlgorithm::sha256);
    if (bytes.size() < name_size) {
      return Error(Errc::invalid_input, "bundle.malformed", "an HSS signature of the bundle names no key",
                   "The file was damaged or made by a faulty tool; get it again.");
    }
    const ByteView name = bytes.first(name_size);
    SignatureReport report{"HSS key " + to_hex(name).substr(0, 16), to_hex(name), "hss", {}, {}};
    const auto key = std::ranges::find_if(
        policy.hss_keys, [&](const crypto::HssPublicKey& one) { return equal(one.fingerprint(), name); });
    if (key == policy.hss_keys.end()) {
      report.reason = "bundle.wrong-signer";
      report.text = "the key is not one that is trusted here";
    } else if (const auto holds = key->verify(head.manifest, bytes.subspan(name_size)); !holds) {
      return altered(holds.error());
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

/// Each family that the policy demands has a signature that counts.
Result<void> demand_algorithms(const std::vector<SignatureReport>& reports, const TrustPolicy& policy) {
  for (const std::string& wanted : policy.algorithms_required) {
    const bool there = std::ranges::any_of(
        reports, [&](const SignatureReport& report) { return report.counts() && report.algorithm == wanted; });
    if (!there) {
      return Error(Errc::untrusted, "bundle.algorithm-missing",
                   "no signature that counts is of the kind '" + printable(wanted) + "', which is demanded",
                   "Have a signer with such a key sign it: 'signet firmware sign'.");
    }
  }
  return {};
}

/// A log or witnesses that this device does not know say nothing to it; that is no reason to refuse what others may
/// need.
bool speaks_to_others(const Error& error) {
  return error.reason() == "ledger.unknown-log" || error.reason() == "ledger.unwitnessed";
}

/// What trusted ledgers say of a release.
struct Proven {
  bool included = false;            ///< whether one of them holds it
  std::optional<Instant> earliest;  ///< by which witnesses had seen it
};

/// Nothing if no such proof is there or wanted.
Result<Proven> proven_release(const Head& head, const TrustPolicy& policy) {
  Proven proven;
  if (!policy.release_logs) return proven;
  const std::string entry = ledger_entry(head.manifest);
  for (const Bytes& proof : head.proofs) {
    const auto inclusion = ledger::verify_proof_file(Untrusted<ByteView>(proof), as_bytes(entry), *policy.release_logs);
    if (!inclusion && speaks_to_others(inclusion.error())) continue;
    if (!inclusion) {
      return Error(Errc::untrusted, "bundle.release-proof",
                   "the proof of the release time does not hold: " + inclusion.error().message(),
                   "Get the bundle again, or have the maker prove the release anew.");
    }
    proven.included = true;
    const auto witnessed = inclusion->checkpoint().witnessed_at();
    if (witnessed && (!proven.earliest || *witnessed < *proven.earliest)) proven.earliest = witnessed;
  }
  return proven;
}

Error unproven() {
  return {Errc::untrusted, "bundle.release-unproven",
          "no ledger that is trusted here proves that it holds this release",
          "Only releases that anybody can see are taken; have the maker record and prove it."};
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
  if (head.signatures.empty() && head.hss_signatures.empty()) {
    return Error(Errc::untrusted, "bundle.unsigned", "the bundle carries no signature",
                 "Sign it: 'signet firmware sign'.");
  }
  std::vector<pki::CmsSigner> signers;
  for (const Bytes& cms : head.signatures) {  // RFC 5652 section 5.6: is it over this manifest at all?
    auto signer = pki::cms_verify(cms, head.manifest);
    if (!signer) return altered(signer.error());
    signers.push_back(*std::move(signer));
  }
  TRY_ASSIGN(const Proven release, proven_release(head, policy));
  if (policy.release_proof_required && !release.included) return unproven();
  const std::optional<Instant>& proven = release.earliest;
  TRY_ASSIGN(std::vector<SignatureReport> reports, judge_hss(head, policy));
  for (const pki::CmsSigner& signer : signers) {
    TRY_ASSIGN(SignatureReport report, judge(signer, policy, proven, now));
    reports.push_back(std::move(report));
  }
  TRY(demand_signers(reports, policy.signers_required));
  TRY(demand_algorithms(reports, policy));

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
