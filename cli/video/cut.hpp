// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"
#include "signet/video.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

/// Cutting a signed stream so that what is left still verifies: on GOP borders, with the signature that covers the last
/// GOP, which stands behind it, and with what a decoder and a verifier need in front.
namespace signet::cli::video_cli {

/// A place in a recording, as a user names it: "12.5" and "0:00:12.5" (time), "gop:3", "picture:81".
struct Place {
  enum class Kind : std::uint8_t { time, gop, picture } kind = Kind::time;
  std::uint64_t value = 0;  ///< microseconds, or a number
};
/// "video.place" (usage).
Result<Place> place_from(std::string_view text);

/// Where a GOP begins.
struct GopStart {
  std::uint64_t gop = 0;
  std::uint64_t frame = 0;
  std::uint64_t unit = 0;
  std::optional<std::int64_t> time_us = {};
};

/// Remembers where GOPs begin, and how many pictures of each are authentic.
class GopIndex : public video::JudgeObserver {
 public:
  void on_frame(const video::FrameReport& frame) override;
  [[nodiscard]] const std::vector<GopStart>& starts() const { return starts_; }
  [[nodiscard]] std::uint64_t frames() const { return frames_; }
  /// Pictures that are authentic in these GOPs, by index in starts().
  [[nodiscard]] std::uint64_t authentic(std::size_t first, std::size_t last) const;
  /// The index of the GOP that holds the place: "video.place-outside" (not_found), "video.no-times" (unsupported).
  Result<std::size_t> find(const Place& place) const;

 private:
  std::vector<GopStart> starts_;
  std::vector<std::uint64_t> authentic_;
  std::uint64_t frames_ = 0;
};

/// How much of what stands behind the last GOP a clip keeps.
enum class Tail : std::uint8_t {
  signatures,  ///< only signature SEI, up to the first signed one: no picture too many
  pictures,    ///< all units up to it: for signatures that cover a part of the next GOP
  nothing,
};

/// What to keep of a stream.
struct Cut {
  video::Codec codec = video::Codec::h264;
  std::uint64_t first_unit = 0;             ///< the first slice
  std::optional<std::uint64_t> end_unit{};  ///< the first slice that is not kept; none: to the end
  std::vector<Bytes> parameter_sets = {};   ///< of the container
};

/// Takes the units of a stream in order and hands on those of the clip. Units in front of a first slice that belong to
/// its picture go with it; parameter sets and the certificate SEI from before the cut are put in front.
class Cutter {
 public:
  using Sink = std::function<Result<void>(ByteView)>;
  Cutter(Cut cut, Tail tail, Sink sink);
  Result<void> add(ByteView unit);
  /// The stream has ended; hands on what stood behind its last picture.
  Result<void> finish() { return state_ == State::inside ? flush_pending() : Result<void>(); }
  /// Whether nothing more can follow.
  [[nodiscard]] bool is_over() const { return state_ == State::over; }

 private:
  enum class State : std::uint8_t { before, inside, behind, over };
  Result<void> begin();
  Result<void> flush_pending();
  Result<void> add_behind(ByteView unit);
  void remember(ByteView unit);
  Cut cut_;
  Tail tail_;
  Sink sink_;
  State state_ = State::before;
  std::uint64_t unit_ = 0;
  std::vector<Bytes> pending_;  ///< before a slice, of its picture
  std::vector<Bytes> sets_;     ///< parameter sets so far, the last of each
  std::optional<Bytes> certificate_;
};

}  // namespace signet::cli::video_cli
