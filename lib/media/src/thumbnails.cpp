// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/media.hpp"
#include "signet/video_signer.hpp"

#include "ffmpeg.hpp"
#include "picture.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <set>

namespace signet::media {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_group_size_bytes_max = 48U << 20U;
constexpr std::size_t k_group_pictures_max = 2000;
constexpr std::size_t k_parameter_sets_max = 32;
constexpr std::size_t k_jpeg_size_bytes_max = 4U << 20U;

void put_le(Bytes& to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push_back(static_cast<std::byte>(value >> (8 * i) & 0xffU));
}

/// The pictures from the last one that decoding can begin with, each as the decoder gets it.
class Group {
 public:
  explicit Group(video::Codec codec) : codec_(codec) {}
  [[nodiscard]] video::Codec codec() const { return codec_; }

  void add_parameter_set(ByteView unit) {
    const auto same = std::ranges::find_if(parameters_, [&](const Bytes& each) { return equal(each, unit); });
    if (same != parameters_.end()) parameters_.erase(same);
    parameters_.push_back(to_bytes(unit));
    if (parameters_.size() > k_parameter_sets_max) parameters_.pop_front();
  }
  void add(const Bytes& unit) {
    if (codec_ != video::Codec::av1) append(pending_, as_bytes(std::string_view("\0\0\0\1", 4)));
    append(pending_, unit);
    can_begin_ = can_begin_ || can_begin(codec_, unit);
  }
  /// What was added since the last call is a picture.
  void close_picture() {
    if (pending_.empty()) return;
    if (std::exchange(can_begin_, false) || size_ > k_group_size_bytes_max ||
        pictures_.size() >= k_group_pictures_max) {
      pictures_.clear();
      size_ = 0;
    }
    size_ += pending_.size();
    pictures_.push_back(std::exchange(pending_, {}));
  }
  /// An IVF file of the group, parameter sets in front, and where in it the last picture stands.
  [[nodiscard]] std::pair<Bytes, std::size_t> to_ivf() const;

 private:
  video::Codec codec_;
  std::deque<Bytes> parameters_;
  std::vector<Bytes> pictures_;
  Bytes pending_;
  std::size_t size_ = 0;
  bool can_begin_ = false;
};

std::pair<Bytes, std::size_t> Group::to_ivf() const {
  const std::string_view fourcc = codec_ == video::Codec::h264   ? "H264"
                                  : codec_ == video::Codec::h265 ? "HEVC"
                                                                 : "AV01";
  Bytes ivf = to_bytes(std::string_view("DKIF"));
  put_le(ivf, 0, 2);
  put_le(ivf, 32, 2);
  append(ivf, as_bytes(fourcc));
  put_le(ivf, 0, 4);  // width and height stand in the parameter sets
  put_le(ivf, 25, 4);
  put_le(ivf, 1, 4);
  put_le(ivf, pictures_.size(), 8);
  Bytes front;
  for (const Bytes& unit : parameters_) {
    if (codec_ != video::Codec::av1) append(front, as_bytes(std::string_view("\0\0\0\1", 4)));
    append(front, unit);
  }
  std::size_t last = ivf.size();
  for (std::size_t i = 0; i < pictures_.size(); ++i) {
    last = ivf.size();
    put_le(ivf, pictures_[i].size() + (i == 0 ? front.size() : 0), 4);
    put_le(ivf, i, 8);
    if (i == 0) append(ivf, front);
    append(ivf, pictures_[i]);
  }
  return {std::move(ivf), last};
}

Result<os::Fd> in_memory(ByteView bytes) {
  os::Fd fd(::memfd_create("signet-pictures", MFD_CLOEXEC));
  if (!fd.is_open()) return errno_error(errno, "make a file in memory");
  TRY(os::write_all_at(fd, 0, bytes));
  return fd;
}

/// Decodes the last picture of a group; none if the decoder gives none.
Result<std::optional<Picture>> decode_last(const Group& group, std::uint64_t frame, const ThumbnailOptions& options,
                                           std::chrono::seconds left) {
  const auto [ivf, at] = group.to_ivf();
  FfmpegTask task;
  TRY_ASSIGN(task.input, in_memory(ivf));
  // A decoder gives pictures in the order in which they are shown: the wanted one is known by where it stood.
  const std::string filter =
      "select='eq(pos," + std::to_string(at) + ")',scale=w='min(" + std::to_string(options.width_max) + ",iw)':h=-2";
  task.arguments = {"-protocol_whitelist", "pipe", "-threads", "1", "-flags", "+output_corrupt"};
  // IVF has no name for H.265: the decoder is named instead.
  if (group.codec() == video::Codec::h265) task.arguments.insert(task.arguments.end(), {"-c:v", "hevc"});
  task.arguments.insert(task.arguments.end(),
                        {"-f", "ivf", "-i", "pipe:0", "-vf", filter, "-frames:v", "1", "-vsync", "passthrough", "-q:v",
                         "4", "-c:v", "mjpeg", "-f", "image2pipe", "pipe:1"});
  task.confinement.cpu_seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 1));
  task.silence_max = left;
  Result<Bytes> jpeg = output_of(std::move(task), k_jpeg_size_bytes_max);
  if (!jpeg && jpeg.error().reason() != "media.unreadable") return std::move(jpeg).error();
  if (!jpeg || jpeg->empty()) return std::optional<Picture>();
  const auto size = size_of_jpeg(*jpeg);
  if (!size) return std::optional<Picture>();
  return std::optional(Picture{.frame = frame, .jpeg = std::move(*jpeg), .width = size->first, .height = size->second});
}

/// Walks through the units of a recording and decodes the wanted pictures as it comes past them.
class PictureWalk {
 public:
  PictureWalk(std::set<std::uint64_t> wanted, const ThumbnailOptions& options, video::Codec codec)
      : wanted_(std::move(wanted)), options_(options), codec_(codec), group_(codec) {}

  void add_parameter_set(ByteView unit) { group_.add_parameter_set(unit); }
  [[nodiscard]] bool is_done() const { return wanted_.empty() || SteadyClock::now() > deadline_; }
  [[nodiscard]] std::vector<Picture> take() { return std::move(pictures_); }

  Result<void> add(const Bytes& unit) {
    const bool begins = video::begins_picture(codec_, unit);
    if (codec_ == video::Codec::av1) {  // the shown frame ends its temporal unit
      group_.add(unit);
      return begins ? close() : Result<void>();
    }
    if (begins || (has_slice_ && is_ahead_of_picture(unit))) TRY(finish());
    has_slice_ = has_slice_ || begins;
    if (is_parameter_set(codec_, unit)) group_.add_parameter_set(unit);
    group_.add(unit);
    return {};
  }
  Result<void> finish() { return std::exchange(has_slice_, false) ? close() : Result<void>(); }

 private:
  /// Parameter sets, delimiters and SEI in front of a picture's slices belong to it, not to the one before.
  [[nodiscard]] bool is_ahead_of_picture(ByteView unit) const {
    const auto first = std::to_integer<unsigned>(unit.front());
    if (codec_ == video::Codec::h264) return (first & 0x1fU) >= 6 && (first & 0x1fU) <= 9;
    const unsigned type = first >> 1U & 0x3fU;
    return (type >= 32 && type <= 35) || type == 39;
  }
  Result<void> close() {
    group_.close_picture();
    const std::uint64_t frame = frame_++;
    if (wanted_.erase(frame) == 0 || is_late()) return {};
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline_ - SteadyClock::now());
    TRY_ASSIGN(std::optional<Picture> picture,
               decode_last(group_, frame, options_, std::max(left, std::chrono::seconds(1))));
    if (picture) pictures_.push_back(std::move(*picture));
    return {};
  }
  [[nodiscard]] bool is_late() const { return SteadyClock::now() > deadline_; }

  std::set<std::uint64_t> wanted_;
  ThumbnailOptions options_;
  video::Codec codec_;
  Group group_;
  std::uint64_t frame_ = 0;
  bool has_slice_ = false;
  std::vector<Picture> pictures_;
  SteadyClock::time_point deadline_ = SteadyClock::now() + options_.time_max;
};

Result<void> walk(video::Recording& recording, PictureWalk& pictures) {
  Bytes unit;
  while (!pictures.is_done()) {
    TRY_ASSIGN(const std::optional<video::Piece> piece, recording.next());
    if (!piece) return pictures.finish();
    if (piece->begins) unit.clear();
    if (unit.size() < k_group_size_bytes_max) append(unit, piece->bytes);
    if (piece->ends && !unit.empty()) TRY(pictures.add(unit));
  }
  return {};
}

}  // namespace

Result<std::vector<Picture>> thumbnails(const std::filesystem::path& recording,
                                        std::span<const std::uint64_t> frame_numbers, const ThumbnailOptions& options) {
  std::set<std::uint64_t> wanted;
  for (const std::uint64_t frame : frame_numbers) {
    if (wanted.size() < options.pictures_max) wanted.insert(frame);
  }
  TRY_ASSIGN(Opened opened, open(recording.string(), {.codec = options.codec}));
  PictureWalk pictures(std::move(wanted), options, opened.recording.codec());
  for (const Bytes& unit : parameter_sets_of(opened.recording.codec(), opened.recording.decoder_configuration())) {
    pictures.add_parameter_set(unit);
  }
  // A recording that breaks off has pictures up to there.
  if (auto walked = walk(opened.recording, pictures); !walked && walked.error().code() != Errc::invalid_input) {
    return std::move(walked).error();
  }
  std::vector<Picture> found = pictures.take();
  const auto rank = [&](const Picture& picture) { return std::ranges::find(frame_numbers, picture.frame); };
  std::ranges::sort(found, [&](const Picture& a, const Picture& b) { return rank(a) < rank(b); });
  return found;
}

}  // namespace signet::media
