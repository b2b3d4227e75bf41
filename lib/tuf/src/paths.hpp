// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <string>
#include <string_view>

namespace signet::tuf {

/// Of a role's name as it stands in file names; leaves room for a version and ".json" within 255 bytes.
inline constexpr std::size_t k_role_name_size_max = 200;
inline constexpr std::size_t k_target_path_size_max = 1024;

/// Percent-encoded but for RFC 3986's unreserved characters, so '/' as well: a name that is safe as one path segment.
std::string percent_encoded(std::string_view text);
/// As percent_encoded(), segment by segment.
std::string percent_encoded_path(std::string_view path);
/// The inverse of percent_encoded_path() for a folder: "tuf.unsafe-path" if what comes out would leave the folder.
Result<std::string> percent_decoded_path(std::string_view path);

/// Whether a path may stand in a repository: relative, '/' between segments, none of them empty, "." or "..", no
/// control characters, no backslash. "tuf.unsafe-path".
Result<void> check_target_path(std::string_view path);

/// PATHPATTERN of 4.5: '*' and '?' as in a shell, never across a '/'; all else stands for itself.
bool path_matches(std::string_view pattern, std::string_view path);

}  // namespace signet::tuf
