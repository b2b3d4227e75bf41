// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <filesystem>
#include <string>

/// The things that the tour plays with: a real image, and the tools of an attacker who knows the format.
namespace signet::cli::tour {

/// Makes an erofs image of a small Debian root out of packages that are installed on this machine; its os-release names
/// `version`.
Result<void> make_root_image(const std::filesystem::path& folder, const std::string& version,
                             const std::filesystem::path& image);

/// Copies a bundle and changes one byte in the middle of its payload.
Result<void> forge_payload(const std::filesystem::path& bundle, const std::filesystem::path& forged);
/// Copies a bundle, writes another security version into its manifest, and mends the digest that would give the change
/// away.
Result<void> forge_security_version(const std::filesystem::path& bundle, const std::filesystem::path& forged);
/// Copies the first half of a bundle.
Result<void> cut_in_half(const std::filesystem::path& bundle, const std::filesystem::path& cut);
/// Changes one byte in the middle of a file, in place.
Result<void> flip_byte(const std::filesystem::path& file);

}  // namespace signet::cli::tour
