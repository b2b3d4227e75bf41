// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/core/result.hpp"

#include "device.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace signet::keystored {

/// Who may ask for an operation.
enum class Who : std::uint8_t {
  anybody,  ///< root, keystored's own user and the users it was told of
  root,     ///< root and keystored's own user: what changes the device for good
};

/// One row of docs/formats/keystored-protocol.md.
struct Operation {
  std::string_view name;
  Who who;
  std::string_view arguments;  ///< names with a space between them; any other is refused
  Result<Json> (*run)(Device& device, const Json& arguments);
};
[[nodiscard]] std::span<const Operation> operations();

/// The row of that name, its arguments' names checked: "keystored.operation" (unsupported), "keystored.request"
/// (invalid_input).
Result<Operation> find_operation(std::string_view name, const Json& arguments);

}  // namespace signet::keystored
