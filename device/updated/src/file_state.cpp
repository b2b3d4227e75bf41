// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: boot_state_fuzz)
#include "signet/core/json.hpp"
#include "signet/os/file.hpp"
#include "signet/updated.hpp"

#include <algorithm>
#include <array>

namespace signet::updated {

namespace {

constexpr std::uint64_t k_state_bytes_max = 65'536;

Error damaged(const std::filesystem::path& path, const Error& cause) {
  return {Errc::invalid_input, "updated.state-damaged",
          "'" + printable(path.native()) + "' cannot be read: " + cause.message(),
          "It is replaced as a whole, so this is damage of the disk or a change by hand; restore it from the other "
          "slot's copy or a backup."};
}

/// A JSON file, or nothing where there is none.
Result<std::optional<Json>> load_json(const std::filesystem::path& path) {
  const auto text = os::read_file(path, k_state_bytes_max);
  if (!text && text.error().code() == Errc::not_found) return std::optional<Json>();
  if (!text) return text.error();
  auto json = Json::parse(*text);
  if (!json) return damaged(path, json.error());
  return std::optional<Json>(*std::move(json));
}

Json encode(const Slot& slot) {
  return Json::object({{"state", name_of(slot.state)},
                       {"tries_left", static_cast<std::int64_t>(slot.tries_left)},
                       {"version", slot.version},
                       {"security_version", slot.security_version},
                       {"manifest_sha256", slot.manifest_sha256},
                       {"floor_approval", slot.floor_approval}});
}

Result<Slot> decode_slot(const Json& json) {
  Slot slot;
  TRY_ASSIGN(const std::string state, json.string_at("state"));
  const std::array k_states{SlotState::empty, SlotState::writing, SlotState::ready, SlotState::good};
  const auto found = std::ranges::find(k_states, std::string_view(state), [](SlotState s) { return name_of(s); });
  if (found == k_states.end()) return Error(Errc::invalid_input, "updated.state-damaged", "unknown slot state");
  slot.state = *found;
  TRY_ASSIGN(const std::uint64_t tries, json.uint_at("tries_left"));
  slot.tries_left = static_cast<unsigned>(std::min<std::uint64_t>(tries, 255));
  TRY_ASSIGN(slot.version, json.string_at("version"));
  TRY_ASSIGN(slot.security_version, json.uint_at("security_version"));
  TRY_ASSIGN(slot.manifest_sha256, json.string_at("manifest_sha256"));
  if (json.find("floor_approval") != nullptr) {  // states of before there were floors in TPMs have none
    TRY_ASSIGN(slot.floor_approval, json.string_at("floor_approval"));
  }
  return slot;
}

Result<SlotName> decode_name(const Json& json, std::string_view member) {
  TRY_ASSIGN(const std::string name, json.string_at(member));
  for (const SlotName slot : {SlotName::a, SlotName::b}) {
    if (name == name_of(slot)) return slot;
  }
  return Error(Errc::invalid_input, "updated.state-damaged", "unknown slot name");
}

Result<BootState> decode_boot(const Json& json) {
  BootState state;
  TRY_ASSIGN(state.active, decode_name(json, "active"));
  TRY_ASSIGN(state.booted, decode_name(json, "booted"));
  TRY_ASSIGN(const Json slots, json.object_at("slots"));
  for (const SlotName slot : {SlotName::a, SlotName::b}) {
    TRY_ASSIGN(const Json member, slots.object_at(name_of(slot)));
    TRY_ASSIGN(state.at(slot), decode_slot(member));
  }
  return state;
}

class FileBootControl : public BootControl {
 public:
  explicit FileBootControl(std::filesystem::path path) : path_(std::move(path)) {}

  Result<BootState> load() override {
    TRY_ASSIGN(const std::optional<Json> json, load_json(path_));
    if (!json) {
      BootState first;
      first.at(SlotName::a).state = SlotState::good;
      return first;
    }
    auto state = decode_boot(*json);
    if (!state) return damaged(path_, state.error());
    return state;
  }

  Result<void> store(const BootState& state) override {
    Json slots = Json::object();
    for (const SlotName slot : {SlotName::a, SlotName::b}) slots.set(name_of(slot), encode(state.at(slot)));
    const Json json =
        Json::object({{"active", name_of(state.active)}, {"booted", name_of(state.booted)}, {"slots", slots}});
    return os::replace_file(path_, as_bytes(json.dump(2) + "\n"));
  }

 private:
  std::filesystem::path path_;
};

class FileVersionFloor : public VersionFloor {
 public:
  explicit FileVersionFloor(std::filesystem::path path) : path_(std::move(path)) {}

  Result<std::uint64_t> read() override {
    TRY_ASSIGN(const std::optional<Json> json, load_json(path_));
    if (!json) return std::uint64_t{0};
    auto floor = json->uint_at("security_version");
    if (!floor) return damaged(path_, floor.error());
    return floor;
  }

  Result<std::string> choose(std::uint64_t /*to*/, const std::vector<Bytes>& /*approvals*/) override {
    return std::string();
  }

  Result<void> raise(std::uint64_t to, std::string_view /*approval*/) override {
    TRY_ASSIGN(const std::uint64_t now, read());
    if (to <= now) return {};
    return os::replace_file(path_, as_bytes(Json::object({{"security_version", to}}).dump() + "\n"));
  }

  Result<std::uint64_t> apply(ByteView /*approval*/) override {
    return Error(Errc::unsupported, "updated.file-floor", "this device's version floor is a file, not in a TPM",
                 "Only a floor in a TPM takes approvals; name signet-keystored's socket as 'floor' in device.json.");
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::unique_ptr<BootControl> file_boot_control(std::filesystem::path path) {
  return std::make_unique<FileBootControl>(std::move(path));
}

std::unique_ptr<VersionFloor> file_version_floor(std::filesystem::path path) {
  return std::make_unique<FileVersionFloor>(std::move(path));
}

}  // namespace signet::updated
