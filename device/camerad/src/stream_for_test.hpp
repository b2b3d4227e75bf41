// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/pki.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/video_signer.hpp"

#include "picture.hpp"
#include "units.hpp"

namespace signet::camerad {

/// A camera's key with a certificate under a root of its own.
struct TestCamera {
  std::shared_ptr<crypto::Signer> key;
  std::vector<pki::Certificate> chain;

  static TestCamera make() {
    const auto root_key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
    const auto key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
    const auto order = [](const char* profile, const char* name, const crypto::PublicKey& of) {
      return pki::Order{.profile = *pki::profile_named(profile),
                        .subject = {.common_name = name},
                        .public_key = of,
                        .serial_hex = "01",
                        .not_before = {1'700'000'000},
                        .not_after = Instant{1'700'000'000}.plus_days(3000)};
    };
    const auto root = pki::issue_root(root_key, order("vendor-root", "Root", root_key->public_key()));
    const auto leaf = pki::issue({*root, root_key}, order("firmware-signing", "Camera", key->public_key()));
    return {key, {*leaf}};
  }

  [[nodiscard]] video::SignOptions options(std::uint32_t part_frames = 150) const {
    video::SignOptions options;
    options.partial_gop_frames_max = part_frames;
    options.chain = chain;
    return options;
  }
};

/// H.264 pictures 25 times a second that no decoder would show, but every signer and judge reads: an I picture in
/// `gop_frames`, each of its own content.
inline Picture test_picture(unsigned index, unsigned gop_frames) {
  Picture picture;
  picture.format = {video::Codec::h264, 64, 64};
  picture.begins_gop = index % gop_frames == 0;
  Bytes slice{std::byte{static_cast<unsigned char>(picture.begins_gop ? 0x65 : 0x41)}, std::byte{0x88}};
  for (unsigned i = 0; i < 40; ++i) slice.push_back(static_cast<std::byte>(1 + (index * 7 + i) % 250));
  append_unit(picture.bytes, slice);
  picture.pts_ns = picture.dts_ns = std::int64_t{index} * 40'000'000;
  picture.wall_us = 1'780'315'200'000'000 + std::int64_t{index} * 40'000;
  return picture;
}

/// What a verifier says of a stream with start codes.
inline video::Verdict judge(ByteView stream) {
  video::JudgeOptions options;
  options.now = {1'780'400'000};
  video::StreamJudge judge(video::Codec::h264, options);
  std::vector<ByteView> units;
  split_units(stream, units);
  for (const ByteView unit : units) judge.add({.bytes = unit});
  return std::move(judge).finish();
}

/// Authentic, and every picture covered.
inline ::testing::AssertionResult is_whole(ByteView stream, std::uint64_t frames) {
  const video::Verdict verdict = judge(stream);
  const video::Coverage& seen = verdict.coverage();
  if (verdict.authenticity() == video::Authenticity::authentic && seen.frames == frames &&
      seen.frames_authentic == frames) {
    return ::testing::AssertionSuccess();
  }
  auto failure = ::testing::AssertionFailure() << name_of(verdict.authenticity()) << ", " << seen.frames_authentic
                                               << " of " << seen.frames << " frames, expected " << frames;
  for (const video::Finding& finding : verdict.findings()) failure << "; " << finding.text;
  return failure;
}

}  // namespace signet::camerad
