// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "id/identity_trust.hpp"

#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "firmware/firmware_common.hpp"

namespace signet::cli::id {

namespace {

constexpr std::uint64_t k_key_bytes_max = 1U << 20U;

}  // namespace

std::vector<Option> trust_options(bool anchor_required) {
  return {{.name = "--anchor",
           .value = "FILE",
           .help = "Vendor's root certificate (PEM).",
           .required = anchor_required,
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--crl",
           .value = "FILE",
           .help = "Revocation list (PEM).",
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--line-key",
           .value = "VKEY",
           .help = "Ledger of a factory line that must hold the birth.",
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--witness-key",
           .value = "VKEY",
           .help = "Witness that must have seen that ledger.",
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--station-key",
           .value = "FILE",
           .help = "Public key of a station whose records count (PEM).",
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--at", .value = "TIME", .help = "Moment to judge at (RFC 3339); now if not given."}};
}

Result<birth::IdentityTrust> trust_from(const Invocation& call) {
  birth::IdentityTrust trust;
  TRY_ASSIGN(trust.anchors, firmware::load_certificates(call.all("--anchor")));
  TRY_ASSIGN(trust.crls, firmware::load_crls(call.all("--crl")));
  for (const std::string& file : call.all("--station-key")) {
    TRY_ASSIGN(const Bytes pem, os::read_file(file, k_key_bytes_max));
    TRY_ASSIGN(crypto::PublicKey key, crypto::PublicKey::from_pem(as_text(pem)));
    trust.stations.push_back(std::move(key));
  }
  if (call.has("--line-key")) {
    TRY_ASSIGN(std::vector<ledger::VerifierKey> logs, firmware::load_vkeys(call.all("--line-key")));
    TRY_ASSIGN(std::vector<ledger::VerifierKey> witnesses, firmware::load_vkeys(call.all("--witness-key")));
    const std::size_t required = witnesses.size();
    TRY_ASSIGN(trust.line, ledger::Policy::make(std::move(logs), std::move(witnesses), required));
  }
  trust.at = os::SystemClock().now();
  if (call.has("--at")) {
    TRY_ASSIGN(trust.at, from_rfc3339(call.get("--at")));
  }
  return trust;
}

}  // namespace signet::cli::id
