// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "errors.hpp"
#include "paths.hpp"
#include "repository_state.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace signet::tuf {

namespace {

constexpr std::size_t k_copy_size_bytes = 1U << 20U;
constexpr std::string_view k_bundle_suffix = ".bundle";

using NameOfKey = std::function<std::string(const std::string& id)>;

struct Copied {
  std::uint64_t size_bytes = 0;
  std::string sha256;
};

/// Copies a file to where its digest says, as consistent snapshots want it (6.2).
Result<Copied> copy_in(const std::filesystem::path& from, const std::filesystem::path& folder,
                       const std::string& name) {
  TRY(os::make_folders(folder));
  TRY_ASSIGN(const os::Fd in, os::open_read(from));
  TRY_ASSIGN(os::PendingFile pending, os::PendingFile::create(folder / name));
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  Copied copied;
  Bytes buffer(k_copy_size_bytes);
  for (;;) {
    TRY_ASSIGN(const std::size_t count, os::read_some(in, buffer));
    if (count == 0) break;
    const ByteView piece = ByteView(buffer).first(count);
    hasher.update(piece);
    TRY(os::write_all(pending.fd(), piece));
    copied.size_bytes += count;
  }
  copied.sha256 = to_hex(hasher.finish());
  TRY(pending.commit());
  std::error_code failure;
  std::filesystem::rename(folder / name, folder / (copied.sha256 + "." + name), failure);
  if (failure) return errno_error(failure.value(), "name the copy of " + from.string());
  TRY(os::sync_folder(folder));
  return copied;
}

std::string path_of(const ProductId& product, std::string_view version) {
  return product.str() + "/" + std::string(version) + std::string(k_bundle_suffix);
}

Json names_json(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const std::string& name : names) list.push(name);
  return list;
}

Result<std::vector<std::string>> tracks_of(const Json& target) {
  std::vector<std::string> tracks;
  TRY_ASSIGN(const Json custom, target.object_at("custom"));
  TRY_ASSIGN(const Json::Array list, custom.array_at("tracks"));
  for (const Json& one : list) {
    TRY_ASSIGN(std::string track, one.as_string("tracks"));
    tracks.push_back(std::move(track));
  }
  return tracks;
}

Json with_tracks(Json target, const std::vector<std::string>& tracks) {
  Json custom = *target.find("custom");
  custom.set("tracks", names_json(tracks));
  target.set("custom", std::move(custom));
  return target;
}

/// A role's draft, and one release in it.
struct Found {
  Document document;
  Json targets;
  Json target;
  std::vector<std::string> tracks;
};

Result<Found> find_release(const Document& document, const ProductId& product, std::string_view version) {
  TRY_ASSIGN(Json targets, document.signed_part.object_at("targets"));
  const Json* target = targets.find(path_of(product, version));
  if (target == nullptr) {
    return Error(Errc::not_found, "repo.no-release",
                 "the product " + product.str() + " has no release " + printable(version, 60),
                 "See 'signet repo status' for what it has.");
  }
  TRY_ASSIGN(std::vector<std::string> tracks, tracks_of(*target));
  return Found{document, targets, *target, std::move(tracks)};
}

Json first_version(std::string_view type, std::initializer_list<Json::Member> members) {
  Json json = Json::object({{"_type", type}, {"spec_version", k_spec_version}, {"version", 1}});
  json.set("expires", to_rfc3339(Instant{}));  // keep() writes the term
  for (const auto& [name, value] : members) json.set(name, value);
  return json;
}

/// The keys of `all` that some role still names.
Json keys_in_use(const Json& all, const std::vector<Json>& roles) {
  Json rest = Json::object();
  for (const auto& [id, key] : all.members()) {
    const bool used = std::ranges::any_of(roles, [&](const Json& role) {
      const Json* ids = role.find("keyids");
      return ids != nullptr && std::ranges::find(ids->elements(), Json(id)) != ids->elements().end();
    });
    if (used) rest.set(id, key);
  }
  return rest;
}

/// A role's {"keyids", "threshold"} after a change; new keys are put into `keys`.
Result<Json> changed_role(const NameOfKey& name_of_key, const Json& role, Json& keys, const KeyChange& change) {
  TRY_ASSIGN(const Json::Array present, role.array_at("keyids"));
  TRY_ASSIGN(const std::uint64_t before, role.uint_at("threshold"));
  std::vector<std::string> ids;
  for (const Json& one : present) {
    TRY_ASSIGN(std::string id, one.as_string("keyids"));
    ids.push_back(std::move(id));
  }
  for (const std::string& name : change.remove) {
    const auto gone =
        std::ranges::remove_if(ids, [&](const std::string& id) { return id == name || name_of_key(id) == name; });
    if (gone.empty()) {
      return Error(Errc::not_found, "repo.no-key", "no key of this role is named '" + printable(name, 60) + "'",
                   "See 'signet repo status' for the names.");
    }
    ids.erase(gone.begin(), gone.end());
  }
  for (const NamedKey& key : change.add) {
    const Json object = key_json(key.key);
    const std::string id = key_id(object);
    if (std::ranges::find(ids, id) != ids.end()) {
      return Error(Errc::conflict, "repo.keys",
                   "the key of '" + printable(key.name, 60) + "' is one of the role's already", "Add another key.");
    }
    keys.set(id, object);
    ids.push_back(id);
  }
  const std::uint64_t threshold = change.threshold.value_or(before);
  if (threshold == 0 || threshold > ids.size()) {
    return Error(Errc::usage, "repo.keys",
                 std::to_string(threshold) + " of " + std::to_string(ids.size()) + " keys can never sign",
                 "Add keys, or lower the threshold in the same call.");
  }
  return Json(role).set("keyids", names_json(ids)).set("threshold", threshold);
}

}  // namespace

Result<Repository> Repository::create(const std::filesystem::path& folder, const Setup& setup, Instant now) {
  std::error_code ignored;
  if (std::filesystem::exists(folder / "repository.json", ignored)) {
    return Error(Errc::conflict, "repo.exists", "'" + folder.string() + "' is an update repository already",
                 "Choose another folder.");
  }
  Json keys = Json::object();
  Json roles = Json::object();
  const std::array<std::pair<std::string, const RoleSetup*>, 4> all{{{"root", &setup.root},
                                                                     {"targets", &setup.targets},
                                                                     {"snapshot", &setup.snapshot},
                                                                     {"timestamp", &setup.timestamp}}};
  for (const auto& [name, role] : all) {
    auto written = write_role(keys, role->keys, role->threshold);
    if (!written) return std::move(written).error().with_context("role " + name);
    roles.set(name, *std::move(written));
  }
  for (const char* sub : {"drafts", "public/metadata", "public/targets"}) TRY(os::make_folders(folder / sub));
  TRY_ASSIGN(os::FileLock lock, os::FileLock::try_acquire(folder / ".lock", "the repository " + folder.string()));
  auto state = std::make_shared<State>(folder, std::move(lock));
  for (const auto& [name, role] : all) {
    state->days[name] = role->days_valid;
    for (const NamedKey& key : role->keys) state->remember(key, key_id(key_json(key.key)));
  }
  Document root{first_version("root", {{"consistent_snapshot", true}, {"keys", keys}, {"roles", roles}}), {}};
  Document targets{first_version("targets", {{"targets", Json::object()}}), {}};
  TRY(state->keep("root", std::move(root), now));
  TRY(state->keep("targets", std::move(targets), now));
  TRY(state->save_settings());  // last: what makes a folder a repository
  return Repository(std::move(state));
}

Result<Repository> Repository::open(const std::filesystem::path& folder) {
  TRY_ASSIGN(std::shared_ptr<State> state, State::open(folder));
  return Repository(std::move(state));
}

Result<void> Repository::add_product(const ProductId& product, const RoleSetup& setup, Instant now) {
  const std::string& name = product.str();
  for (const char* reserved : {"root", "targets", "snapshot", "timestamp"}) {
    if (name == reserved) {
      return Error(Errc::usage, "repo.keys", "'" + name + "' is the name of a role of every repository",
                   "Choose another name for the product.");
    }
  }
  TRY_ASSIGN(Document targets, state_->begin("targets"));
  if (find_delegation(targets.signed_part, name)) {
    return Error(Errc::conflict, "repo.exists", "the repository has the product " + name + " already",
                 "Change its keys with 'signet repo rotate'.");
  }
  const Json* present = targets.signed_part.find("delegations");
  Json delegations = present != nullptr ? *present : Json::object({{"keys", Json::object()}, {"roles", Json::array()}});
  TRY_ASSIGN(Json keys, delegations.object_at("keys"));
  TRY_ASSIGN(Json role, write_role(keys, setup.keys, setup.threshold));
  role.set("name", name).set("terminating", true).set("paths", names_json({name + "/*"}));
  Json roles = *delegations.find("roles");
  roles.push(std::move(role));
  targets.signed_part.set("delegations", Json::object({{"keys", std::move(keys)}, {"roles", std::move(roles)}}));
  state_->days[name] = setup.days_valid;
  for (const NamedKey& key : setup.keys) state_->remember(key, key_id(key_json(key.key)));
  TRY(state_->save_settings());
  TRY(state_->keep(name, Document{first_version("targets", {{"targets", Json::object()}}), {}}, now));
  return state_->keep("targets", std::move(targets), now);
}

Result<void> Repository::publish(const ProductId& product, const Release& release, Instant now) {
  TRY(check_name(release.version, "version"));
  TRY(check_name(release.track, "track"));
  TRY_ASSIGN(Document document, state_->begin(product.str()));
  TRY_ASSIGN(Json targets, document.signed_part.object_at("targets"));
  const std::string path = path_of(product, release.version);
  if (targets.find(path) != nullptr) {
    return Error(Errc::conflict, "repo.version-taken",
                 "the product " + product.str() + " has a release " + release.version + " already",
                 "A release never changes: give the new one a new version, or withdraw the old one first.");
  }
  TRY_ASSIGN(const Copied copied, copy_in(release.file, state_->target(product.str()), release.version + ".bundle"));
  Json custom = Json::object({{"version", release.version},
                              {"security_version", release.security_version},
                              {"tracks", names_json({release.track})},
                              {"hardware", names_json(release.hardware)},
                              {"published", to_rfc3339(now)}});
  for (const auto& [name, value] : release.terms.members()) custom.set(name, value);
  targets.set(path, Json::object({{"length", copied.size_bytes},
                                  {"hashes", Json::object({{"sha256", copied.sha256}})},
                                  {"custom", custom}}));
  document.signed_part.set("targets", std::move(targets));
  return state_->keep(product.str(), std::move(document), now);
}

Result<void> Repository::promote(const ProductId& product, std::string_view version, const std::string& track,
                                 Instant now) {
  TRY(check_name(track, "track"));
  TRY_ASSIGN(const Document document, state_->begin(product.str()));
  TRY_ASSIGN(Found found, find_release(document, product, version));
  if (std::ranges::find(found.tracks, track) != found.tracks.end()) {
    return Error(Errc::conflict, "repo.on-track",
                 "release " + std::string(version) + " is on the track " + track + " already",
                 "Nothing is to be done.");
  }
  found.tracks.push_back(track);
  found.targets.set(path_of(product, version), with_tracks(found.target, found.tracks));
  found.document.signed_part.set("targets", std::move(found.targets));
  return state_->keep(product.str(), std::move(found.document), now);
}

Result<void> Repository::withdraw(const ProductId& product, std::string_view version,
                                  const std::optional<std::string>& track, Instant now) {
  TRY_ASSIGN(const Document document, state_->begin(product.str()));
  TRY_ASSIGN(Found found, find_release(document, product, version));
  if (track && std::erase(found.tracks, *track) == 0) {
    return Error(Errc::not_found, "repo.no-release",
                 "release " + std::string(version) + " is not on the track " + printable(*track, 60),
                 "See 'signet repo status' for where it is.");
  }
  const std::string path = path_of(product, version);
  if (track && !found.tracks.empty()) {
    found.targets.set(path, with_tracks(found.target, found.tracks));
  } else {
    found.targets = without(found.targets, path);
  }
  found.document.signed_part.set("targets", std::move(found.targets));
  return state_->keep(product.str(), std::move(found.document), now);
}

Result<void> Repository::change_keys(const std::string& role, const KeyChange& change, Instant now) {
  const bool top = role == "root" || role == "targets" || role == "snapshot" || role == "timestamp";
  TRY_ASSIGN(Document above, state_->begin(top ? "root" : "targets"));
  const auto name_of_key = [this](const std::string& id) { return state_->name_of_key(id); };
  if (top) {
    TRY_ASSIGN(Json keys, above.signed_part.object_at("keys"));
    TRY_ASSIGN(Json roles, above.signed_part.object_at("roles"));
    TRY_ASSIGN(Json changed, changed_role(name_of_key, *roles.find(role), keys, change));
    roles.set(role, std::move(changed));
    std::vector<Json> in_use;
    for (const auto& [name, value] : roles.members()) in_use.push_back(value);
    above.signed_part.set("keys", keys_in_use(keys, in_use)).set("roles", std::move(roles));
  } else {
    const auto index = find_delegation(above.signed_part, role);
    if (!index) {
      return Error(Errc::not_found, "repo.no-product", "the repository has no product '" + printable(role, 60) + "'",
                   "Name a product, or root, targets, snapshot or timestamp.");
    }
    const Json& delegations = *above.signed_part.find("delegations");
    TRY_ASSIGN(Json keys, delegations.object_at("keys"));
    Json::Array roles = delegations.find("roles")->elements();
    TRY_ASSIGN(roles[*index], changed_role(name_of_key, roles[*index], keys, change));
    keys = keys_in_use(keys, roles);
    above.signed_part.set("delegations",
                          Json::object({{"keys", std::move(keys)}, {"roles", Json::array(std::move(roles))}}));
  }
  for (const NamedKey& key : change.add) state_->remember(key, key_id(key_json(key.key)));
  TRY(state_->save_settings());
  if (role == "targets" || !top) TRY(renew(role, now));  // its present version is signed by the old keys
  return state_->keep(top ? "root" : "targets", std::move(above), now);
}

Result<void> Repository::renew(const std::string& role, Instant now) {
  if (role == "snapshot" || role == "timestamp") {
    state_->renewals.push_back(role);
    return {};
  }
  TRY_ASSIGN(Document document, state_->begin(role));
  return state_->keep(role, std::move(document), now);
}

Result<std::vector<Listed>> Repository::releases(const ProductId& product) const {
  std::vector<Listed> all;
  TRY_ASSIGN(const std::optional<Document> document, state_->newest(product.str()));
  if (!document) return all;
  TRY_ASSIGN(const Json targets, document->signed_part.object_at("targets"));
  for (const auto& [path, target] : targets.members()) {
    if (!path.ends_with(k_bundle_suffix)) continue;
    Listed one{.path = path, .version = {}, .security_version = 0, .tracks = {}, .size_bytes = 0};
    TRY_ASSIGN(const Json custom, target.object_at("custom"));
    TRY_ASSIGN(one.version, custom.string_at("version"));
    TRY_ASSIGN(one.security_version, custom.uint_at("security_version"));
    TRY_ASSIGN(one.tracks, tracks_of(target));
    TRY_ASSIGN(one.size_bytes, target.uint_at("length"));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace signet::tuf
