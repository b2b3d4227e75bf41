// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"

#include "keys.hpp"
#include "sei_reader.hpp"
#include "vector_files.hpp"

#include <gtest/gtest.h>

namespace signet::video {

namespace {

const std::filesystem::path k_folder = std::filesystem::path(SIGNET_SOURCE_DIR) / "tests/vectors/video";
const char* const k_camera = "axis-repo/signed_vendor_axis.h264";

std::vector<pki::Certificate> camera_root() {
  return *pki::Certificate::all_from_pem(as_text(read_whole(k_folder / "certs/axis_edge_vault_ca_ecc.pem")));
}

/// The signature SEI of a stream, in their order.
std::vector<Sei> signature_sei(const std::filesystem::path& path) {
  std::vector<Sei> all;
  auto recording = Recording::open(std::make_shared<MemorySource>(read_whole(path)));
  while (recording) {
    const auto piece = recording->next();
    if (!piece || !*piece) break;
    if (!family_of(recording->codec(), (*piece)->bytes)) continue;
    all.push_back(*parse_sei(recording->codec(), (*piece)->bytes, crypto::HashAlgorithm::sha256));
  }
  return all;
}

TEST(Camera, P_VIDEO_008_a_real_recording_names_its_device) {
  const auto verdict = judge_bytes(read_whole(k_folder / k_camera), camera_root());
  ASSERT_OK(verdict);
  EXPECT_EQ(verdict->authenticity(), Authenticity::authentic);
  EXPECT_EQ(verdict->provenance(), Provenance::attested);
  EXPECT_EQ(verdict->provenance_report().attested_serial, "B8A44F27E6D1");
  EXPECT_EQ(verdict->device().serial, "B8A44F27E6D1");
  EXPECT_EQ(verdict->device().manufacturer, "Axis Communications AB");
  EXPECT_TRUE(verdict->device().firmware.starts_with("11.6")) << verdict->device().firmware;
  EXPECT_EQ(verdict->device().signer_version, "1.1.18");
  EXPECT_EQ(verdict->provenance_report().time_source, TimeSource::signature);
  EXPECT_EQ(verdict->coverage().frames_authentic, 32U);
  EXPECT_EQ(verdict->coverage().tail_frames, 18U);
}

TEST(Camera, P_VIDEO_009_an_attestation_vouches_for_one_key_only) {
  const std::vector<Sei> all = signature_sei(k_folder / k_camera);
  ASSERT_FALSE(all.empty());
  const Sei& sei = all.front();
  ASSERT_TRUE(sei.attestation.has_value());
  const auto key = crypto::PublicKey::from_pem(sei.public_key_pem);
  const auto chain = pki::Certificate::all_from_pem(sei.chains.front().pem);
  ASSERT_OK(key);
  ASSERT_OK(chain);
  EXPECT_OK(check_attestation(*key, *sei.attestation, chain->front()));
  const auto other = chain->front().public_key();
  ASSERT_OK(other);
  EXPECT_REASON(check_attestation(*other, *sei.attestation, chain->front()), "video.attestation");
  EXPECT_REASON(check_attestation(*key, *sei.attestation, chain->back()), "video.attestation");
  for (std::size_t at = 8; at < sei.attestation->size(); ++at) {  // what stands before is no part of what is signed
    Bytes changed = *sei.attestation;
    changed[at] ^= std::byte{1};
    EXPECT_REASON(check_attestation(*key, changed, chain->front()), "video.attestation") << at;
  }
  EXPECT_REASON(check_attestation(*key, ByteView(*sei.attestation).first(40), chain->front()), "video.attestation");
}

TEST(Camera, P_VIDEO_019_a_key_is_trusted_only_for_the_device_it_was_certified_for) {
  const auto root_key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  const auto key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  const Instant begin{1'700'000'000};
  const auto order = [&](const char* profile, const char* name, const crypto::PublicKey& of) {
    return pki::Order{.profile = *pki::profile_named(profile),
                      .subject = {.common_name = name},
                      .public_key = of,
                      .serial_hex = "01",
                      .not_before = begin,
                      .not_after = begin.plus_days(3000)};
  };
  const auto root = pki::issue_root(root_key, order("vendor-root", "Root", root_key->public_key()));
  ASSERT_OK(root);
  const auto provenance = [&](const char* name, const char* serial) {
    const auto leaf = pki::issue({*root, root_key}, order("firmware-signing", name, key->public_key()));
    const std::vector<StreamKey> keys{{.key = key->public_key(),
                                       .evp = nullptr,
                                       .chain = {*leaf},
                                       .attestation = Bytes{},
                                       .has_signed = true,
                                       .signs_pictures = true}};
    return judge_provenance(keys, {.anchors = {*root},
                                   .now = k_today,
                                   .from = k_today,
                                   .to = k_today,
                                   .time_source = TimeSource::signature,
                                   .serial = serial})
        .provenance;
  };
  EXPECT_EQ(provenance("axis-B8A44F27E6D1-eccp256-1", "B8A44F27E6D1"), Provenance::trusted);
  EXPECT_EQ(provenance("axis-B8A44F27E6D1-eccp256-1", "B8A44F000000"), Provenance::untrusted);
  EXPECT_EQ(provenance("axis-B8A44F27E6D1-eccp256-1", ""), Provenance::untrusted);
  EXPECT_EQ(provenance("a camera", ""), Provenance::untrusted);
  EXPECT_EQ(provenance("axis--x", ""), Provenance::untrusted);
}

TEST(Judge, P_VIDEO_010_a_cut_recording_never_gains) {
  const Bytes whole = read_whole(k_folder / "generated/onvif/multigop3.h264");
  std::uint64_t before = 0;
  for (std::size_t size = 0; size < whole.size(); size += whole.size() / 23) {
    const auto verdict = judge_bytes(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    if (!verdict) {
      EXPECT_LT(size, 100U);
      continue;
    }
    EXPECT_GE(verdict->coverage().frames_authentic, before);
    before = verdict->coverage().frames_authentic;
    // A signature that the cut goes through is broken; what it would have covered is then not merely uncovered.
    EXPECT_TRUE(verdict->authenticity() == Authenticity::authentic || verdict->signatures_invalid() == 1 ||
                verdict->signatures_valid() == 0)
        << size;
  }
  EXPECT_EQ(before, 150U);
}

TEST(Judge, P_VIDEO_011_a_stream_without_sei_is_not_signed) {
  const auto verdict = judge_bytes(read_whole(k_folder / "base/base.h265"));
  ASSERT_OK(verdict);
  EXPECT_EQ(verdict->authenticity(), Authenticity::not_signed);
  EXPECT_EQ(verdict->provenance(), Provenance::none);
  EXPECT_EQ(verdict->coverage().frames, 200U);
  EXPECT_EQ(verdict->coverage().frames_authentic, 0U);
}

TEST(Judge, P_VIDEO_012_another_signer_in_mid_stream_is_named) {
  Bytes both = read_whole(k_folder / "generated/onvif/multigop3.h264");
  append(both, read_whole(k_folder / "generated/axis/lowbitrate.h264"));
  append(both, read_whole(k_folder / "generated/onvif/rsa.h264"));
  const auto verdict = judge_bytes(both);
  ASSERT_OK(verdict);
  EXPECT_EQ(verdict->authenticity(), Authenticity::not_authentic);
  EXPECT_TRUE(std::ranges::any_of(verdict->findings(),
                                  [](const Finding& each) { return each.kind == FindingKind::key_changed; }));
}

/// As long as a stream is, and whatever it holds, what waits for a signature is bounded.
TEST(Judge, P_VIDEO_013_memory_does_not_grow_with_the_stream) {
  class Counter : public JudgeObserver {
   public:
    void on_frame(const FrameReport& frame) override { last = frame.frame; }
    std::uint64_t last = 0;
  };
  constexpr std::uint64_t k_frames = 50'000;
  for (const unsigned type : {0x41U, 0x42U}) {  // a signed kind of slice, and an unprotected one
    Counter counter;
    StreamJudge judge(Codec::h264, {.now = k_today}, &counter);
    for (std::uint64_t i = 0; i < k_frames; ++i) {
      const std::array unit{static_cast<std::byte>(type), std::byte{0x9a}, static_cast<std::byte>(i >> 8U),
                            static_cast<std::byte>(i)};
      judge.add({.bytes = unit});
    }
    EXPECT_GT(counter.last, k_frames - 20'000) << "frames wait for ever";
    const Verdict verdict = std::move(judge).finish();
    EXPECT_EQ(verdict.coverage().frames, k_frames);
    EXPECT_EQ(counter.last, k_frames - 1);
    EXPECT_EQ(verdict.authenticity(), Authenticity::not_signed);
  }
}

TEST(Judge, P_VIDEO_014_hostile_streams_are_judged) {
  const char* all = std::getenv("SIGNET_VECTORS");
  if (all == nullptr) GTEST_SKIP() << "SIGNET_VECTORS does not name the folder that holds video/hostile";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(all) / "video/hostile")) {
    const auto verdict = judge_bytes(read_whole(entry.path()));
    ASSERT_OK(verdict);
    EXPECT_NE(verdict->authenticity(), Authenticity::not_signed) << entry.path();
    ++count;
  }
  EXPECT_GT(count, 0U);
}

}  // namespace

}  // namespace signet::video
