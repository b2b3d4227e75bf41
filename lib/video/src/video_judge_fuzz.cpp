// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "vector_files.hpp"

using namespace signet;

namespace {

/// Frames and GOPs are reported once each, in order.
class OrderObserver : public video::JudgeObserver {
 public:
  void on_frame(const video::FrameReport& frame) override { FUZZ_ASSERT(frame.frame == frames_++); }
  void on_gop(const video::GopReport& gop) override {
    FUZZ_ASSERT(!last_gop_ || gop.gop > *last_gop_);
    last_gop_ = gop.gop;
  }
  [[nodiscard]] std::uint64_t frames() const { return frames_; }

 private:
  std::uint64_t frames_ = 0;
  std::optional<std::uint64_t> last_gop_;
};

}  // namespace

// Any bytes give an error or one verdict, whose counts agree; nothing is authentic without a valid signature.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 400'000) return 0;
  OrderObserver observer;
  const auto verdict = video::judge_bytes(to_bytes(test::fuzz_input(data, size)), {}, &observer);
  if (!verdict) return 0;
  const video::Coverage& coverage = verdict->coverage();
  FUZZ_ASSERT(observer.frames() == coverage.frames);
  FUZZ_ASSERT(coverage.frames == coverage.frames_authentic + coverage.frames_bad + coverage.frames_unprotected +
                                     coverage.head_frames + coverage.tail_frames);
  if (verdict->signatures_valid() == 0) {
    FUZZ_ASSERT(coverage.frames_authentic == 0);
    FUZZ_ASSERT(verdict->authenticity() == video::Authenticity::not_signed ||
                verdict->authenticity() == video::Authenticity::not_authentic);
  }
  if (verdict->authenticity() == video::Authenticity::authentic) {
    FUZZ_ASSERT(coverage.frames_bad == 0 && coverage.frames_unprotected == 0 && !verdict->first_bad_gop());
  }
  return 0;
}
