// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "unit_hash.hpp"

#include <span>
#include <vector>

namespace signet::video {

/// SHA-256 of many messages at once, each message in one lane of a vector unit (docs/decisions/0021-sha256-lanes.md).
/// OpenSSL hashes one message at a time; where its way is faster (SHA instructions), that is used. The digests are the
/// same either way.
class ManyHasher {
 public:
  ManyHasher();
  ~ManyHasher();
  ManyHasher(const ManyHasher&) = delete;
  ManyHasher& operator=(const ManyHasher&) = delete;

  /// digests[i] becomes the SHA-256 of messages[i]; as many of the one as of the other.
  void hash(std::span<const ByteView> messages, std::span<Digest> digests);

  /// Whether this machine hashes many messages faster than one after another. Measured once, in less than a
  /// millisecond.
  [[nodiscard]] static bool is_faster();

 private:
  struct Lanes;
  UnitHasher one_;
  std::unique_ptr<Lanes> lanes_;  // null where OpenSSL is faster
};

/// For tests: how many messages go side by side in each of the ways that this machine has, 0 for OpenSSL's.
[[nodiscard]] std::vector<std::size_t> lane_counts();
/// For tests: as ManyHasher, all of it in that many lanes.
void hash_in_lanes(std::size_t lanes, std::span<const ByteView> messages, std::span<Digest> digests);

}  // namespace signet::video
