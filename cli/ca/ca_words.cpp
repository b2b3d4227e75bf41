// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ca/ca_words.hpp"

#include <algorithm>

namespace signet::cli {

Json as_json(const pki::Certificate& certificate) {
  Json json = Json::object(
      {{"serial", certificate.serial_hex()}, {"subject", certificate.subject()}, {"issuer", certificate.issuer()}});
  json.set("not_before", to_rfc3339(certificate.not_before())).set("not_after", to_rfc3339(certificate.not_after()));
  json.set("fingerprint", to_hex(certificate.fingerprint())).set("certificate", certificate.pem());
  return json;
}

std::string_view state_of(const ca::Entry& entry, Instant now) {
  if (entry.revoked) return "revoked";
  return entry.not_after < now ? "expired" : "valid";
}

Json as_json(const ca::Entry& entry, Instant now) {
  Json json = Json::object({{"serial", entry.serial_hex}, {"state", state_of(entry, now)}, {"profile", entry.profile}});
  json.set("subject", entry.subject)
      .set("issued_at", to_rfc3339(entry.issued_at))
      .set("not_after", to_rfc3339(entry.not_after));
  if (entry.revoked) {
    json.set("revoked_at", to_rfc3339(entry.revoked->when)).set("reason", pki::name_of(entry.revoked->reason));
  }
  if (entry.strength) json.set("strength", attest::name_of(*entry.strength));
  return json;
}

std::string serial_of(const Invocation& call) {
  std::string serial = call.get("SERIAL");  // as other programs print it: capitals, colons
  std::erase(serial, ':');
  std::ranges::transform(serial, serial.begin(),
                         [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  return serial;
}

}  // namespace signet::cli
