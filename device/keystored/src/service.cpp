// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_request_fuzz)
#include "signet/keystored.hpp"
#include "signet/keystored_service.hpp"

#include "device.hpp"
#include "operations.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace signet::keystored {

namespace {

constexpr std::chrono::milliseconds k_look_for_stop{200};
constexpr std::chrono::seconds k_io_timeout{30};
constexpr unsigned k_connections_max = 32;

/// Counts threads, so that the service ends only after all of them.
class Crowd {
 public:
  /// Whether there is room for one more.
  enum class Entry : std::uint8_t { granted, full };
  Entry enter() {
    const std::lock_guard lock(mutex_);
    if (inside_ >= k_connections_max) return Entry::full;
    ++inside_;
    return Entry::granted;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --inside_;
    empty_.notify_all();
  }
  void wait_until_empty() {
    std::unique_lock lock(mutex_);
    empty_.wait(lock, [this] { return inside_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable empty_;
  unsigned inside_ = 0;
};

}  // namespace

struct Service::State {
  Config config;
  std::unique_ptr<Device> device;

  [[nodiscard]] Result<void> admit(const os::Peer& peer, Who who) const {
    if (peer.uid == 0 || peer.uid == ::geteuid()) return {};
    const bool known = std::ranges::find(config.allow_uids, peer.uid) != config.allow_uids.end();
    if (known && who == Who::anybody) return {};
    return Error(Errc::denied, "keystored.peer",
                 "the user " + std::to_string(peer.uid) + (known ? " may not ask for this" : " may not ask anything"),
                 known ? "A birth is for root."
                       : "Start signet-keystored with --allow-uid " + std::to_string(peer.uid) +
                             " if that user is to have keys.");
  }

  [[nodiscard]] Result<Json> run(const os::Peer& peer, ByteView message) {
    TRY(admit(peer, Who::anybody));
    TRY_ASSIGN(const keystore::KeystoredRequest request, keystore::KeystoredRequest::parse(message));
    TRY_ASSIGN(const Operation operation, find_operation(request.op, request.arguments));
    TRY(admit(peer, operation.who));
    auto answer = operation.run(*device, request.arguments);
    if (!answer && errc_info(answer.error().code()).level == LogLevel::error) {
      config.log(LogLevel::error,
                 request.op + " for user " + std::to_string(peer.uid) + ": " + answer.error().message());
    }
    return answer;
  }

  void converse(Service& service, os::LocalSocket& socket, const std::atomic<bool>& stop) const {
    while (!stop) {
      const auto ready = socket.wait_readable(k_look_for_stop);
      if (!ready && ready.error().reason() == "os.timeout") continue;
      if (!ready) return;
      auto message = socket.receive(keystore::k_keystored_message_bytes_max);
      if (!message) {
        if (message.error().reason() == "os.message-size") {
          (void)socket.send(keystore::encode_answer(Result<Json>(message.error())));
        }
        return;
      }
      Bytes reply = service.answer(socket.peer(), *message);
      wipe(ByteSpan(*message));
      const auto sent = socket.send(reply);
      wipe(ByteSpan(reply));
      if (!sent) return;
    }
  }
};

Service::Service(std::unique_ptr<State> state) : state_(std::move(state)) {}
Service::~Service() = default;

Result<std::unique_ptr<Service>> Service::open(Config config) {
  if (!config.log) config.log = [](LogLevel, const std::string&) {};
  auto state = std::make_unique<State>();
  TRY_ASSIGN(
      state->device,
      Device::open({.tcti = config.tcti, .state = config.state, .vendor_key = config.vendor_key, .log = config.log}));
  state->config = std::move(config);
  return std::unique_ptr<Service>(new Service(std::move(state)));
}

Bytes Service::answer(const os::Peer& peer, ByteView message) {
  return keystore::encode_answer(state_->run(peer, message));
}

void Service::shut_down() { state_->device->shut_down(); }

Result<void> Service::serve(const std::filesystem::path& socket, const std::atomic<bool>& stop) {
  // Everybody may knock: who may ask is decided by what the kernel says of him, so that the refusal can say why.
  TRY_ASSIGN(os::LocalListener listener, os::LocalListener::listen(socket, 0666));
  state_->config.log(LogLevel::info, "listening on " + socket.string());
  Crowd crowd;
  while (!stop) {
    auto accepted = listener.accept(k_look_for_stop, k_io_timeout);
    if (!accepted && accepted.error().reason() == "os.timeout") continue;
    if (!accepted) {
      state_->config.log(LogLevel::error, accepted.error().message());
      std::this_thread::sleep_for(k_look_for_stop);  // out of descriptors: the next round may find one
      continue;
    }
    if (crowd.enter() == Crowd::Entry::full) {
      (void)accepted->send(keystore::encode_answer(Error(
          Errc::exhausted, "keystored.busy", "signet-keystored serves 32 connections already", "Try again soon.")));
      continue;
    }
    std::thread([this, &crowd, &stop, one = std::move(*accepted)]() mutable {
      state_->converse(*this, one, stop);
      crowd.leave();
    }).detach();
  }
  crowd.wait_until_empty();
  return {};
}

}  // namespace signet::keystored
