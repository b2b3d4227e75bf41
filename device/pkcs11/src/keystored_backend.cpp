// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "backend.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <type_traits>
#include <utility>

namespace signet::pkcs11 {

namespace {

using keystore::KeystoredClient;
using keystore::KeystoredKey;

constexpr std::size_t k_idle_max = 64;
constexpr std::size_t k_random_bytes_max = 1024;

std::string_view name_of(CK_USER_TYPE user) { return user == CKU_SO ? "so" : "user"; }

/// Connections that are not in use, so that threads of one program do not wait for each other's answers.
class Connections {
 public:
  explicit Connections(std::string socket) : socket_(std::move(socket)) {}

  template <typename Act>
  auto with(const Act& act) {
    std::unique_ptr<KeystoredClient> client = take();
    auto result = act(*client);
    give(std::move(client));
    return result;
  }

 private:
  std::unique_ptr<KeystoredClient> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<KeystoredClient>(socket_);
    auto client = std::move(idle_.back());
    idle_.pop_back();
    return client;
  }
  void give(std::unique_ptr<KeystoredClient> client) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < k_idle_max) idle_.push_back(std::move(client));
  }

  const std::string socket_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<KeystoredClient>> idle_;
};

class Keystored : public Backend {
 public:
  explicit Keystored(const std::string& socket) : connections_(socket) {}

  Result<TokenFacts> facts() override {
    TRY_ASSIGN(const Json token, call("token-info", Json::object()));
    if (!known_) {
      TRY_ASSIGN(const Json chip, call("describe", Json::object()));
      const auto text = [&](const char* name) { return chip.string_at(name).value_or(""); };
      const std::lock_guard lock(mutex_);
      chip_ = {.label = {},
               .manufacturer = text("manufacturer"),
               .model = text("vendor"),
               .serial = text("serial"),
               .officer_pin = {},
               .user_pin = {}};
      known_ = true;
    }
    const std::lock_guard lock(mutex_);
    TokenFacts facts = chip_;
    facts.label = token.string_at("label").value_or("");
    facts.officer_pin = token.string_at("so_pin").value_or("unset");
    facts.user_pin = token.string_at("user_pin").value_or("unset");
    return facts;
  }
  Result<std::vector<KeystoredKey>> keys() override {
    auto found = with([](KeystoredClient& client) { return client.list(); });
    // keystored's store is made with its first key.
    if (!found && found.error().reason() == "keystore.no-store") return std::vector<KeystoredKey>();
    return found;
  }
  Result<KeystoredKey> generate(std::string_view label, keystore::Purpose purpose, crypto::KeyAlgorithm algorithm,
                                std::string_view use) override {
    return with([&](KeystoredClient& client) { return client.generate(label, purpose, algorithm, use); });
  }
  Result<KeystoredKey> import_key(std::string_view label, keystore::Purpose purpose, std::string_view use,
                                  const Secret& pkcs8_der) override {
    Json arguments = Json::object({{"label", label}, {"purpose", keystore::name_of(purpose)}, {"use", use}});
    TRY_ASSIGN(const Json key, call("import", std::move(arguments.set("pkcs8", keystore::text_of(pkcs8_der)))));
    return KeystoredKey::parse(key);
  }
  Result<void> destroy(const KeystoredKey& key) override {
    return with([&](KeystoredClient& client) { return client.destroy(key.label, key.purpose); });
  }
  Result<Bytes> sign(const KeystoredKey& key, crypto::SignatureScheme scheme, ByteView digest) override {
    return with([&](KeystoredClient& client) { return client.sign(key.label, key.purpose, scheme, digest); });
  }
  Result<Bytes> sign_block(const KeystoredKey& key, ByteView block) override {
    return with([&](KeystoredClient& client) { return client.sign_block(key.label, key.purpose, block); });
  }
  Result<Secret> decrypt(const KeystoredKey& key, ByteView ciphertext) override {
    return with([&](KeystoredClient& client) { return client.decrypt(key.label, key.purpose, ciphertext); });
  }
  Result<Secret> derive(const KeystoredKey& key, const crypto::PublicKey& peer) override {
    return with([&](KeystoredClient& client) { return client.derive(key.label, key.purpose, peer); });
  }
  Result<Bytes> random(std::size_t size_bytes) override {
    Bytes out;
    while (out.size() < size_bytes) {
      const std::size_t piece = std::min(k_random_bytes_max, size_bytes - out.size());
      TRY_ASSIGN(const Bytes more, with([&](KeystoredClient& client) { return client.random(piece); }));
      append(out, more);
    }
    return out;
  }

  Result<std::vector<StoredObject>> objects() override {
    TRY_ASSIGN(const Json answer, call("object-list", Json::object()));
    TRY_ASSIGN(const Json::Array rows, answer.array_at("objects"));
    std::vector<StoredObject> objects;
    for (const Json& row : rows) {
      TRY_ASSIGN(std::string name, row.string_at("name"));
      TRY_ASSIGN(Bytes data, keystore::bytes_at(row, "data"));
      objects.push_back({.name = std::move(name), .data = std::move(data)});
    }
    return objects;
  }
  Result<void> put_object(std::string_view name, ByteView data) override {
    return tell("object-put", Json::object({{"name", name}, {"data", to_base64(data)}}));
  }
  Result<void> remove_object(std::string_view name) override {
    return tell("object-remove", Json::object({{"name", name}}));
  }

  Result<void> initialise(const Secret& officer_pin, std::string_view label) override {
    return tell("token-init", Json::object({{"pin", keystore::text_of(officer_pin)}, {"label", label}}));
  }
  Result<void> login(CK_USER_TYPE user, const Secret& pin) override {
    TRY_ASSIGN(const Json answer,
               call("token-login", Json::object({{"owner", name_of(user)}, {"pin", keystore::text_of(pin)}})));
    const std::lock_guard lock(mutex_);
    ticket_ = answer.string_at("ticket").value_or("");
    return {};
  }
  void logout() override {
    std::string ticket;
    {
      const std::lock_guard lock(mutex_);
      ticket.swap(ticket_);
    }
    if (ticket.empty()) return;
    // Nobody can do anything about a service that is gone, and with it the login.
    static_cast<void>(connections_.with([&](KeystoredClient& client) -> Result<Json> {
      TRY(client.call("token-join", Json::object({{"ticket", ticket}})));
      return client.call("token-logout", Json::object());
    }));
  }
  Result<void> set_user_pin(const Secret& officer_pin, const Secret& pin) override {
    return tell("token-init-pin",
                Json::object({{"pin", keystore::text_of(officer_pin)}, {"new", keystore::text_of(pin)}}));
  }
  Result<void> change_pin(CK_USER_TYPE user, const Secret& old_pin, const Secret& pin) override {
    return tell(
        "token-set-pin",
        Json::object({{"owner", name_of(user)}, {"pin", keystore::text_of(old_pin)}, {"new", keystore::text_of(pin)}}));
  }

 private:
  /// keystored's login is that of a connection, a program's that of all: the ticket takes it to the next connection,
  /// where a key asks for it.
  template <typename Act>
  std::invoke_result_t<const Act&, KeystoredClient&> with(const Act& act) {
    return connections_.with([&](KeystoredClient& client) {
      auto result = act(client);
      if (result || result.error().reason() != "keystored.pin") return result;
      const std::string held = ticket();
      if (held.empty() || !client.call("token-join", Json::object({{"ticket", held}}))) return result;
      return act(client);
    });
  }
  std::string ticket() {
    const std::lock_guard lock(mutex_);
    return ticket_;
  }
  Result<Json> call(std::string_view op, const Json& arguments) {
    return with([&](KeystoredClient& client) { return client.call(op, arguments); });
  }
  Result<void> tell(std::string_view op, const Json& arguments) {
    TRY(call(op, arguments));
    return {};
  }

  Connections connections_;
  std::mutex mutex_;
  std::atomic<bool> known_ = false;
  TokenFacts chip_;
  std::string ticket_;  ///< of the user's login
};

std::unique_ptr<Backend> from_environment() {
  const char* const named = std::getenv("SIGNET_KEYSTORED_SOCKET");
  return keystored_backend(named != nullptr ? named : std::string(keystore::k_keystored_socket));
}

std::atomic<MakeBackend> g_make{from_environment};

struct Row {
  std::string_view reason;
  CK_RV code;
};
constexpr std::array k_codes{
    Row{"token.pin-wrong", CKR_PIN_INCORRECT},
    Row{"token.pin-locked", CKR_PIN_LOCKED},
    Row{"token.pin-unset", CKR_USER_PIN_NOT_INITIALIZED},
    Row{"token.pin-size", CKR_PIN_LEN_RANGE},
    Row{"token.ticket", CKR_USER_NOT_LOGGED_IN},
    Row{"keystored.pin", CKR_USER_NOT_LOGGED_IN},
    Row{"keystored.policy", CKR_ACTION_PROHIBITED},
    Row{"keystored.rate", CKR_FUNCTION_REJECTED},
    Row{"keystore.boot-state", CKR_ACTION_PROHIBITED},
    Row{"token.full", CKR_DEVICE_MEMORY},
    Row{"keystored.gone", CKR_DEVICE_REMOVED},
    Row{"keystored.peer", CKR_TOKEN_NOT_RECOGNIZED},
    Row{"keystored.denied", CKR_TOKEN_NOT_RECOGNIZED},
    Row{"keystore.use", CKR_KEY_FUNCTION_NOT_PERMITTED},
    Row{"keystore.purpose", CKR_KEY_FUNCTION_NOT_PERMITTED},
    Row{"keystore.no-key", CKR_KEY_HANDLE_INVALID},
    Row{"keystore.reserved", CKR_ACTION_PROHIBITED},
    Row{"keystore.unsupported", CKR_KEY_SIZE_RANGE},
    Row{"crypto.scheme", CKR_KEY_SIZE_RANGE},
    Row{"crypto.padding", CKR_DATA_INVALID},
    Row{"crypto.block", CKR_DATA_LEN_RANGE},
    Row{"tpm.ciphertext", CKR_ENCRYPTED_DATA_INVALID},
};

}  // namespace

std::unique_ptr<Backend> keystored_backend(const std::string& socket) { return std::make_unique<Keystored>(socket); }
void set_backend(MakeBackend make) { g_make = make; }
std::unique_ptr<Backend> make_backend() { return g_make.load()(); }

CK_RV rv_of(const Error& error) {
  for (const Row& row : k_codes) {
    if (row.reason == error.reason()) return row.code;
  }
  switch (error.code()) {
    case Errc::exhausted:
      return CKR_DEVICE_MEMORY;
    case Errc::denied:
      return CKR_ACTION_PROHIBITED;
    case Errc::unavailable:
    case Errc::io:
      return CKR_DEVICE_ERROR;
    case Errc::unsupported:
      return CKR_FUNCTION_NOT_SUPPORTED;
    default:
      return CKR_FUNCTION_FAILED;
  }
}

}  // namespace signet::pkcs11
