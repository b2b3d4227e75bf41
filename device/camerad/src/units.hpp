// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/video.hpp"

#include <vector>

namespace signet::camerad {

/// The NAL units of an access unit with start codes (H.264, H.265 annex B), without start codes and trailing zeros;
/// views into `stream`. `units` is emptied first; its memory serves again.
void split_units(ByteView stream, std::vector<ByteView>& units);

/// Whether a NAL unit is of an I picture that starts a GOP: IDR (H.264 table 7-1), IRAP (H.265 table 7-1).
[[nodiscard]] bool begins_gop(video::Codec codec, ByteView unit);

/// Whether a NAL unit is a coded slice of a kind that ONVIF and Axis signatures leave out
/// (docs/formats/signed-video.md).
[[nodiscard]] bool is_unprotected_slice(video::Codec codec, ByteView unit);

/// Appends a unit behind a start code.
void append_unit(Bytes& stream, ByteView unit);

}  // namespace signet::camerad
