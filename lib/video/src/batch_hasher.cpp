// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "batch_hasher.hpp"

#include "sha256_lanes.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace signet::video {

namespace {

constexpr unsigned k_threads_max = 64;

}  // namespace

struct BatchHasher::Worker {
  ManyHasher hasher;
  std::vector<ByteView> messages;
  std::vector<Digest> digests;

  void hash(Batch& batch) {
    messages.clear();
    for (const Job& job : batch.jobs) messages.push_back(ByteView(batch.bytes).subspan(job.offset, job.size_bytes));
    digests.resize(messages.size());
    hasher.hash(messages, digests);
    for (std::size_t i = 0; i < batch.jobs.size(); ++i) batch.units[batch.jobs[i].unit].hash = digests[i];
  }
};

BatchHasher::BatchHasher(unsigned threads, UnitSink& sink)
    : sink_(sink), threads_(std::clamp(threads, 1U, k_threads_max)), own_(std::make_unique<Worker>()) {
  filling_ = std::make_unique<Batch>();
  filling_->bytes.reserve(k_batch_size_bytes);
  for (unsigned i = 1; i < threads_; ++i) {
    try {
      workers_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      break;  // the system has no thread left for us: those that we have do the work
    }
  }
  threads_ = static_cast<unsigned>(workers_.size()) + 1;
}

BatchHasher::~BatchHasher() { stop(); }

void BatchHasher::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& each : workers_) each.join();
  workers_.clear();
}

BatchHasher::Batch* BatchHasher::claim() {
  const auto found = std::ranges::find_if(in_order_, [](const auto& batch) { return batch->state == State::waiting; });
  if (found == in_order_.end()) return nullptr;
  (*found)->state = State::running;
  return found->get();
}

void BatchHasher::work() {
  Worker worker;
  std::unique_lock lock(mutex_);
  while (true) {
    Batch* const batch = claim();
    if (batch == nullptr) {
      if (is_stopping_) return;
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    worker.hash(*batch);
    lock.lock();
    batch->state = State::done;
    changed_.notify_all();
  }
}

void BatchHasher::add(HashedUnit unit, ByteView bytes) {
  if (filling_->bytes.size() + bytes.size() > k_batch_size_bytes || filling_->units.size() >= k_batch_units_max) {
    submit();
  }
  if (!bytes.empty()) {
    filling_->jobs.push_back({filling_->units.size(), filling_->bytes.size(), bytes.size()});
    append(filling_->bytes, bytes);
  }
  filling_->units.push_back(std::move(unit));
}

void BatchHasher::submit() {
  {
    const std::lock_guard lock(mutex_);
    filling_->state = State::waiting;
    in_order_.push_back(std::move(filling_));
  }
  if (threads_ > 1) changed_.notify_one();
  const std::size_t in_flight_max = threads_ == 1 ? 0 : std::size_t{2} * threads_ - 1;
  while (in_order_.size() > in_flight_max) await_front();
  if (!spare_.empty()) {
    filling_ = std::move(spare_.back());
    spare_.pop_back();
    return;
  }
  filling_ = std::make_unique<Batch>();
  filling_->bytes.reserve(k_batch_size_bytes);
}

void BatchHasher::await_front() {
  std::unique_lock lock(mutex_);
  while (in_order_.front()->state != State::done) {
    Batch* const batch = claim();
    if (batch == nullptr) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    own_->hash(*batch);
    lock.lock();
    batch->state = State::done;
  }
  std::unique_ptr<Batch> front = std::move(in_order_.front());
  in_order_.erase(in_order_.begin());
  lock.unlock();
  for (HashedUnit& unit : front->units) sink_.take(std::move(unit));
  front->bytes.clear();
  front->units.clear();
  front->jobs.clear();
  spare_.push_back(std::move(front));
}

void BatchHasher::flush() {
  submit();
  while (!in_order_.empty()) await_front();
}

void BatchHasher::finish() {
  flush();
  stop();
}

std::unique_ptr<BatchHasher> make_batch_hasher(unsigned threads, UnitSink& sink) {
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  if (threads == 1 && !ManyHasher::is_faster()) return nullptr;
  return std::make_unique<BatchHasher>(threads, sink);
}

}  // namespace signet::video
