// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/documents.hpp"
#include "signet/pki.hpp"
#include "signet/station.hpp"

#include <vector>

namespace signet::station {

/// What the vendor ordered and what the station was given to judge units by: read once, from files, at the start.
struct Orders {
  birth::Policy policy;
  Bytes policy_envelope;
  Bytes policy_sha256;  ///< of the payload
  attest::EkPolicy tpms;
  std::vector<pki::Certificate> station_certificates;  ///< its own, then as many issuers as the file has

  static Result<Orders> read(const Config& config);
};

/// The vendor's policy, checked under the vendor's key.
Result<birth::Policy> open_policy(ByteView envelope, const crypto::PublicKey& key, Bytes* payload_sha256);

}  // namespace signet::station
