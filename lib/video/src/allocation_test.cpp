// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Counts what the program allocates with new, in this thread.
#include "signet/test/memory_signer.hpp"
#include "signet/video_signer.hpp"

#include "vector_files.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {
thread_local std::uint64_t allocations = 0;
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace signet::video {

namespace {

constexpr unsigned k_gops = 360;
constexpr unsigned k_gop_frames = 50;
constexpr unsigned k_warm_gops = 340;  // the queues of the format that the stream does not have grow for 16,384 frames

/// Only signatures cost memory: between them, frames come and go without.
TEST(Allocations, P_VIDEO_015_none_for_a_frame_on_the_steady_path) {
  const auto key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  for (const bool is_live : {true, false}) {
    auto signer = StreamSigner::make({.profile = Profile::axis_v2}, key);
    ASSERT_TRUE(signer.has_value());
    StreamJudge judge(Codec::h264, {.now = k_today, .is_live = is_live});
    std::uint64_t for_frames = 0;
    for (unsigned i = 0; i < k_gops * k_gop_frames; ++i) {
      const std::array unit{i % k_gop_frames == 0 ? std::byte{0x65} : std::byte{0x41}, std::byte{0x9a},
                            static_cast<std::byte>(i >> 8U), static_cast<std::byte>(i), std::byte{0x80}};
      const std::uint64_t before_signing = allocations;
      const auto before = signer->add(unit, 1'780'272'000'000'000 + i * 40'000LL);
      ASSERT_TRUE(before.has_value());
      const bool is_steady = i > k_warm_gops * k_gop_frames && i % k_gop_frames > 2;
      if (is_steady) for_frames += allocations - before_signing;
      for (const Bytes& each : *before) judge.add({.bytes = each});
      const std::uint64_t before_judging = allocations;
      judge.add({.bytes = unit});
      // What waits in a batch is judged with it, signatures and all: only the live judge does a frame's work at once.
      if (is_steady && is_live) for_frames += allocations - before_judging;
    }
    EXPECT_EQ(for_frames, 0U) << is_live;
  }
}

}  // namespace

}  // namespace signet::video
