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
    Profile{.name = "fleet-ca",
            .summary = "A fleet's issuing authority below a root: signs end entities only",
            .self_signed = false,
            .ca = true,
            .path_length = 0,
            .key_usage = "keyCertSign,cRLSign",
            .extended_usage = "",
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
