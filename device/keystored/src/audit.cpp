// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "audit.hpp"

#include "signet/os/file.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::keystored {

namespace {

constexpr std::size_t k_ring_max = 2048;
constexpr std::size_t k_watched_max = 512;  // of a line each; they must fit an answer
/// What comes within this time shares a write and a sync; the first after a pause does not wait.
constexpr std::chrono::milliseconds k_gather{500};

std::filesystem::path file_of(const std::filesystem::path& folder, unsigned age) {
  return folder / (age == 0 ? "uses.jsonl" : "uses." + std::to_string(age) + ".jsonl");
}

}  // namespace

Json as_json(const Use& use) {
  Json out =
      Json::object({{"time", to_rfc3339(use.time)}, {"uid", std::uint64_t{use.uid}}, {"pid", std::int64_t{use.pid}}});
  const auto add = [&out](std::string_view name, const std::string& text) {
    if (!text.empty()) out.set(name, printable(text, 256));
  };
  add("unit", use.unit);
  add("program", use.program);
  add("op", use.op);
  add("key", use.key);
  add("rule", use.rule);
  add("outcome", use.outcome);
  if (use.unrecorded > 0) out.set("unrecorded", use.unrecorded);
  return out.set("took_us", use.took_us);
}

Audit::Audit(Config config) : config_(std::move(config)), thread_([this] { run(); }) {}

Audit::~Audit() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  come_.notify_all();
  thread_.join();
}

void Audit::record(Use use) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= config_.queue_max) {
      ++lost_;
      return;
    }
    ++taken_;
    queue_.push_back(std::move(use));
    if (queue_.size() > 1) return;  // the thread knows
  }
  come_.notify_one();
}

void Audit::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = taken_;
  hurry_ = true;
  come_.notify_one();
  written_.wait(lock, [&] { return done_ >= wanted; });
}

void Audit::interrupt() {
  {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
  }
  written_.notify_all();
}

std::uint64_t Audit::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

Audit::Watched Audit::watch(std::optional<std::uint64_t> next, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  const std::uint64_t first = std::min(next.value_or(done_), done_);  // a number of another life means "from now on"
  written_.wait_for(lock, wait, [&] { return done_ > first || interrupted_; });
  const std::uint64_t oldest = done_ - ring_.size();
  Watched out;
  out.missed = oldest > first ? oldest - first : 0;
  const std::uint64_t from = std::max(first, oldest);
  const std::uint64_t count = std::min<std::uint64_t>(done_ - from, k_watched_max);
  const auto begin = ring_.begin() + static_cast<std::ptrdiff_t>(from - oldest);
  out.lines.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
  out.next = from + count;
  return out;
}

void Audit::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    come_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::deque<Use> uses = std::exchange(queue_, {});
    const std::uint64_t count = uses.size();
    const std::uint64_t first = done_;
    const std::uint64_t lost_before = lost_ - told_lost_;
    lock.unlock();
    const std::vector<std::string> lines = format(std::move(uses), first, lost_before);
    const auto written = write(lines);
    lock.lock();
    if (written) {
      told_lost_ += lost_before;
    } else {
      lost_ += count;
      if (!failing_) config_.log(LogLevel::error, "uses of keys are not recorded: " + written.error().message());
    }
    failing_ = !written;
    ring_.insert(ring_.end(), lines.end() - static_cast<std::ptrdiff_t>(count), lines.end());
    while (ring_.size() > k_ring_max) ring_.pop_front();
    done_ += count;
    written_.notify_all();
    come_.wait_for(lock, k_gather, [this] { return ending_ || hurry_; });
    hurry_ = false;
  }
}

std::vector<std::string> Audit::format(std::deque<Use> uses, std::uint64_t first, std::uint64_t lost_before) {
  std::vector<std::string> lines;
  if (lost_before > 0) lines.push_back(Json::object({{"lost", lost_before}}).dump());
  for (const Use& use : uses) {
    Json line = Json::object({{"number", first++}});
    const Json members = as_json(use);
    for (const auto& [name, value] : members.members()) line.set(name, value);
    lines.push_back(line.dump());
  }
  return lines;
}

Result<void> Audit::rotate() {
  file_ = os::Fd();
  for (unsigned age = config_.files_max; age-- > 1;) {
    std::error_code ignored;  // one that is not there yet
    std::filesystem::rename(file_of(config_.folder, age - 1), file_of(config_.folder, age), ignored);
  }
  TRY_ASSIGN(file_, os::open_or_create(file_of(config_.folder, 0), 0600));
  TRY_ASSIGN(size_, os::size_of(file_));
  return {};
}

Result<void> Audit::write(const std::vector<std::string>& lines) {
  std::string text;
  if (!file_.is_open()) {
    TRY(os::make_folders(config_.folder, 0700));
    TRY_ASSIGN(file_, os::open_or_create(file_of(config_.folder, 0), 0600));
    TRY_ASSIGN(size_, os::size_of(file_));
    std::array<std::byte, 1> end{std::byte{'\n'}};
    if (size_ > 0) TRY(os::read_exact_at(file_, size_ - 1, end));
    if (end[0] != std::byte{'\n'}) text = "\n";  // what a power cut left of the last line stays a line of its own
  }
  for (const std::string& line : lines) text += line + "\n";
  if (size_ > 0 && size_ + text.size() > config_.file_bytes_max) TRY(rotate());
  if (auto written = os::write_all_at(file_, size_, as_bytes(text)); !written) return written;
  if (::fdatasync(file_.get()) != 0) return errno_error(errno, "sync the record of uses");
  size_ += text.size();
  return {};
}

}  // namespace signet::keystored
