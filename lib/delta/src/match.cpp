// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "match.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace signet::delta {

namespace {

constexpr std::size_t k_seed_bytes = 8;
constexpr std::size_t k_candidates_max = 24;
constexpr std::size_t k_good_enough_bytes = 48;
constexpr std::uint32_t k_none = 0xffffffff;

std::uint64_t seed_at(ByteView bytes, std::size_t at) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::size_t common(ByteView a, std::size_t at_a, ByteView b, std::size_t at_b) {
  const std::size_t most = std::min(a.size() - at_a, b.size() - at_b);
  std::size_t length = 0;
  while (length + k_seed_bytes <= most && seed_at(a, at_a + length) == seed_at(b, at_b + length))
    length += k_seed_bytes;
  while (length < most && a[at_a + length] == b[at_b + length]) ++length;
  return length;
}

/// Where seeds stand in the old file: chains by hash, newest first.
class Seeds {
 public:
  explicit Seeds(ByteView old)
      : shift_(64U - std::max(8U, static_cast<unsigned>(std::bit_width(old.size())))),
        head_(std::size_t{1} << (64U - shift_), k_none),
        next_(old.size() < k_seed_bytes ? 0 : old.size() - k_seed_bytes + 1, k_none) {
    std::uint64_t before = 0;
    for (std::size_t at = next_.size(); at-- > 0;) {
      const std::uint64_t seed = seed_at(old, at);
      // Of a long run of one value only its ends are worth a place in a chain.
      const bool in_run = seed == before && seed == std::rotl(seed, 8);
      before = seed;
      if (in_run) continue;
      std::uint32_t& head = head_[slot(seed)];
      next_[at] = head;
      head = static_cast<std::uint32_t>(at);
    }
  }
  [[nodiscard]] std::uint32_t first(std::uint64_t seed) const { return head_[slot(seed)]; }
  [[nodiscard]] std::uint32_t after(std::uint32_t at) const { return next_[at]; }

 private:
  [[nodiscard]] std::size_t slot(std::uint64_t seed) const { return (seed * 0x9e3779b97f4a7c15) >> shift_; }

  unsigned shift_;
  std::vector<std::uint32_t> head_;
  std::vector<std::uint32_t> next_;
};

struct Found {
  std::size_t length = 0;
  std::size_t at = 0;
};

class Matcher {
 public:
  Matcher(ByteView old, ByteView fresh) : old_(old), fresh_(fresh), seeds_(old) {}

  void run(const std::function<void(const Step&)>& emit) {
    Found found;
    std::size_t scan = 0;
    std::size_t last_scan = 0;
    std::size_t last_at = 0;
    while (scan < fresh_.size()) {
      scan += found.length;
      const std::size_t score = advance(scan, found);
      if (found.length == score && scan != fresh_.size()) continue;  // the same alignment goes on
      const std::size_t end = std::min(scan, fresh_.size());
      std::size_t forward = reach_forward(last_scan, last_at, end);
      std::size_t backward = scan < fresh_.size() ? reach_backward(last_scan, end, found.at) : 0;
      if (last_scan + forward > end - backward) share(last_scan, last_at, end, found.at, forward, backward);
      emit({last_at, forward, end - backward - (last_scan + forward)});
      last_scan = end - backward;
      last_at = found.at - backward;
      offset_ = static_cast<std::ptrdiff_t>(found.at) - static_cast<std::ptrdiff_t>(scan);
    }
  }

 private:
  /// Whether byte `at` of the new file is the same under the present alignment.
  [[nodiscard]] bool aligned_same(std::size_t at) const {
    const std::ptrdiff_t in_old = static_cast<std::ptrdiff_t>(at) + offset_;
    return in_old >= 0 && static_cast<std::size_t>(in_old) < old_.size() &&
           old_[static_cast<std::size_t>(in_old)] == fresh_[at];
  }

  /// Moves `scan` to where a match is clearly better than to go on under the present alignment; returns how many bytes
  /// of that match the alignment has as well.
  std::size_t advance(std::size_t& scan, Found& found) const {
    std::size_t score = 0;
    std::size_t counted = scan;
    for (; scan < fresh_.size(); ++scan) {
      found = search(scan);
      for (; counted < scan + found.length; ++counted) score += aligned_same(counted) ? 1U : 0U;
      if ((found.length == score && found.length != 0) || found.length > score + k_seed_bytes) return score;
      if (counted > scan && aligned_same(scan)) --score;
      counted = std::max(counted, scan + 1);
    }
    found.length = 0;
    return score;
  }

  [[nodiscard]] Found search(std::size_t scan) const {
    Found best;
    if (fresh_.size() - scan < k_seed_bytes) return best;
    const std::ptrdiff_t aligned = static_cast<std::ptrdiff_t>(scan) + offset_;
    if (aligned >= 0 && static_cast<std::size_t>(aligned) < old_.size()) {
      best = {common(old_, static_cast<std::size_t>(aligned), fresh_, scan), static_cast<std::size_t>(aligned)};
      if (best.length >= k_good_enough_bytes) return best;
      if (best.length < k_seed_bytes) best = {};
    }
    std::uint32_t at = seeds_.first(seed_at(fresh_, scan));
    for (std::size_t tried = 0; at != k_none && tried < k_candidates_max; ++tried, at = seeds_.after(at)) {
      const std::size_t length = common(old_, at, fresh_, scan);
      if (length > best.length && length >= k_seed_bytes) best = {length, at};
    }
    return best;
  }

  /// How far the alignment before reaches into what follows, as long as more than half of the bytes agree.
  [[nodiscard]] std::size_t reach_forward(std::size_t scan, std::size_t at, std::size_t end) const {
    std::ptrdiff_t same = 0;
    std::ptrdiff_t best = 0;
    std::size_t reach = 0;
    for (std::size_t i = 0; scan + i < end && at + i < old_.size();) {
      if (old_[at + i] == fresh_[scan + i]) ++same;
      ++i;
      const std::ptrdiff_t score = same * 2 - static_cast<std::ptrdiff_t>(i);
      if (score > best) {
        best = score;
        reach = i;
      }
    }
    return reach;
  }
  /// The same for the match behind, backwards.
  [[nodiscard]] std::size_t reach_backward(std::size_t last_scan, std::size_t end, std::size_t at) const {
    std::ptrdiff_t same = 0;
    std::ptrdiff_t best = 0;
    std::size_t reach = 0;
    for (std::size_t i = 1; last_scan + i <= end && i <= at; ++i) {
      if (old_[at - i] == fresh_[end - i]) ++same;
      const std::ptrdiff_t score = same * 2 - static_cast<std::ptrdiff_t>(i);
      if (score > best) {
        best = score;
        reach = i;
      }
    }
    return reach;
  }

  /// Where both reach, the border is put where most bytes agree.
  void share(std::size_t last_scan, std::size_t last_at, std::size_t end, std::size_t at, std::size_t& forward,
             std::size_t& backward) const {
    const std::size_t overlap = last_scan + forward - (end - backward);
    std::ptrdiff_t score = 0;
    std::ptrdiff_t best = 0;
    std::size_t border = 0;
    for (std::size_t i = 0; i < overlap; ++i) {
      if (fresh_[last_scan + forward - overlap + i] == old_[last_at + forward - overlap + i]) ++score;
      if (fresh_[end - backward + i] == old_[at - backward + i]) --score;
      if (score > best) {
        best = score;
        border = i + 1;
      }
    }
    forward = forward - overlap + border;
    backward -= border;
  }

  ByteView old_;    // of match(), which outlives this
  ByteView fresh_;  // the same
  Seeds seeds_;
  std::ptrdiff_t offset_ = 0;
};

}  // namespace

void match(ByteView old, ByteView fresh, const std::function<void(const Step&)>& emit) {
  Matcher(old, fresh).run(emit);
}

}  // namespace signet::delta
