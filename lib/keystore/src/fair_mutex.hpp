// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

namespace signet::keystore {

/// A mutex that goes to whoever has waited longest: many clients of one slow TPM then wait alike, where a std::mutex
/// goes to whoever is quickest to ask again.
class FairMutex {
 public:
  void lock() {
    std::unique_lock lock(mutex_);
    if (!taken_) {
      taken_ = true;
      return;
    }
    Waiter me;
    waiters_.push_back(&me);
    me.called.wait(lock, [&me] { return me.next; });
  }

  void unlock() {
    const std::lock_guard lock(mutex_);
    if (waiters_.empty()) {
      taken_ = false;
      return;
    }
    Waiter& next = *waiters_.front();  // it stays taken, for the next one
    waiters_.pop_front();
    next.next = true;
    next.called.notify_one();  // under the lock, since the waiter ends once it has it
  }

 private:
  struct Waiter {
    std::condition_variable called;
    bool next = false;
  };
  std::mutex mutex_;
  std::deque<Waiter*> waiters_;
  bool taken_ = false;
};

}  // namespace signet::keystore
