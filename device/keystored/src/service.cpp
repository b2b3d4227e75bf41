// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_request_fuzz)
#include "signet/keystored.hpp"
#include "signet/keystored_service.hpp"

#include "allowance.hpp"
#include "conversation.hpp"
#include "operations.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace signet::keystored {

namespace {

constexpr std::chrono::milliseconds k_look_for_stop{200};
constexpr std::chrono::seconds k_io_timeout{30};
constexpr unsigned k_connections_max = 128;
constexpr unsigned k_audit_files = 4;
constexpr std::chrono::seconds k_save_counts_every{30};
/// How many refusals of one user are recorded; the others are counted.
constexpr Rate k_refusals{.per_minute = 60, .burst = 100};

/// Whether an act counts as a use of its key.
bool is_use(Act act) { return act == Act::sign || act == Act::decrypt || act == Act::derive || act == Act::attest; }

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
  std::unique_ptr<Guard> guard;
  std::unique_ptr<Usage> usage;
  std::unique_ptr<Audit> audit;  // none: nothing is recorded
  Allowances refusals;
  std::atomic<std::uint64_t> unrecorded = 0;
  std::chrono::steady_clock::time_point saved_at;

  /// Strangers learn nothing but that they are strangers.
  [[nodiscard]] Result<void> admit(const Subject& subject) const {
    if (is_administrator(subject) || guard->policy()->knows(subject)) return {};
    const auto nobody = guard->policy()->decide(subject, {}, {.now = config.clock->now()}, {});
    return nobody ? Result<void>() : Result<void>(nobody.error());
  }

  [[nodiscard]] static Result<void> check_who(const Subject& subject, Who who) {
    if (who == Who::anybody || is_administrator(subject)) return {};
    return Error(Errc::denied, "keystored.peer", "the user " + std::to_string(subject.uid) + " may not ask for this",
                 "A birth is for root.");
  }

  /// What the policy says to a use: the rule that grants it.
  [[nodiscard]] Result<std::string> allow(const Caller& caller, const Ask& ask) {
    return guard->admit(caller, ask, [this]() -> Result<std::uint64_t> {
      TRY_ASSIGN(const Floor floor, device->read_floor());
      return floor.value;
    });
  }

  [[nodiscard]] Result<Json> obey(Caller& caller, const Operation& operation, const Json& arguments) {
    Json answer = Json::object();
    if (operation.run != nullptr) {
      TRY_ASSIGN(answer, operation.run(*device, arguments));
    }
    if (operation.then == nullptr) return answer;
    Conversation at{.device = *device,
                    .guard = *guard,
                    .audit = *audit,
                    .usage = *usage,
                    .caller = caller,
                    .now = config.clock->now()};
    return operation.then(at, arguments, std::move(answer));
  }

  [[nodiscard]] Result<Json> run(Caller& caller, ByteView message) {
    if (auto stranger = admit(caller.subject); !stranger) {
      note(caller, {}, {}, {}, Result<Json>(stranger.error()), {});
      return std::move(stranger).error();
    }
    TRY_ASSIGN(const keystore::KeystoredRequest request, keystore::KeystoredRequest::parse(message));
    TRY_ASSIGN(const Operation operation, find_operation(request.op, request.arguments));
    TRY(check_who(caller.subject, operation.who));
    const auto ask = ask_of(operation, *device, request.arguments);
    if (!ask) return obey(caller, operation, request.arguments);
    const auto begin = std::chrono::steady_clock::now();
    auto rule = allow(caller, *ask);
    auto answer = rule ? obey(caller, operation, request.arguments) : Result<Json>(rule.error());
    const auto took = std::chrono::steady_clock::now() - begin;
    // Whoever watches does not see himself watch.
    if (ask->act == Act::watch && rule) return answer;
    note(caller, request.op, *ask, rule ? *rule : std::string(), answer,
         std::chrono::duration_cast<std::chrono::microseconds>(took));
    return answer;
  }

  void note(const Caller& caller, const std::string& op, const Ask& ask, const std::string& rule,
            const Result<Json>& answer, std::chrono::microseconds took) {
    const Instant now = config.clock->now();
    if (answer && is_use(ask.act)) usage->used(ask.key, now);
    if (config.audit_bytes_max == 0) return;
    Use use{.time = now, .pid = caller.pid, .uid = caller.subject.uid};
    if (rule.empty()) {
      // Refusals cost nothing to cause, and must not push uses out of the record.
      if (refusals.take(0, use.uid, k_refusals, std::chrono::steady_clock::now())) {
        ++unrecorded;
        return;
      }
      use.unrecorded = unrecorded.exchange(0);
    }
    use.unit = caller.subject.unit.value_or("");
    use.program = caller.subject.program.value_or("");
    use.op = op;
    use.key = ask.key;
    use.rule = rule;
    use.outcome = answer ? "ok" : answer.error().reason();
    use.took_us = static_cast<std::uint64_t>(took.count());
    audit->record(std::move(use));
  }

  void converse(Service& service, os::LocalSocket& socket, const std::atomic<bool>& stop) const {
    Connection connection = Service::connect(socket.peer());
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
      Bytes reply = service.answer(connection, *message);
      wipe(ByteSpan(*message));
      const auto sent = socket.send(reply);
      wipe(ByteSpan(reply));
      if (!sent) return;
    }
  }

  void save_counts(std::chrono::steady_clock::duration at_most_every) {
    const auto now = std::chrono::steady_clock::now();
    if (now - saved_at < at_most_every) return;
    saved_at = now;
    if (const auto saved = usage->save(); !saved) {
      config.log(LogLevel::warning, "cannot write how often keys were used: " + saved.error().message());
    }
  }
};

Connection::Connection(std::unique_ptr<Caller> caller) : caller_(std::move(caller)) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;

Service::Service(std::unique_ptr<State> state) : state_(std::move(state)) {}
Service::~Service() = default;

Result<std::unique_ptr<Service>> Service::open(Config config) {
  if (!config.log) config.log = [](LogLevel, const std::string&) {};
  if (!config.clock) config.clock = std::make_shared<const os::SystemClock>();
  if (config.policy && !config.allow_uids.empty()) {
    return Error(Errc::usage, "keystored.two-policies", "a policy and --allow-uid would both say who may use keys",
                 "Name the users in the policy.");
  }
  auto state = std::make_unique<State>();
  TRY_ASSIGN(
      state->device,
      Device::open({.tcti = config.tcti, .state = config.state, .vendor_key = config.vendor_key, .log = config.log}));
  // After the TPM: the endorsement auth is locked away also where nobody may use a key.
  auto guard = Guard::open({.policy = config.policy,
                            .state = config.state,
                            .allow_uids = config.allow_uids,
                            .log = config.log,
                            .clock = config.clock});
  if (!guard) {
    state->device->shut_down();
    return std::move(guard).error();
  }
  state->guard = *std::move(guard);
  state->usage = std::make_unique<Usage>(config.state / "usage.json");
  state->audit = std::make_unique<Audit>(Audit::Config{.folder = config.state / "audit",
                                                       .file_bytes_max = config.audit_bytes_max / k_audit_files,
                                                       .files_max = k_audit_files,
                                                       .log = config.log});
  state->config = std::move(config);
  return std::unique_ptr<Service>(new Service(std::move(state)));
}

Connection Service::connect(const os::Peer& peer) { return Connection(std::make_unique<Caller>(Caller::of(peer))); }

Bytes Service::answer(Connection& connection, ByteView message) {
  auto answer = state_->run(*connection.caller_, message);
  if (!answer && errc_info(answer.error().code()).level == LogLevel::error) {
    state_->config.log(LogLevel::error, "a question of the user " + std::to_string(connection.caller_->subject.uid) +
                                            ": " + answer.error().message());
  }
  return keystore::encode_answer(answer);
}

Bytes Service::answer(const os::Peer& peer, ByteView message) {
  Connection connection = connect(peer);
  return answer(connection, message);
}

Result<void> Service::reload() { return state_->guard->reload(); }

void Service::flush() {
  state_->audit->flush();
  state_->save_counts({});
}

void Service::shut_down() {
  flush();
  state_->device->shut_down();
}

Result<void> Service::serve(const std::filesystem::path& socket, const std::atomic<bool>& stop,
                            std::atomic<bool>* reload) {
  // Everybody may knock: who may ask is decided by what the kernel says of him, so that the refusal can say why.
  TRY_ASSIGN(os::LocalListener listener, os::LocalListener::listen(socket, 0666));
  state_->config.log(LogLevel::info, "listening on " + socket.string());
  Crowd crowd;
  while (!stop) {
    if (reload != nullptr && reload->exchange(false)) (void)this->reload();  // says itself how it went
    state_->save_counts(k_save_counts_every);
    auto accepted = listener.accept(k_look_for_stop, k_io_timeout);
    if (!accepted && accepted.error().reason() == "os.timeout") continue;
    if (!accepted) {
      state_->config.log(LogLevel::error, accepted.error().message());
      std::this_thread::sleep_for(k_look_for_stop);  // out of descriptors: the next round may find one
      continue;
    }
    if (crowd.enter() == Crowd::Entry::full) {
      (void)accepted->send(keystore::encode_answer(Error(
          Errc::exhausted, "keystored.busy",
          "signet-keystored serves " + std::to_string(k_connections_max) + " connections already", "Try again soon.")));
      continue;
    }
    std::thread([this, &crowd, &stop, one = std::move(*accepted)]() mutable {
      state_->converse(*this, one, stop);
      crowd.leave();
    }).detach();
  }
  state_->audit->interrupt();
  crowd.wait_until_empty();
  return {};
}

}  // namespace signet::keystored
