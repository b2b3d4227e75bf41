// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/pki.hpp"

#include <algorithm>
#include <array>

namespace signet::pki {

namespace {

// One row per kind of certificate: a new kind is a new row.
constexpr std::array k_profiles{
    Profile{.name = "vendor-root",
            .summary = "The maker's offline root: signs other certificates and revocation lists only",
            .self_signed = true,
            .ca = true,
            .path_length = std::nullopt,
            .key_usage = "keyCertSign,cRLSign",
            .extended_usage = "",
            .needs_dns_names = false,
            .days = 9131},  // 25 years: a device in the field outlives its root only by an update
    Profile{.name = "firmware-signing",
            .summary = "Signs firmware bundles, and nothing else",
            .self_signed = false,
            .ca = false,
            .path_length = std::nullopt,
            .key_usage = "digitalSignature",
            .extended_usage = "codeSigning",
            .needs_dns_names = false,
            .days = 730},
    // Its usages bound what it can issue: a manager that is broken into makes no firmware signer. Servers and devices
    // of the fleet's network (EAP-TLS knows no usages but these, RFC 5216 section 5.3), and id-kp-cmcRA for its EST
    // server (RFC 7030 section 3.6.1).
    Profile{.name = "fleet-ca",
            .summary = "A fleet's issuing authority below a root: signs servers and devices of its network only",
            .self_signed = false,
            .ca = true,
            .path_length = 0,
            .key_usage = "keyCertSign,cRLSign",
            .extended_usage = "clientAuth,serverAuth,1.3.6.1.5.5.7.3.28",
            .needs_dns_names = false,
            .days = 3652},
    Profile{.name = "tls-server",
            .summary = "An HTTPS server, by its DNS names or IP addresses",
            .self_signed = false,
            .ca = false,
            .path_length = std::nullopt,
            .key_usage = "digitalSignature",
            .extended_usage = "serverAuth",
            .needs_dns_names = true,
            .days = 397},  // the longest that browsers accept
    // Its usages bound what it can issue: a factory that is broken into makes no firmware signer.
    Profile{.name = "factory-ca",
            .summary = "A factory's issuing authority below a root: signs devices and stations only",
            .self_signed = false,
            .ca = true,
            .path_length = 0,
            .key_usage = "keyCertSign,cRLSign",
            .extended_usage = "clientAuth,serverAuth,1.3.6.1.5.5.7.3.36",
            .needs_dns_names = false,
            .days = 0},
    // IEEE 802.1AR-2018 section 8; TCG TPM 2.0 Keys for Device Identity and Attestation, section 8. No extended usage:
    // what a device will be asked to prove in twenty years is not known at its birth.
    Profile{.name = "idevid",
            .summary = "A device's own identity for its whole life (IEEE 802.1AR IDevID)",
            .self_signed = false,
            .ca = false,
            .path_length = std::nullopt,
            .key_usage = "digitalSignature",
            .extended_usage = "",
            .needs_dns_names = false,
            .needs_device_serial = true,
            .needs_hardware_module = true,
            .policies = "2.23.133.11.1.1,2.23.133.11.1.2",
            .days = 0,
            .endless = true},
    Profile{.name = "iak",
            .summary = "A device's attestation key: signs only what its TPM says",
            .self_signed = false,
            .ca = false,
            .path_length = std::nullopt,
            .key_usage = "digitalSignature",
            .extended_usage = "",
            .needs_dns_names = false,
            .needs_device_serial = true,
            .needs_hardware_module = true,
            .policies = "2.23.133.11.1.1,2.23.133.11.1.2,2.23.133.11.1.3",
            .days = 0,
            .endless = true},
    // id-kp-documentSigning (RFC 9336): ONVIF Media Signing asks for no usage, and C2PA accepts this one.
    Profile{.name = "media-signing",
            .summary = "A device's key that signs video, and nothing else",
            .self_signed = false,
            .ca = false,
            .path_length = std::nullopt,
            .key_usage = "digitalSignature",
            .extended_usage = "1.3.6.1.5.5.7.3.36",
            .needs_dns_names = false,
            .needs_device_serial = true,
            .policies = "2.23.133.11.1.1,2.23.133.11.1.2",
            .days = 0,
            .endless = true},
    Profile{.name = "station",
            .summary = "A station of a production line: signs birth records",
            .self_signed = false,
            .ca = false,
            .path_length = std::nullopt,
            .key_usage = "digitalSignature",
            .extended_usage = "",
            .needs_dns_names = false,
            .days = 730},
};

}  // namespace

std::span<const Profile> profiles() { return k_profiles; }

Result<Profile> profile_named(std::string_view name) {
  const auto* row = std::ranges::find(k_profiles, name, &Profile::name);
  if (row != k_profiles.end()) return *row;
  std::string choices;
  for (const Profile& each : k_profiles) choices += (choices.empty() ? "" : ", ") + std::string(each.name);
  return Error(Errc::usage, "pki.profile", "there is no certificate profile '" + printable(name, 40) + "'",
               "Choose one of " + choices + ".");
}

}  // namespace signet::pki
