// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "audit.hpp"
#include "caller.hpp"
#include "device.hpp"
#include "guard.hpp"
#include "usage.hpp"

namespace signet::keystored {

/// What an answer may depend on beside the device: who asks, the policy, the record of uses.
struct Conversation {
  Device& device;
  Guard& guard;
  Audit& audit;
  Usage& usage;
  Caller& caller;
  Instant now;
};

/// The last step of an operation: gets what the device answered, gives what the caller is told.
using Step = Result<Json> (*)(Conversation& at, const Json& arguments, Json answer);

/// Leaves only keys that the caller may see, each with what is known of its life.
Result<Json> only_shown(Conversation& at, const Json& arguments, Json answer);
Result<Json> note_made(Conversation& at, const Json& arguments, Json answer);
Result<Json> note_next(Conversation& at, const Json& arguments, Json answer);
Result<Json> note_rotated(Conversation& at, const Json& arguments, Json answer);
Result<Json> note_destroyed(Conversation& at, const Json& arguments, Json answer);
Result<Json> forget_floor(Conversation& at, const Json& arguments, Json answer);
Result<Json> describe_service(Conversation& at, const Json& arguments, Json answer);
Result<Json> begin_login(Conversation& at, const Json& arguments, Json answer);
Result<Json> join_login(Conversation& at, const Json& arguments, Json answer);
Result<Json> end_login(Conversation& at, const Json& arguments, Json answer);
Result<Json> end_logins(Conversation& at, const Json& arguments, Json answer);
Result<Json> explain(Conversation& at, const Json& arguments, Json answer);
Result<Json> watch(Conversation& at, const Json& arguments, Json answer);

/// Whether somebody may administer the service: root and keystored's own user, whatever the policy says.
[[nodiscard]] bool is_administrator(const Subject& subject);

}  // namespace signet::keystored
