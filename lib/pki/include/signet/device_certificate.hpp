// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/pki.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// What the certificates that a factory issues may be used for (docs/formats/certificates.md). A device's certificates
/// have no extended usage that a general validator would look at, so who accepts one says which kind he wants.
namespace signet::pki {

/// The kinds of certificates of a device: the profiles of these names.
enum class DevicePurpose : std::uint8_t {
  idevid,         ///< says who it is: TLS, enrolment, challenges
  iak,            ///< signs attestations of its TPM
  media_signing,  ///< signs video
};
/// "idevid", "iak", "media-signing".
[[nodiscard]] std::string_view name_of(DevicePurpose purpose);

/// A device's certificate that held for one purpose. Only validate_device() makes one.
class DeviceCertificate {
 public:
  [[nodiscard]] const ValidatedChain& chain() const { return chain_; }
  [[nodiscard]] const Certificate& certificate() const { return chain_.leaf(); }
  [[nodiscard]] DevicePurpose purpose() const { return purpose_; }
  /// Never empty.
  [[nodiscard]] const std::string& serial() const { return serial_; }

 private:
  friend Result<DeviceCertificate> validate_device(const Certificate&, DevicePurpose, const ValidationInput&);
  DeviceCertificate(ValidatedChain chain, DevicePurpose purpose, std::string serial)
      : chain_(std::move(chain)), purpose_(purpose), serial_(std::move(serial)) {}
  ValidatedChain chain_;
  DevicePurpose purpose_;
  std::string serial_;
};

/// validate(), then the rules of the profile (IEEE 802.1AR-2018 section 8; TCG TPM 2.0 Keys for Device Identity and
/// Attestation, section 8): an end entity, whose key makes signatures and nothing else; without end; with a serial
/// number that the hardware module repeats: "pki.device-profile" (untrusted). A certificate of another kind is
/// "pki.wrong-usage" (untrusted): kinds differ in their policies and extended usages. `input.usage` is not looked at.
Result<DeviceCertificate> validate_device(const Certificate& leaf, DevicePurpose purpose, const ValidationInput& input);

/// Whether two certificates are of one device.
enum class SameDevice : std::uint8_t { same, other };
/// The same serial number from the same authority (its name and key), and no two kinds of hardware.
[[nodiscard]] SameDevice same_device(const DeviceCertificate& a, const DeviceCertificate& b);

/// A station that signs birth records: an end entity for signatures that is not a device and has no other usage
/// ("pki.wrong-usage", untrusted), so that no device can write its own birth record.
Result<ValidatedChain> validate_station(const Certificate& leaf, const ValidationInput& input);

}  // namespace signet::pki
