// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "window.hpp"

namespace signet::video {

/// Gives the units of one container in decoding order.
class Splitter {
 public:
  virtual ~Splitter() = default;
  virtual Result<std::optional<Piece>> next(Window& window) = 0;
  /// How far it has read.
  [[nodiscard]] virtual std::uint64_t offset() const = 0;
};

/// What was found at the front of a source.
struct Opened {
  Container container;
  Codec codec;
  std::optional<Instant> created = {};
  std::unique_ptr<Splitter> splitter;
  Bytes configuration = {};
};

[[nodiscard]] std::unique_ptr<Splitter> make_annexb_splitter();
[[nodiscard]] std::unique_ptr<Splitter> make_obu_splitter();
Result<std::unique_ptr<Splitter>> make_ivf_splitter(Window& window);
Result<Opened> open_mp4(Window& window, std::shared_ptr<Source> source);

inline constexpr std::size_t k_start_code_size_bytes = 3;
/// Where 00 00 01 begins (H.264 and H.265 annex B), from `from` on.
[[nodiscard]] std::optional<std::size_t> find_start_code(ByteView bytes, std::size_t from);
[[nodiscard]] std::size_t without_trailing_zeros(ByteView bytes);

/// Whether H.264 or H.265 stands behind start codes; none if it looks like neither.
[[nodiscard]] std::optional<Codec> codec_of_annexb(ByteView front);

/// The whole size of the OBU at the front of `head`, whose size field it must have: "video.malformed".
Result<std::uint64_t> obu_size(ByteView head, std::uint64_t offset);
inline constexpr std::size_t k_obu_head_size_bytes = 10;

/// "video.malformed" (invalid_input) at an offset of the file.
[[nodiscard]] Error malformed(const std::string& what, std::uint64_t offset);

}  // namespace signet::video
