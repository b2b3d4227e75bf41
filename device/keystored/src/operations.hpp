// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/keystored_policy.hpp"

#include "conversation.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace signet::keystored {

/// Who may ask for an operation.
enum class Who : std::uint8_t {
  anybody,  ///< whom the policy knows, and what it allows him; root and keystored's own user where it is no use of a
            ///< key
  root,     ///< root and keystored's own user: what changes the device for good
};

/// The key that an operation uses.
enum class KeyAt : std::uint8_t {
  none,
  label,     ///< the argument of that name
  iak,       ///< the attestation key
  if_nonce,  ///< the device ID, if there is a nonce to be signed; otherwise nothing is used
};

/// One row of docs/formats/keystored-protocol.md.
struct Operation {
  std::string_view name;
  Who who;
  std::string_view arguments;  ///< names with a space between them; any other is refused
  Result<Json> (*run)(Device& device, const Json& arguments);  ///< none: everything is in `then`
  std::optional<Act> act = {};                                 ///< that the policy must allow, and that is recorded
  KeyAt key = KeyAt::none;
  Step then = nullptr;
};
[[nodiscard]] std::span<const Operation> operations();

/// The row of that name, its arguments' names checked: "keystored.operation" (unsupported), "keystored.request"
/// (invalid_input).
Result<Operation> find_operation(std::string_view name, const Json& arguments);

/// What the policy is to be asked about this call; nothing where it is no use of a key.
[[nodiscard]] std::optional<Ask> ask_of(const Operation& operation, Device& device, const Json& arguments);

}  // namespace signet::keystored
