// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/keystored_policy.hpp"
#include "signet/os/clock.hpp"

#include "allowance.hpp"
#include "caller.hpp"
#include "logins.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace signet::keystored {

/// The policy in force, and what it counts. Safe to call from several threads.
class Guard {
 public:
  struct Config {
    std::optional<std::filesystem::path> policy;  ///< none: the built-in one
    std::filesystem::path state;                  ///< the service's folder, for the ledger of policies
    std::vector<uid_t> allow_uids;
    std::function<void(LogLevel, const std::string&)> log;
    std::shared_ptr<const os::Clock> clock;
  };
  using FloorOf = std::function<Result<std::uint64_t>()>;

  /// Reads the policy and, if it is another than the last one, puts it on record first: what cannot be recorded does
  /// not come into force. Reasons of Policy::parse(), "policy.open-to-others" (denied: others may write the file), and
  /// those of the ledger.
  static Result<std::unique_ptr<Guard>> open(Config config);
  /// The same for a running service; where it fails, the policy stays as it was.
  Result<void> reload();

  [[nodiscard]] std::shared_ptr<const Policy> policy() const;
  /// Lets a use through: the name of the rule that grants it. Errors as Policy::decide().
  Result<std::string> admit(const Caller& caller, const Ask& ask, const FloorOf& floor_of);
  [[nodiscard]] Explanation explain(const Subject& subject, const Ask& ask, bool logged_in, const FloorOf& floor_of);

  Logins& logins() { return logins_; }
  /// The floor was written: what was known of it is void.
  void forget_floor();
  /// Which policy is in force, and why the last reload failed, if it did.
  [[nodiscard]] Json describe() const;

 private:
  explicit Guard(Config config) : config_(std::move(config)) {}
  Result<Policy> read() const;
  Result<void> put_on_record(const Policy& next) const;
  Circumstances around(bool logged_in, const FloorOf& floor_of);
  std::optional<std::uint64_t> floor(const FloorOf& floor_of);

  const Config config_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Policy> policy_;
  std::string reload_failed_;
  Allowances allowances_;
  Logins logins_;
  std::mutex floor_mutex_;
  std::optional<std::uint64_t> floor_;
  std::chrono::steady_clock::time_point floor_at_;
};

}  // namespace signet::keystored
