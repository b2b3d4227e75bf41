// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/attest.hpp"
#include "signet/birth.hpp"
#include "signet/core/bytes.hpp"
#include "signet/core/ids.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/crypto.hpp"
#include "signet/tpm.hpp"

#include "life.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace signet::keystored {

/// Who this device is to become, and who ordered it.
struct Order {
  ProductId product;
  std::string serial;
  std::string hardware;
  crypto::PublicKey vendor_key;
  Bytes policy_envelope;  ///< as it came; signed by vendor_key

  friend bool operator==(const Order&, const Order&) = default;
  /// The policy, its signature checked: "documents.…" (untrusted), "keystored.birth-product" (incompatible).
  [[nodiscard]] Result<birth::Policy> policy() const;
};

/// What keystored remembers, without a secret; one file that is replaced as a whole (docs/formats/keystored-state.md).
struct DeviceState {
  Phase phase = Phase::factory;
  std::optional<Order> order = {};                   ///< from `begun`
  std::optional<birth::Claim> claim = {};            ///< from `begun`: what the station was told
  std::optional<tpm::Blob> attester = {};            ///< from `begun`: opens the station's credential
  Bytes escrow = {};                                 ///< from `closing`
  Bytes birth_nonce = {};                            ///< from `closed`: qualifies the evidence
  std::optional<attest::KeyEvidence> evidence = {};  ///< from `closed`: of the IDevID
  std::optional<birth::Identity> identity = {};      ///< when `born`
  Bytes identity_sha256 = {};                        ///< of the message as encoded
  Bytes installed_signature = {};                    ///< when `born`: the answer to the identity

  /// "keystored.damaged" (invalid_input), "keystored.state-version" (unsupported: a newer keystored wrote it).
  static Result<DeviceState> parse(ByteView json);
  [[nodiscard]] Bytes encode() const;
};

/// No file is a device in the phase `factory`.
Result<DeviceState> load_state(const std::filesystem::path& path);
/// Durable when it returns.
Result<void> save_state(const std::filesystem::path& path, const DeviceState& state);

/// The JSON object that a message is; what a message encodes to always parses.
[[nodiscard]] Json as_json(const birth::Message& message);
/// The message that an argument or a member holds: "keystored.request" (invalid_input) if it is of another kind.
template <typename Kind>
Result<Kind> message_of(const Json& json) {
  TRY_ASSIGN(birth::Message message, birth::parse_message(as_bytes(json.dump())));
  if (Kind* kind = std::get_if<Kind>(&message)) return std::move(*kind);
  return Error(Errc::invalid_input, "keystored.request",
               "the message '" + std::string(birth::name_of(message)) + "' was not expected here");
}

}  // namespace signet::keystored
