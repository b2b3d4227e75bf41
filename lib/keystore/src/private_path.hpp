// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <filesystem>
#include <string_view>

/// What the stores that live in folders share.
namespace signet::keystore {

/// Nobody but the owner may look into the folder or at the file: a passphrase can be guessed offline, a file can be
/// swapped. "keystore.folder-open-to-others" (denied); `mode` is what the hint tells to set ("700").
Result<void> check_closed(const std::filesystem::path& path, const char* mode);
/// Labels are file names: "keystore.label" (invalid_input).
Result<void> check_label(std::string_view label);

}  // namespace signet::keystore
