// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/camerad.hpp"

#include <string>

namespace signet::camerad {

// What GStreamer is asked for, in the language of gst-launch-1.0; each ends in an appsink called "out".

/// From coded pictures to those that are taken: whole ones, each I picture with its parameter sets.
[[nodiscard]] std::string coded_tail(video::Codec codec);
/// From raw pictures to those that are taken. No B pictures and closed GOPs: nothing waits, every slice can be signed.
[[nodiscard]] std::string encoder_tail(const Encoder& encoder);
/// A moving pattern, encoded.
[[nodiscard]] std::string test_pattern(const Encoder& encoder);
/// The URI by which GStreamer opens a source. "camerad.source" (invalid_input).
Result<std::string> uri_of(const std::string& source);

}  // namespace signet::camerad
