// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sei.hpp"

namespace signet::video {

/// Tags of both families; Axis Signed Video numbers from its own list.
namespace onvif_tag {
inline constexpr std::uint8_t k_general = 1, k_hash_list = 2, k_signature = 3, k_crypto = 4, k_vendor = 5,
                              k_certificates = 6, k_arbitrary = 7;
}
namespace axis_tag {
inline constexpr std::uint8_t k_general = 1, k_public_key = 2, k_product = 3, k_hash_list = 4, k_signature = 5,
                              k_arbitrary = 6, k_crypto = 7, k_axis = 129;
}

/// The digest algorithms' object identifiers end in 1, 2, 3 (NIST CSOR); this is what stands before, in DER.
[[nodiscard]] ByteView sha2_oid_front();

/// Reads all tags of a SEI of `sei.family` into `sei`. Gives where the signature tag stands, if there is one; it must
/// be the last.
Result<std::optional<std::size_t>> read_tags(ByteView tags, crypto::HashAlgorithm list_hash, Sei& sei);

/// 100 ns since 1601-01-01 UTC (ONVIF Media Signing) and microseconds since 1970.
[[nodiscard]] std::int64_t unix_us_from_1601(std::int64_t ticks);
[[nodiscard]] std::int64_t ticks_1601_from_unix(std::int64_t us);

}  // namespace signet::video
