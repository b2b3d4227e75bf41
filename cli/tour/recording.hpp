// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <cstdint>
#include <filesystem>

/// A camera for the tour: a real H.264 stream, small and without an encoder, and somebody who edits it.
namespace signet::cli::tour {

/// Four seconds of a bright square that walks through a grey room: 64x48, 25 pictures a second, a key picture each
/// second. Any H.264 player shows it.
Result<void> make_recording(const std::filesystem::path& file);

/// Copies a stream and repaints a bit of one picture (counted from 1); it still plays.
Result<void> alter_picture(const std::filesystem::path& recording, std::uint64_t picture,
                           const std::filesystem::path& altered);

}  // namespace signet::cli::tour
