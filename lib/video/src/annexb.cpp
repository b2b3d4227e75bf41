// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_split_fuzz)
#include "splitter.hpp"

#include <cstring>

namespace signet::video {

/// memchr for the 01 is several times as fast as
/// hashing.
std::optional<std::size_t> find_start_code(ByteView bytes, std::size_t from) {
  std::size_t at = from + 2;
  while (at < bytes.size()) {
    const void* const found = std::memchr(bytes.data() + at, 1, bytes.size() - at);
    if (found == nullptr) return std::nullopt;
    const auto one = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
    if (bytes[one - 1] == std::byte{0} && bytes[one - 2] == std::byte{0}) return one - 2;
    at = one + 1;
  }
  return std::nullopt;
}

std::size_t without_trailing_zeros(ByteView bytes) {
  std::size_t size = bytes.size();
  while (size > 0 && bytes[size - 1] == std::byte{0}) --size;
  return size;
}

namespace {

constexpr std::size_t k_first_look_size_bytes = 64U * 1024U;

class AnnexBSplitter : public Splitter {
 public:
  Result<std::optional<Piece>> next(Window& window) override;
  [[nodiscard]] std::uint64_t offset() const override { return at_; }

 private:
  Result<void> find_first(Window& window);
  std::uint64_t at_ = 0;  // of the unit, or what is left of it
  bool is_started_ = false;
  bool is_over_ = false;
  bool begins_ = true;
};

Result<void> AnnexBSplitter::find_first(Window& window) {
  while (!is_started_ && !is_over_) {
    TRY_ASSIGN(const ByteView bytes, window.at(at_, k_first_look_size_bytes));
    const auto code = find_start_code(bytes, 0);
    is_started_ = code.has_value();
    is_over_ = !is_started_ && bytes.size() < k_first_look_size_bytes;
    at_ += code ? *code + k_start_code_size_bytes : bytes.size() - std::min<std::size_t>(bytes.size(), 2);
  }
  return {};
}

Result<std::optional<Piece>> AnnexBSplitter::next(Window& window) {
  TRY(find_first(window));
  std::size_t look = k_first_look_size_bytes;
  std::size_t scanned = 0;
  while (!is_over_) {
    TRY_ASSIGN(const ByteView bytes, window.at(at_, look));
    const auto code = find_start_code(bytes, scanned);
    const bool is_end = !code && bytes.size() < look;
    if (code || is_end) {
      const ByteView unit = bytes.first(without_trailing_zeros(bytes.first(code.value_or(bytes.size()))));
      at_ += code ? *code + k_start_code_size_bytes : bytes.size();
      is_over_ = is_end;
      scanned = 0;
      look = k_first_look_size_bytes;
      const bool begins = std::exchange(begins_, true);
      if (unit.empty() && begins) continue;  // two start codes in a row
      return std::optional(Piece{.bytes = unit, .begins = begins, .ends = true});
    }
    scanned = bytes.size() - 2;
    if (look < k_piece_size_bytes_max) {
      look = std::min(look * 4, k_piece_size_bytes_max);
      continue;
    }
    // A unit larger than the window. Zeros at the cut may be trailing ones, or the front of a start code: they wait.
    std::size_t cut = without_trailing_zeros(bytes);
    if (cut == 0) cut = bytes.size() - 2;
    at_ += cut;
    return std::optional(Piece{.bytes = bytes.first(cut), .begins = std::exchange(begins_, false), .ends = false});
  }
  return std::optional<Piece>();
}

}  // namespace

std::unique_ptr<Splitter> make_annexb_splitter() { return std::make_unique<AnnexBSplitter>(); }

std::optional<Codec> codec_of_annexb(ByteView front) {
  bool may_be_h264 = false;
  bool may_be_h265 = false;
  std::size_t at = 0;
  while (const auto code = find_start_code(front, at)) {
    at = *code + k_start_code_size_bytes;
    if (at + 1 >= front.size()) break;
    const auto first = std::to_integer<unsigned>(front[at]);
    const auto second = std::to_integer<unsigned>(front[at + 1]);
    if ((first & 0x80U) != 0) continue;
    const unsigned h264_type = first & 0x1fU;
    const unsigned h265_type = first >> 1U;
    const bool h265_head = (first & 1U) == 0 && (second & 0xf8U) == 0 && (second & 7U) != 0;
    if (h265_head && h265_type >= 32 && h265_type <= 34) return Codec::h265;  // parameter sets tell for sure
    if ((h264_type == 7 || h264_type == 8) && (first & 0x60U) != 0) return Codec::h264;
    may_be_h265 = may_be_h265 || (h265_head && (h265_type == 35 || h265_type == 39 || h265_type <= 21));
    may_be_h264 = may_be_h264 || h264_type == 1 || h264_type == 5 || h264_type == 6 || h264_type == 9;
  }
  if (may_be_h264) return Codec::h264;
  return may_be_h265 ? std::optional(Codec::h265) : std::nullopt;
}

}  // namespace signet::video
