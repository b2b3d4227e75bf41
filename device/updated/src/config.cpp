// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: device_config_fuzz)
#include "config.hpp"

#include "signet/os/file.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace signet::updated {

namespace {

constexpr std::uint64_t k_config_bytes_max = 1U << 20U;
constexpr std::uint64_t k_pem_bytes_max = 4U << 20U;
constexpr std::uint64_t k_hss_key_bytes_max = 4096;
constexpr std::array<std::string_view, 4> k_signature_kinds{"ecdsa", "rsa", "ed25519", "hss"};

Result<Target> parse_target(const Json& json, const std::filesystem::path& folder) {
  TRY(json.only_members({"file", "block", "size_bytes_max"}));
  Target target;
  target.block = json.find("block") != nullptr;
  if (target.block == (json.find("file") != nullptr)) {
    return Error(Errc::invalid_input, "updated.config", "an image's place is either a 'file' or a 'block'");
  }
  TRY_ASSIGN(const std::string path, json.string_at(target.block ? "block" : "file"));
  target.path = folder / path;  // an absolute path stays absolute
  if (json.find("size_bytes_max") != nullptr) {
    TRY_ASSIGN(target.size_bytes_max, json.uint_at("size_bytes_max"));
  }
  return target;
}

Result<std::map<std::string, Target>> parse_slot(const Json& json, const std::filesystem::path& folder) {
  std::map<std::string, Target> targets;
  for (const auto& [role, place] : json.members()) {
    TRY(check_name(role, "role of an image"));
    TRY_ASSIGN(Target target, parse_target(place, folder));
    targets.emplace(role, std::move(target));
  }
  if (targets.empty()) return Error(Errc::invalid_input, "updated.config", "a slot has no images");
  return targets;
}

Result<std::vector<std::string>> strings_at(const Json& json, std::string_view name) {
  std::vector<std::string> values;
  const Json* list = json.find(name);
  if (list == nullptr) return values;
  for (const Json& element : list->elements()) {
    TRY_ASSIGN(std::string value, element.as_string(name));
    values.push_back(std::move(value));
  }
  return values;
}

/// All objects of the named PEM files.
template <typename T>
Result<std::vector<T>> load_pems(const Json& json, std::string_view name, const std::filesystem::path& folder) {
  std::vector<T> all;
  TRY_ASSIGN(const std::vector<std::string> files, strings_at(json, name));
  for (const std::string& file : files) {
    TRY_ASSIGN(const Bytes pem, os::read_file(folder / file, k_pem_bytes_max));
    auto some = T::all_from_pem(as_text(pem));
    if (!some) return std::move(some).error().with_context("'" + printable(file) + "'");
    all.insert(all.end(), some->begin(), some->end());
  }
  return all;
}

Result<std::vector<ledger::VerifierKey>> parse_vkeys(const Json& json, std::string_view name) {
  std::vector<ledger::VerifierKey> keys;
  TRY_ASSIGN(const std::vector<std::string> texts, strings_at(json, name));
  for (const std::string& text : texts) {
    TRY_ASSIGN(ledger::VerifierKey key, ledger::VerifierKey::parse(text));
    keys.push_back(std::move(key));
  }
  return keys;
}

/// Which kinds of signatures there must be, and whether a ledger must hold the release. What could never be met is an
/// error: such a device could never be updated again.
Result<void> parse_demands(const Json& json, const std::filesystem::path& folder, bundle::TrustPolicy& trust) {
  TRY_ASSIGN(const std::vector<std::string> files, strings_at(json, "hss_keys"));
  for (const std::string& file : files) {
    TRY_ASSIGN(const Bytes bytes, os::read_file(folder / file, k_hss_key_bytes_max));
    auto key = crypto::HssPublicKey::parse(bytes);
    if (!key) return std::move(key).error().with_context("'" + printable(file) + "'");
    trust.hss_keys.push_back(*std::move(key));
  }
  TRY_ASSIGN(trust.algorithms_required, strings_at(json, "algorithms_required"));
  for (const std::string& kind : trust.algorithms_required) {
    if (std::ranges::find(k_signature_kinds, kind) == k_signature_kinds.end()) {
      return Error(Errc::invalid_input, "updated.config", "'" + printable(kind) + "' is no kind of signature");
    }
    if (kind == "hss" && trust.hss_keys.empty()) {
      return Error(Errc::invalid_input, "updated.config", "'hss' is demanded, but 'hss_keys' names no key");
    }
  }
  if (const Json* demanded = json.find("release_proof_required")) {
    TRY(demanded->as_bool(trust.release_proof_required, "release_proof_required"));
  }
  const Json* logs = json.find("logs");
  if (trust.release_proof_required && (logs == nullptr || logs->elements().empty())) {
    return Error(Errc::invalid_input, "updated.config", "a release proof is demanded, but 'logs' names no ledger");
  }
  return {};
}

Result<bundle::TrustPolicy> parse_trust(const Json& json, const std::filesystem::path& folder) {
  TRY(json.only_members({"anchors", "crls", "signers_required", "hss_keys", "algorithms_required", "logs", "witnesses",
                         "witnesses_required", "release_proof_required"}));
  bundle::TrustPolicy trust;
  TRY_ASSIGN(trust.anchors, load_pems<pki::Certificate>(json, "anchors", folder));
  if (trust.anchors.empty())
    return Error(Errc::invalid_input, "updated.config", "'trust' names no anchor, so nothing could be installed");
  TRY_ASSIGN(trust.crls, load_pems<pki::Crl>(json, "crls", folder));
  TRY_ASSIGN(const std::uint64_t signers, json.uint_at("signers_required"));
  if (signers < 1 || signers > bundle::k_records_max) {
    return Error(Errc::invalid_input, "updated.config",
                 "'signers_required' must be 1 to " + std::to_string(bundle::k_records_max));
  }
  trust.signers_required = static_cast<unsigned>(signers);
  TRY(parse_demands(json, folder, trust));
  TRY_ASSIGN(std::vector<ledger::VerifierKey> logs, parse_vkeys(json, "logs"));
  TRY_ASSIGN(std::vector<ledger::VerifierKey> witnesses, parse_vkeys(json, "witnesses"));
  if (logs.empty()) return trust;
  TRY_ASSIGN(const std::uint64_t required, json.uint_at("witnesses_required"));
  TRY_ASSIGN(trust.release_logs, ledger::Policy::make(std::move(logs), std::move(witnesses), required));
  return trust;
}

}  // namespace

Result<DeviceConfig> parse_config(ByteView text, const std::filesystem::path& folder) {
  TRY_ASSIGN(const Json json,
             Json::parse(text, {.size_bytes_max = k_config_bytes_max, .depth_max = 8, .values_max = 10'000}));
  TRY(json.only_members({"product", "hardware", "slots", "trust", "state", "floor"}));
  TRY_ASSIGN(const std::string product_name, json.string_at("product"));
  TRY_ASSIGN(ProductId product, ProductId::parse(product_name));
  DeviceConfig config{
      .product = std::move(product), .hardware = {}, .slots = {}, .trust = {}, .state_folder = {}, .floor_socket = {}};
  TRY_ASSIGN(config.hardware, json.string_at("hardware"));
  TRY(check_name(config.hardware, "hardware"));
  TRY_ASSIGN(const Json slots, json.object_at("slots"));
  TRY(slots.only_members({"a", "b"}));
  for (const SlotName slot : {SlotName::a, SlotName::b}) {
    TRY_ASSIGN(const Json one, slots.object_at(name_of(slot)));
    TRY_ASSIGN(config.slots.at(static_cast<std::size_t>(slot)), parse_slot(one, folder));
  }
  TRY_ASSIGN(const Json trust, json.object_at("trust"));
  TRY_ASSIGN(config.trust, parse_trust(trust, folder));
  TRY_ASSIGN(const std::string state, json.string_at("state"));
  config.state_folder = folder / state;
  if (json.find("floor") != nullptr) {
    TRY_ASSIGN(const Json floor, json.object_at("floor"));
    TRY(floor.only_members({"keystored"}));
    TRY_ASSIGN(const std::string socket, floor.string_at("keystored"));
    if (socket.empty()) return Error(Errc::invalid_input, "updated.config", "'floor.keystored' names no socket");
    config.floor_socket = folder / socket;
  }
  return config;
}

Result<DeviceConfig> DeviceConfig::load(const std::filesystem::path& file) {
  TRY_ASSIGN(const Bytes text, os::read_file(file, k_config_bytes_max));
  return parse_config(text, file.parent_path()).context("device configuration '" + printable(file.native()) + "'");
}

Result<void> make_file_device(const std::filesystem::path& folder, const DeviceTemplate& wanted) {
  TRY(check_name(wanted.hardware, "hardware"));
  const std::filesystem::path config = folder / "device.json";
  if (std::error_code ignored; std::filesystem::exists(config, ignored)) {  // nor are its anchors replaced
    return Error(Errc::conflict, "os.exists", "there is a device in '" + printable(folder.native()) + "' already",
                 "Choose another folder, or change its device.json.");
  }
  Json anchors = Json::array();
  std::vector<Bytes> anchor_pems;  // all of them are read before anything is made
  for (const auto& path : wanted.anchors) {
    TRY_ASSIGN(const Bytes pem, os::read_file(path, k_pem_bytes_max));
    TRY(pki::Certificate::all_from_pem(as_text(pem)).context("anchor '" + printable(path.native()) + "'"));
    const std::string name = "trust/anchor-" + std::to_string(anchors.elements().size() + 1) + ".pem";
    anchors.push(name);
    anchor_pems.push_back(pem);
  }
  Json slots = Json::object();
  for (const SlotName slot : {SlotName::a, SlotName::b}) {
    Json places = Json::object();
    for (const std::string& role : wanted.roles) {
      TRY(check_name(role, "role of an image"));
      places.set(role, Json::object({{"file", "slots/" + std::string(name_of(slot)) + "/" + role}}));
    }
    slots.set(name_of(slot), std::move(places));
  }
  Json trust =
      Json::object({{"anchors", anchors}, {"signers_required", static_cast<std::int64_t>(wanted.signers_required)}});
  if (!wanted.log_keys.empty()) {
    trust.set("logs", Json::Array(wanted.log_keys.begin(), wanted.log_keys.end()));
    trust.set("witnesses", Json::Array(wanted.witness_keys.begin(), wanted.witness_keys.end()));
    trust.set("witnesses_required", static_cast<std::int64_t>(wanted.witness_keys.size()));
  }
  Json json = Json::object({{"product", wanted.product.str()},
                            {"hardware", wanted.hardware},
                            {"slots", slots},
                            {"trust", trust},
                            {"state", "state"}});
  if (wanted.floor_socket) json.set("floor", Json::object({{"keystored", wanted.floor_socket->native()}}));
  const std::string text = json.dump(2) + "\n";
  TRY(os::make_folders(folder / "trust"));
  for (std::size_t i = 0; i < anchor_pems.size(); ++i) {
    TRY(os::replace_file(folder / "trust" / ("anchor-" + std::to_string(i + 1) + ".pem"), anchor_pems[i]));
  }
  TRY(parse_config(as_bytes(text), folder));  // what we write must be what we read
  return os::write_new_file(config, as_bytes(text));
}

}  // namespace signet::updated
