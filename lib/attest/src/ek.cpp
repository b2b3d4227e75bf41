// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: ek_certificate_fuzz)
#include "signet/attest.hpp"

#include "ek_certificate.hpp"

#include <algorithm>

namespace signet::attest {

namespace {

constexpr std::size_t k_chain_max = 16;

Error no_certificate() {
  return {Errc::untrusted, "attest.ek-none", "the TPM has no certificate of its maker",
          "A TPM without one cannot be told from a program: it takes a TPM that its maker has certified."};
}

Result<pki::Certificate> own_certificate(const std::vector<Bytes>& chain) {
  if (chain.empty()) return no_certificate();
  if (chain.size() > k_chain_max) {
    return Error(Errc::invalid_input, "attest.ek-malformed",
                 "the TPM shows more than " + std::to_string(k_chain_max) + " certificates");
  }
  auto certificate = pki::Certificate::from_der(without_padding(chain.front()));
  if (certificate) return certificate;
  return Error(Errc::invalid_input, "attest.ek-malformed",
               "the endorsement key's certificate cannot be read: " + certificate.error().message());
}

// They may come from anyone: what cannot be read leads nowhere.
std::vector<pki::Certificate> intermediates_of(const std::vector<Bytes>& chain, const EkPolicy& policy) {
  std::vector<pki::Certificate> intermediates = policy.intermediates;
  for (std::size_t i = 1; i < chain.size(); ++i) {
    auto certificate = pki::Certificate::from_der(without_padding(chain[i]));
    if (certificate) intermediates.push_back(*std::move(certificate));
  }
  return intermediates;
}

Error no_maker(const Error& cause) {
  return {Errc::untrusted, "attest.ek-anchor",
          "the endorsement key's certificate leads to no known maker of TPMs: " + cause.message(),
          "Add the maker's root certificate, and those between, if TPMs of this maker are to be accepted."};
}

// The least that anybody who configured this root believed.
Strength strength_of(const pki::Certificate& anchor, const EkPolicy& policy) {
  Strength strength = Strength::strong;
  for (const EkAnchor& each : policy.anchors) {
    if (each.certificate == anchor) strength = std::min(strength, each.strength);
  }
  return strength;
}

// Nobody vouches for these, but a key that says that it is no endorsement key is none.
Result<void> check_area(const tpm::Public& area) {
  const bool storage = area.has(tpm::k_fixed_tpm | tpm::k_fixed_parent | tpm::k_restricted | tpm::k_decrypt);
  if (storage && !area.has(tpm::k_sign)) return {};
  return Error(Errc::untrusted, "attest.ek-usage",
               "the key is no endorsement key: it is not a restricted decryption "
               "key that is fixed to its TPM");
}

}  // namespace

Bytes VerifiedEk::fingerprint() const { return area_.key->fingerprint(); }

Result<VerifiedEk> verify_ek(const std::vector<Bytes>& chain, const tpm::Public& area, const EkPolicy& policy) {
  TRY_ASSIGN(auto certificate, own_certificate(chain));
  const auto key = certificate.public_key();
  if (!key || !area.key || !(*key == *area.key)) {
    return Error(Errc::untrusted, "attest.ek-key", "the endorsement key's certificate is that of another key",
                 "It was taken from another TPM, or the TPM got a new endorsement key after it was certified.");
  }
  TRY(check_area(area));
  pki::ValidationInput input{.intermediates = intermediates_of(chain, policy),
                             .crls = policy.crls,
                             .at = policy.at,
                             .usage = pki::Usage::any};  // check_ek_usage() knows the TCG's own
  for (const EkAnchor& each : policy.anchors) input.anchors.push_back(each.certificate);
  const auto valid = pki::validate(certificate, input).context("judge the endorsement key's certificate");
  if (!valid && valid.error().reason() == "pki.no-anchor") return no_maker(valid.error());
  if (!valid) return valid.error();
  TRY(check_ek_usage(certificate));
  const Strength strength = strength_of(valid->anchor(), policy);
  std::string model = model_of(certificate);
  return VerifiedEk(area, std::move(certificate), strength, std::move(model));
}

}  // namespace signet::attest
