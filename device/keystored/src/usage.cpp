// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_state_fuzz)
#include "usage.hpp"

#include "signet/os/file.hpp"

#include <utility>

namespace signet::keystored {

namespace {

constexpr std::size_t k_file_bytes_max = 1U << 20U;
constexpr std::int64_t k_version = 1;

Result<std::optional<Instant>> instant_at(const Json& json, std::string_view name) {
  if (json.find(name) == nullptr) return std::optional<Instant>();
  TRY_ASSIGN(const std::string text, json.string_at(name));
  TRY_ASSIGN(const Instant instant, from_rfc3339(text));
  return std::optional<Instant>(instant);
}

}  // namespace

Result<Usage::Keys> Usage::parse(ByteView text) {
  TRY_ASSIGN(const Json json, Json::parse(text, {.size_bytes_max = k_file_bytes_max, .depth_max = 4}));
  TRY(json.only_members({"version", "keys"}));
  TRY_ASSIGN(const std::int64_t version, json.int_at("version"));
  if (version != k_version) return Error(Errc::unsupported, "keystored.state-version", "counts of another version");
  TRY_ASSIGN(const Json rows, json.object_at("keys"));
  Keys keys;
  for (const auto& [label, row] : rows.members()) {
    KeyLife life;
    TRY_ASSIGN(life.uses, row.uint_at("uses"));
    TRY_ASSIGN(life.made, instant_at(row, "made"));
    TRY_ASSIGN(life.last_used, instant_at(row, "last_used"));
    keys.emplace(label, life);
  }
  return keys;
}

Bytes Usage::encode(const Keys& keys) {
  Json rows = Json::object();
  for (const auto& [label, life] : keys) {
    Json row = Json::object({{"uses", life.uses}});
    if (life.made) row.set("made", to_rfc3339(*life.made));
    if (life.last_used) row.set("last_used", to_rfc3339(*life.last_used));
    rows.set(label, std::move(row));
  }
  return to_bytes(Json::object({{"version", k_version}, {"keys", std::move(rows)}}).dump());
}

Usage::Usage(std::filesystem::path file) : file_(std::move(file)) {
  const auto text = os::read_file(file_, k_file_bytes_max);
  if (!text) return;
  if (auto keys = parse(*text)) keys_ = *std::move(keys);
}

void Usage::made(std::string_view key, Instant now) {
  const std::lock_guard lock(mutex_);
  keys_.insert_or_assign(std::string(key), KeyLife{.made = now});
  changed_ = true;
}

void Usage::used(std::string_view key, Instant now) {
  const std::lock_guard lock(mutex_);
  auto at = keys_.find(key);
  if (at == keys_.end()) at = keys_.emplace(std::string(key), KeyLife{}).first;
  ++at->second.uses;
  at->second.last_used = now;
  changed_ = true;
}

void Usage::gone(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto at = keys_.find(key);
  if (at == keys_.end()) return;
  keys_.erase(at);
  changed_ = true;
}

void Usage::renamed(std::string_view from, std::string_view to) {
  const std::lock_guard lock(mutex_);
  const auto at = keys_.find(from);
  if (at == keys_.end()) return;
  keys_.insert_or_assign(std::string(to), at->second);
  keys_.erase(keys_.find(from));
  changed_ = true;
}

KeyLife Usage::of(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto at = keys_.find(key);
  return at == keys_.end() ? KeyLife{} : at->second;
}

Result<void> Usage::save() {
  Bytes text;
  {
    const std::lock_guard lock(mutex_);
    if (!changed_) return {};
    text = encode(keys_);
    changed_ = false;
  }
  auto saved = os::replace_file(file_, text, 0600);
  if (saved) return saved;
  const std::lock_guard lock(mutex_);
  changed_ = true;
  return saved;
}

}  // namespace signet::keystored
