// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tuf_metadata_fuzz)
#include "repository_state.hpp"

#include "errors.hpp"

#include <algorithm>
#include <array>

namespace signet::tuf {

namespace {

constexpr std::string_view k_settings = "repository.json";
constexpr std::uint64_t k_settings_version = 1;
constexpr std::array<std::string_view, 2> k_top_offline{"root", "targets"};

Result<std::optional<Document>> read_document(const std::filesystem::path& path) {
  auto bytes = os::read_file(path, k_repository_file_size_bytes_max);
  if (!bytes && bytes.error().code() == Errc::not_found) return std::optional<Document>();
  if (!bytes) return std::move(bytes).error();
  auto document = Document::parse(*bytes);
  if (!document) return std::move(document).error().with_context("'" + path.string() + "'");
  return std::optional(*std::move(document));
}

}  // namespace

Result<Document> Document::parse(ByteView bytes) {
  TRY_ASSIGN(Envelope envelope, Envelope::parse(bytes, k_repository_file_size_bytes_max));
  Document document{std::move(envelope.signed_part), std::move(envelope.signatures)};
  TRY(document.signed_part.uint_at("version"));
  TRY_ASSIGN(const std::string expires, document.signed_part.string_at("expires"));
  TRY(from_rfc3339(expires));
  return document;
}

Bytes Document::encode() const {
  Json list = Json::array();
  for (const Signature& one : signatures) list.push(Json::object({{"keyid", one.keyid}, {"sig", one.sig}}));
  return to_bytes(Json::object({{"signatures", std::move(list)}, {"signed", signed_part}}).dump(1) + "\n");
}

Result<Envelope> Document::envelope() const { return Envelope::parse(encode(), k_repository_file_size_bytes_max); }

std::uint64_t Document::version() const { return signed_part.uint_at("version").value_or(std::uint64_t{0}); }

Instant Document::expires() const {
  return from_rfc3339(signed_part.string_at("expires").value_or(std::string())).value_or(Instant{});
}

Result<void> check_signed(const Document& document, const RoleKeys& keys, const std::string& role) {
  TRY_ASSIGN(const Envelope envelope, document.envelope());
  return check_threshold(envelope.canonical, envelope.signatures, keys, role);
}

Json without(const Json& object, std::string_view name) {
  Json rest = Json::object();
  for (const auto& [key, value] : object.members()) {
    if (key != name) rest.set(key, value);
  }
  return rest;
}

std::optional<std::size_t> find_delegation(const Json& targets, std::string_view role) {
  const Json* delegations = targets.find("delegations");
  const Json* roles = delegations != nullptr ? delegations->find("roles") : nullptr;
  if (roles == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < roles->elements().size(); ++i) {
    if (roles->elements()[i].string_at("name").value_or(std::string()) == role) return i;
  }
  return std::nullopt;
}

Result<Json> write_role(Json& keys, const std::vector<NamedKey>& members, std::uint64_t threshold) {
  Json ids = Json::array();
  std::vector<std::string> seen;
  for (const NamedKey& member : members) {
    const Json key = key_json(member.key);
    const std::string id = key_id(key);
    if (std::ranges::find(seen, id) != seen.end()) {
      return Error(Errc::usage, "repo.keys", "the key of '" + printable(member.name, 60) + "' is named twice",
                   "Each signer of a role needs a key of their own.");
    }
    keys.set(id, key);
    ids.push(id);
    seen.push_back(id);
  }
  if (threshold == 0 || threshold > seen.size()) {
    return Error(Errc::usage, "repo.keys",
                 std::to_string(threshold) + " of " + std::to_string(seen.size()) + " keys can never sign",
                 "Give at least as many keys as the threshold demands, and at least one.");
  }
  return Json::object({{"keyids", std::move(ids)}, {"threshold", threshold}});
}

Result<std::shared_ptr<Repository::State>> Repository::State::open(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(folder / k_settings, ignored)) {
    return Error(Errc::not_found, "repo.no-repository", "there is no update repository in '" + folder.string() + "'",
                 "Make one with 'signet repo init'.");
  }
  TRY_ASSIGN(os::FileLock lock, os::FileLock::try_acquire(folder / ".lock", "the repository " + folder.string()));
  auto state = std::make_shared<State>(folder, std::move(lock));
  TRY(state->load_settings());
  return state;
}

Result<void> Repository::State::load_settings() {
  TRY_ASSIGN(const Bytes bytes, os::read_file(folder / k_settings, k_repository_file_size_bytes_max));
  auto json = Json::parse(bytes);
  if (!json) return std::move(json).error().with_context("'" + (folder / k_settings).string() + "'");
  TRY_ASSIGN(const std::uint64_t version, json->uint_at("version"));
  if (version != k_settings_version) return malformed("the repository's settings are of an unknown version");
  TRY_ASSIGN(const Json days_json, json->object_at("days_valid"));
  for (const auto& [role, value] : days_json.members()) {
    TRY_ASSIGN(const std::uint64_t count, value.as_uint(role));
    days[role] = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, 36'500));
  }
  TRY_ASSIGN(const Json keys_json, json->object_at("keys"));
  for (const auto& [id, value] : keys_json.members()) {
    TRY_ASSIGN(std::string name, value.string_at("name"));
    key_info[id] = {std::move(name), value.string_at("uri").value_or(std::string())};
  }
  return {};
}

Result<void> Repository::State::save_settings() const {
  Json days_json = Json::object();
  for (const auto& [role, count] : days) days_json.set(role, std::uint64_t{count});
  Json keys_json = Json::object();
  for (const auto& [id, info] : key_info) {
    Json one = Json::object({{"name", info.first}});
    if (!info.second.empty()) one.set("uri", info.second);
    keys_json.set(id, std::move(one));
  }
  const Json all = Json::object(
      {{"version", k_settings_version}, {"days_valid", std::move(days_json)}, {"keys", std::move(keys_json)}});
  return os::replace_file(folder / k_settings, as_bytes(all.dump(2) + "\n"));
}

Result<std::optional<Document>> Repository::State::published(const std::string& role) const {
  if (role == "timestamp") return read_document(metadata("timestamp.json"));
  if (role == "root") {
    std::optional<Document> newest_root;
    for (std::uint64_t version = 1;; ++version) {
      TRY_ASSIGN(std::optional<Document> next, read_document(metadata(std::to_string(version) + ".root.json")));
      if (!next) return newest_root;
      newest_root = std::move(next);
    }
  }
  // Only what the timestamp leads to: a release that was cut short may have left files that nobody refers to.
  TRY_ASSIGN(const std::optional<Document> above, published(role == "snapshot" ? "timestamp" : "snapshot"));
  if (!above) return std::optional<Document>();
  const Json* meta = above->signed_part.find("meta");
  const Json* file = meta != nullptr ? meta->find(role + ".json") : nullptr;
  if (file == nullptr) return std::optional<Document>();
  TRY_ASSIGN(const std::uint64_t version, file->uint_at("version"));
  return read_document(metadata(std::to_string(version) + "." + role + ".json"));
}

Result<std::optional<Document>> Repository::State::draft(const std::string& role) const {
  return read_document(draft_path(role));
}

Result<std::optional<Document>> Repository::State::newest(const std::string& role) const {
  TRY_ASSIGN(std::optional<Document> found, draft(role));
  if (found) return found;
  return published(role);
}

Result<std::vector<std::string>> Repository::State::drafts() const {
  std::vector<std::string> names;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "drafts", failure)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  if (failure) return errno_error(failure.value(), "list the drafts in " + folder.string());
  const auto rank = [](const std::string& name) {
    return std::ranges::find(k_top_offline, name) - k_top_offline.begin();
  };
  std::ranges::sort(names, {}, [&](const std::string& name) { return std::pair(rank(name), name); });
  return names;
}

Result<Document> Repository::State::begin(const std::string& role) const {
  TRY_ASSIGN(std::optional<Document> present, draft(role));
  if (present) return *std::move(present);
  TRY_ASSIGN(std::optional<Document> current, published(role));
  if (!current) {
    return Error(Errc::not_found, "repo.no-product", "the repository has no product '" + printable(role, 60) + "'",
                 "Add it with 'signet repo add-product'.");
  }
  current->signed_part.set("version", current->version() + 1);
  return *std::move(current);
}

Result<void> Repository::State::keep(const std::string& role, Document document, Instant now) const {
  document.signed_part.set("expires", to_rfc3339(now.plus_days(days_valid(role))));
  document.signatures.clear();
  return os::replace_file(draft_path(role), document.encode());
}

Result<std::vector<Authority>> Repository::State::authorities(const std::string& role) const {
  std::vector<Authority> all;
  const auto add_root = [&](const std::optional<Document>& document, const std::string& of) -> Result<void> {
    if (!document) return {};
    TRY_ASSIGN(const Envelope envelope, document->envelope());
    TRY_ASSIGN(Root root, Root::parse(envelope));
    all.push_back({"root version " + std::to_string(root.version), std::move(root.roles.at(of))});
    return {};
  };
  if (role == "root") {  // by its predecessor's keys, and by its own
    TRY_ASSIGN(const std::optional<Document> current, published("root"));
    TRY_ASSIGN(const std::optional<Document> next, draft("root"));
    TRY(add_root(current, "root"));
    TRY(add_root(next, "root"));
    return all;
  }
  if (role == "targets" || role == "snapshot" || role == "timestamp") {
    TRY_ASSIGN(const std::optional<Document> root, newest("root"));
    TRY(add_root(root, role));
    return all;
  }
  TRY_ASSIGN(const std::optional<Document> above, newest("targets"));
  if (!above) return all;
  TRY_ASSIGN(const Envelope envelope, above->envelope());
  TRY_ASSIGN(Targets targets, Targets::parse(envelope));
  for (Delegation& delegation : targets.delegations) {
    if (delegation.name != role) continue;
    all.push_back({"targets version " + std::to_string(targets.version), std::move(delegation.keys)});
  }
  return all;
}

void Repository::State::remember(const NamedKey& key, const std::string& id) { key_info[id] = {key.name, key.uri}; }

std::string Repository::State::name_of_key(const std::string& id) const {
  const auto known = key_info.find(id);
  return known != key_info.end() ? known->second.first : id.substr(0, 12);
}

std::uint32_t Repository::State::days_valid(const std::string& role) const {
  const auto known = days.find(role);
  return known != days.end() ? known->second : 90;
}

}  // namespace signet::tuf
