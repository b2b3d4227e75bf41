// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "recording.hpp"
#include "stage.hpp"

namespace signet::cli::tour {

Result<void> play_video(Stage& stage) {
  stage.chapter(
      "Video",
      "Unit A is a camera. At its birth its TPM made one more key, for video alone, and the factory certified "
      "it under the same serial. The camera signs what it records; whoever gets the recording needs the "
      "vendor's root and nothing else.");
  const std::string key = "keystored:unit-a/keystored.sock?label=video&purpose=video";
  TRY(make_recording(stage.path("scene.h264")));
  TRY(stage.brief({"id", "certificate", "video", "--keystored", "unit-a/keystored.sock", "--out", "video.pem"}));
  TRY(stage.signet({"video", "sign", "scene.h264", "--key", key, "--chain", "video.pem", "--manufacturer", "Example",
                    "--serial", "CAM0001", "--out", "recording.h264"}));
  TRY(stage.signet({"video", "verify", "recording.h264", "--anchor", "root.pem", "--require", "trusted"}));
  TRY(alter_picture(stage.path("recording.h264"), 60, stage.path("altered.h264")));
  return stage.refused("Somebody repaints a corner of one of the hundred pictures",
                       {"video", "verify", "altered.h264", "--anchor", "root.pem"}, "video.not-authentic");
}

}  // namespace signet::cli::tour
