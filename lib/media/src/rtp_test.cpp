// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "judged_for_test.hpp"
#include "rtp_for_test.hpp"

#include <gtest/gtest.h>

#include <set>

namespace signet::media {

namespace {

constexpr std::uint16_t k_first_sequence = 65'500;  // so that it wraps soon

std::vector<Bytes> packets_of(const Units& units) {
  const std::vector<Bytes> payloads = units.codec == video::Codec::av1
                                          ? payloads_of_obus(units.units)
                                          : payloads_of_nal_units(units.codec == video::Codec::h265, units.units);
  std::vector<Bytes> packets;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    packets.push_back(
        rtp_packet(static_cast<std::uint16_t>(k_first_sequence + i), static_cast<std::uint32_t>(i * 300), payloads[i]));
  }
  return packets;
}

Bytes capture_of(const std::vector<Bytes>& packets, CaptureKind kind = CaptureKind::pcap) {
  CaptureWriter writer(kind);
  std::uint64_t time_us = 1'795'305'600'000'000;
  for (const Bytes& packet : packets) writer.add(packet, time_us += 1000);
  return writer.file();
}

/// NAL units whose type says something else in a payload (RFC 6184 5.2, RFC 7798 4.4): a signer that does not escape
/// its SEI makes some. What they are taken for depends on what they hold; none is taken for a picture.
std::uint64_t not_for_rtp(const Units& units) {
  return static_cast<std::uint64_t>(std::ranges::count_if(units.units, [&](const Bytes& unit) {
    const auto first = std::to_integer<unsigned>(unit.at(0));
    if (units.codec == video::Codec::h264) return (first & 0x1fU) == 0 || (first & 0x1fU) >= 24;
    return units.codec == video::Codec::h265 && (first >> 1U & 0x3fU) >= 48;
  }));
}

class Vectors : public testing::TestWithParam<Row> {};

TEST_P(Vectors, P_MEDIA_001_rtp_gives_the_verdict_of_the_file) {
  const Row& row = GetParam();
  const test::TempDir folder;
  std::vector<pki::Certificate> anchors;
  if (row.anchor != "-") {
    const auto pem = os::read_file(row.folder / row.anchor, 1U << 20U);
    ASSERT_OK(pem);
    const auto read = pki::Certificate::all_from_pem(as_text(*pem));
    ASSERT_OK(read);
    anchors = *read;
  }
  const auto units = units_of(row.path());
  ASSERT_OK(units);
  const auto direct = judge_file(row.path(), {}, anchors);
  ASSERT_OK(direct);
  const std::string capture = folder.write("capture.pcap", capture_of(packets_of(*units)));
  const auto received = judge_file(capture, units->created, anchors);
  ASSERT_OK(received);
  EXPECT_EQ(received->verdict, direct->verdict);
  EXPECT_EQ(received->frames, direct->frames);
  EXPECT_EQ(received->container, video::Container::rtp);
  EXPECT_EQ(received->transport->lost, 0U);
  EXPECT_EQ(received->transport->packets_unread, not_for_rtp(*units));
}

std::string name_of_row(const testing::TestParamInfo<Row>& info) {
  std::string name = info.param.file + "_" + std::to_string(info.index);
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Vectors, testing::ValuesIn(rows()), name_of_row);

class Rtp : public testing::Test {
 protected:
  void SetUp() override {
    const auto units = units_of((k_vectors / "generated/onvif/multigop3.h264").string());
    ASSERT_OK(units);
    packets_ = packets_of(*units);
    const auto direct = judge_file((k_vectors / "generated/onvif/multigop3.h264").string());
    ASSERT_OK(direct);
    direct_ = direct->verdict;
  }
  Result<Judged> judge_packets(const std::vector<Bytes>& packets, CaptureKind kind = CaptureKind::pcap) {
    return judge_file(folder_.write("capture", capture_of(packets, kind)));
  }

  test::TempDir folder_;
  std::vector<Bytes> packets_;
  std::string direct_;
};

TEST_F(Rtp, P_MEDIA_002_every_kind_of_capture_is_read) {
  for (const CaptureKind kind : {CaptureKind::pcap, CaptureKind::pcap_nano_big_endian, CaptureKind::pcapng,
                                 CaptureKind::pcapng_ipv6, CaptureKind::pcap_vlan, CaptureKind::pcap_cooked}) {
    const auto judged = judge_packets(packets_, kind);
    ASSERT_OK(judged);
    EXPECT_EQ(judged->verdict, direct_) << static_cast<int>(kind);
    EXPECT_EQ(judged->transport->packets, packets_.size()) << static_cast<int>(kind);
  }
}

TEST_F(Rtp, P_MEDIA_003_late_and_repeated_packets_change_nothing) {
  std::vector<Bytes> shuffled;
  for (std::size_t i = 0; i + 7 < packets_.size(); i += 7) {
    for (const std::size_t at : {1U, 0U, 4U, 2U, 3U, 3U, 6U, 5U}) shuffled.push_back(packets_[i + at]);
  }
  for (std::size_t i = packets_.size() / 7 * 7; i < packets_.size(); ++i) shuffled.push_back(packets_[i]);
  std::set<Bytes> seen(shuffled.begin(), shuffled.end());
  for (const Bytes& packet : packets_) {
    if (!seen.contains(packet)) shuffled.push_back(packet);  // those of a last, half group
  }
  std::swap(shuffled[0], shuffled[1]);  // what comes before the first one cannot be waited for
  const auto judged = judge_packets(shuffled);
  ASSERT_OK(judged);
  EXPECT_EQ(judged->verdict, direct_);
  EXPECT_EQ(judged->transport->lost, 0U);
  EXPECT_GT(judged->transport->reordered, 10U);
  EXPECT_GT(judged->transport->repeated, 10U);
}

TEST_F(Rtp, P_MEDIA_003_a_lost_packet_is_a_gap_and_no_forgery) {
  std::vector<Bytes> lossy = packets_;
  // The last part of a slice that is no I picture, in the middle of the stream.
  const auto is_last_part = [](const Bytes& packet) {
    return (packet[12] & std::byte{0x1f}) == std::byte{28} && packet[13] == std::byte{0x41};
  };
  const auto lost =
      std::find_if(lossy.begin() + static_cast<std::ptrdiff_t>(lossy.size() / 4), lossy.end(), is_last_part);
  ASSERT_NE(lost, lossy.end());
  lossy.erase(lost);
  const auto judged = judge_packets(lossy);
  ASSERT_OK(judged);
  EXPECT_TRUE(judged->verdict.starts_with("authentic_with_missing ")) << judged->verdict;
  EXPECT_EQ(judged->transport->lost, 1U);
  EXPECT_EQ(judged->transport->gaps, 1U);
  EXPECT_EQ(judged->transport->units_broken, 1U);
  EXPECT_GT(judged->transport->first_gap_us.value_or(0), 0);
}

TEST_F(Rtp, an_altered_packet_is_found) {
  std::vector<Bytes> altered = packets_;
  altered[altered.size() / 2].back() ^= std::byte{1};
  const auto judged = judge_packets(altered);
  ASSERT_OK(judged);
  EXPECT_TRUE(judged->verdict.starts_with("not_authentic ")) << judged->verdict;
}

TEST_F(Rtp, P_MEDIA_004_the_video_stream_is_found_among_others) {
  CaptureWriter writer(CaptureKind::pcapng);
  std::uint64_t time_us = 1'000'000;
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    const auto number = static_cast<std::uint16_t>(i);
    writer.add(rtp_packet(number, 0, Bytes(160, std::byte{0xd5}), 8, 7), time_us, 6000);      // G.711 audio
    writer.add(bytes_of({0x80, 200, 0, 6, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), time_us);  // RTCP
    writer.add(to_bytes(std::string_view("no RTP at all, but long enough")), time_us, 53);
    writer.add(packets_[i], time_us += 1000);
    if (i % 3 == 0) writer.add(rtp_packet(number, 0, bytes_of({0x41, 0x9a, 1}), 97, 9), time_us, 5008);
  }
  const auto judged = judge_file(folder_.write("many", writer.file()));
  ASSERT_OK(judged);
  EXPECT_EQ(judged->verdict, direct_);
  const std::string sdp = folder_.write("by.sdp", to_bytes(std::string_view("v=0\r\na=rtpmap:97 h264/90000\r\n")));
  auto named = open(folder_.write("many", writer.file()), {.sdp = sdp});
  ASSERT_OK(named);
  const auto other = judge(std::move(*named), {});
  ASSERT_OK(other);
  EXPECT_TRUE(other->verdict.starts_with("not_signed ")) << other->verdict;
  const std::string bad = folder_.write("bad.sdp", to_bytes(std::string_view("a=rtpmap:0 PCMU/8000\n")));
  EXPECT_REASON(open(folder_.write("many", writer.file()), {.sdp = bad}), "media.sdp");
}

TEST_F(Rtp, a_capture_without_video_is_refused) {
  CaptureWriter writer(CaptureKind::pcap);
  for (std::uint16_t i = 0; i < 100; ++i) writer.add(rtp_packet(i, 0, Bytes(160, std::byte{0xd5}), 8), i);
  EXPECT_REASON(open(folder_.write("audio", writer.file())), "media.no-stream");
  EXPECT_REASON(open(folder_.write("empty", CaptureWriter(CaptureKind::pcapng).file())), "media.no-stream");
}

TEST_F(Rtp, P_MEDIA_005_a_capture_cut_anywhere_gives_a_verdict_or_an_error) {
  for (const CaptureKind kind : {CaptureKind::pcap, CaptureKind::pcapng}) {
    const Bytes whole = capture_of({packets_.begin(), packets_.begin() + 40}, kind);
    for (std::size_t size = 0; size < whole.size(); size += 211) {
      auto opened = open(folder_.write("cut", ByteView(whole).first(size)));
      if (!opened) {
        EXPECT_EQ(opened.error().code(), Errc::invalid_input) << size << opened.error().message();
      } else {
        EXPECT_OK(judge(std::move(*opened), {}));
      }
    }
  }
}

}  // namespace

}  // namespace signet::media
