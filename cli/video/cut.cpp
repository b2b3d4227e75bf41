// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/cut.hpp"

#include "signet/video_recording.hpp"

#include "video/elementary.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace signet::cli::video_cli {

namespace {

constexpr std::size_t k_starts_max = 1'000'000;
constexpr std::size_t k_sets_max = 64;
constexpr std::size_t k_pending_max = 4096;

Error bad_place(std::string_view text) {
  return {Errc::usage, "video.place", "'" + printable(text, 60) + "' is no place in a recording",
          "Write a time (12.5 or 0:00:12.5), gop:3 or picture:81."};
}

template <typename T>
bool read_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<Place> place_from(std::string_view text) {
  const std::string_view whole = text;
  for (const auto& [prefix, kind] :
       {std::pair<std::string_view, Place::Kind>{"gop:", Place::Kind::gop}, {"picture:", Place::Kind::picture}}) {
    if (!text.starts_with(prefix)) continue;
    Place place{kind, 0};
    if (!read_number(text.substr(prefix.size()), place.value)) return bad_place(whole);
    return place;
  }
  double seconds = 0;
  for (int fields = 0;; ++fields) {
    const std::size_t colon = text.find(':');
    double value = 0;
    if (!read_number(text.substr(0, colon), value) || !std::isfinite(value) || value < 0 || fields > 2) {
      return bad_place(whole);
    }
    seconds = seconds * 60 + value;
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  if (seconds > 1e9) return bad_place(whole);
  return Place{Place::Kind::time, static_cast<std::uint64_t>(seconds * 1e6)};
}

void GopIndex::on_frame(const video::FrameReport& frame) {
  if ((starts_.empty() || starts_.back().gop != frame.gop) && starts_.size() < k_starts_max) {
    starts_.push_back({frame.gop, frame.frame, frame.unit, frame.time_us});
    authentic_.push_back(0);
  }
  if (frame.verdict == video::FrameVerdict::authentic) ++authentic_.back();
  frames_ = frame.frame + 1;
}

std::uint64_t GopIndex::authentic(std::size_t first, std::size_t last) const {
  std::uint64_t sum = 0;
  for (std::size_t i = first; i <= last; ++i) sum += authentic_[i];
  return sum;
}

Result<std::size_t> GopIndex::find(const Place& place) const {
  const Error outside(Errc::not_found, "video.place-outside", "the recording has no such place",
                      "It has " + std::to_string(starts_.size()) + " GOPs and " + std::to_string(frames_) +
                          " pictures, counted from 0.");
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < starts_.size(); ++i) {
    const GopStart& start = starts_[i];
    if (place.kind == Place::Kind::time && !start.time_us) {
      return Error(Errc::unsupported, "video.no-times", "this stream has no times",
                   "Name a GOP (gop:3) or a picture (picture:81).");
    }
    const std::uint64_t key = place.kind == Place::Kind::gop ? start.gop
                              : place.kind == Place::Kind::picture
                                  ? start.frame
                                  : static_cast<std::uint64_t>(std::max<std::int64_t>(
                                        *start.time_us - std::max<std::int64_t>(*starts_[0].time_us, 0), 0));
    if (key <= place.value) found = i;
  }
  if (!found || (place.kind == Place::Kind::gop && starts_[*found].gop != place.value) ||
      (place.kind == Place::Kind::picture && place.value >= frames_)) {
    return outside;
  }
  return *found;
}

Cutter::Cutter(Cut cut, Tail tail, Sink sink)
    : cut_(std::move(cut)), tail_(tail), sink_(std::move(sink)), sets_(cut_.parameter_sets) {}

/// What a clip that begins later has to bring along.
void Cutter::remember(ByteView unit) {
  const UnitRole role = role_of(cut_.codec, unit);
  if (role == UnitRole::parameter_set &&
      std::ranges::find_if(sets_, [&](const Bytes& set) { return equal(set, unit); }) == sets_.end()) {
    if (sets_.size() >= k_sets_max) sets_.erase(sets_.begin());
    sets_.push_back(to_bytes(unit));
  }
  if (role != UnitRole::message) return;
  const auto sei = video::summarize_sei(cut_.codec, unit);
  if (sei && sei->is_certificate && sei->problem.empty()) certificate_ = to_bytes(unit);
}

Result<void> Cutter::flush_pending() {
  for (const Bytes& unit : pending_) TRY(sink_(unit));
  pending_.clear();
  return {};
}

/// In front of the first picture: its delimiter, parameter sets, the certificate SEI, then its other messages.
Result<void> Cutter::begin() {
  const auto is = [&](const Bytes& unit, UnitRole role) { return role_of(cut_.codec, unit) == role; };
  const bool has_sets = std::ranges::any_of(pending_, [&](const Bytes& u) { return is(u, UnitRole::parameter_set); });
  const bool has_certificate =
      certificate_ && std::ranges::any_of(pending_, [&](const Bytes& unit) { return equal(unit, *certificate_); });
  for (const Bytes& unit : pending_) {
    if (is(unit, UnitRole::delimiter)) TRY(sink_(unit));
  }
  for (const Bytes& unit : has_sets ? std::vector<Bytes>() : sets_) TRY(sink_(unit));
  for (const Bytes& unit : pending_) {
    if (is(unit, UnitRole::parameter_set)) TRY(sink_(unit));
  }
  if (certificate_ && !has_certificate) TRY(sink_(*certificate_));
  for (const Bytes& unit : pending_) {
    if (!is(unit, UnitRole::delimiter) && !is(unit, UnitRole::parameter_set)) TRY(sink_(unit));
  }
  pending_.clear();
  return {};
}

Result<void> Cutter::add_behind(ByteView unit) {
  if (tail_ == Tail::nothing) {
    state_ = State::over;
    return {};
  }
  const auto sei = video::summarize_sei(cut_.codec, unit);
  if (sei || tail_ == Tail::pictures) TRY(sink_(unit));
  if (sei && sei->is_signed && !sei->is_certificate) state_ = State::over;
  return {};
}

Result<void> Cutter::add(ByteView unit) {
  if (state_ == State::over) return {};
  const std::uint64_t index = unit_++;
  if (state_ == State::behind) return add_behind(unit);
  if (role_of(cut_.codec, unit) != UnitRole::content && pending_.size() < k_pending_max) {
    if (state_ == State::before) remember(unit);
    pending_.push_back(to_bytes(unit));
    return {};
  }
  if (state_ == State::before && index == cut_.first_unit) {
    state_ = State::inside;
    TRY(begin());
  }
  if (state_ == State::before) {
    pending_.clear();
    return {};
  }
  if (cut_.end_unit && index >= *cut_.end_unit) {
    state_ = State::behind;
    const std::vector<Bytes> pending = std::exchange(pending_, {});
    for (const Bytes& each : pending) {
      if (state_ == State::behind) TRY(add_behind(each));
    }
    return state_ == State::behind ? add_behind(unit) : Result<void>();
  }
  TRY(flush_pending());
  return sink_(unit);
}

}  // namespace signet::cli::video_cli
