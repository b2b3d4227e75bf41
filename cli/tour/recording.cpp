// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "recording.hpp"

#include "signet/core/bytes.hpp"
#include "signet/os/file.hpp"

#include <chrono>
#include <optional>
#include <system_error>
#include <thread>

namespace signet::cli::tour {

namespace {

constexpr std::size_t k_recording_bytes_max = 1U << 26U;
constexpr std::size_t k_size_bytes = 4;

/// Where the next box of MP4 with media data begins its content.
std::optional<std::size_t> find_media(ByteView file) {
  constexpr std::uint32_t k_mdat = 0x6D646174;
  for (std::size_t at = 0; file.size() - at >= 2 * k_size_bytes;) {
    const std::uint32_t size = get_be32(file.subspan(at));
    if (get_be32(file.subspan(at + k_size_bytes)) == k_mdat) return at + 2 * k_size_bytes;
    if (size < 2 * k_size_bytes || size > file.size() - at) break;
    at += size;
  }
  return std::nullopt;
}

/// Where a slice of a picture that refers to others stands; it is preceded by its size, as all NAL units of MP4 are.
std::optional<std::size_t> find_slice(ByteView file, std::size_t at) {
  constexpr std::size_t k_useful_bytes = 64;
  while (file.size() - at > k_size_bytes) {
    const std::uint32_t size = get_be32(file.subspan(at));
    at += k_size_bytes;
    if (size == 0 || size > file.size() - at) break;
    const unsigned type = std::to_integer<unsigned>(file[at]) & 0x1FU;
    if (type == 1 && size >= k_useful_bytes) return at + size / 2;
    at += size;
  }
  return std::nullopt;
}

}  // namespace

Result<std::filesystem::path> first_segment(const std::filesystem::path& folder) {
  constexpr auto k_patience = std::chrono::seconds(60);
  const auto deadline = std::chrono::steady_clock::now() + k_patience;
  while (std::chrono::steady_clock::now() < deadline) {
    std::error_code none_yet;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none_yet)) {
      if (entry.path().extension() == ".mp4") return entry.path();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return Error(Errc::internal, "tour.camera", "the camera has recorded nothing for a minute");
}

Result<void> alter_picture(const std::filesystem::path& recording, const std::filesystem::path& altered) {
  TRY_ASSIGN(Bytes bytes, os::read_file(recording, k_recording_bytes_max));
  const auto media = find_media(bytes);
  const auto place = media ? find_slice(bytes, *media) : std::nullopt;
  if (!place) return Error(Errc::internal, "tour.alter", "the recording has no picture that can be altered");
  bytes[*place] ^= std::byte{0x40};
  return os::replace_file(altered, bytes);
}

}  // namespace signet::cli::tour
