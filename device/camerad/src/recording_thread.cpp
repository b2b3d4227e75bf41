// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "recording_thread.hpp"

#include <utility>
#include <variant>

namespace signet::camerad {

namespace {

constexpr std::uint64_t k_waiting_size_bytes_max = 32U << 20U;
constexpr std::size_t k_waiting_jobs_max = 1000;

}  // namespace

RecordingThread::RecordingThread(std::unique_ptr<Recorder> recorder)
    : recorder_(std::move(recorder)), counts_(recorder_->counts()), thread_([this] { run(); }) {}

RecordingThread::~RecordingThread() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  came_.notify_one();
  thread_.join();
}

void RecordingThread::post(Job job) {
  jobs_.push_back(std::move(job));
  came_.notify_one();
}

void RecordingThread::begin(const StreamFormat& format) {
  const std::lock_guard lock(mutex_);
  is_full_ = false;
  post(format);
}

void RecordingThread::add(const SignedPicture& picture) {
  const std::lock_guard lock(mutex_);
  const bool has_room =
      waiting_size_bytes_ + picture.bytes->size() <= k_waiting_size_bytes_max && jobs_.size() < k_waiting_jobs_max;
  if (!has_room) is_full_ = true;
  if (is_full_ && !(has_room && picture.begins_gop)) {
    ++lost_;
    return;
  }
  if (std::exchange(is_full_, false)) post(Lost{std::exchange(lost_, 0)});
  waiting_size_bytes_ += picture.bytes->size();
  post(picture);
}

void RecordingThread::end(std::vector<Bytes> rest) {
  const std::lock_guard lock(mutex_);
  // The last SEI sign pictures that are not in the recording.
  if (std::exchange(is_full_, false)) {
    post(Lost{std::exchange(lost_, 0)});
    rest.clear();
  }
  post(End{std::move(rest)});
}

RecordCounts RecordingThread::counts() const {
  const std::lock_guard lock(mutex_);
  RecordCounts counts = counts_;
  counts.pictures_unwritten += lost_;
  return counts;
}

void RecordingThread::handle(const Job& job) {
  if (const auto* const format = std::get_if<StreamFormat>(&job)) recorder_->begin(*format);
  if (const auto* const picture = std::get_if<SignedPicture>(&job)) recorder_->add(*picture);
  if (const auto* const lost = std::get_if<Lost>(&job)) recorder_->lose(lost->pictures);
  if (const auto* const end = std::get_if<End>(&job)) recorder_->end(end->rest);
}

void RecordingThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    came_.wait(lock, [this] { return is_over_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    handle(job);
    const RecordCounts counts = recorder_->counts();
    lock.lock();
    if (const auto* const picture = std::get_if<SignedPicture>(&job)) waiting_size_bytes_ -= picture->bytes->size();
    counts_ = counts;
  }
}

}  // namespace signet::camerad
