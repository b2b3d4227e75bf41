// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "capi.hpp"

namespace signet::video::capi {

namespace {

template <std::size_t N>
void put_text(char (&to)[N], const std::string& text) {
  const std::size_t size = std::min(text.size(), N - 1);
  std::memcpy(to, text.data(), size);
  to[size] = '\0';
}

signet_video_status status_of(const Error& why) {
  switch (why.code()) {
    case Errc::usage:
    case Errc::conflict:
      return SIGNET_VIDEO_USAGE;
    case Errc::invalid_input:
    case Errc::not_found:
    case Errc::exhausted:
      return SIGNET_VIDEO_INPUT;
    case Errc::unsupported:
      return SIGNET_VIDEO_UNSUPPORTED;
    case Errc::untrusted:
    case Errc::expired:
    case Errc::denied:
      return SIGNET_VIDEO_KEY;
    case Errc::io:
    case Errc::unavailable:
      return SIGNET_VIDEO_IO;
    case Errc::internal:
    case Errc::rollback:
    case Errc::incompatible:
      break;
  }
  return SIGNET_VIDEO_INTERNAL;
}

}  // namespace

signet_video_status fail(signet_video_error* error, const Error& why) {
  if (error != nullptr) {
    put_text(error->reason, why.reason());
    put_text(error->message, why.message());
    put_text(error->hint, why.hint());
  }
  return status_of(why);
}

Error usage(const char* what) { return {Errc::usage, "video.usage", what, "See signet_video.h."}; }

Result<Codec> codec_of(std::int32_t codec) {
  switch (codec) {
    case SIGNET_VIDEO_H264:
      return Codec::h264;
    case SIGNET_VIDEO_H265:
      return Codec::h265;
    case SIGNET_VIDEO_AV1:
      return Codec::av1;
    default:
      return usage("the codec is not said, or unknown");
  }
}

Result<std::vector<pki::Certificate>> certificates_of(const char* pem, std::size_t size) {
  if (pem == nullptr || size == 0) return std::vector<pki::Certificate>();
  return pki::Certificate::all_from_pem(std::string_view(pem, size));
}

}  // namespace signet::video::capi

using namespace signet;

SIGNET_VIDEO_EXPORT std::uint32_t signet_video_version(void) { return SIGNET_VIDEO_VERSION; }

SIGNET_VIDEO_EXPORT const char* signet_video_status_text(signet_video_status status) {
  constexpr const char* k_texts[] = {"no error",          "a mistake in the call", "unreadable input",
                                     "unsupported input", "a failed read",         "an unusable key",
                                     "out of memory",     "a fault of the library"};
  return status > 0 || status < SIGNET_VIDEO_INTERNAL ? "an unknown error" : k_texts[-status];
}

SIGNET_VIDEO_EXPORT const char* signet_video_authenticity_name(std::int32_t authenticity) {
  if (authenticity < 0 || authenticity > SIGNET_VIDEO_NOT_AUTHENTIC) return "unknown";
  return video::name_of(static_cast<video::Authenticity>(authenticity)).data();  // of a literal: ends with a zero byte
}

SIGNET_VIDEO_EXPORT const char* signet_video_provenance_name(std::int32_t provenance) {
  if (provenance < 0 || provenance > SIGNET_VIDEO_TRUSTED) return "unknown";
  return video::name_of(static_cast<video::Provenance>(provenance)).data();
}
