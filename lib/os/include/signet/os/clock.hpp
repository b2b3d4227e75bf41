// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/time.hpp"

namespace signet::os {

/// Where "now" comes from; tests and clock-less devices bring their own.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
};

/// The system's clock (CLOCK_REALTIME).
class SystemClock : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
};

}  // namespace signet::os
