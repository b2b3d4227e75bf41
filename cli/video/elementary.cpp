// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/elementary.hpp"

#include <algorithm>
#include <array>

namespace signet::cli::video_cli {

namespace {

constexpr std::array k_start_code{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
constexpr std::array k_temporal_delimiter{std::byte{0x12}, std::byte{0}};

}  // namespace

bool names_mp4(const std::string& name) {
  std::string end = name.substr(name.size() - std::min<std::size_t>(name.size(), 4));
  std::ranges::transform(end, end.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return end == ".mp4" || end == ".m4v";
}

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

Result<UnitFile> UnitFile::create(const Invocation& call, const std::string& name, video::Mp4Options options) {
  const video::Codec codec = options.codec;
  std::optional<video::Mp4Writer> mp4;
  if (names_mp4(name)) mp4.emplace(std::move(options));
  if (name == "-") return UnitFile(call, std::nullopt, codec, std::nullopt);
  TRY_ASSIGN(os::PendingFile file, os::PendingFile::create(name));
  return UnitFile(call, std::move(file), codec, std::move(mp4));
}

Result<UnitFile> UnitFile::send(const Invocation& call, const std::string& address, video::Codec codec,
                                const media::SendOptions& options) {
  TRY_ASSIGN(media::Sender sender, media::Sender::open(address, codec, options));
  UnitFile out(call, std::nullopt, codec, std::nullopt);
  out.sender_.emplace(std::move(sender));
  return out;
}

Result<void> UnitFile::write(ByteView unit, std::optional<std::int64_t> time_us) {
  constexpr std::size_t k_flush_size_bytes = 256U * 1024U;
  if (mp4_) {
    TRY(mp4_->add(unit, time_us, buffer_));
  } else {
    write_to_stream(unit, time_us);
  }
  return buffer_.size() >= k_flush_size_bytes ? flush() : Result<void>();
}

void UnitFile::write_to_stream(ByteView unit, std::optional<std::int64_t> time_us) {
  if (codec_ != video::Codec::av1) {
    append(buffer_, k_start_code);
    append(buffer_, unit);
    return;
  }
  // Samples of MP4 have no temporal delimiters, which a stream without container needs (AV1 7.5).
  const bool is_delimiter = role_of(codec_, unit) == UnitRole::delimiter;
  if (!is_delimiter && time_us && delimited_us_ != time_us) append(buffer_, k_temporal_delimiter);
  delimited_us_ = time_us;
  append(buffer_, unit);
}

Result<void> UnitFile::flush() {
  if (file_) {
    TRY(os::write_all(file_->fd(), buffer_));
  } else if (sender_) {
    TRY(sender_->write(buffer_));
  } else {
    out_->raw(buffer_);
  }
  buffer_.clear();
  return {};
}

Result<void> UnitFile::commit() {
  if (mp4_) TRY(mp4_->finish(buffer_));
  TRY(flush());
  if (sender_) return sender_->finish();
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
