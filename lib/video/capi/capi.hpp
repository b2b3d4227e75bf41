// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/video.hpp"

#include "signet_video.h"

#include <algorithm>
#include <cstring>
#include <new>

#define SIGNET_VIDEO_EXPORT extern "C" __attribute__((visibility("default")))

/// What the C functions share: errors as status, versions of structs, and the fence that no exception passes.
namespace signet::video::capi {

/// Fills `error`, if there is one, and gives the status.
signet_video_status fail(signet_video_error* error, const Error& why);
[[nodiscard]] Error usage(const char* what);

/// The caller's struct in our version: what it does not have is zero, what we do not know is left alone.
template <typename Struct>
Struct adopt(const Struct* theirs) {
  Struct ours{};
  if (theirs != nullptr) std::memcpy(&ours, theirs, std::min(theirs->struct_size, sizeof ours));
  ours.struct_size = sizeof ours;
  return ours;
}

/// Runs what gives a Result<void>.
template <typename Work>
signet_video_status guarded(signet_video_error* error, Work&& work) noexcept {
  try {
    const Result<void> done = work();
    return done ? SIGNET_VIDEO_OK : fail(error, done.error());
  } catch (const std::bad_alloc&) {
    if (error != nullptr) *error = signet_video_error{"video.no-memory", "out of memory", ""};
    return SIGNET_VIDEO_NO_MEMORY;
  } catch (...) {
    if (error != nullptr) *error = signet_video_error{"internal", "an unexpected exception", ""};
    return SIGNET_VIDEO_INTERNAL;
  }
}

Result<Codec> codec_of(std::int32_t codec);
Result<std::vector<pki::Certificate>> certificates_of(const char* pem, std::size_t size);
[[nodiscard]] inline ByteView view_of(const void* bytes, std::size_t size) {
  return {static_cast<const std::byte*>(bytes), bytes == nullptr ? 0 : size};
}

}  // namespace signet::video::capi
