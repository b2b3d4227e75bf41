// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/video.hpp"

#include <array>

namespace signet::video {

namespace {

template <typename Enum, std::size_t N>
std::string_view pick(const std::array<std::string_view, N>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view name_of(Codec codec) {
  constexpr std::array<std::string_view, 3> k_names{"h264", "h265", "av1"};
  return pick(k_names, codec);
}

std::string_view name_of(Container container) {
  constexpr std::array<std::string_view, 8> k_names{"annexb", "mp4", "obu", "ivf", "matroska", "mpegts", "rtp", "rtsp"};
  return pick(k_names, container);
}

std::string_view name_of(Profile profile) {
  constexpr std::array<std::string_view, 3> k_names{"onvif", "axis-v2", "axis-legacy"};
  return pick(k_names, profile);
}

std::string_view name_of(Authenticity authenticity) {
  constexpr std::array<std::string_view, 5> k_names{"not_signed", "authentic", "authentic_with_missing",
                                                    "partly_unprotected", "not_authentic"};
  return pick(k_names, authenticity);
}

std::string_view name_of(Provenance provenance) {
  constexpr std::array<std::string_view, 6> k_names{
      "-", "untrusted", "no_anchor", "expired_today_valid_at_recording", "attested", "trusted"};
  return pick(k_names, provenance);
}

std::string_view name_of(FrameVerdict verdict) {
  constexpr std::array<std::string_view, 4> k_names{"authentic", "unprotected", "not_authentic", "not_covered"};
  return pick(k_names, verdict);
}

std::string_view name_of(GopVerdict verdict) {
  constexpr std::array<std::string_view, 5> k_names{"authentic", "authentic_with_missing", "partly_unprotected",
                                                    "not_authentic", "not_covered"};
  return pick(k_names, verdict);
}

std::string_view name_of(FindingKind kind) {
  constexpr std::array<std::string_view, 17> k_names{"altered",
                                                     "added",
                                                     "missing",
                                                     "section_mismatch",
                                                     "signature_invalid",
                                                     "signature_missing",
                                                     "gops_missing",
                                                     "replayed",
                                                     "key_changed",
                                                     "unprotected_slice",
                                                     "unprotected_missing",
                                                     "malformed_sei",
                                                     "signer_defect",
                                                     "no_key",
                                                     "parameters_changed",
                                                     "time_gap",
                                                     "note"};
  return pick(k_names, kind);
}

}  // namespace signet::video
