// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/elementary.hpp"

#include <algorithm>
#include <array>

namespace signet::cli::video_cli {

namespace {

/// Takes bytes from the front while there are enough of them.
class Front {
 public:
  explicit Front(ByteView bytes) : bytes_(bytes) {}
  ByteView take(std::size_t size) {
    if (size > bytes_.size()) {
      bytes_ = {};
      is_over_ = true;
      return {};
    }
    const ByteView taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }
  std::size_t number(std::size_t size) {
    std::size_t value = 0;
    for (const std::byte each : take(size)) value = value << 8U | std::to_integer<std::size_t>(each);
    return value;
  }
  [[nodiscard]] bool is_over() const { return is_over_; }
  [[nodiscard]] ByteView rest() const { return bytes_; }

 private:
  ByteView bytes_;
  bool is_over_ = false;
};

void take_units(Front& front, std::size_t count, std::vector<Bytes>& units) {
  for (std::size_t i = 0; i < count && !front.is_over(); ++i) {
    const ByteView unit = front.take(front.number(2));
    if (!unit.empty()) units.push_back(to_bytes(unit));
  }
}

}  // namespace

UnitRole role_of(video::Codec codec, ByteView unit) {
  const unsigned head = unit.empty() ? 0U : std::to_integer<unsigned>(unit[0]);
  switch (codec) {
    case video::Codec::h264: {
      const unsigned type = head & 0x1fU;
      if (type == 9) return UnitRole::delimiter;
      if (type == 7 || type == 8 || type == 13 || type == 15) return UnitRole::parameter_set;
      return type == 6 || type == 14 ? UnitRole::message : UnitRole::content;
    }
    case video::Codec::h265: {
      const unsigned type = head >> 1U & 0x3fU;
      if (type == 35) return UnitRole::delimiter;
      if (type >= 32 && type <= 34) return UnitRole::parameter_set;
      return type == 39 ? UnitRole::message : UnitRole::content;
    }
    case video::Codec::av1:
      break;
  }
  const unsigned type = head >> 3U & 0x0fU;
  if (type == 2) return UnitRole::delimiter;
  if (type == 1) return UnitRole::parameter_set;
  return type == 5 ? UnitRole::message : UnitRole::content;
}

std::vector<Bytes> parameter_sets_in(video::Codec codec, ByteView configuration) {
  std::vector<Bytes> units;
  Front front(configuration);
  switch (codec) {
    case video::Codec::h264:
      front.take(5);
      take_units(front, front.number(1) & 0x1fU, units);
      take_units(front, front.number(1), units);
      break;
    case video::Codec::h265: {
      front.take(22);
      const std::size_t arrays = front.number(1);
      for (std::size_t i = 0; i < arrays && !front.is_over(); ++i) {
        front.take(1);
        take_units(front, front.number(2), units);
      }
      break;
    }
    case video::Codec::av1:
      front.take(4);
      if (!front.rest().empty()) units.push_back(to_bytes(front.rest()));
      break;
  }
  return units;
}

std::optional<Bytes> escaped_if_needed(video::Codec codec, ByteView unit) {
  constexpr std::array k_start_code{std::byte{0}, std::byte{0}, std::byte{1}};
  if (codec == video::Codec::av1 || std::ranges::search(unit, k_start_code).empty()) return std::nullopt;
  Bytes escaped;
  std::size_t zeros = 0;
  for (const std::byte each : unit) {
    if (zeros >= 2 && each <= std::byte{3}) {
      escaped.push_back(std::byte{3});
      zeros = 0;
    }
    escaped.push_back(each);
    zeros = each == std::byte{0} ? zeros + 1 : 0;
  }
  return escaped;
}

Result<UnitFile> UnitFile::create(const Invocation& call, const std::string& name, video::Codec codec) {
  if (name == "-") return UnitFile(call, std::nullopt, codec);
  TRY_ASSIGN(os::PendingFile file, os::PendingFile::create(name));
  return UnitFile(call, std::move(file), codec);
}

Result<void> UnitFile::write(ByteView unit) {
  constexpr std::array k_start_code{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
  constexpr std::size_t k_flush_size_bytes = 256U * 1024U;
  if (codec_ != video::Codec::av1) append(buffer_, k_start_code);
  append(buffer_, unit);
  return buffer_.size() >= k_flush_size_bytes ? flush() : Result<void>();
}

Result<void> UnitFile::flush() {
  if (file_) {
    TRY(os::write_all(file_->fd(), buffer_));
  } else {
    out_->raw(buffer_);
  }
  buffer_.clear();
  return {};
}

Result<void> UnitFile::commit() {
  TRY(flush());
  return file_ ? file_->commit_new() : Result<void>();
}

Result<std::optional<WholeUnit>> next_whole(video::Recording& recording) {
  WholeUnit whole;
  while (true) {
    TRY_ASSIGN(const std::optional<video::Piece> piece, recording.next());
    if (!piece) return std::optional<WholeUnit>();
    if (piece->begins) whole = {.bytes = {}, .time_us = piece->time_us};
    append(whole.bytes, piece->bytes);
    if (whole.bytes.size() > std::size_t{64} << 20U) {
      return Error(Errc::exhausted, "video.unit-too-large", "a unit of more than 64 MiB", "No picture is that large.");
    }
    if (piece->ends) return std::optional(std::move(whole));
  }
}

}  // namespace signet::cli::video_cli
