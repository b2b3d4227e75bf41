// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/clock.hpp"

namespace signet::test {

/// A clock that stands until it is told otherwise.
class FakeClock : public os::Clock {
 public:
  explicit FakeClock(Instant now) : now_(now) {}
  [[nodiscard]] Instant now() const override { return now_; }
  void set(Instant now) { now_ = now; }

 private:
  Instant now_;
};

}  // namespace signet::test
