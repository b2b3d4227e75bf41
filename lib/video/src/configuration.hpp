// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_mp4_fuzz)
#pragma once

#include "sequence.hpp"

namespace signet::video {

/// The body of avcC, hvcC or av1C for parameter sets that stand in the stream (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1;
/// AV1 in ISO base media 2.3). NAL units are said to have a length of four bytes. "video.mp4-parameters"
/// (invalid_input).
Result<Bytes> make_configuration(Codec codec, const std::vector<Bytes>& sets);
/// The same, beginning with a body that was read elsewhere (or none): it stays as it is unless the stream replaces one
/// of its sets before the first picture. Players that decode by the body alone and those that read the stream as well
/// must show the same.
Result<Bytes> renewed_configuration(Codec codec, Bytes given, const std::vector<Bytes>& in_stream);
/// One that was read elsewhere, with a length of four bytes.
[[nodiscard]] Bytes with_four_byte_lengths(Codec codec, Bytes configuration);

}  // namespace signet::video
