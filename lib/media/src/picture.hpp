// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/video.hpp"

#include <utility>

namespace signet::media {

/// The parameter sets of avcC and hvcC (ISO/IEC 14496-15, 5.3.3 and 8.3.3), the sequence header of av1C; what can be
/// read of them.
[[nodiscard]] std::vector<Bytes> parameter_sets_of(video::Codec codec, ByteView configuration);

/// Width and height as a JPEG's frame header has them (ITU-T T.81, B.2.2); none if it has none.
[[nodiscard]] std::optional<std::pair<std::uint32_t, std::uint32_t>> size_of_jpeg(ByteView jpeg);

/// Parameter sets and sequence headers; units from which decoding can begin.
[[nodiscard]] bool is_parameter_set(video::Codec codec, ByteView unit);
[[nodiscard]] bool can_begin(video::Codec codec, ByteView unit);

}  // namespace signet::media
