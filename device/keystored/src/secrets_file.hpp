// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace signet::keystored {

inline constexpr std::size_t k_auth_size_bytes = 32;

/// An auth value that neither the TPM's random numbers nor the kernel's alone decide. Never ends in a zero byte, since
/// TPMs cut those off (Part 1, section 19.6.5).
Secret mix_auth(const Bytes& from_tpm);

/// A few auth values of 32 bytes in one file of mode 0600, replaced as a whole (docs/formats/keystored-state.md).
/// `kind` of 15 characters says whose they are, so that two files cannot be swapped.
Result<void> save_secrets(const std::filesystem::path& path, std::string_view kind, std::span<const Secret> secrets);
/// "keystored.damaged" (invalid_input), "os.not-found".
Result<std::vector<Secret>> load_secrets(const std::filesystem::path& path, std::string_view kind, std::size_t count);
/// The file's content; split out for the fuzzer.
Result<std::vector<Secret>> parse_secrets(const Secret& content, std::string_view kind, std::size_t count);
/// Overwrites the file and removes it; nothing happens where there is none.
Result<void> destroy_secrets(const std::filesystem::path& path);

}  // namespace signet::keystored
