// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"

#include "sei_reader.hpp"
#include "sei_writer.hpp"
#include "signed_for_test.hpp"

#include <gtest/gtest.h>

namespace signet::video {

namespace {

struct Mode {
  const char* name;
  Codec codec;
  Profile profile;
  crypto::KeyAlgorithm key;
  SignOptions options;
};

std::vector<Mode> all_modes() {
  std::vector<Mode> modes;
  using enum crypto::HashAlgorithm;
  const std::vector<std::pair<const char*, SignOptions>> options{
      {"plain", {}},
      {"low_bitrate", {.hash_list = false}},
      {"sha384", {.hash = sha384}},
      {"sha512", {.hash = sha512}},
      {"parts_of_10", {.partial_gop_frames_max = 10}},
      {"parts_of_1", {.partial_gop_frames_max = 1}},
      {"lists_of_9", {.hash_list_entries_max = 9}},
      {"every_third_list_of_8", {.hash_list_entries_max = 8, .sign_every = 3}},
      {"low_bitrate_parts", {.hash_list = false, .partial_gop_frames_max = 7}},
      {"every_third", {.sign_every = 3}},
      {"every_third_low_bitrate", {.hash_list = false, .sign_every = 3}},
      {"certificate_sei", {.certificate_sei = true}},
      {"parameters", {.certificate_sei = true, .parameter_sets = true}},
      {"every_third_part_low_bitrate", {.hash_list = false, .partial_gop_frames_max = 7, .sign_every = 3}},
  };
  for (const auto& [name, each] : options) {
    for (const Codec codec : {Codec::h264, Codec::h265, Codec::av1}) {
      for (const Profile profile : {Profile::onvif, Profile::axis_v2}) {
        if (codec == Codec::av1 && (profile == Profile::onvif || each.parameter_sets)) continue;
        modes.push_back({name, codec, profile, crypto::KeyAlgorithm::ec_p256, each});
      }
    }
  }
  modes.push_back({"p384", Codec::h264, Profile::onvif, crypto::KeyAlgorithm::ec_p384, {.hash = sha384}});
  modes.push_back({"rsa2048", Codec::h264, Profile::onvif, crypto::KeyAlgorithm::rsa_2048, {}});
  modes.push_back({"p384", Codec::h265, Profile::axis_v2, crypto::KeyAlgorithm::ec_p384, {}});
  return modes;
}

class OwnSignature : public testing::TestWithParam<Mode> {};

TEST_P(OwnSignature, P_VIDEO_002_own_signature_covers_every_picture) {
  const Mode& mode = GetParam();
  const Camera camera = make_camera(mode.key);
  SignOptions options = mode.options;
  options.codec = mode.codec;
  options.profile = mode.profile;
  options.device = {.manufacturer = "Example", .hardware = "H1", .firmware = "1.2", .serial = "S1", .address = "a"};
  if (mode.profile == Profile::onvif) options.chain = camera.chain;
  const auto out = sign_stream(base_stream(mode.codec), options, camera.key);
  ASSERT_OK(out);
  const auto verdict = judge_bytes(*out, {camera.root});
  ASSERT_OK(verdict);
  std::string what;
  for (const Finding& finding : verdict->findings()) what += finding.text + "\n";
  EXPECT_EQ(verdict->authenticity(), Authenticity::authentic) << what;
  EXPECT_EQ(verdict->provenance(), mode.profile == Profile::onvif ? Provenance::trusted : Provenance::untrusted)
      << verdict->provenance_report().reason;
  EXPECT_EQ(verdict->coverage().frames_authentic, verdict->coverage().frames) << what;
  EXPECT_EQ(verdict->coverage().frames, 200U);
  EXPECT_EQ(verdict->device().serial, "S1");
  EXPECT_EQ(verdict->device().firmware, "1.2");
}

std::string name_of_mode(const testing::TestParamInfo<Mode>& info) {
  std::string name = std::string(info.param.name) + "_" + std::string(name_of(info.param.codec)) + "_" +
                     std::string(name_of(info.param.profile));
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Modes, OwnSignature, testing::ValuesIn(all_modes()), name_of_mode);

TEST(Signer, P_VIDEO_003_escaped_sei_survive_any_splitter) {
  for (unsigned seed = 0; seed < 64; ++seed) {
    Bytes plain;
    for (unsigned i = 0; i < 500; ++i)
      plain.push_back(static_cast<std::byte>((i * seed + i * i / 7) % 5 == 0 ? i % 4 : 0));
    plain.push_back(std::byte{0x80});
    const Bytes escaped = escape(plain);
    EXPECT_EQ(unescape(escaped), plain);
    for (std::size_t i = 2; i < escaped.size(); ++i) {
      EXPECT_FALSE(escaped[i - 2] == std::byte{0} && escaped[i - 1] == std::byte{0} && escaped[i] < std::byte{3});
    }
  }
}

TEST(Signer, P_VIDEO_004_a_signed_stream_is_not_signed_again) {
  const Camera camera = make_camera(crypto::KeyAlgorithm::ec_p256);
  const SignOptions options{.chain = camera.chain};
  const auto once = sign_stream(base_stream(Codec::h264), options, camera.key);
  ASSERT_OK(once);
  EXPECT_REASON(sign_stream(*once, options, camera.key), "video.already-signed");
}

TEST(Signer, both_formats_in_one_stream_are_both_judged) {
  const Camera camera = make_camera(crypto::KeyAlgorithm::ec_p256);
  const auto once = sign_stream(base_stream(Codec::h264), {.chain = camera.chain}, camera.key);
  ASSERT_OK(once);
  const auto twice = sign_stream(*once, {.profile = Profile::axis_v2}, camera.key);
  ASSERT_OK(twice);
  const auto verdict = judge_bytes(*twice, {camera.root});
  ASSERT_OK(verdict);
  EXPECT_EQ(verdict->authenticity(), Authenticity::authentic);
  EXPECT_EQ(verdict->profiles(), (std::vector{Profile::onvif, Profile::axis_v2}));
  EXPECT_EQ(verdict->provenance(), Provenance::untrusted) << "the weaker of the two counts";
}

TEST(Signer, refuses_what_no_format_defines) {
  const Camera camera = make_camera(crypto::KeyAlgorithm::ec_p256);
  const auto rsa = test::make_memory_signer(crypto::KeyAlgorithm::rsa_2048);
  EXPECT_REASON(StreamSigner::make({.codec = Codec::av1, .chain = camera.chain}, camera.key), "video.sign-options");
  EXPECT_REASON(StreamSigner::make({.profile = Profile::axis_legacy}, camera.key), "video.sign-options");
  EXPECT_REASON(StreamSigner::make({}, camera.key), "video.sign-options");
  EXPECT_REASON(StreamSigner::make({.profile = Profile::axis_v2}, rsa), "video.sign-options");
  EXPECT_REASON(StreamSigner::make({.hash = crypto::HashAlgorithm::sha384, .chain = camera.chain}, rsa),
                "video.sign-options");
  EXPECT_REASON(StreamSigner::make({.partial_gop_frames_max = 0, .chain = camera.chain}, camera.key),
                "video.sign-options");
  for (const std::uint32_t entries : {1U, 7U, 901U}) {
    EXPECT_REASON(StreamSigner::make({.hash_list_entries_max = entries, .chain = camera.chain}, camera.key),
                  "video.sign-options");
  }
  EXPECT_REASON(StreamSigner::make({.hash_list = false, .hash_list_entries_max = 8, .chain = camera.chain}, camera.key),
                "video.sign-options");
  EXPECT_REASON(StreamSigner::make({.sign_every = 61, .chain = camera.chain}, camera.key), "video.sign-options");
  EXPECT_REASON(StreamSigner::make({.chain = camera.chain}, test::make_memory_signer(crypto::KeyAlgorithm::ec_p256)),
                "pki.key-mismatch");
}

/// An I picture, and three of 1000 slices each: many more than a list can hold.
Result<Bytes> sign_many_slices(const SignOptions& options, const std::shared_ptr<crypto::Signer>& key) {
  Bytes stream;
  append_unit(stream, Codec::h264, std::array{std::byte{0x65}, std::byte{0x88}, std::byte{0x01}});
  for (unsigned frame = 0; frame < 3; ++frame) {
    for (unsigned slice = 0; slice < 1000; ++slice) {
      const std::byte first = slice == 0 ? std::byte{0x9a} : std::byte{0x41};
      append_unit(stream, Codec::h264,
                  std::array{std::byte{0x41}, first, static_cast<std::byte>(slice / 250 + 1),
                             static_cast<std::byte>(slice % 250 + 1), static_cast<std::byte>(frame + 1)});
    }
  }
  return sign_stream(stream, options, key);
}

/// How many entries the hash lists of a stream have.
std::vector<std::uint64_t> list_sizes(const Bytes& stream) {
  std::vector<std::uint64_t> sizes;
  auto recording = Recording::open(std::make_shared<MemorySource>(stream), Codec::h264);
  while (recording) {
    const auto piece = recording->next();
    if (!piece || !*piece) break;
    if (const auto sei = summarize_sei(Codec::h264, (*piece)->bytes)) sizes.push_back(sei->units);
  }
  return sizes;
}

TEST(Signer, P_VIDEO_005_a_hash_list_never_overflows) {
  const Camera camera = make_camera(crypto::KeyAlgorithm::ec_p256);
  const std::vector<SignOptions> all{
      {.hash = crypto::HashAlgorithm::sha512, .partial_gop_frames_max = 600},
      {.hash_list_entries_max = 8},
      {.hash_list_entries_max = 8, .sign_every = 60},  // the unsigned SEI alone are more than a list can hold
      {.partial_gop_frames_max = 600, .hash_list_entries_max = 900, .sign_every = 2},
  };
  for (SignOptions options : all) {
    options.chain = camera.chain;
    const auto stream = sign_many_slices(options, camera.key);
    ASSERT_OK(stream);
    const std::uint64_t entries_max = options.hash_list_entries_max != 0 ? options.hash_list_entries_max : 937;
    for (const std::uint64_t size : list_sizes(*stream)) EXPECT_LE(size, entries_max);
    const auto verdict = judge_bytes(*stream, {camera.root});
    ASSERT_OK(verdict);
    EXPECT_EQ(verdict->authenticity(), Authenticity::authentic) << options.hash_list_entries_max;
    EXPECT_EQ(verdict->coverage().frames_authentic, 4U) << options.hash_list_entries_max;
  }
}

/// A part ends before the picture that would not fit, so that no picture's slices stand in two lists.
TEST(Signer, a_full_list_ends_between_pictures) {
  const Camera camera = make_camera(crypto::KeyAlgorithm::ec_p256);
  const auto stream =
      sign_stream(base_stream(Codec::h264), {.hash_list_entries_max = 10, .chain = camera.chain}, camera.key);
  ASSERT_OK(stream);
  const std::vector<std::uint64_t> sizes = list_sizes(*stream);
  ASSERT_GE(sizes.size(), 3U);
  EXPECT_EQ(sizes[0], 10U);
  EXPECT_EQ(sizes[1], 10U);
  EXPECT_EQ(sizes[2], 5U) << "the rest of the GOP of 25";
}

/// Bits of a short signed stream, flipped: never plain authentic over the same pictures, but for parameter sets and
/// foreign SEI, on which no signed byte depends; then the coverage shows it.
TEST(Signer, P_VIDEO_006_no_flipped_bit_of_a_slice_or_signature_goes_unseen) {
  const Camera camera = make_camera(crypto::KeyAlgorithm::ec_p256);
  Bytes head = base_stream(Codec::h264);
  head.resize(30'000);
  const auto out = sign_stream(head, {.partial_gop_frames_max = 2, .chain = camera.chain}, camera.key);
  ASSERT_OK(out);
  const auto whole = judge_bytes(*out, {camera.root});
  ASSERT_OK(whole);
  unsigned seen = 0;
  for (std::size_t at = 1000; at < out->size(); at += 499) {  // behind the encoder's own SEI
    Bytes changed = *out;
    changed[at] ^= static_cast<std::byte>(1U << (at % 8));
    const auto verdict = judge_bytes(changed, {camera.root});
    ASSERT_OK(verdict);
    const bool is_same = verdict->authenticity() == Authenticity::authentic &&
                         verdict->coverage().frames_authentic == whole->coverage().frames_authentic;
    EXPECT_TRUE(!is_same || verdict->coverage().parameter_set_changes > 0) << "a change at " << at << " went unseen";
    if (!is_same) ++seen;
  }
  EXPECT_GT(seen, 50U);
}

}  // namespace

}  // namespace signet::video
