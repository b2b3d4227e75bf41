#include <stdint.h>
/** Judges. */
int signet_video_judge(const uint8_t* data);
