// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace signet::keystored {

/// How far a device's birth has come; each is one durable state of the state file.
enum class Phase : std::uint8_t {
  factory,  ///< nothing has happened yet
  begun,    ///< a birth was ordered: keys are made, nothing in the TPM is locked
  closing,  ///< the station has shown that it speaks to this TPM; hierarchies are being closed, the escrow is on disk
  closed,   ///< the TPM is closed; the certificates have not come yet
  born,     ///< for good
};
/// "factory", "begun", "closing", "closed", "born".
[[nodiscard]] std::string_view name_of(Phase phase);
Result<Phase> phase_from(std::string_view name);

/// What the station can ask for.
enum class Event : std::uint8_t { begin, prove, install };
/// "birth-begin", "birth-prove", "birth-install".
[[nodiscard]] std::string_view name_of(Event event);

/// What must be equal to what came before.
enum class Rule : std::uint8_t {
  any,            ///< may be a new order
  same_order,     ///< serial, product, hardware, vendor's key and policy are those of the birth that was begun
  same_identity,  ///< the very message that was installed
};

/// One row of the life of a device: an event that is not in the table for a phase is refused.
struct Transition {
  Phase from;
  Event event;
  Phase to;
  Rule rule;
};
[[nodiscard]] std::span<const Transition> transitions();

/// The row for an event: "keystored.born" (conflict), "keystored.birth-order" (conflict: something else must come
/// first).
Result<Transition> transition(Phase from, Event event);

}  // namespace signet::keystored
