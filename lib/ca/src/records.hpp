// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ca.hpp"

#include <variant>

/// What the journal of an authority says, record by record (docs/formats/ca-state.md).
namespace signet::ca {

struct AuthorityRecord {
  pki::Certificate certificate;
  Instant at;
};
struct IssuedRecord {
  std::string profile;
  pki::Certificate certificate;
  Instant at;
  std::optional<attest::Strength> strength = {};
};
/// From now on keys of this profile must prove that strength.
struct DemandRecord {
  std::string profile;
  attest::Strength strength;
  Instant at;
};
struct RevokedRecord {
  pki::Revoked revoked;
};
struct CrlRecord {
  std::uint64_t number;
  Instant at;
};
using Record = std::variant<AuthorityRecord, IssuedRecord, RevokedRecord, CrlRecord, DemandRecord>;

[[nodiscard]] Bytes encode(const Record& record);
/// "ca.damaged" for what encode() does not write.
Result<Record> decode(ByteView bytes);

}  // namespace signet::ca
