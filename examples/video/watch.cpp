// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Judges an H.264 byte stream on standard input while it comes, and tells of each GOP:
//   ffmpeg -i rtsp://camera/stream -c copy -f h264 - | ./watch
// c++ watch.cpp $(pkg-config --cflags --libs signet-video) -o watch
#include <signet_video.h>

#include <array>
#include <iostream>
#include <memory>

int main() {
  signet_video_judge_options options{};
  options.struct_size = sizeof options;
  options.codec = SIGNET_VIDEO_H264;
  options.live = 1;
  options.on_gop = [](void*, const signet_video_gop* gop) {
    std::cout << "GOP " << gop->gop << ", " << gop->frames
              << " pictures: " << (gop->verdict == SIGNET_VIDEO_GOP_AUTHENTIC ? "authentic" : "NOT plainly authentic")
              << std::endl;
  };
  signet_video_judge* opened = nullptr;
  if (signet_video_judge_open(&options, &opened, nullptr) != SIGNET_VIDEO_OK) return 2;
  const std::unique_ptr<signet_video_judge, decltype(&signet_video_judge_free)> judge(opened, signet_video_judge_free);
  std::array<char, 65536> part;
  while (std::cin.read(part.data(), part.size()), std::cin.gcount() > 0) {
    const auto size = static_cast<std::size_t>(std::cin.gcount());
    if (signet_video_judge_push(judge.get(), part.data(), size, nullptr) != SIGNET_VIDEO_OK) return 2;
  }
  signet_video_result* result = nullptr;
  signet_video_summary summary{};
  summary.struct_size = sizeof summary;
  if (signet_video_judge_finish(judge.get(), &result, nullptr) != SIGNET_VIDEO_OK) return 2;
  signet_video_result_summary(result, &summary);
  std::cout << signet_video_authenticity_name(summary.authenticity) << "\n";
  signet_video_result_free(result);
  return summary.authenticity == SIGNET_VIDEO_AUTHENTIC ? 0 : 1;
}
