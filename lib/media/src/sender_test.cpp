// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/media.hpp"
#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

namespace signet::media {

namespace {

TEST(Sender, knows_a_place_for_a_stream_from_a_file) {
  for (const char* address : {"rtp://127.0.0.1:5004", "rtsp://recorder/1", "rtsps://recorder/1"}) {
    EXPECT_TRUE(Sender::is_address(address)) << address;
  }
  for (const char* file : {"signed.mp4", "-", "rtp.h264", "/rtsp://x", "http://recorder/1", ""}) {
    EXPECT_FALSE(Sender::is_address(file)) << file;
  }
}

TEST(Sender, P_VIDEO_029_tells_a_receiver_of_rtp_what_comes) {
  const auto session = Sender::session("rtp://192.0.2.7:5004", video::Codec::h264);
  ASSERT_OK(session);
  EXPECT_EQ(*session,
            "v=0\r\no=- 0 0 IN IP4 192.0.2.7\r\ns=Signed video\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
            "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n");
  const auto other = Sender::session("rtp://[2001:db8::7]:65535", video::Codec::h265);
  ASSERT_OK(other);
  EXPECT_NE(other->find("c=IN IP6 2001:db8::7\r\n"), std::string::npos);
  EXPECT_NE(other->find("m=video 65535 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n"), std::string::npos);
}

TEST(Sender, P_VIDEO_029_refuses_what_names_no_receiver) {
  for (const char* where :
       {"rtp://", "rtp://127.0.0.1", "rtp://127.0.0.1:", "rtp://127.0.0.1:0", "rtp://127.0.0.1:65536",
        "rtp://127.0.0.1:5004x", "rtp://:5004", "rtp://a\nb:5004", "rtsp://recorder/1", "signed.h264"}) {
    EXPECT_REASON(Sender::session(where, video::Codec::h264), "media.address") << where;
  }
  EXPECT_REASON(Sender::open("rtp://127.0.0.1:5004", video::Codec::av1), "media.send-codec");
}

}  // namespace

}  // namespace signet::media
