// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"
#include "signet/tpm_data.hpp"

#include <string>
#include <variant>

namespace signet::attest {

/// "attest.replayed" unless the attestation answers this nonce.
inline Result<void> check_nonce(const tpm::VerifiedAttest& attest, ByteView nonce) {
  if (!nonce.empty() && equal(attest.qualifying_data(), nonce)) return {};
  return Error(Errc::untrusted, "attest.replayed",
               "the attestation answers another question than the one that was asked: its nonce is not ours",
               "Was it kept from an earlier time?");
}

/// "attest.iak-template" unless the whole area is what H-1, H-2 or H-3 make.
Result<void> check_iak_template(const tpm::Public& iak);

/// The statement of that kind which `iak` signed in answer to `nonce`.
template <typename Body>
Result<Body> attested(const tpm::Public& iak, const tpm::Attestation& attestation, ByteView nonce,
                      const std::string& kind) {
  TRY_ASSIGN(const auto attest, tpm::verify(iak, attestation));
  TRY(check_nonce(attest, nonce));
  if (const auto* body = std::get_if<Body>(&attest.body())) return *body;
  return Error(Errc::untrusted, "attest.other-kind", "the attestation speaks of something else than " + kind);
}

}  // namespace signet::attest
