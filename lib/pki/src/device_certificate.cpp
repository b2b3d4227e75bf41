// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/device_certificate.hpp"

#include "parsed.hpp"

#include <algorithm>
#include <array>

namespace signet::pki {

namespace {

// TCG OID Registry, tcg-cap: what an authority verified before it issued.
constexpr std::string_view k_verified_tpm_residency = "2.23.133.11.1.1";
constexpr std::string_view k_verified_tpm_fixed = "2.23.133.11.1.2";
constexpr std::string_view k_verified_tpm_restricted = "2.23.133.11.1.3";

struct PurposeRow {
  DevicePurpose purpose;
  std::string_view name;
  bool restricted;         ///< tcg-cap-verifiedTPMRestricted: there or not
  bool has_hardware;       ///< hardwareModuleName must be there
  const char* only_usage;  ///< the only extended usage; null for none
};
constexpr std::array k_purposes{
    PurposeRow{DevicePurpose::idevid, "idevid", false, true, nullptr},
    PurposeRow{DevicePurpose::iak, "iak", true, true, nullptr},
    PurposeRow{DevicePurpose::media_signing, "media-signing", false, false, "1.3.6.1.5.5.7.3.36"},
};

Error refuse(const char* reason, const Certificate& certificate, const std::string& text) {
  return {Errc::untrusted, reason, "the certificate '" + certificate.subject() + "' " + text};
}

std::vector<std::string> extended_usages(const Certificate& certificate) {
  const ossl::Handle<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usages(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(certificate.parsed().x509.get(), NID_ext_key_usage, nullptr, nullptr)));
  std::vector<std::string> result;
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    const ASN1_OBJECT* object = sk_ASN1_OBJECT_value(usages.get(), i);
    std::array<char, 128> text{};
    OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
    result.emplace_back(text.data());
  }
  return result;
}

// A CA's certificate that calls itself a device's would let the device issue others.
Result<void> check_end_entity(const Certificate& leaf) {
  X509* x509 = leaf.parsed().x509.get();
  const std::uint32_t flags = X509_get_extension_flags(x509);
  const bool for_signatures =
      (flags & EXFLAG_KUSAGE) != 0 && X509_get_key_usage(x509) == static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE);
  if ((flags & EXFLAG_CA) != 0) return refuse("pki.device-profile", leaf, "is a CA's, not that of an end entity");
  if (!for_signatures) return refuse("pki.device-profile", leaf, "is not for signatures alone");
  return {};
}

Result<void> check_device(const Certificate& leaf, const PurposeRow& row) {
  const std::string serial = leaf.device_serial();
  if (serial.empty()) return refuse("pki.device-profile", leaf, "has no serial number of a device");
  if (!(leaf.not_after() == k_no_end)) {
    return refuse("pki.device-profile", leaf, "ends, which that of a device does not");
  }
  const auto hardware = leaf.hardware_module();
  if (row.has_hardware && !hardware) return refuse("pki.device-profile", leaf, "names no hardware module");
  if (hardware && !equal(hardware->serial, as_bytes(serial))) {
    return refuse("pki.device-profile", leaf, "has two serial numbers, in its subject and of its hardware");
  }
  return {};
}

Result<void> check_purpose(const Certificate& leaf, const PurposeRow& row) {
  const auto policies = leaf.policies();
  const auto has = [&policies](std::string_view oid) { return std::ranges::find(policies, oid) != policies.end(); };
  const std::string other = "is not of the kind '" + std::string(row.name) + "'";
  if (!has(k_verified_tpm_residency) || !has(k_verified_tpm_fixed)) {
    return refuse("pki.wrong-usage", leaf, other + ": its issuer did not see the key in a TPM");
  }
  if (has(k_verified_tpm_restricted) != row.restricted) {
    return refuse("pki.wrong-usage", leaf,
                  other + (row.restricted ? ": its key is not restricted" : ": its key signs attestations only"));
  }
  const auto usages = extended_usages(leaf);
  const bool fits = row.only_usage == nullptr ? usages.empty() : usages == std::vector<std::string>{row.only_usage};
  if (!fits) return refuse("pki.wrong-usage", leaf, other + ", by its extended usages");
  return {};
}

ValidationInput for_any_usage(const ValidationInput& input) {
  ValidationInput changed = input;
  changed.usage = Usage::any;
  return changed;
}

}  // namespace

std::string_view name_of(DevicePurpose purpose) { return k_purposes.at(static_cast<std::size_t>(purpose)).name; }

Result<DeviceCertificate> validate_device(const Certificate& leaf, DevicePurpose purpose,
                                          const ValidationInput& input) {
  TRY_ASSIGN(auto chain, validate(leaf, for_any_usage(input)));
  const PurposeRow& row = k_purposes.at(static_cast<std::size_t>(purpose));
  TRY(check_end_entity(leaf));
  TRY(check_purpose(leaf, row));
  TRY(check_device(leaf, row));
  return DeviceCertificate(std::move(chain), purpose, leaf.device_serial());
}

SameDevice same_device(const DeviceCertificate& a, const DeviceCertificate& b) {
  const auto issuer_of = [](const DeviceCertificate& each) -> const Certificate& {
    const auto& path = each.chain().certificates();
    return path.at(path.size() > 1 ? 1 : 0);
  };
  // A renewed authority has another certificate, but the same name and key.
  const auto key_a = issuer_of(a).public_key();
  const auto key_b = issuer_of(b).public_key();
  const bool one_issuer = key_a && key_b && *key_a == *key_b && issuer_of(a).subject() == issuer_of(b).subject();
  const auto hardware_a = a.certificate().hardware_module();
  const auto hardware_b = b.certificate().hardware_module();
  const bool one_kind = !hardware_a || !hardware_b || *hardware_a == *hardware_b;
  return one_issuer && one_kind && a.serial() == b.serial() ? SameDevice::same : SameDevice::other;
}

Result<ValidatedChain> validate_station(const Certificate& leaf, const ValidationInput& input) {
  TRY_ASSIGN(auto chain, validate(leaf, for_any_usage(input)));
  TRY(check_end_entity(leaf));
  const bool is_device = !leaf.device_serial().empty() || leaf.hardware_module() || !leaf.policies().empty();
  if (is_device) return refuse("pki.wrong-usage", leaf, "is a device's, not a station's");
  if (!extended_usages(leaf).empty()) return refuse("pki.wrong-usage", leaf, "is not a station's");
  return chain;
}

}  // namespace signet::pki
