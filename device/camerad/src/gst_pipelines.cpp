// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "gst_pipelines.hpp"

#include "gst_handles.hpp"

namespace signet::camerad {

namespace {

// What a picture is turned into before it is taken. Parameter sets before each I picture: each segment can be played.
constexpr std::string_view k_h264_tail =
    "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=out";
constexpr std::string_view k_h265_tail =
    "h265parse config-interval=-1 ! video/x-h265,stream-format=byte-stream,alignment=au ! appsink name=out";

}  // namespace

std::string coded_tail(video::Codec codec) {
  return std::string(codec == video::Codec::h265 ? k_h265_tail : k_h264_tail);
}

std::string encoder_tail(const Encoder& encoder) {
  const std::string gop = std::to_string(encoder.gop_frames);
  const std::string bitrate = std::to_string(encoder.bitrate_kbps);
  if (encoder.codec == video::Codec::h264) {
    return "videoconvert ! video/x-raw,format=I420 ! x264enc tune=zerolatency speed-preset=veryfast bframes=0 "
           "byte-stream=true key-int-max=" +
           gop + " bitrate=" + bitrate + " ! " + std::string(k_h264_tail);
  }
  return "videoconvert ! video/x-raw,format=I420 ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=" + gop +
         " bitrate=" + bitrate + " option-string=\"bframes=0:open-gop=0:log-level=none\" ! " + std::string(k_h265_tail);
}

std::string test_pattern(const Encoder& encoder) {
  return "videotestsrc is-live=true pattern=ball ! video/x-raw,width=" + std::to_string(encoder.width) +
         ",height=" + std::to_string(encoder.height) + ",framerate=" + std::to_string(encoder.rate) + "/1 ! " +
         encoder_tail(encoder);
}

Result<std::string> uri_of(const std::string& source) {
  if (source.starts_with("v4l2:")) return "v4l2://" + source.substr(5);
  if (!source.starts_with("file:")) return source;
  GError* failed = nullptr;
  const std::unique_ptr<char, decltype(&g_free)> uri(gst_filename_to_uri(source.c_str() + 5, &failed), &g_free);
  const GErrorHandle error(failed);
  if (!uri) return Error(Errc::invalid_input, "camerad.source", printable(error->message));
  return std::string(uri.get());
}

}  // namespace signet::camerad
