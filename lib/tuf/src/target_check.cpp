// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/tuf.hpp"

#include "errors.hpp"

#include <utility>

namespace signet::tuf {

struct TargetCheck::State {
  struct Running {
    crypto::Hasher hasher;
    Hash wanted;
  };
  std::string path;
  std::uint64_t size_bytes;
  std::uint64_t done_bytes = 0;
  std::vector<Running> running;

  [[nodiscard]] Error wrong_length() const {
    return untrusted("wrong-length", "'" + printable(path, 120) + "' is " +
                                         (done_bytes > size_bytes ? "longer" : "shorter") + " than the " +
                                         std::to_string(size_bytes) + " bytes that are demanded");
  }
};

TargetCheck::TargetCheck(const VerifiedTarget& target)
    : state_(std::make_unique<State>(
          State{.path = target.path(), .size_bytes = target.size_bytes(), .done_bytes = 0, .running = {}})) {
  for (const Hash& hash : target.hashes()) state_->running.push_back({crypto::Hasher(hash.algorithm), hash});
}
TargetCheck::TargetCheck(TargetCheck&&) noexcept = default;
TargetCheck& TargetCheck::operator=(TargetCheck&&) noexcept = default;
TargetCheck::~TargetCheck() = default;

Result<void> TargetCheck::update(ByteView piece) {
  const bool over = state_->done_bytes > state_->size_bytes;  // it was told so before
  if (over || piece.size() > state_->size_bytes - state_->done_bytes) {
    state_->done_bytes = state_->size_bytes + 1;
    return state_->wrong_length();
  }
  state_->done_bytes += piece.size();
  for (State::Running& one : state_->running) one.hasher.update(piece);
  return {};
}

Result<void> TargetCheck::finish() {
  if (state_->done_bytes != state_->size_bytes) return state_->wrong_length();
  for (State::Running& one : state_->running) {
    if (one.hasher.finish() == one.wanted.digest) continue;
    return untrusted("wrong-hash", "'" + printable(state_->path, 120) + "' is not the file whose " +
                                       std::string(name_of(one.wanted.algorithm)) + " is demanded");
  }
  return {};
}

}  // namespace signet::tuf
