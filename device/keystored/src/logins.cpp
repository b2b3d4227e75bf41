// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "logins.hpp"

#include "signet/crypto.hpp"

#include <algorithm>

namespace signet::keystored {

namespace {

constexpr std::size_t k_ticket_bytes = 32;
constexpr std::ptrdiff_t k_per_user_max = 32;
constexpr std::size_t k_logins_max = 1024;

Bytes digest_of(ByteView ticket) { return crypto::digest(crypto::HashAlgorithm::sha256, ticket); }

}  // namespace

Bytes Logins::begin(Caller& caller) {
  Bytes ticket = crypto::random_bytes(k_ticket_bytes);
  const std::lock_guard lock(mutex_);
  const auto same_user = [&](const Login& login) { return login.uid == caller.subject.uid; };
  if (std::ranges::count_if(logins_, same_user) >= k_per_user_max) {
    logins_.erase(std::ranges::find_if(logins_, same_user));
  }
  if (logins_.size() >= k_logins_max) logins_.pop_front();
  caller.login = next_++;
  logins_.push_back(
      {.id = *caller.login, .uid = caller.subject.uid, .pid = caller.pid, .ticket_sha256 = digest_of(ticket)});
  return ticket;
}

Result<void> Logins::join(Caller& caller, ByteView ticket) {
  const Bytes digest = digest_of(ticket);  // so that no comparison of ours tells how much of a guess was right
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(logins_, [&](const Login& login) {
    return login.ticket_sha256 == digest && login.uid == caller.subject.uid && login.pid == caller.pid;
  });
  if (found == logins_.end()) {
    return Error(Errc::denied, "token.ticket", "this is no login of this process, or it has ended",
                 "Log in with the PIN.");
  }
  caller.login = found->id;
  return {};
}

void Logins::end(Caller& caller) {
  const std::lock_guard lock(mutex_);
  if (caller.login) std::erase_if(logins_, [&](const Login& login) { return login.id == *caller.login; });
  caller.login.reset();
}

void Logins::end_all() {
  const std::lock_guard lock(mutex_);
  logins_.clear();
}

bool Logins::holds(const Caller& caller) {
  if (!caller.login) return false;
  const std::lock_guard lock(mutex_);
  return std::ranges::find(logins_, *caller.login, &Login::id) != logins_.end();
}

}  // namespace signet::keystored
