// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_token_fuzz)
#include "token.hpp"

#include "signet/crypto.hpp"
#include "signet/os/file.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace signet::keystored {

namespace {

constexpr std::int64_t k_version = 1;
constexpr std::size_t k_file_bytes_max = 4096;
constexpr std::size_t k_label_bytes_max = 32;  // CK_TOKEN_INFO
constexpr std::size_t k_name_chars_max = 64;
constexpr std::size_t k_object_bytes_max = 64U << 10U;
constexpr std::size_t k_objects_bytes_max = 640U << 10U;  // all of them must fit an answer, in base64
constexpr std::size_t k_objects_max = 1024;
constexpr std::size_t k_salt_bytes = 16;
constexpr std::size_t k_hash_bytes = 32;
/// A tenth of a second on a small device: a PIN is short, and whoever has the file has the machine.
constexpr crypto::ScryptCost k_cost{.n = 1U << 14U, .r = 8, .p = 1};
constexpr std::array<std::string_view, 2> k_owner_names{"user", "so"};

std::size_t index_of(PinOwner owner) { return static_cast<std::size_t>(owner); }

Error damaged(std::string why) {
  return {Errc::invalid_input, "keystored.damaged", "the token's file is damaged: " + std::move(why),
          "Remove token.json from the state folder to set PINs anew; keys are not in it."};
}

Result<Secret> hash_of(const Secret& pin, ByteView salt) { return crypto::scrypt(pin, salt, k_cost, k_hash_bytes); }

Result<PinRecord> make_record(const Secret& pin) {
  if (pin.size() < k_pin_bytes_min || pin.size() > k_pin_bytes_max) {
    return Error(Errc::invalid_input, "token.pin-size", "a PIN has 4 to 64 bytes");
  }
  PinRecord record{.salt = crypto::random_bytes(k_salt_bytes), .hash = {}, .failures = 0};
  TRY_ASSIGN(const Secret hash, hash_of(pin, record.salt));
  record.hash = to_bytes(hash.read(SecretAccess::for_export()));
  return record;
}

Result<PinRecord> parse_record(const Json& json) {
  TRY(json.only_members({"salt", "hash", "failures"}));
  TRY_ASSIGN(const std::string salt, json.string_at("salt"));
  TRY_ASSIGN(const std::string hash, json.string_at("hash"));
  PinRecord record;
  TRY_ASSIGN(record.salt, from_base64(salt));
  TRY_ASSIGN(record.hash, from_base64(hash));
  TRY_ASSIGN(record.failures, json.uint_at("failures"));
  if (record.salt.size() != k_salt_bytes || record.hash.size() != k_hash_bytes) return damaged("a PIN's sizes");
  return record;
}

Result<TokenState> parse_state(const Json& json) {
  TRY(json.only_members({"version", "label", "user", "so"}));
  TRY_ASSIGN(const std::int64_t version, json.int_at("version"));
  if (version != k_version) return damaged("it is of version " + std::to_string(version));
  TokenState state;
  TRY_ASSIGN(state.label, json.string_at("label"));
  if (state.label.size() > k_label_bytes_max) return damaged("a label is longer than 32 bytes");
  for (std::size_t i = 0; i < k_owner_names.size(); ++i) {
    const Json* const pin = json.find(k_owner_names.at(i));
    if (pin == nullptr) continue;
    TRY_ASSIGN(state.pins.at(i), parse_record(*pin));
  }
  return state;
}

Json record_json(const PinRecord& record) {
  return Json::object(
      {{"salt", to_base64(record.salt)}, {"hash", to_base64(record.hash)}, {"failures", record.failures}});
}

std::string_view state_of(const std::optional<PinRecord>& pin) {
  if (!pin) return "unset";
  if (pin->failures >= k_pin_failures_max) return "locked";
  if (pin->failures + 1 == k_pin_failures_max) return "last-try";
  return pin->failures == 0 ? "set" : "missed";
}

Result<void> check_name(std::string_view name) {
  const bool fits =
      !name.empty() && name.size() <= k_name_chars_max && name.front() != '-' &&
      std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (fits) return {};
  return Error(Errc::invalid_input, "token.object-name", "an object's name has 1 to 64 characters of [a-z0-9-]");
}

}  // namespace

Result<PinOwner> pin_owner_from(std::string_view name) {
  const auto found = std::ranges::find(k_owner_names, name);
  if (found != k_owner_names.end()) return static_cast<PinOwner>(found - k_owner_names.begin());
  return Error(Errc::invalid_input, "keystored.request", "a PIN is of the 'user' or of the 'so'");
}

Result<TokenState> TokenState::parse(ByteView text) {
  TRY_ASSIGN(const Json json,
             Json::parse(text, {.size_bytes_max = k_file_bytes_max, .depth_max = 4, .values_max = 64}));
  auto state = parse_state(json);
  if (state || state.error().reason() == "keystored.damaged") return state;
  return damaged(state.error().text());
}

Bytes TokenState::encode() const {
  Json json = Json::object({{"version", k_version}, {"label", label}});
  for (std::size_t i = 0; i < pins.size(); ++i) {
    if (pins.at(i)) json.set(k_owner_names.at(i), record_json(*pins.at(i)));
  }
  return to_bytes(json.dump());
}

Result<TokenState> Token::load() const {
  const auto text = os::read_file(file_, k_file_bytes_max);
  if (text) return TokenState::parse(*text);
  if (text.error().code() == Errc::not_found) return TokenState{};
  return text.error();
}

Result<void> Token::save(const TokenState& state) const { return os::replace_file(file_, state.encode(), 0600); }

Result<void> Token::check(TokenState& state, PinOwner owner, const Secret& pin) const {
  std::optional<PinRecord>& record = state.pins.at(index_of(owner));
  if (!record) return Error(Errc::denied, "token.pin-unset", "this PIN has not been set yet");
  if (record->failures >= k_pin_failures_max) {
    return Error(Errc::denied, "token.pin-locked", "the PIN is locked after too many wrong tries",
                 owner == PinOwner::user ? "The security officer sets a new one: `pkcs11-tool --init-pin`." : "");
  }
  ++record->failures;  // before the comparison, and durable: a power cut does not give a try back
  TRY(save(state));
  TRY_ASSIGN(const Secret hash, hash_of(pin, record->salt));
  if (!(hash == Secret::copy_of(record->hash))) {
    return Error(Errc::denied, "token.pin-wrong", "the PIN is wrong", "It locks after a few wrong tries.");
  }
  record->failures = 0;
  return save(state);
}

Result<Json> Token::info() {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const TokenState state, load());
  return Json::object({{"label", state.label},
                       {"so_pin", std::string(state_of(state.pins[index_of(PinOwner::officer)]))},
                       {"user_pin", std::string(state_of(state.pins[index_of(PinOwner::user)]))}});
}

Result<void> Token::initialise(const Secret& officer_pin, std::string label) {
  const std::lock_guard lock(mutex_);
  if (label.size() > k_label_bytes_max || printable(label) != label) {
    return Error(Errc::invalid_input, "keystored.request", "a token's label has at most 32 printable bytes");
  }
  TRY_ASSIGN(TokenState state, load());
  if (state.pins[index_of(PinOwner::officer)]) TRY(check(state, PinOwner::officer, officer_pin));
  TokenState fresh{.label = std::move(label), .pins = {}};
  TRY_ASSIGN(fresh.pins[index_of(PinOwner::officer)], make_record(officer_pin));
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) TRY(os::remove_file(entry.path()));
  return save(fresh);
}

Result<void> Token::check(PinOwner owner, const Secret& pin) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(TokenState state, load());
  return check(state, owner, pin);
}

Result<void> Token::set_user_pin(const Secret& officer_pin, const Secret& pin) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(TokenState state, load());
  TRY(check(state, PinOwner::officer, officer_pin));
  TRY_ASSIGN(state.pins[index_of(PinOwner::user)], make_record(pin));
  return save(state);
}

Result<void> Token::change(PinOwner owner, const Secret& old_pin, const Secret& pin) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(TokenState state, load());
  TRY(check(state, owner, old_pin));
  TRY_ASSIGN(state.pins.at(index_of(owner)), make_record(pin));
  return save(state);
}

Result<void> Token::put(std::string_view name, ByteView data) {
  TRY(check_name(name));
  const std::lock_guard lock(mutex_);
  TRY(os::make_folders(folder_, 0700));
  std::size_t count = 1;
  std::uint64_t total = data.size();
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    if (entry.path().filename() == name) continue;
    ++count;
    total += entry.file_size(ignored);
  }
  if (data.size() > k_object_bytes_max || total > k_objects_bytes_max || count > k_objects_max) {
    return Error(Errc::exhausted, "token.full", "there is no room for this object beside the keys",
                 "Remove objects that are no longer used: an object has up to 64 KiB, all of them 640 KiB.");
  }
  return os::replace_file(folder_ / name, data, 0600);
}

Result<void> Token::remove(std::string_view name) {
  TRY(check_name(name));
  const std::lock_guard lock(mutex_);
  return os::remove_file(folder_ / name);
}

Result<Json> Token::objects() {
  const std::lock_guard lock(mutex_);
  Json rows = Json::array();
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().native();
    if (!check_name(name)) continue;  // what a killed writer left
    TRY_ASSIGN(const Bytes data, os::read_file(entry.path(), k_object_bytes_max));
    rows.push(Json::object({{"name", name}, {"data", to_base64(data)}}));
  }
  return Json::object({{"objects", std::move(rows)}});
}

}  // namespace signet::keystored
