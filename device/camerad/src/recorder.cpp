// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "recorder.hpp"

#include <algorithm>
#include <utility>

namespace signet::camerad {

namespace {

constexpr std::int64_t k_ns_per_second = 1'000'000'000;
constexpr std::int64_t k_us_per_second = 1'000'000;
// One segment must not be all that is kept.
constexpr std::uint64_t k_segments_kept_min = 4;

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::open(Recording config, Log log) {
  TRY(os::make_folders(config.folder, 0750));
  TRY_ASSIGN(os::FileLock lock, os::FileLock::try_acquire(config.folder / ".lock", "the folder of segments"));
  TRY_ASSIGN(SegmentStore store, SegmentStore::open(config.folder));
  return std::unique_ptr<Recorder>(new Recorder(std::move(config), std::move(log), std::move(lock), std::move(store)));
}

void Recorder::begin(const StreamFormat& format) { format_ = format; }

bool Recorder::is_due(const SignedPicture& picture) const {
  const std::int64_t age_ns = picture.dts_ns - current_->began_ns;
  return age_ns >= std::int64_t{config_.segment_seconds} * k_ns_per_second || age_ns < 0 ||
         current_->writer->size_bytes() >= config_.keep_size_bytes / k_segments_kept_min;
}

Result<void> Recorder::open_segment(const SignedPicture& picture) {
  Segment segment;
  segment.number = store_.take_number();
  segment.name = file_name({.number = segment.number,
                            .began = {picture.wall_us / k_us_per_second},
                            .format = config_.format,
                            .codec = format_.codec});
  segment.began_ns = picture.dts_ns;
  const std::filesystem::path path = store_.folder() / segment.name;
  if (config_.format == SegmentFormat::mp4) {
    TRY_ASSIGN(segment.writer, open_mp4_segment(path, format_));
  } else {
    TRY_ASSIGN(segment.writer, open_annexb_segment(path));
  }
  current_ = std::move(segment);
  return {};
}

Result<void> Recorder::write(const SignedPicture& picture) {
  const std::uint64_t unfinished = current_->writer->size_bytes() + (closing_ ? closing_->writer->size_bytes() : 0);
  TRY(store_.make_room(config_.keep_size_bytes, unfinished + picture.bytes->size()));
  if (unfinished + picture.bytes->size() > config_.keep_size_bytes) {
    return Error(Errc::exhausted, "camerad.keep", "one GOP is larger than all that may be kept",
                 "Raise 'record.keep_mib'.");
  }
  TRY(current_->writer->add(picture));
  ++current_->pictures;
  return {};
}

/// The picture opens the next segment. SEI within it sign pictures of the last one; that of its last part comes later.
void Recorder::cut(const SignedPicture& picture) {
  close(closing_);
  closing_ = std::exchange(current_, std::nullopt);
  closing_->closing = picture.sei;
}

void Recorder::close(std::optional<Segment>& segment) {
  if (!segment) return;
  Segment done = *std::exchange(segment, std::nullopt);
  if (auto finished = done.writer->finish(done.closing); !finished) {
    counts_.pictures_unwritten += done.pictures;
    give_up(finished.error());
    return;
  }
  store_.add({.number = done.number, .size_bytes = done.writer->size_bytes(), .name = done.name});
  ++counts_.segments;
  counts_.last = done.name;
}

void Recorder::give_up(const Error& error) {
  ++counts_.errors;
  log_(LogLevel::error, "a segment is lost: " + error.message() + " (" + error.reason() + ")");
  if (error.code() == Errc::exhausted) {
    if (auto removed = store_.remove_oldest(); !removed) log_(LogLevel::error, removed.error().message());
  }
}

void Recorder::add(const SignedPicture& picture) {
  if (closing_ && !picture.sei.empty()) {
    closing_->closing.push_back(picture.sei.front());
    close(closing_);
  }
  if (current_ && picture.begins_gop && is_due(picture)) cut(picture);
  if (!current_ && picture.begins_gop) {
    if (auto opened = open_segment(picture); !opened) give_up(opened.error());
  }
  if (!current_) {
    ++counts_.pictures_unwritten;
    return;
  }
  if (auto written = write(picture); !written) {
    counts_.pictures_unwritten += current_->pictures + 1;
    current_.reset();
    give_up(written.error());
  }
}

void Recorder::end(const std::vector<Bytes>& rest) {
  if (closing_ && !rest.empty()) closing_->closing.push_back(rest.front());
  close(closing_);
  if (current_) current_->closing = rest;
  close(current_);
}

void Recorder::lose(std::uint64_t pictures) {
  counts_.pictures_unwritten += pictures;
  close(closing_);
  close(current_);
}

RecordCounts Recorder::counts() const {
  RecordCounts counts = counts_;
  counts.removed = store_.removed();
  counts.stored_size_bytes = store_.size_bytes();
  return counts;
}

}  // namespace signet::camerad
