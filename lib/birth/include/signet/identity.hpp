// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/attest.hpp"
#include "signet/birth.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/device_certificate.hpp"
#include "signet/ledger.hpp"
#include "signet/pki.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Who a device is, as somebody far away may believe it: the one function that puts certificates, residency, birth
/// record and freshness together. Works offline.
namespace signet::birth {

/// What a verifier holds.
struct IdentityTrust {
  std::vector<pki::Certificate> anchors;  ///< the vendors' roots
  std::vector<pki::Crl> crls = {};
  std::vector<crypto::PublicKey> stations = {};  ///< whose birth records count without a ledger
  std::optional<ledger::Policy> line = {};       ///< the ledgers of factory lines that are trusted, and their witnesses
  Instant at = {};
  std::optional<Bytes> nonce = {};  ///< the challenge that the device was sent, if one was
};

/// How it is known where the identity key lives.
enum class Residency : std::uint8_t {
  certificate,  ///< the factory's certificate says that it was checked at birth (tcg-cap-verifiedTPMResidency)
  attested,     ///< and the TPM's own attestation key, certified by the same factory, says so in this statement
};
/// How it is known that this birth is the only one of its serial.
enum class Recorded : std::uint8_t {
  unproven,  ///< no record came, or none that this verifier can check
  signed_,   ///< a record signed by a trusted station
  ledger,    ///< a record in a trusted line's ledger
};
[[nodiscard]] std::string_view name_of(Residency residency);
[[nodiscard]] std::string_view name_of(Recorded recorded);

/// A genuine device of a trusted vendor. Only judge_identity() and judge_device_certificate() make one.
class GenuineDevice {
 public:
  [[nodiscard]] const pki::Certificate& certificate() const { return device_.certificate(); }
  /// The vendor's root that it leads to.
  [[nodiscard]] const pki::Certificate& vendor() const { return device_.chain().anchor(); }
  [[nodiscard]] const std::string& serial() const { return device_.serial(); }
  [[nodiscard]] Residency residency() const { return residency_; }
  [[nodiscard]] Recorded recorded() const { return recorded_; }
  [[nodiscard]] attest::Presence presence() const { return presence_; }
  /// From the record; none where no record counts.
  [[nodiscard]] const std::optional<Record>& record() const { return record_; }
  /// What a verifier could not check and why, for people.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend class IdentityJudge;
  GenuineDevice(pki::DeviceCertificate device, Residency residency, attest::Presence presence)
      : device_(std::move(device)), residency_(residency), presence_(presence) {}
  pki::DeviceCertificate device_;
  Residency residency_;
  Recorded recorded_ = Recorded::unproven;
  attest::Presence presence_;
  std::optional<Record> record_;
  std::vector<std::string> notes_;
};

/// Judges a statement: attest::verify_identity, then birth record and receipt. Whatever it carries must hold: a proof
/// that is there and wrong refuses the whole; a record that is missing lowers what is known. Reasons: those of
/// attest::verify_identity, "identity.record" (untrusted: the record is of another birth, or signed by no trusted
/// station), "identity.receipt" (untrusted: the line's ledger does not hold it).
Result<GenuineDevice> judge_identity(const attest::IdentityStatement& statement, const IdentityTrust& trust);

/// Judges a certificate chain whose private key the peer has just used (a TLS handshake): leaf first. Reasons: those of
/// pki::validate_device, "identity.no-certificate" (untrusted). Each has a hint that fits a device.
Result<GenuineDevice> judge_device_certificate(const std::vector<pki::Certificate>& chain, const IdentityTrust& trust);

}  // namespace signet::birth
