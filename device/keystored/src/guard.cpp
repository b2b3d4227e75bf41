// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "guard.hpp"

#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace signet::keystored {

namespace {

constexpr std::size_t k_policy_bytes_max = 256U << 10U;
constexpr std::size_t k_last_bytes_max = 256;
constexpr std::string_view k_origin = "device.invalid/keystored";
/// Only keystored moves the floor, and says so; a TPM that was swapped under us shows within this time.
constexpr std::chrono::seconds k_floor_known_for{10};

/// Whoever can write the policy has every key in it.
Result<void> check_owner(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return errno_error(errno, "look at '" + printable(file.native()) + "'");
  const bool ours = status.st_uid == 0 || status.st_uid == ::geteuid();
  if (ours && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return Error(Errc::denied, "policy.open-to-others",
               "the policy '" + printable(file.native()) + "' can be written by others than root and keystored",
               "chown root and chmod 644 it.");
}

Result<ledger::Ledger> open_ledger(const std::filesystem::path& folder) {
  auto opened = ledger::Ledger::open(folder);
  if (opened || opened.error().code() != Errc::not_found) return opened;
  return ledger::Ledger::create(folder, k_origin);
}

}  // namespace

Result<Policy> Guard::read() const {
  if (!config_.policy) return Policy::built_in(::geteuid(), config_.allow_uids);
  const std::string doing = "policy '" + printable(config_.policy->native()) + "'";
  TRY(check_owner(*config_.policy));
  TRY_ASSIGN(const Bytes text, os::read_file(*config_.policy, k_policy_bytes_max));
  return Policy::parse(text, system_accounts()).context(doing);
}

/// The last digest stands beside the ledger, since entries are read back only under a checkpoint. A kill between the
/// two gives an entry too many, never one too few.
Result<void> Guard::put_on_record(const Policy& next) const {
  const std::filesystem::path last_file = config_.state / "policy-in-force";
  const auto last = os::read_file(last_file, k_last_bytes_max);
  if (!last && last.error().code() != Errc::not_found) return last.error();
  if (!last && !next.from_file()) return {};  // there has never been one
  if (last && as_text(*last) == next.digest()) return {};
  TRY_ASSIGN(ledger::Ledger ledger, open_ledger(config_.state / "ledger"));
  const Json entry = Json::object({{"event", "policy"},
                                   {"time", to_rfc3339(config_.clock->now())},
                                   {"sha256", next.digest()},
                                   {"before", last ? std::string(as_text(*last)) : std::string()},
                                   {"source", next.from_file() ? "file" : "built-in"},
                                   {"rules", std::uint64_t{next.rules().size()}}});
  TRY(ledger.append(as_bytes(entry.dump())));
  return os::replace_file(last_file, as_bytes(next.digest()), 0600);
}

Result<std::unique_ptr<Guard>> Guard::open(Config config) {
  std::unique_ptr<Guard> guard(new Guard(std::move(config)));
  TRY_ASSIGN(Policy policy, guard->read());
  TRY(guard->put_on_record(policy).context("put the policy on record"));
  guard->policy_ = std::make_shared<const Policy>(std::move(policy));
  return guard;
}

Result<void> Guard::reload() {
  const auto load = [this]() -> Result<Policy> {
    TRY_ASSIGN(Policy policy, read());
    TRY(put_on_record(policy).context("put the policy on record"));
    return policy;
  };
  auto next = load();
  const std::lock_guard lock(mutex_);
  if (!next) {
    reload_failed_ = next.error().message();
    config_.log(LogLevel::error, "the policy stays as it was: " + reload_failed_);
    return std::move(next).error();
  }
  reload_failed_.clear();
  if (next->digest() == policy_->digest()) return {};  // nobody gets a new allowance by it
  policy_ = std::make_shared<const Policy>(*std::move(next));
  allowances_.clear();
  config_.log(LogLevel::info, "a new policy is in force: " + policy_->digest());
  return {};
}

std::shared_ptr<const Policy> Guard::policy() const {
  const std::lock_guard lock(mutex_);
  return policy_;
}

std::optional<std::uint64_t> Guard::floor(const FloorOf& floor_of) {
  const std::lock_guard lock(floor_mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (floor_ && now - floor_at_ < k_floor_known_for) return floor_;
  const auto read = floor_of ? floor_of() : Result<std::uint64_t>(Error(Errc::not_found, "keystored.no-floor", ""));
  floor_ = read ? std::optional(*read) : std::nullopt;
  floor_at_ = now;
  return floor_;
}

void Guard::forget_floor() {
  const std::lock_guard lock(floor_mutex_);
  floor_.reset();
}

Circumstances Guard::around(bool logged_in, const FloorOf& floor_of) {
  return {
      .now = config_.clock->now(), .logged_in = logged_in, .floor_of = [this, floor_of] { return floor(floor_of); }};
}

Result<std::string> Guard::admit(const Caller& caller, const Ask& ask, const FloorOf& floor_of) {
  const std::shared_ptr<const Policy> policy = this->policy();
  const auto take = [&](std::size_t rule) {
    return allowances_.take(rule, caller.subject.uid, *policy->rules().at(rule).rate, std::chrono::steady_clock::now());
  };
  TRY_ASSIGN(const std::size_t rule,
             policy->decide(caller.subject, ask, around(logins_.holds(caller), floor_of), take));
  return policy->rules().at(rule).name;
}

Explanation Guard::explain(const Subject& subject, const Ask& ask, bool logged_in, const FloorOf& floor_of) {
  return policy()->explain(subject, ask, around(logged_in, floor_of));
}

Json Guard::describe() const {
  const std::lock_guard lock(mutex_);
  Json out = Json::object({{"source", policy_->from_file() ? "file" : "built-in"},
                           {"sha256", policy_->digest()},
                           {"rules", std::uint64_t{policy_->rules().size()}}});
  if (!reload_failed_.empty()) out.set("reload_failed", reload_failed_);
  return out;
}

}  // namespace signet::keystored
