// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"

#include "sei_reader.hpp"
#include "sei_writer.hpp"
#include "vector_files.hpp"

#include <gtest/gtest.h>

namespace signet::video {

namespace {

constexpr std::int64_t k_start_us = 1'780'272'000'000'000;  // 2026-06-01
constexpr std::int64_t k_frame_us = 40'000;

/// A key with a certificate under a root of its own.
struct Camera {
  std::shared_ptr<crypto::Signer> key;
  std::vector<pki::Certificate> chain;
  pki::Certificate root;
};

Camera make_camera(crypto::KeyAlgorithm algorithm) {
  const auto root_key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  const auto key = test::make_memory_signer(algorithm);
  const Instant begin{1'700'000'000};
  const auto order = [&](const char* profile, const char* name, const crypto::PublicKey& of) {
    return pki::Order{.profile = *pki::profile_named(profile),
                      .subject = {.common_name = name},
                      .public_key = of,
                      .serial_hex = "01",
                      .not_before = begin,
                      .not_after = begin.plus_days(3000)};
  };
  auto root = pki::issue_root(root_key, order("vendor-root", "Root", root_key->public_key()));
  auto leaf = pki::issue({*root, root_key}, order("firmware-signing", "Camera", key->public_key()));
  return {key, {*leaf}, *root};
}

Bytes base_stream(Codec codec) {
  const std::string name = "base/base." + std::string(codec == Codec::av1 ? "obu" : name_of(codec));
  return read_whole(std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/video" / name);
}

void append_unit(Bytes& to, Codec codec, ByteView unit) {
  constexpr std::array k_start_code{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
  if (codec != Codec::av1) append(to, k_start_code);
  append(to, unit);
}

/// Signs a stream whose frames come 25 times a second.
Result<Bytes> sign_stream(const Bytes& stream, const SignOptions& options, const std::shared_ptr<crypto::Signer>& key,
                          bool to_the_end = true) {
  TRY_ASSIGN(StreamSigner signer, StreamSigner::make(options, key));
  TRY_ASSIGN(Recording recording, Recording::open(std::make_shared<MemorySource>(stream), options.codec));
  Bytes out;
  std::int64_t time_us = k_start_us;
  while (true) {
    TRY_ASSIGN(const std::optional<Piece> piece, recording.next());
    if (!piece) break;
    TRY_ASSIGN(const std::vector<Bytes> before, signer.add(piece->bytes, time_us));
    for (const Bytes& each : before) append_unit(out, options.codec, each);
    append_unit(out, options.codec, piece->bytes);
    if (piece->bytes.size() > 40) time_us += k_frame_us;
  }
  if (!to_the_end) return out;
  TRY_ASSIGN(const std::vector<Bytes> rest, signer.finish());
  for (const Bytes& each : rest) append_unit(out, options.codec, each);
  return out;
}

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
      {"low_bitrate_parts", {.hash_list = false, .partial_gop_frames_max = 7}},
      {"every_third", {.sign_every = 3}},
      {"every_third_low_bitrate", {.hash_list = false, .sign_every = 3}},
      {"certificate_sei", {.certificate_sei = true}},
  };
  for (const auto& [name, each] : options) {
    for (const Codec codec : {Codec::h264, Codec::h265, Codec::av1}) {
      for (const Profile profile : {Profile::onvif, Profile::axis_v2}) {
        if (codec == Codec::av1 && profile == Profile::onvif) continue;
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
  EXPECT_REASON(StreamSigner::make({.sign_every = 61, .chain = camera.chain}, camera.key), "video.sign-options");
  EXPECT_REASON(StreamSigner::make({.chain = camera.chain}, test::make_memory_signer(crypto::KeyAlgorithm::ec_p256)),
                "pki.key-mismatch");
}

TEST(Signer, P_VIDEO_005_a_hash_list_never_overflows) {
  const Camera camera = make_camera(crypto::KeyAlgorithm::ec_p256);
  const auto signer = StreamSigner::make(
      {.hash = crypto::HashAlgorithm::sha512, .partial_gop_frames_max = 600, .chain = camera.chain}, camera.key);
  ASSERT_OK(signer);
  Bytes stream;
  StreamSigner& live = const_cast<StreamSigner&>(*signer);
  const auto emit = [&](ByteView unit) {
    const auto before = live.add(unit, k_start_us);
    ASSERT_OK(before);
    for (const Bytes& each : *before) append_unit(stream, Codec::h264, each);
    append_unit(stream, Codec::h264, unit);
  };
  emit(std::array{std::byte{0x65}, std::byte{0x88}, std::byte{0x01}});
  for (unsigned frame = 0; frame < 3; ++frame) {
    for (unsigned slice = 0; slice < 1000; ++slice) {  // many more slices in a picture than a list can hold
      const std::byte first = slice == 0 ? std::byte{0x9a} : std::byte{0x41};
      emit(std::array{std::byte{0x41}, first, static_cast<std::byte>(slice / 250 + 1),
                      static_cast<std::byte>(slice % 250 + 1), static_cast<std::byte>(frame + 1)});
    }
  }
  const auto rest = live.finish();
  ASSERT_OK(rest);
  for (const Bytes& each : *rest) append_unit(stream, Codec::h264, each);
  const auto verdict = judge_bytes(stream, {camera.root});
  ASSERT_OK(verdict);
  EXPECT_EQ(verdict->authenticity(), Authenticity::authentic);
  EXPECT_EQ(verdict->coverage().frames_authentic, 4U);
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
