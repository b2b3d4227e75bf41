// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_sei_fuzz)
#pragma once

#include "sei.hpp"

namespace signet::video {

/// Signature SEIs are read up to this size; a list of 600 SHA-512 entries and two chains are far below.
inline constexpr std::size_t k_sei_size_bytes_max = 256U * 1024U;

/// Whether a unit carries one of the two UUIDs.
[[nodiscard]] std::optional<Family> family_of(Codec codec, ByteView unit);

/// "video.sei-broken" (invalid_input): what is wrong with a unit that carries a UUID of ours. `list_hash` sizes the
/// hash list where the SEI does not name its hash.
Result<Sei> parse_sei(Codec codec, ByteView unit, crypto::HashAlgorithm list_hash);

/// Removes emulation prevention (H.264 7.3.1, H.265 7.3.1.1). `ends`, if given, gets for each byte the position behind
/// it in the escaped form.
[[nodiscard]] Bytes unescape(ByteView escaped, std::vector<std::uint32_t>* ends = nullptr);

inline constexpr std::size_t k_uuid_size_bytes = 16;
[[nodiscard]] ByteView uuid_of(Family family);

}  // namespace signet::video
