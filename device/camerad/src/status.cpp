// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "status.hpp"

#include "signet/camerad.hpp"
#include "signet/os/local_socket.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace signet::camerad {

namespace {

constexpr std::uint32_t k_question_size_bytes_max = 1024;
constexpr std::uint32_t k_answer_size_bytes_max = 1U << 20U;
constexpr std::chrono::milliseconds k_look_around(200);
constexpr std::chrono::milliseconds k_io_timeout(1000);
constexpr unsigned k_socket_mode = 0660;

Json record_json(const StatusParts& parts) {
  const RecordCounts& counts = *parts.record;
  return Json::object({{"folder", printable(parts.record_folder.native())},
                       {"segments", counts.segments},
                       {"segments_removed", counts.removed},
                       {"stored_size_bytes", counts.stored_size_bytes},
                       {"keep_size_bytes", parts.keep_size_bytes},
                       {"pictures_unwritten", counts.pictures_unwritten},
                       {"errors", counts.errors},
                       {"last", counts.last}});
}

}  // namespace

void StatusBoard::set_key(std::string fingerprint) {
  const std::lock_guard lock(mutex_);
  key_ = std::move(fingerprint);
}

void StatusBoard::set_url(std::string url) {
  const std::lock_guard lock(mutex_);
  url_ = std::move(url);
}

void StatusBoard::begin(const StreamFormat& format) {
  const std::lock_guard lock(mutex_);
  format_ = format;
  ++streams_;
}

void StatusBoard::end() {
  const std::lock_guard lock(mutex_);
  format_.reset();
}

void StatusBoard::signed_picture(std::chrono::microseconds took, std::size_t sei) {
  const std::lock_guard lock(mutex_);
  ++pictures_;
  sei_ += sei;
  held_max_ = std::max(held_max_, took);
}

void StatusBoard::signed_parts(std::size_t sei) {
  const std::lock_guard lock(mutex_);
  sei_ += sei;
}

void StatusBoard::lost(const Error& error) {
  const std::lock_guard lock(mutex_);
  ++losses_;
  last_error_ = error;
}

Json StatusBoard::json(const StatusParts& parts) const {
  const std::lock_guard lock(mutex_);
  Json json = Json::object({{"state", format_ ? "streaming" : "waiting"},
                            {"source", printable(parts.source)},
                            {"key", key_},
                            {"streams", streams_},
                            {"losses", losses_},
                            {"pictures_signed", pictures_},
                            {"signature_sei", sei_},
                            {"pictures_waiting", parts.queue.waiting},
                            {"pictures_dropped", parts.queue.dropped},
                            {"queue_overflows", parts.queue.overflows},
                            {"held_us_max", std::int64_t{held_max_.count()}}});
  if (format_) {
    json.set("codec", name_of(format_->codec));
    json.set("width", std::uint64_t{format_->width});
    json.set("height", std::uint64_t{format_->height});
  }
  if (parts.rtsp) {
    json.set("rtsp",
             Json::object(
                 {{"url", url_}, {"clients", parts.rtsp->clients}, {"pictures_unsent", parts.rtsp->pictures_unsent}}));
  }
  if (parts.record) json.set("record", record_json(parts));
  if (last_error_) {
    json.set("last_error", Json::object({{"reason", last_error_->reason()}, {"text", last_error_->message()}}));
  }
  return json;
}

class StatusSocket::Impl {
 public:
  Impl(os::LocalListener listener, std::function<Json()> status)
      : listener_(std::move(listener)), status_(std::move(status)), thread_([this](const std::stop_token& stop) {
          while (!stop.stop_requested()) answer();
        }) {}

 private:
  void answer() {
    auto caller = listener_.accept(k_look_around, k_io_timeout);
    if (!caller || !caller->receive(k_question_size_bytes_max)) return;
    // A caller that went away without its answer is no concern of ours.
    (void)caller->send(as_bytes(status_().dump())).has_value();
  }

  os::LocalListener listener_;
  std::function<Json()> status_;
  std::jthread thread_;
};

StatusSocket::StatusSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StatusSocket::StatusSocket(StatusSocket&&) noexcept = default;
StatusSocket::~StatusSocket() = default;

Result<StatusSocket> StatusSocket::open(const std::filesystem::path& path, std::function<Json()> status) {
  TRY_ASSIGN(os::LocalListener listener, os::LocalListener::listen(path, k_socket_mode));
  return StatusSocket(std::make_unique<Impl>(std::move(listener), std::move(status)));
}

Result<Json> ask_status(const std::filesystem::path& socket) {
  TRY_ASSIGN(os::LocalSocket connection, os::LocalSocket::connect(socket));
  TRY(connection.send(as_bytes("status")));
  TRY_ASSIGN(const Bytes answer, connection.receive(k_answer_size_bytes_max));
  return Json::parse(answer);
}

}  // namespace signet::camerad
