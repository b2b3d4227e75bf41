// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "attestation.hpp"

#include <algorithm>

namespace signet::ca {

namespace {

/// A statement that is shown must be about this certificate, whether it was demanded or not.
Result<void> check_subject(const Application& application, const attest::AttestedKey& attested) {
  if (!(attested.key() == application.public_key)) {
    return Error(Errc::denied, "ca.attestation-key", "the attestation is of another key than the one to be certified",
                 "Attest the key that the request is for.");
  }
  const std::string& serial = application.subject.serial_number;
  if (serial.empty() || !attested.device() || attested.device()->serial() == serial) return {};
  return Error(Errc::denied, "ca.attestation-device",
               "the key is in the device '" + printable(attested.device()->serial(), 80) + "', not in '" +
                   printable(serial, 80) + "'",
               "Name the device that the key is in, or attest a key of the one that is named.");
}

}  // namespace

Result<void> check_attestation(const Application& application, std::optional<attest::Strength> demanded) {
  if (application.attestation) TRY(check_subject(application, *application.attestation));
  if (!demanded && !application.minimum_strength) return {};
  const attest::Strength least = std::max(demanded.value_or(attest::Strength::software),
                                          application.minimum_strength.value_or(attest::Strength::software));
  if (!application.attestation) {
    return Error(Errc::denied, "ca.no-attestation",
                 "nothing shows where the key lives, and " + std::string(attest::name_of(least)) + " is demanded",
                 "'signet key attest' on the device makes such a statement.");
  }
  if (application.attestation->strength() >= least) return {};
  return Error(Errc::denied, "ca.strength",
               "the key is proven to be " + std::string(attest::name_of(application.attestation->strength())) +
                   ", and " + std::string(attest::name_of(least)) + " is demanded",
               "'signet key attest-verify' says what is proven, and what is missing.");
}

}  // namespace signet::ca
