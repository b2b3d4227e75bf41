// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_mp4_fuzz)
#include "signet/video_writer.hpp"

#include "configuration.hpp"
#include "mp4_front.hpp"
#include "picture_order.hpp"
#include "splitter.hpp"
#include "unit.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

namespace signet::video {

namespace {

constexpr std::size_t k_pictures_max = 512;
constexpr std::size_t k_fragment_size_bytes_max = 16U << 20U;
constexpr std::size_t k_hard_factor = 4;  // beyond this a fragment ends even where pictures would change places
constexpr std::size_t k_picture_size_bytes_max = 64U << 20U;
constexpr std::int64_t k_time_us_max = std::int64_t{1} << 60;
constexpr std::uint8_t k_temporal_delimiter = 2;  // AV1 6.2.2

/// Whether a unit that stands behind a slice belongs to the next picture: H.264 7.4.1.2.3, H.265 7.4.2.4.4.
bool opens_access_unit(Codec codec, const UnitClass& unit) {
  if (unit.begins_frame || unit.kind == UnitKind::parameter_set) return true;
  if (codec == Codec::h264) return unit.type == 6 || unit.type == 9 || (unit.type >= 14 && unit.type <= 18);
  return unit.type == 35 || unit.type == 39 || (unit.type >= 41 && unit.type <= 44) ||
         (unit.type >= 48 && unit.type <= 55);
}

/// A sample that is being collected, or waits for its fragment.
struct Waiting {
  std::uint32_t size_bytes = 0;
  OrderKey key = {};  ///< the time, where the stream has times
  bool is_sync = false;
};

}  // namespace

class Mp4Writer::Impl {
 public:
  explicit Impl(Mp4Options options)
      : options_(std::move(options)), order_(options_.codec), step_us_(std::max<std::int64_t>(options_.picture_us, 1)) {
    for (const Bytes& set : parameter_sets_in(options_.codec, options_.configuration)) order_.take_parameter_set(set);
  }

  Result<void> add(ByteView unit, std::optional<std::int64_t> time_us, Bytes& out);
  Result<void> finish(Bytes& out);

 private:
  [[nodiscard]] bool begins_sample(const UnitClass& unit, std::optional<std::int64_t> time_us) const;
  void note_picture(const UnitClass& unit, ByteView bytes, std::optional<std::int64_t> time_us);
  void put(ByteView unit);
  Result<void> close_sample(Bytes& out);
  [[nodiscard]] bool ends_fragment() const;
  Result<void> write_fragment(Bytes& out);
  Result<void> write_front(const std::vector<std::int64_t>& times, Bytes& out);
  [[nodiscard]] std::vector<std::int64_t> times_of_fragment() const;
  [[nodiscard]] std::vector<Mp4Sample> samples_at(const std::vector<std::int64_t>& times);
  void choose_shifts(const std::vector<std::int64_t>& times, Mp4Front& front);

  Mp4Options options_;
  PictureOrder order_;
  bool has_front_ = false;
  std::vector<Bytes> sets_;        // in samples, before the first slice
  std::optional<bool> has_times_;  // decided by the first picture

  Bytes sample_;  // at hand
  Waiting at_hand_;
  std::uint32_t pictures_at_hand_ = 0;
  std::optional<std::int64_t> time_at_hand_;
  bool has_key_ = false;

  Bytes media_;  // of the fragment at hand
  std::vector<Waiting> waiting_;
  OrderKey latest_;  // of those
  std::uint32_t fragments_ = 0;
  std::uint64_t pictures_ = 0;  // written
  std::int64_t shift_us_ = 0;   // from presentation time to media time
  std::int64_t decode_shift_us_ = 0;
  std::int64_t decode_us_ = 0;  // end of what is written
  std::int64_t step_us_;        // the shortest between pictures of the last fragment
};

bool Mp4Writer::Impl::begins_sample(const UnitClass& unit, std::optional<std::int64_t> time_us) const {
  if (pictures_at_hand_ == 0) return false;
  const bool has_both_times = time_us && time_at_hand_;
  if (options_.codec == Codec::av1) {
    return unit.type == k_temporal_delimiter || (has_both_times && *time_us != *time_at_hand_);
  }
  if (!opens_access_unit(options_.codec, unit)) return false;
  // The two fields of a H.264 frame are access units of their own, but one sample.
  const bool may_be_field = options_.codec == Codec::h264 && pictures_at_hand_ == 1;
  return !(may_be_field && has_both_times && *time_us == *time_at_hand_);
}

void Mp4Writer::Impl::note_picture(const UnitClass& unit, ByteView bytes, std::optional<std::int64_t> time_us) {
  if (unit.kind == UnitKind::parameter_set) {
    order_.take_parameter_set(bytes);
    const bool is_first = !has_front_ && waiting_.empty() && pictures_at_hand_ == 0;
    const auto is_same = [&](const Bytes& set) { return equal(set, bytes); };
    if (is_first && std::ranges::none_of(sets_, is_same)) sets_.push_back(to_bytes(bytes));
  }
  const bool is_slice =
      unit.kind == UnitKind::anchor || unit.kind == UnitKind::slice || unit.kind == UnitKind::unprotected;
  if (!is_slice) return;
  if (!has_times_) has_times_ = time_us.has_value();
  if (unit.begins_frame || pictures_at_hand_ == 0) ++pictures_at_hand_;
  at_hand_.is_sync = at_hand_.is_sync || unit.kind == UnitKind::anchor;
  if (std::exchange(has_key_, true)) return;
  const OrderKey by_count = order_.next(bytes);
  if (*has_times_) time_at_hand_ = time_us ? *time_us : latest_.count + options_.picture_us;
  at_hand_.key = *has_times_ ? OrderKey{0, *time_at_hand_} : by_count;
}

void Mp4Writer::Impl::put(ByteView unit) {
  if (options_.codec != Codec::av1) {
    std::array<std::byte, 4> size{};
    put_be32(size, static_cast<std::uint32_t>(unit.size()));
    append(sample_, size);
  }
  append(sample_, unit);
}

Result<void> Mp4Writer::Impl::add(ByteView unit, std::optional<std::int64_t> time_us, Bytes& out) {
  if (unit.empty()) return {};
  if (unit.size() > k_picture_size_bytes_max || sample_.size() > k_picture_size_bytes_max) {
    return Error(Errc::exhausted, "video.unit-too-large", "a picture of more than 64 MiB", "No picture is that large.");
  }
  if (options_.codec == Codec::av1) {
    const auto size = obu_size(unit.first(std::min(unit.size(), k_obu_head_size_bytes)), 0);
    if (!size || *size != unit.size()) {
      return Error(Errc::invalid_input, "video.mp4-unit", "an OBU that is cut off, or has no size, cannot stand in MP4",
                   "Write a stream without container: name it NAME.obu.");
    }
  }
  if (time_us) time_us = std::clamp(*time_us, -k_time_us_max, k_time_us_max);
  const UnitClass kind = classify(options_.codec, unit.first(std::min(unit.size(), k_unit_head_size_bytes)));
  if (begins_sample(kind, time_us)) TRY(close_sample(out));
  if (options_.codec == Codec::av1 && kind.type == k_temporal_delimiter) return {};
  note_picture(kind, unit, time_us);
  put(unit);
  return {};
}

/// Nothing that comes later may be shown before what is in the fragment: so it ends where a picture is the last so far.
bool Mp4Writer::Impl::ends_fragment() const {
  if (waiting_.empty()) return false;
  if (at_hand_.is_sync) return true;
  const bool is_full = waiting_.size() >= k_pictures_max || media_.size() >= k_fragment_size_bytes_max;
  const bool is_far_too_full =
      waiting_.size() >= k_hard_factor * k_pictures_max || media_.size() >= k_hard_factor * k_fragment_size_bytes_max;
  return (is_full && at_hand_.key > latest_) || is_far_too_full;
}

Result<void> Mp4Writer::Impl::close_sample(Bytes& out) {
  if (ends_fragment()) TRY(write_fragment(out));
  at_hand_.size_bytes = static_cast<std::uint32_t>(sample_.size());
  latest_ = waiting_.empty() ? at_hand_.key : std::max(latest_, at_hand_.key);
  waiting_.push_back(at_hand_);
  append(media_, sample_);
  sample_.clear();
  at_hand_ = {};
  pictures_at_hand_ = 0;
  has_key_ = false;
  return {};
}

/// When the pictures of the fragment are shown; those of a stream without times in their order, at an even pace.
std::vector<std::int64_t> Mp4Writer::Impl::times_of_fragment() const {
  std::vector<std::int64_t> times(waiting_.size());
  if (*has_times_) {
    std::ranges::transform(waiting_, times.begin(), [](const Waiting& each) { return each.key.count; });
    return times;
  }
  std::vector<std::size_t> shown(waiting_.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  std::ranges::sort(shown, {}, [&](std::size_t i) { return std::pair(waiting_[i].key, i); });
  for (std::size_t i = 0; i < shown.size(); ++i) {
    times[shown[i]] = static_cast<std::int64_t>(pictures_ + i) * options_.picture_us;
  }
  return times;
}

/// Media times have no sign, and a picture is shown after it is decoded: so presentation begins later in the media, by
/// what is shown before zero, that is not at all, and by how long pictures of the first fragment wait for others. (A
/// later fragment whose pictures wait longer has shifts below zero, which "trun" version 1 allows, but not all players
/// like.)
void Mp4Writer::Impl::choose_shifts(const std::vector<std::int64_t>& times, Mp4Front& front) {
  std::vector<std::int64_t> sorted(times);
  std::ranges::sort(sorted);
  std::int64_t delay = 0;
  for (std::size_t i = 0; i < times.size(); ++i) delay = std::max(delay, sorted[i] - times[i]);
  const std::int64_t first = sorted.front();
  decode_shift_us_ = first < 0 || options_.begins_at_zero ? -first : 0;
  shift_us_ = decode_shift_us_ + delay;
  front.begin_us = static_cast<std::uint64_t>(std::max<std::int64_t>(-first, 0) + delay);
}

/// Pictures are decoded at the times of all, in rising order.
std::vector<Mp4Sample> Mp4Writer::Impl::samples_at(const std::vector<std::int64_t>& times) {
  constexpr auto k_duration_max = std::int64_t{std::numeric_limits<std::int32_t>::max()};
  std::vector<std::int64_t> decode(times);
  std::ranges::sort(decode);
  std::int64_t at = std::max(decode.front() + decode_shift_us_, decode_us_);
  decode_us_ = at;
  std::vector<Mp4Sample> samples;
  for (std::size_t i = 0; i < times.size(); ++i) {
    // The next fragment may say that the last picture lasts longer, but not that it lasts less long.
    std::int64_t step = step_us_;
    if (i + 1 < times.size()) step = std::clamp<std::int64_t>(decode[i + 1] + decode_shift_us_ - at, 1, k_duration_max);
    step_us_ = i == 0 ? step : std::min(step_us_, step);
    samples.push_back(
        {.size_bytes = waiting_[i].size_bytes,
         .duration = static_cast<std::uint32_t>(step),
         .shift = static_cast<std::int32_t>(std::clamp(times[i] + shift_us_ - at, -k_duration_max, k_duration_max)),
         .is_sync = waiting_[i].is_sync});
    at += step;
  }
  return samples;
}

Result<void> Mp4Writer::Impl::write_front(const std::vector<std::int64_t>& times, Bytes& out) {
  TRY_ASSIGN(options_.configuration, renewed_configuration(options_.codec, std::move(options_.configuration), sets_));
  Mp4Front front{.codec = options_.codec,
                 .configuration = with_four_byte_lengths(options_.codec, options_.configuration),
                 .has_sets_in_band = !sets_.empty(),
                 .created = options_.created};
  for (const Bytes& set : parameter_sets_in(options_.codec, options_.configuration)) {
    if (!is_sequence(options_.codec, set)) continue;
    const auto sequence = read_sequence(options_.codec, set);
    front.width = sequence ? sequence->width : 0;
    front.height = sequence ? sequence->height : 0;
  }
  choose_shifts(times, front);
  append(out, write_mp4_front(front));
  has_front_ = true;
  return {};
}

Result<void> Mp4Writer::Impl::write_fragment(Bytes& out) {
  const std::vector<std::int64_t> times = times_of_fragment();
  if (!has_front_) TRY(write_front(times, out));
  const std::vector<Mp4Sample> samples = samples_at(times);
  append(out, write_mp4_fragment(++fragments_, static_cast<std::uint64_t>(decode_us_), samples));
  append(out, media_);
  for (const Mp4Sample& sample : samples) decode_us_ += sample.duration;
  pictures_ += samples.size();
  waiting_.clear();
  media_.clear();
  return {};
}

Result<void> Mp4Writer::Impl::finish(Bytes& out) {
  if (pictures_at_hand_ > 0) TRY(close_sample(out));
  if (waiting_.empty()) {
    return Error(Errc::invalid_input, "video.no-pictures", "no picture was found to write",
                 "Is it a video? --codec says what a stream without container holds.");
  }
  // What stands behind the last picture, a signature for one, is no sample of its own.
  waiting_.back().size_bytes += static_cast<std::uint32_t>(sample_.size());
  append(media_, sample_);
  return write_fragment(out);
}

Mp4Writer::Mp4Writer(Mp4Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Mp4Writer::Mp4Writer(Mp4Writer&&) noexcept = default;
Mp4Writer& Mp4Writer::operator=(Mp4Writer&&) noexcept = default;
Mp4Writer::~Mp4Writer() = default;

Result<void> Mp4Writer::add(ByteView unit, std::optional<std::int64_t> time_us, Bytes& out) {
  return impl_->add(unit, time_us, out);
}
Result<void> Mp4Writer::finish(Bytes& out) { return impl_->finish(out); }

}  // namespace signet::video
