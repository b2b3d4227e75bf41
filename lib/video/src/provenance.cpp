// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "keys.hpp"

#include <algorithm>

namespace signet::video {

namespace {

Result<pki::ValidatedChain> path_at(const StreamKey& key, const std::vector<pki::Certificate>& anchors, Instant at) {
  pki::ValidationInput input{.anchors = anchors, .at = at, .usage = pki::Usage::any};
  input.intermediates.assign(key.chain.begin() + 1, key.chain.end());
  return pki::validate(key.chain.front(), input);
}

bool attests(const StreamKey& key) { return key.attestation && !key.attestation->empty(); }

ProvenanceReport judge_key(const StreamKey& key, const ProvenanceInput& input) {
  ProvenanceReport report;
  report.provenance = Provenance::untrusted;
  report.key_fingerprint = to_hex(key.key.fingerprint());
  if (key.chain.empty()) {
    report.reason = "the stream brings a bare key; nothing says whose it is";
    return report;
  }
  report.path = key.chain;
  if (input.anchors.empty()) {
    report.provenance = Provenance::no_anchor;
    report.reason = "the stream brings a certificate chain, but no trust anchor was given";
    return report;
  }
  // RFC 5280 section 6 with the recording's moment as "current time": both ends of the signed span must lie inside.
  const auto chain = path_at(key, input.anchors, input.from.value_or(input.now));
  if (!chain) {
    report.reason = chain.error().message() + (input.from ? " (judged at the recording time)" : " (judged today)");
    return report;
  }
  if (input.to) {
    if (const auto later = path_at(key, input.anchors, *input.to); !later) {
      report.reason = later.error().message() + " (judged at the end of the recording)";
      return report;
    }
  }
  report.path = chain->certificates();
  if (attests(key)) {
    const auto serial = check_attestation(key.key, *key.attestation, chain->leaf());
    if (!serial) {
      report.reason = serial.error().message();
      return report;
    }
    report.attested_serial = *serial;
    if (*serial != input.serial) {
      report.reason =
          "the attestation is of the device '" + *serial + "', the stream says that it is of '" + input.serial + "'";
      return report;
    }
    report.provenance = Provenance::attested;
    return report;
  }
  if (key.attestation) {  // Axis with a factory key: the certificate must be this device's
    const auto serial = factory_serial(chain->leaf());
    if (!serial || *serial != input.serial) {
      report.reason = serial ? "the key is certified for the device '" + *serial +
                                   "', the stream says that it is of '" + input.serial + "'"
                             : serial.error().message();
      return report;
    }
    report.attested_serial = *serial;
  }
  report.provenance = Provenance::trusted;
  if (const auto today = path_at(key, input.anchors, input.now); !today && today.error().code() == Errc::expired) {
    report.provenance = Provenance::expired_today_valid_at_recording;
    report.reason = today.error().message() + " since, but was valid when this was recorded";
  }
  return report;
}

}  // namespace

ProvenanceReport judge_provenance(const std::vector<StreamKey>& keys, const ProvenanceInput& input) {
  ProvenanceReport worst;
  bool is_first = true;
  const bool any_signs_pictures = std::ranges::any_of(keys, &StreamKey::signs_pictures);
  for (const StreamKey& key : keys) {
    if (any_signs_pictures ? !key.signs_pictures : !key.has_signed) continue;
    ProvenanceReport report = judge_key(key, input);
    if (is_first || report.provenance < worst.provenance) worst = std::move(report);
    is_first = false;
  }
  worst.recorded_from = input.from;
  worst.recorded_to = input.to;
  worst.time_source = input.time_source;
  return worst;
}

}  // namespace signet::video
