// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "push_splitter.hpp"
#include "sha256_lanes.hpp"
#include "signed_for_test.hpp"

#include <gtest/gtest.h>

#include <random>

namespace signet::video {

namespace {

/// All that a judge tells, as text.
class Transcript : public JudgeObserver {
 public:
  void on_frame(const FrameReport& frame) override {
    text += "f" + std::to_string(frame.frame) + "," + std::to_string(frame.unit) + "," + std::to_string(frame.gop) +
            "," + std::string(name_of(frame.verdict)) + "\n";
  }
  void on_gop(const GopReport& gop) override {
    text += "g" + std::to_string(gop.gop) + "," + std::to_string(gop.frames) + "," + std::string(name_of(gop.verdict)) +
            "," + std::to_string(gop.units_missing) + "\n";
  }
  void on_finding(const Finding& finding) override {
    text += std::string(name_of(finding.kind)) + "," + std::to_string(finding.gop) + "," +
            std::to_string(finding.unit.value_or(UINT64_MAX)) + "," + finding.text + "\n";
  }
  void end(const Verdict& verdict) {
    text += std::string(name_of(verdict.authenticity())) + "," + std::string(name_of(verdict.provenance())) + "," +
            std::to_string(verdict.coverage().frames_authentic) + "," + std::to_string(verdict.coverage().foreign_sei) +
            "," + std::to_string(verdict.coverage().parameter_sets) + "," + std::to_string(verdict.signatures_valid()) +
            "," + verdict.provenance_report().key_fingerprint;
  }
  std::string text;
};

Result<std::string> transcript(const Bytes& bytes, const JudgeOptions& options) {
  TRY_ASSIGN(Recording recording, Recording::open(std::make_shared<MemorySource>(bytes)));
  Transcript told;
  StreamJudge judge(recording.codec(), options, &told);
  while (true) {
    TRY_ASSIGN(const std::optional<Piece> piece, recording.next());
    if (!piece) break;
    judge.add(*piece);
  }
  told.end(std::move(judge).finish());
  return told.text;
}

TEST(Threads, P_VIDEO_016_all_numbers_of_threads_tell_the_same) {
  std::size_t judged = 0;
  for (const auto& folder : vector_folders()) {
    for (const VectorRow& row : vector_rows(folder)) {
      const Bytes bytes = read_whole(row.path());
      // Without the hash of the first signature: a stream with another hash changes it on the way.
      const auto one = transcript(bytes, {.now = k_today, .is_live = true});
      ASSERT_OK(one);
      for (const unsigned threads : {1U, 4U}) {
        const auto more = transcript(bytes, {.now = k_today, .threads = threads});
        ASSERT_OK(more);
        EXPECT_EQ(*one, *more) << row.file << " with " << threads << " threads";
      }
      ++judged;
    }
  }
  EXPECT_GT(judged, 5U);
}

TEST(Live, P_VIDEO_034_a_signature_tells_its_pictures_before_add_returns) {
  class Heard : public JudgeObserver {
   public:
    void on_frame(const FrameReport& frame) override {
      authentic += std::size_t{frame.verdict == FrameVerdict::authentic};
    }
    std::size_t authentic = 0;
  };
  const Camera camera = make_camera(crypto::KeyAlgorithm::ec_p256);
  const auto bytes = sign_stream(base_stream(Codec::h264), {.chain = camera.chain}, camera.key);
  ASSERT_OK(bytes);
  auto recording = Recording::open(std::make_shared<MemorySource>(*bytes));
  Heard heard;
  StreamJudge judge(Codec::h264, {.now = k_today, .is_live = true}, &heard);
  std::size_t signed_units = 0;
  while (true) {
    const auto piece = recording->next();
    ASSERT_OK(piece);
    if (!*piece) break;
    judge.add(**piece);
    const auto sei = summarize_sei(Codec::h264, (*piece)->bytes);
    if (sei) signed_units += sei->units;
    EXPECT_EQ(heard.authentic, signed_units);
  }
  EXPECT_EQ(signed_units, 200U);
}

TEST(Lanes, P_VIDEO_017_lanes_hash_as_openssl_does) {
  std::mt19937 random(1);
  std::vector<Bytes> messages;
  for (std::size_t size = 0; size < 300; ++size) messages.emplace_back(size);
  for (const std::size_t size : {4096U, 100'000U, 77U, 65'536U + 55, 65'536U + 56}) messages.emplace_back(size);
  for (Bytes& each : messages) {
    for (std::byte& byte : each) byte = static_cast<std::byte>(random());
  }
  const std::vector<ByteView> views(messages.begin(), messages.end());
  std::vector<Digest> expected;
  for (const Bytes& each : messages)
    expected.push_back(Digest::of(crypto::digest(crypto::HashAlgorithm::sha256, each)));
  for (const std::size_t lanes : lane_counts()) {
    std::vector<Digest> digests(views.size());
    hash_in_lanes(lanes, views, digests);
    for (std::size_t i = 0; i < digests.size(); ++i) EXPECT_TRUE(digests[i] == expected[i]) << lanes << " " << i;
  }
  std::vector<Digest> digests(views.size());
  ManyHasher().hash(views, digests);
  for (std::size_t i = 0; i < digests.size(); ++i) EXPECT_TRUE(digests[i] == expected[i]) << i;
  ManyHasher().hash({}, {});
}

TEST(PushSplitter, P_VIDEO_018_pushed_bytes_give_the_same_units_however_they_are_cut) {
  for (const char* name : {"base/base.h264", "base/base.h265", "base/base.obu"}) {
    const Bytes bytes = read_whole(vector_folders().front() / name);
    auto recording = Recording::open(std::make_shared<MemorySource>(bytes));
    ASSERT_OK(recording);
    std::vector<Bytes> expected;
    while (true) {
      const auto piece = recording->next();
      ASSERT_OK(piece);
      if (!*piece) break;
      expected.push_back(to_bytes((*piece)->bytes));
    }
    for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{4099}, bytes.size()}) {
      std::vector<Bytes> found;
      PushSplitter splitter(recording->codec());
      const auto sink = [&](const Piece& piece) { found.push_back(to_bytes(piece.bytes)); };
      for (std::size_t at = 0; at < bytes.size(); at += step) {
        ASSERT_OK(splitter.push(ByteView(bytes).subspan(at, std::min(step, bytes.size() - at)), sink));
      }
      ASSERT_OK(splitter.finish(sink));
      EXPECT_TRUE(found == expected) << name << " by " << step;
    }
  }
}

}  // namespace

}  // namespace signet::video
