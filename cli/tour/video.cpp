// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "recording.hpp"
#include "stage.hpp"

namespace signet::cli::tour {

namespace {

Json camera_config() {
  return Json::object(
      {{"source", "test:"},
       {"encoder", Json::object({{"width", 640}, {"height", 360}, {"rate", 25}, {"gop_frames", 25}})},
       {"key", "keystored:unit-a/keystored.sock?label=video&purpose=video"},
       {"chain", Json::Array{"video.pem"}},
       {"sign_parameters", true},
       {"device", Json::object({{"manufacturer", "Example"}, {"hardware", "cam-a-r2"}, {"serial", "CAM0001"}})},
       {"rtsp", Json::object({{"listen", "127.0.0.1:0"}})},
       {"record", Json::object({{"folder", "recordings"}, {"segment_seconds", 3}})}});
}

}  // namespace

Result<void> play_video(Stage& stage) {
  stage.chapter(
      "Video",
      "Unit A is a camera. At its birth its TPM made one more key, for video alone, and the factory certified "
      "it under the same serial. Its camera service signs the live picture (a moving test pattern), serves it over "
      "RTSP and records it; whoever gets a recording needs the vendor's root and nothing else.");
  TRY(stage.brief({"id", "certificate", "video", "--keystored", "unit-a/keystored.sock", "--out", "video.pem"}));
  TRY(os::replace_file(stage.path("camera.json"), as_bytes(camera_config().dump(2) + "\n")));
  TRY(stage.start({stage.program("signet-camerad"), "camera.json"}, "ready rtsp="));
  stage.say("Three seconds later there is a recording, and nobody has to ask the camera about it:");
  TRY_ASSIGN(const std::filesystem::path segment, first_segment(stage.path("recordings")));
  TRY_ASSIGN(const Bytes recording, os::read_file(segment, 1U << 26U));
  TRY(os::replace_file(stage.path("recording.mp4"), recording));
  TRY(stage.signet(
      {"video", "verify", "recording.mp4", "--anchor", "root.pem", "--require", "trusted", "--require", "parameters"}));
  TRY(alter_picture(stage.path("recording.mp4"), stage.path("altered.mp4")));
  return stage.refused("Somebody turns one bit in one of its pictures",
                       {"video", "verify", "altered.mp4", "--anchor", "root.pem"}, "video.not-authentic");
}

}  // namespace signet::cli::tour
