// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parameters.hpp"
#include "picture_order.hpp"
#include "sei.hpp"
#include "unit.hpp"

#include <memory>

namespace signet::video {

/// A signature SEI (AV1: metadata OBU) as it was read, or why it could not be.
struct SignatureUnit {
  Family family;
  Result<Sei> sei;
  Digest unit_hash;  ///< of the whole unit: how an unsigned one stands in a hash list
};

/// All that judging needs to know of a unit; its bytes are gone by then.
struct HashedUnit {
  std::uint64_t unit = 0;  ///< number in the stream
  UnitClass kind = {};
  std::optional<std::int64_t> time_us = {};
  bool is_presented = true;
  bool is_item = false;  ///< takes part in hash lists, by `hash`
  Digest hash = {};
  std::optional<ParameterSet> parameter_set = {};  ///< if it is one, and was read whole
  std::optional<OrderKey> order = {};              ///< H.265: of a slice that begins a picture
  bool is_whole = false;                           ///< it came in one piece
  std::unique_ptr<SignatureUnit> signature = {};   ///< if it is one of ours
  std::unique_ptr<Result<ParameterStatement>> statement = {};
};

/// Takes units in the order of the stream.
class UnitSink {
 public:
  virtual ~UnitSink() = default;
  virtual void take(HashedUnit unit) = 0;
};

}  // namespace signet::video
