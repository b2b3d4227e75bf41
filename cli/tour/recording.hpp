// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <filesystem>

namespace signet::cli::tour {

/// The first segment that a camera service has finished in this folder; waits for it, a minute at most.
Result<std::filesystem::path> first_segment(const std::filesystem::path& folder);

/// Copies an MP4 recording of H.264 with one bit of one of its pictures turned; its structure stays as it was.
Result<void> alter_picture(const std::filesystem::path& recording, const std::filesystem::path& altered);

}  // namespace signet::cli::tour
