// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "picture_queue.hpp"
#include "picture_signer.hpp"
#include "stream_for_test.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace signet::camerad {
namespace {

using std::chrono::milliseconds;

TEST(PictureQueue, P_CAMERAD_003_AFullQueueDropsUpToTheNextIPicture) {
  PictureQueue queue(4, 1U << 20U);
  for (unsigned i = 0; i < 7; ++i) queue.put(test_picture(i, 5));
  // 0..3 wait, 4 found no room, 5 is an I picture and found none either.
  EXPECT_EQ(queue.counts().waiting, 4U);
  EXPECT_EQ(queue.counts().dropped, 3U);
  EXPECT_EQ(queue.counts().overflows, 1U);
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(queue.take(milliseconds(0))->dts_ns, std::int64_t{i} * 40'000'000);
  for (unsigned i = 7; i < 10; ++i) queue.put(test_picture(i, 5));
  EXPECT_FALSE(queue.take(milliseconds(0)).has_value()) << "there is room, but nothing that they refer to";
  queue.put(test_picture(10, 5));
  queue.put(test_picture(11, 5));
  EXPECT_EQ(queue.take(milliseconds(0))->dts_ns, 10 * 40'000'000);
  EXPECT_EQ(queue.counts().dropped, 6U);
  EXPECT_EQ(queue.counts().overflows, 1U);
}

TEST(PictureQueue, P_CAMERAD_003_LargePicturesFillItAsWell) {
  const std::size_t size_bytes = test_picture(0, 5).bytes.size();
  PictureQueue queue(100, 2 * size_bytes);
  for (unsigned i = 0; i < 3; ++i) queue.put(test_picture(i, 5));
  EXPECT_EQ(queue.counts().waiting, 2U);
  EXPECT_EQ(queue.counts().dropped, 1U);
}

TEST(PictureQueue, P_CAMERAD_002_AStreamBeginsWithAnIPicture) {
  PictureQueue queue(10, 1U << 20U);
  queue.put(test_picture(3, 5));
  EXPECT_FALSE(queue.take(milliseconds(0)).has_value());
  EXPECT_EQ(queue.counts().dropped, 0U);
  queue.put(test_picture(5, 5));
  queue.reset();
  EXPECT_FALSE(queue.take(milliseconds(0)).has_value());
  queue.put(test_picture(6, 5));
  EXPECT_FALSE(queue.take(milliseconds(0)).has_value());
}

TEST(PictureSigner, P_CAMERAD_001_EveryPictureIsAuthentic) {
  const TestCamera camera = TestCamera::make();
  for (const unsigned part : {150U, 7U, 1U}) {
    auto signer = PictureSigner::make(camera.options(part), camera.key);
    ASSERT_OK(signer);
    Bytes stream;
    for (unsigned i = 0; i < 43; ++i) append(stream, *signer->sign(test_picture(i, 10))->bytes);
    const std::vector<Bytes> rest = *signer->finish();
    for (const Bytes& sei : rest) append_unit(stream, sei);
    EXPECT_TRUE(is_whole(stream, 43)) << part;
  }
}

/// A key that takes its time.
class SlowSigner : public crypto::Signer {
 public:
  SlowSigner(std::shared_ptr<crypto::Signer> key, milliseconds delay) : key_(std::move(key)), delay_(delay) {}
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return key_->public_key(); }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme scheme, ByteView input) override {
    std::this_thread::sleep_for(delay_);
    return key_->sign_digest(scheme, input);
  }

 private:
  std::shared_ptr<crypto::Signer> key_;
  milliseconds delay_;
};

TEST(PictureSigner, P_CAMERAD_003_WhatASlowKeyLetsThroughIsAuthentic) {
  const TestCamera camera = TestCamera::make();
  auto signer = PictureSigner::make(camera.options(), std::make_shared<SlowSigner>(camera.key, milliseconds(60)));
  ASSERT_OK(signer);
  PictureQueue queue(8, 1U << 20U);
  // A picture each two milliseconds, a GOP each ten: six times what the key can sign.
  std::thread source([&] {
    for (unsigned i = 0; i < 200; ++i) {
      queue.put(test_picture(i, 5));
      std::this_thread::sleep_for(milliseconds(2));
    }
  });
  Bytes stream;
  std::uint64_t frames = 0;
  while (const auto picture = queue.take(milliseconds(500))) {
    append(stream, *signer->sign(*picture)->bytes);
    ++frames;
  }
  source.join();
  const std::vector<Bytes> rest = *signer->finish();
  for (const Bytes& sei : rest) append_unit(stream, sei);
  EXPECT_GT(queue.counts().dropped, 0U);
  EXPECT_EQ(frames + queue.counts().dropped, 200U);
  EXPECT_TRUE(is_whole(stream, frames));
}

TEST(PictureSigner, P_CAMERAD_002_ASignedSourceIsRefused) {
  const TestCamera camera = TestCamera::make();
  auto first = PictureSigner::make(camera.options(), camera.key);
  auto second = PictureSigner::make(camera.options(), camera.key);
  ASSERT_OK(first);
  ASSERT_OK(second);
  bool is_refused = false;
  for (unsigned i = 0; i < 12 && !is_refused; ++i) {
    Picture picture = test_picture(i, 5);
    picture.bytes = *first->sign(picture)->bytes;
    const auto again = second->sign(picture);
    is_refused = !again;
    if (!again) {
      EXPECT_REASON(again, "video.already-signed");
    }
  }
  EXPECT_TRUE(is_refused);
}

TEST(Units, P_CAMERAD_011_SlicesThatNoSignatureCoversAreKnown) {
  const auto unit = [](unsigned char head) { return Bytes{std::byte{head}, std::byte{1}, std::byte{0x80}}; };
  EXPECT_TRUE(begins_gop(video::Codec::h264, unit(0x65)));
  EXPECT_FALSE(begins_gop(video::Codec::h264, unit(0x41)));
  EXPECT_TRUE(begins_gop(video::Codec::h265, unit(19 << 1)));
  EXPECT_TRUE(begins_gop(video::Codec::h265, unit(21 << 1)));
  EXPECT_FALSE(begins_gop(video::Codec::h265, unit(1 << 1)));
  EXPECT_FALSE(begins_gop(video::Codec::h265, unit(22 << 1)));
  EXPECT_TRUE(is_unprotected_slice(video::Codec::h265, unit(9 << 1)));
  EXPECT_FALSE(is_unprotected_slice(video::Codec::h265, unit(1 << 1)));
  EXPECT_FALSE(is_unprotected_slice(video::Codec::h265, unit(32 << 1)));
  EXPECT_TRUE(is_unprotected_slice(video::Codec::h264, unit(0x02)));
  EXPECT_FALSE(is_unprotected_slice(video::Codec::h264, unit(0x41)));
}

}  // namespace
}  // namespace signet::camerad
