// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_split_fuzz)
#include "byte_reader.hpp"
#include "splitter.hpp"

namespace signet::video {

namespace {

std::uint64_t little_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8U | std::to_integer<std::uint64_t>(bytes[i - 1]);
  return value;
}

/// AV1 5.2, "low overhead bitstream format": OBUs with size fields, one after another.
class ObuSplitter : public Splitter {
 public:
  Result<std::optional<Piece>> next(Window& window) override {
    if (cutter_.done()) {
      TRY_ASSIGN(const ByteView head, window.at(at_, k_obu_head_size_bytes));
      if (head.empty()) return std::optional<Piece>();
      TRY_ASSIGN(const std::uint64_t size, obu_size(head, at_));
      cutter_.start(at_, size, std::nullopt);
      at_ += size;
    }
    return cutter_.next(window);
  }
  [[nodiscard]] std::uint64_t offset() const override { return at_; }

 private:
  std::uint64_t at_ = 0;
  PieceCutter cutter_;
};

/// IVF: a file header, and a header of 12 bytes before each temporal unit.
class IvfSplitter : public Splitter {
 public:
  IvfSplitter(std::uint64_t first, std::uint64_t rate, std::uint64_t scale) : at_(first), rate_(rate), scale_(scale) {}

  Result<std::optional<Piece>> next(Window& window) override {
    while (cutter_.done()) {
      if (at_ >= end_) {
        TRY_ASSIGN(const ByteView header, window.at(at_, k_frame_header_size_bytes));
        if (header.size() < k_frame_header_size_bytes) return std::optional<Piece>();
        at_ += k_frame_header_size_bytes;
        end_ = at_ + little_endian(header.first(4));
        const std::uint64_t ticks = little_endian(header.subspan(4, 8)) & 0xffff'ffffU;
        time_us_ = static_cast<std::int64_t>(ticks * scale_ * 1'000'000 / rate_);
        continue;
      }
      TRY_ASSIGN(const ByteView head, window.at(at_, k_obu_head_size_bytes));
      if (head.empty()) return std::optional<Piece>();
      TRY_ASSIGN(const std::uint64_t size, obu_size(head, at_));
      if (size > end_ - at_) return malformed("an OBU that is longer than its IVF frame", at_);
      cutter_.start(at_, size, time_us_);
      at_ += size;
    }
    return cutter_.next(window);
  }
  [[nodiscard]] std::uint64_t offset() const override { return at_; }

  static constexpr std::size_t k_file_header_size_bytes = 32;

 private:
  static constexpr std::size_t k_frame_header_size_bytes = 12;
  std::uint64_t at_;
  std::uint64_t end_ = 0;  // of the frame at hand
  std::uint64_t rate_;
  std::uint64_t scale_;
  std::int64_t time_us_ = 0;
  PieceCutter cutter_;
};

}  // namespace

Result<std::uint64_t> obu_size(ByteView head, std::uint64_t offset) {
  const auto flags = std::to_integer<unsigned>(head[0]);
  if ((flags & 0x80U) != 0) return malformed("an OBU with its forbidden bit set", offset);
  if ((flags & 0x02U) == 0) return malformed("an OBU without a size field", offset);
  const std::size_t at = (flags & 0x04U) != 0 ? 2 : 1;
  const auto size = leb128_at(head.subspan(std::min(at, head.size())));
  if (!size) return malformed("an OBU whose size cannot be read", offset);
  return at + size->size_bytes + size->value;
}

std::unique_ptr<Splitter> make_obu_splitter() { return std::make_unique<ObuSplitter>(); }

Result<std::unique_ptr<Splitter>> make_ivf_splitter(Window& window) {
  TRY_ASSIGN(const ByteView header, window.at(0, IvfSplitter::k_file_header_size_bytes));
  if (header.size() < IvfSplitter::k_file_header_size_bytes) return malformed("an IVF header that is cut off", 0);
  if (as_text(header.subspan(8, 4)) != "AV01") {
    return Error(Errc::unsupported, "video.unsupported-codec", "an IVF file that holds no AV1",
                 "Signed video is H.264, H.265 or AV1.");
  }
  const std::uint64_t size = little_endian(header.subspan(6, 2));
  const std::uint64_t rate = little_endian(header.subspan(16, 4));
  const std::uint64_t scale = little_endian(header.subspan(20, 4)) & 0xffffU;
  if (size < IvfSplitter::k_file_header_size_bytes || rate == 0)
    return malformed("an IVF header that makes no sense", 0);
  return std::unique_ptr<Splitter>(std::make_unique<IvfSplitter>(size, rate, scale));
}

}  // namespace signet::video
