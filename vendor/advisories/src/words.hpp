// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"
#include "signet/core/time.hpp"

#include <cstddef>
#include <string_view>

namespace signet::advisories {

inline constexpr std::size_t k_line_size_bytes_max = 240;    ///< titles (CVE: 256)
inline constexpr std::size_t k_text_size_bytes_max = 4096;   ///< descriptions (CVE)
inline constexpr std::size_t k_url_size_bytes_max = 2048;    ///< of CVE
inline constexpr std::size_t k_range_size_bytes_max = 4096;  ///< of versions
inline constexpr std::size_t k_purl_size_bytes_max = 480;    ///< what readers of feeds take is 512, with a version
inline constexpr std::size_t k_version_size_bytes_max = 64;
inline constexpr std::size_t k_items_max = 500;  ///< of each list (CVE: 512 references)

/// "case.text": longer than this, a control character, or a blank at an end. `what` names it.
Result<void> check_line(std::string_view text, std::string_view what, std::size_t size_bytes_max);
/// The same for a text of several lines.
Result<void> check_text(std::string_view text, std::string_view what, std::size_t size_bytes_max);
/// "case.url": no absolute URL of http or https in the characters of RFC 3986.
Result<void> check_url(std::string_view text, std::string_view what);
/// A version as all formats can hold it: visible ASCII without the signs of ranges. "case.version".
Result<void> check_version_text(std::string_view text);
/// Between 1990 and 2999: CVE's schema knows no other years. "case.time".
Result<void> check_time(Instant time);
/// "CVE-2026-12345". "case.cve".
Result<void> check_cve(std::string_view text);

}  // namespace signet::advisories
