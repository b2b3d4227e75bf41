// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "sha256_lanes.hpp"

#include "signet/core/ensure.hpp"

#include "sha256_kernel.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>

namespace signet::video {

namespace {

using sha256::k_block_size_bytes;

constexpr std::size_t k_lanes_max = 16;

/// `count` blocks in each lane; the state is word by word, lane by lane.
using Kernel = void (*)(std::uint32_t* state, const std::byte** blocks, const std::size_t* strides, std::size_t count);

struct Way {
  std::size_t lanes;
  Kernel kernel;
};

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512vl,avx512bw")]] void compress_16(std::uint32_t* state, const std::byte** blocks,
                                                              const std::size_t* strides, std::size_t count) {
  sha256::compress<16>(reinterpret_cast<std::uint32_t(*)[16]>(state), blocks, strides, count);
}
[[gnu::target("avx2")]] void compress_8(std::uint32_t* state, const std::byte** blocks, const std::size_t* strides,
                                        std::size_t count) {
  sha256::compress<8>(reinterpret_cast<std::uint32_t(*)[8]>(state), blocks, strides, count);
}

std::vector<Way> ways() {
  std::vector<Way> found;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
    found.push_back({16, compress_16});
  }
  if (__builtin_cpu_supports("avx2")) found.push_back({8, compress_8});
  return found;
}
#else
std::vector<Way> ways() { return {}; }  // elsewhere processors with vector units have SHA instructions as well
#endif

/// What is in one lane: the whole blocks of a message, then its padded end (FIPS 180-4, 5.1.1).
struct Lane {
  ByteView message;
  Digest* digest = nullptr;  // null: idle
  std::size_t blocks_left = 0;
  bool is_in_end = false;
  std::array<std::byte, 2 * k_block_size_bytes> end{};
  std::size_t end_blocks = 0;

  void start(ByteView bytes, Digest& to) {
    message = bytes;
    digest = &to;
    blocks_left = bytes.size() / k_block_size_bytes;
    is_in_end = false;
    end.fill(std::byte{0});
    const ByteView rest = bytes.subspan(blocks_left * k_block_size_bytes);
    std::ranges::copy(rest, end.begin());
    end[rest.size()] = std::byte{0x80};
    end_blocks = rest.size() + 1 + sizeof(std::uint64_t) > k_block_size_bytes ? 2 : 1;
    put_be64(ByteSpan(end).subspan(end_blocks * k_block_size_bytes - sizeof(std::uint64_t)),
             std::uint64_t{bytes.size()} * 8);
  }
};

/// Fills the lanes with messages, one after another, and steps all of them together.
class LaneRun {
 public:
  LaneRun(Way way, std::span<const ByteView> messages, std::span<Digest> digests, std::span<const std::uint32_t> order)
      : way_(way), messages_(messages), digests_(digests), order_(order) {
    for (std::size_t lane = 0; lane < way_.lanes; ++lane) refill(lane);
  }

  void run() {
    while (active_ > 0) {
      std::size_t steps = SIZE_MAX;
      for (std::size_t lane = 0; lane < way_.lanes; ++lane) {
        if (lanes_[lane].digest != nullptr) steps = std::min(steps, lanes_[lane].blocks_left);
      }
      if (steps > 0) way_.kernel(state_.data(), blocks_.data(), strides_.data(), steps);
      for (std::size_t lane = 0; lane < way_.lanes; ++lane) {
        if (lanes_[lane].digest == nullptr) continue;
        lanes_[lane].blocks_left -= steps;
        if (lanes_[lane].blocks_left == 0) advance(lane);
      }
    }
  }

 private:
  void refill(std::size_t lane) {
    static constexpr std::array<std::byte, k_block_size_bytes> k_idle{};
    Lane& at = lanes_[lane];
    at.digest = nullptr;
    blocks_[lane] = k_idle.data();
    strides_[lane] = 0;
    if (next_ >= order_.size()) return;
    const std::uint32_t which = order_[next_++];
    at.start(messages_[which], digests_[which]);
    blocks_[lane] = messages_[which].data();
    strides_[lane] = k_block_size_bytes;
    for (std::size_t i = 0; i < 8; ++i) state_[i * way_.lanes + lane] = sha256::k_initial[i];
    ++active_;
    if (at.blocks_left == 0) advance(lane);
  }

  void advance(std::size_t lane) {
    Lane& at = lanes_[lane];
    if (!at.is_in_end) {
      at.is_in_end = true;
      at.blocks_left = at.end_blocks;
      blocks_[lane] = at.end.data();
      return;
    }
    at.digest->size_bytes = 32;
    for (std::size_t i = 0; i < 8; ++i) {
      put_be32(ByteSpan(at.digest->bytes).subspan(i * 4), state_[i * way_.lanes + lane]);
    }
    --active_;
    refill(lane);
  }

  Way way_;
  std::span<const ByteView> messages_;
  std::span<Digest> digests_;
  std::span<const std::uint32_t> order_;
  std::size_t next_ = 0;
  std::size_t active_ = 0;
  std::array<Lane, k_lanes_max> lanes_;
  std::array<const std::byte*, k_lanes_max> blocks_{};
  std::array<std::size_t, k_lanes_max> strides_{};
  alignas(64) std::array<std::uint32_t, 8 * k_lanes_max> state_{};
};

double seconds(auto&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The way that is fastest here.
struct Choice {
  std::optional<Way> way;
  double one_costs_lanes = 1;  ///< time of a byte by OpenSSL, in times of a byte in one lane
};

Choice choose() {
  constexpr std::size_t k_size_bytes = 4096;
  constexpr int k_rounds = 3;
  constexpr double k_worth_it = 1.2;  // copying into batches costs as well
  const Bytes sample(k_size_bytes, std::byte{0x5a});
  const std::vector<ByteView> messages(k_lanes_max, sample);
  std::vector<Digest> digests(k_lanes_max);
  std::vector<std::uint32_t> order(k_lanes_max);
  std::iota(order.begin(), order.end(), 0U);
  UnitHasher one(crypto::HashAlgorithm::sha256);
  Digest expected;
  double one_s = 1;
  for (int round = 0; round < k_rounds; ++round) {
    one_s = std::min(one_s, seconds([&] {
                       one.update(sample);
                       expected = one.finish();
                     }));
  }
  Choice best;
  double best_s = one_s * k_lanes_max / k_worth_it;
  for (const Way& way : ways()) {
    double way_s = 1;
    for (int round = 0; round < k_rounds; ++round) {
      way_s = std::min(way_s, seconds([&] { LaneRun(way, messages, digests, order).run(); }));
    }
    // A compiler or a processor that gets vectors wrong must not change a verdict.
    const bool agrees = std::ranges::all_of(digests, [&](const Digest& each) { return each == expected; });
    if (!agrees || way_s >= best_s) continue;
    best_s = way_s;
    best = {way, one_s / (way_s * static_cast<double>(way.lanes) / k_lanes_max)};
  }
  return best;
}

const Choice& choice() {
  static const Choice found = choose();
  return found;
}

}  // namespace

struct ManyHasher::Lanes {
  std::vector<std::uint32_t> order;
};

ManyHasher::ManyHasher() : one_(crypto::HashAlgorithm::sha256) {
  if (choice().way) lanes_ = std::make_unique<Lanes>();
}
ManyHasher::~ManyHasher() = default;

bool ManyHasher::is_faster() { return choice().way.has_value(); }

/// A message that is far longer than the others keeps one lane busy while the rest idle: such ones go through OpenSSL,
/// as long as that makes the whole shorter.
static std::size_t count_alone(std::span<const ByteView> messages, std::span<const std::uint32_t> order,
                               const Choice& chosen) {
  const auto lanes = static_cast<double>(chosen.way->lanes);
  double rest = 0;
  for (const ByteView each : messages) rest += static_cast<double>(each.size());
  const auto size = [&](std::size_t i) {
    return i < order.size() ? static_cast<double>(messages[order[i]].size()) : 0.0;
  };
  std::size_t alone = 0;
  double alone_cost = 0;
  double best = std::max(size(0), rest / lanes);
  while (alone < order.size()) {
    rest -= size(alone);
    alone_cost += size(alone) * chosen.one_costs_lanes;
    const double cost = alone_cost + std::max(size(alone + 1), rest / lanes);
    if (cost >= best) break;
    best = cost;
    ++alone;
  }
  return alone;
}

void ManyHasher::hash(std::span<const ByteView> messages, std::span<Digest> digests) {
  ensure(messages.size() == digests.size(), "a digest for each message");
  const Choice& chosen = choice();
  if (!chosen.way) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      one_.update(messages[i]);
      digests[i] = one_.finish();
    }
    return;
  }
  std::vector<std::uint32_t>& order = lanes_->order;
  order.resize(messages.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, std::greater<>(), [&](std::uint32_t i) { return messages[i].size(); });
  const std::size_t alone = count_alone(messages, order, chosen);
  for (const std::uint32_t i : std::span(order).first(alone)) {
    one_.update(messages[i]);
    digests[i] = one_.finish();
  }
  LaneRun(*chosen.way, messages, digests, std::span(order).subspan(alone)).run();
}

std::vector<std::size_t> lane_counts() {
  std::vector<std::size_t> counts;
  for (const Way& way : ways()) counts.push_back(way.lanes);
  return counts;
}

void hash_in_lanes(std::size_t lanes, std::span<const ByteView> messages, std::span<Digest> digests) {
  std::vector<std::uint32_t> order(messages.size());
  std::iota(order.begin(), order.end(), 0U);
  for (const Way& way : ways()) {
    if (way.lanes == lanes) LaneRun(way, messages, digests, order).run();
  }
}

}  // namespace signet::video
