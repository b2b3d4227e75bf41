/* SPDX-FileCopyrightText: Signet contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Judges a recording: verify FILE
 * cc verify.c $(pkg-config --cflags --libs signet-video) -o verify */
#include <signet_video.h>
#include <stdio.h>

static int64_t read_file(void* file, uint64_t offset, void* out, size_t size) {
  if (fseek(file, (long)offset, SEEK_SET) != 0) return -1;
  const size_t got = fread(out, 1, size, file);
  return ferror((FILE*)file) ? -1 : (int64_t)got;
}

int main(int argc, char** argv) {
  FILE* file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL) return fprintf(stderr, "verify FILE\n"), 2;
  signet_video_judge_options options = {.struct_size = sizeof options, .threads = 2};
  signet_video_summary summary = {.struct_size = sizeof summary};
  signet_video_error error;
  signet_video_result* result;
  if (signet_video_judge_file(read_file, file, &options, &result, &error) != SIGNET_VIDEO_OK) {
    return fprintf(stderr, "%s\n%s\n", error.message, error.hint), 2;
  }
  signet_video_result_summary(result, &summary);
  printf("%s, %lld of %lld pictures; serial number %s\n", signet_video_authenticity_name(summary.authenticity),
         (long long)summary.frames_authentic, (long long)summary.frames,
         signet_video_result_text(result, SIGNET_VIDEO_TEXT_SERIAL));
  signet_video_result_free(result);
  fclose(file);
  return summary.authenticity == SIGNET_VIDEO_AUTHENTIC ? 0 : 1;
}
