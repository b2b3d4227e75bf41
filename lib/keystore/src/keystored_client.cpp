// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The client's side of docs/formats/keystored-protocol.md: one write and one read per call.
// parses: foreign bytes (fuzz: keystored_protocol_fuzz)
#include "signet/keystored.hpp"
#include "signet/os/local_socket.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>

namespace signet::keystore {

namespace {

/// The slowest thing asked for: a chip may take most of a minute to make an RSA key, with others waiting before.
constexpr std::chrono::seconds k_timeout{120};
/// A daemon that is being restarted listens again soon.
constexpr std::chrono::milliseconds k_restart_wait{2000};
constexpr std::chrono::milliseconds k_restart_step{25};

/// What changes something and would not do the same a second time.
enum class Repeat : std::uint8_t { harmless, harmful };
Repeat repeat_of(std::string_view op) {
  constexpr std::array<std::string_view, 6> k_harmful{"generate", "import",      "rotate",
                                                      "destroy",  "floor-write", "token-set-pin"};
  return std::ranges::find(k_harmful, op) == k_harmful.end() ? Repeat::harmless : Repeat::harmful;
}

Error bad_answer(std::string_view op, std::string text) {
  return {Errc::invalid_input, "keystored.answer",
          "signet-keystored's answer to '" + std::string(op) + "' is not understood: " + std::move(text),
          "Are program and service of the same version?"};
}

Result<Bytes> bytes_of(const Json& answer, std::string_view op, std::string_view name) {
  auto bytes = bytes_at(answer, name);
  if (bytes) return bytes;
  return bad_answer(op, "'" + std::string(name) + "' is missing or not base64");
}

Result<Secret> secret_of(const Json& answer, std::string_view op, std::string_view name) {
  TRY_ASSIGN(Bytes bytes, bytes_of(answer, op, name));
  Secret secret = Secret::copy_of(bytes);
  wipe(ByteSpan(bytes));
  return secret;
}

Json key_arguments(std::string_view label, Purpose purpose) {
  return Json::object({{"label", label}, {"purpose", name_of(purpose)}});
}

}  // namespace

struct KeystoredClient::State {
  explicit State(std::filesystem::path at) : path(std::move(at)) {}

  Error gone(const Error& why) const {
    const std::string at = "'" + printable(path.native()) + "'";
    if (why.code() == Errc::denied) {
      return {Errc::denied, "keystored.denied", "signet-keystored at " + at + " is not for this user: " + why.text(),
              "Run as a user of the group that the socket belongs to."};
    }
    return {Errc::unavailable, "keystored.gone", "signet-keystored at " + at + " cannot be reached: " + why.text(),
            "Is signet-keystored running? `systemctl status signet-keystored` says so."};
  }

  /// Connects; waits a moment if the daemon has been there before.
  Result<void> connect() {
    const pid_t process = ::getpid();
    if (socket && process == owner) return {};
    socket.reset();  // a parent's connection must not be shared: answers would go to either
    const auto deadline = std::chrono::steady_clock::now() + k_restart_wait;
    for (;;) {
      auto made = os::LocalSocket::connect(path, k_timeout);
      if (made) {
        socket.emplace(*std::move(made));
        owner = process;
        known = true;
        return {};
      }
      if (!known || made.error().code() == Errc::denied || std::chrono::steady_clock::now() >= deadline)
        return gone(made.error());
      std::this_thread::sleep_for(k_restart_step);
    }
  }

  Result<Bytes> exchange(ByteView question, Repeat repeat) {
    for (int attempt = 0;; ++attempt) {
      TRY(connect());
      const auto sent = socket->send(question);
      auto answer = sent ? socket->receive(k_keystored_message_bytes_max) : Result<Bytes>(sent.error());
      if (answer) return answer;
      socket.reset();  // whatever comes later on that connection answers another question
      if (answer.error().reason() == "os.message-size") return bad_answer("", answer.error().text());
      // A question that could not be sent whole was not obeyed: a stale connection shows here.
      const bool again =
          attempt == 0 && answer.error().reason() != "os.timeout" && (!sent.has_value() || repeat == Repeat::harmless);
      if (again) continue;
      if (!sent || repeat == Repeat::harmless) return gone(answer.error());
      return Error(Errc::unavailable, "keystored.gone",
                   "signet-keystored went away in mid-answer: " + answer.error().text(),
                   "It may have been done all the same: look before you ask again.");
    }
  }

  const std::filesystem::path path;
  std::mutex mutex;
  std::optional<os::LocalSocket> socket;
  pid_t owner = -1;
  bool known = false;
};

KeystoredClient::KeystoredClient(std::filesystem::path socket) : state_(std::make_unique<State>(std::move(socket))) {}
KeystoredClient::~KeystoredClient() = default;

Result<Json> KeystoredClient::call(std::string_view op, Json arguments) {
  Bytes question = KeystoredRequest{.op = std::string(op), .arguments = std::move(arguments)}.encode();
  if (question.size() > k_keystored_message_bytes_max) {
    return Error(Errc::invalid_input, "keystored.request", "a question to signet-keystored is larger than 1 MiB");
  }
  const std::lock_guard lock(state_->mutex);
  auto answer = state_->exchange(question, repeat_of(op));
  wipe(ByteSpan(question));  // it may have held a key to be imported, or data to be sealed
  if (!answer) return std::move(answer).error();
  auto parsed = parse_answer(*answer);
  wipe(ByteSpan(*answer));
  return parsed;
}

Result<KeystoredKey> KeystoredClient::generate(std::string_view label, Purpose purpose, crypto::KeyAlgorithm algorithm,
                                               std::string_view use, const std::vector<unsigned>& pcrs) {
  Json arguments = key_arguments(label, purpose);
  arguments.set("algorithm", name_of(algorithm));
  if (!use.empty()) arguments.set("use", use);
  if (!pcrs.empty()) {
    Json numbers = Json::array();
    for (const unsigned pcr : pcrs) numbers.push(std::uint64_t{pcr});
    arguments.set("pcrs", std::move(numbers));
  }
  TRY_ASSIGN(const Json answer, call("generate", std::move(arguments)));
  return KeystoredKey::parse(answer);
}

Result<KeystoredKey> KeystoredClient::import_key(std::string_view label, Purpose purpose, const Secret& pkcs8_der) {
  TRY_ASSIGN(const Json answer, call("import", key_arguments(label, purpose).set("pkcs8", text_of(pkcs8_der))));
  return KeystoredKey::parse(answer);
}

Result<KeystoredKey> KeystoredClient::find(std::string_view label) {
  TRY_ASSIGN(const Json answer, call("public", Json::object({{"label", label}})));
  return KeystoredKey::parse(answer);
}

Result<std::vector<KeystoredKey>> KeystoredClient::list() {
  TRY_ASSIGN(const Json answer, call("list"));
  const auto rows = answer.array_at("keys");
  if (!rows) return bad_answer("list", rows.error().text());
  std::vector<KeystoredKey> keys;
  for (const Json& row : *rows) {
    TRY_ASSIGN(KeystoredKey key, KeystoredKey::parse(row));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<void> KeystoredClient::destroy(std::string_view label, Purpose purpose) {
  TRY(call("destroy", key_arguments(label, purpose)));
  return {};
}

Result<Bytes> KeystoredClient::sign(std::string_view label, Purpose purpose, crypto::SignatureScheme scheme,
                                    ByteView input) {
  Json arguments = key_arguments(label, purpose);
  arguments.set("scheme", name_of(scheme)).set("input", to_base64(input));
  TRY_ASSIGN(const Json answer, call("sign", std::move(arguments)));
  return bytes_of(answer, "sign", "signature");
}

Result<Bytes> KeystoredClient::sign_block(std::string_view label, Purpose purpose, ByteView block) {
  Json arguments = key_arguments(label, purpose);
  arguments.set("scheme", k_rsa_block).set("input", to_base64(block));
  TRY_ASSIGN(const Json answer, call("sign", std::move(arguments)));
  return bytes_of(answer, "sign", "signature");
}

Result<Secret> KeystoredClient::decrypt(std::string_view label, Purpose purpose, ByteView ciphertext) {
  TRY_ASSIGN(const Json answer, call("decrypt", key_arguments(label, purpose).set("input", to_base64(ciphertext))));
  return secret_of(answer, "decrypt", "secret");
}

Result<Secret> KeystoredClient::derive(std::string_view label, Purpose purpose, const crypto::PublicKey& peer) {
  TRY_ASSIGN(const Json answer, call("derive", key_arguments(label, purpose).set("peer", to_base64(peer.spki_der()))));
  return secret_of(answer, "derive", "secret");
}

Result<Bytes> KeystoredClient::random(std::size_t size_bytes) {
  TRY_ASSIGN(const Json answer, call("random", Json::object({{"size_bytes", std::uint64_t{size_bytes}}})));
  TRY_ASSIGN(Bytes bytes, bytes_of(answer, "random", "bytes"));
  if (bytes.size() == size_bytes) return bytes;
  return bad_answer("random", "it has " + std::to_string(bytes.size()) + " bytes");
}

Result<Bytes> KeystoredClient::seal(const Secret& data) {
  TRY_ASSIGN(const Json answer, call("seal", Json::object({{"data", text_of(data)}})));
  return bytes_of(answer, "seal", "sealed");
}

Result<Secret> KeystoredClient::unseal(ByteView sealed) {
  TRY_ASSIGN(const Json answer, call("unseal", Json::object({{"sealed", to_base64(sealed)}})));
  return secret_of(answer, "unseal", "data");
}

Result<std::uint64_t> KeystoredClient::read_floor() {
  TRY_ASSIGN(const Json answer, call("floor-read"));
  const auto floor = answer.uint_at("floor");
  if (floor) return *floor;
  return bad_answer("floor-read", floor.error().text());
}

Result<std::uint64_t> KeystoredClient::write_floor(ByteView approval) {
  TRY_ASSIGN(Json parsed, Json::parse(approval));
  TRY_ASSIGN(const Json answer, call("floor-write", Json::object({{"approval", std::move(parsed)}})));
  const auto floor = answer.uint_at("floor");
  if (floor) return *floor;
  return bad_answer("floor-write", floor.error().text());
}

}  // namespace signet::keystore
