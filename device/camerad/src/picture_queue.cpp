// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "picture_queue.hpp"

#include <utility>

namespace signet::camerad {

PictureQueue::PictureQueue(std::size_t pictures_max, std::uint64_t size_bytes_max)
    : pictures_max_(pictures_max), size_bytes_max_(size_bytes_max) {}

bool PictureQueue::has_room(const Picture& picture) const {
  return pictures_.size() < pictures_max_ && size_bytes_ + picture.bytes.size() <= size_bytes_max_;
}

void PictureQueue::put(Picture picture) {
  const std::lock_guard lock(mutex_);
  if (!has_room(picture)) {
    if (!is_overflow_) ++counts_.overflows;
    is_overflow_ = true;
    waits_for_gop_ = true;
    ++counts_.dropped;
    return;
  }
  if (waits_for_gop_ && !picture.begins_gop) {
    if (is_overflow_) ++counts_.dropped;  // a stream that is joined between I pictures has lost nothing
    return;
  }
  waits_for_gop_ = false;
  is_overflow_ = false;
  size_bytes_ += picture.bytes.size();
  pictures_.push_back(std::move(picture));
  came_.notify_one();
}

std::optional<Picture> PictureQueue::take(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (!came_.wait_for(lock, wait, [this] { return !pictures_.empty(); })) return std::nullopt;
  Picture picture = std::move(pictures_.front());
  pictures_.pop_front();
  size_bytes_ -= picture.bytes.size();
  return picture;
}

void PictureQueue::reset() {
  const std::lock_guard lock(mutex_);
  pictures_.clear();
  size_bytes_ = 0;
  waits_for_gop_ = true;
  is_overflow_ = false;
}

PictureQueue::Counts PictureQueue::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.waiting = pictures_.size();
  return counts;
}

}  // namespace signet::camerad
