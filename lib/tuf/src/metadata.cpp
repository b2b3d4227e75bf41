// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tuf_metadata_fuzz)
#include "metadata.hpp"

#include "canonical.hpp"
#include "errors.hpp"
#include "paths.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace signet::tuf {

namespace {

constexpr std::size_t k_json_depth_max = 24;
constexpr std::size_t k_json_values_max = 200'000;
constexpr std::array<std::string_view, 4> k_top_level_roles{"root", "timestamp", "snapshot", "targets"};

/// What all roles have in common (4.3): type, specification, version, expiry.
struct Common {
  std::uint64_t version;
  Instant expires;
};

Result<Common> parse_common(const Envelope& envelope, std::string_view type) {
  const Json& json = envelope.signed_part;
  TRY_ASSIGN(const std::string found, json.string_at("_type"));
  if (found != type) {
    return untrusted("wrong-role", "metadata of the type '" + printable(found, 40) + "' was given out as '" +
                                       std::string(type) + "'");
  }
  TRY_ASSIGN(const std::string spec, json.string_at("spec_version"));
  if (spec != "1" && !spec.starts_with("1.")) {
    return Error(Errc::invalid_input, "tuf.spec-version",
                 "metadata follows version '" + printable(spec, 20) + "' of the TUF specification",
                 "Only version 1 is understood: update the program that reads it.");
  }
  TRY_ASSIGN(const std::uint64_t version, json.uint_at("version"));
  if (version == 0) return malformed("a version must be at least 1");
  TRY_ASSIGN(const std::string expires, json.string_at("expires"));
  TRY_ASSIGN(const Instant until, from_rfc3339(expires));
  return Common{version, until};
}

Result<std::map<std::string, Key>> parse_keys(const Json& json) {
  std::map<std::string, Key> keys;
  for (const auto& [id, value] : json.members()) {
    TRY_ASSIGN(Key key, parse_key(id, value));
    keys.emplace(id, std::move(key));
  }
  return keys;
}

/// The keyids and threshold of a role or a delegation. A keyid without a key signs nothing; one that stands twice is
/// an error, since somebody meant it to count twice.
Result<RoleKeys> parse_role(const Json& json, const std::map<std::string, Key>& keys) {
  RoleKeys role;
  TRY_ASSIGN(role.threshold, json.uint_at("threshold"));
  if (role.threshold == 0) return malformed("a threshold must be at least 1");
  TRY_ASSIGN(const Json::Array ids, json.array_at("keyids"));
  if (ids.size() > k_role_keys_max)
    return malformed("a role has more than " + std::to_string(k_role_keys_max) + " keys");
  std::set<std::string> seen;
  for (const Json& element : ids) {
    TRY_ASSIGN(std::string id, element.as_string("keyids"));
    if (!seen.insert(id).second) return malformed("a role names the key '" + printable(id, 16) + "' twice");
    const auto key = keys.find(id);
    role.keys.push_back(key != keys.end() ? key->second : Key{.id = std::move(id), .key = std::nullopt});
  }
  return role;
}

Result<FileMeta> parse_file_meta(const Json& json) {
  FileMeta meta;
  TRY_ASSIGN(meta.version, json.uint_at("version"));
  if (meta.version == 0) return malformed("a version must be at least 1");
  if (json.find("length") != nullptr) {
    TRY_ASSIGN(meta.length, json.uint_at("length"));
  }
  if (const Json* hashes = json.find("hashes")) {
    TRY_ASSIGN(meta.hashes, parse_hashes(*hashes));
    if (meta.hashes.empty()) return malformed("a file is named by no hash that is known here");
  }
  return meta;
}

Result<std::vector<std::string>> parse_texts(const Json::Array& elements, std::string_view name) {
  std::vector<std::string> texts;
  for (const Json& element : elements) {
    TRY_ASSIGN(std::string text, element.as_string(name));
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<Delegation> parse_delegation(const Json& json, const std::map<std::string, Key>& keys) {
  Delegation one;
  TRY_ASSIGN(one.name, json.string_at("name"));
  if (one.name.empty() || percent_encoded(one.name).size() > k_role_name_size_max) {
    return malformed("a delegated role has no name, or one that is too long");
  }
  // A role of that name would share its file with the top-level one.
  if (std::ranges::find(k_top_level_roles, one.name) != k_top_level_roles.end()) {
    return malformed("the top-level role '" + one.name + "' is delegated to");
  }
  TRY_ASSIGN(one.keys, parse_role(json, keys));
  if (const Json* terminating = json.find("terminating")) {
    TRY(terminating->as_bool(one.terminating, "terminating"));
  }
  const bool by_hash = json.find("path_hash_prefixes") != nullptr;
  if (by_hash == (json.find("paths") != nullptr)) {
    return malformed("the delegation to '" + printable(one.name, 40) +
                     "' must have either paths or path_hash_prefixes");  // 4.5
  }
  TRY_ASSIGN(const Json::Array list, json.array_at(by_hash ? "path_hash_prefixes" : "paths"));
  TRY_ASSIGN((by_hash ? one.path_hash_prefixes : one.paths), parse_texts(list, "paths"));
  return one;
}

Result<std::vector<Delegation>> parse_delegations(const Json& json) {
  if (json.find("succinct_roles") != nullptr) return malformed("succinct roles (TAP 15) are not known here");
  TRY_ASSIGN(const Json keys_json, json.object_at("keys"));
  TRY_ASSIGN(const auto keys, parse_keys(keys_json));
  TRY_ASSIGN(const Json::Array roles, json.array_at("roles"));
  if (roles.size() > k_delegations_listed_max) return malformed("it delegates to too many roles");
  std::vector<Delegation> all;
  std::set<std::string> seen;
  for (const Json& role : roles) {
    TRY_ASSIGN(Delegation one, parse_delegation(role, keys));
    if (!seen.insert(one.name).second) return malformed("it delegates twice to '" + printable(one.name, 40) + "'");
    all.push_back(std::move(one));
  }
  return all;
}

Result<Target> parse_target(const Json& json) {
  Target target;
  TRY_ASSIGN(target.length, json.uint_at("length"));
  TRY_ASSIGN(const Json hashes, json.object_at("hashes"));
  TRY_ASSIGN(target.hashes, parse_hashes(hashes));
  if (const Json* custom = json.find("custom")) target.custom = *custom;
  return target;
}

Result<Envelope> read_envelope(ByteView bytes, std::uint64_t size_bytes_max) {
  if (bytes.size() > size_bytes_max) {
    return Error(Errc::invalid_input, "tuf.too-long",
                 "metadata is longer than the " + std::to_string(size_bytes_max) + " bytes allowed here",
                 k_ask_publisher);
  }
  auto json = Json::parse(bytes, {.size_bytes_max = static_cast<std::size_t>(size_bytes_max),
                                  .depth_max = k_json_depth_max,
                                  .values_max = k_json_values_max});
  if (!json) return malformed(json.error().text());
  Envelope envelope;
  TRY_ASSIGN(envelope.signed_part, json->object_at("signed"));
  TRY_ASSIGN(envelope.canonical, tuf::canonical(envelope.signed_part));
  TRY_ASSIGN(const Json::Array signatures, json->array_at("signatures"));
  if (signatures.size() > k_signatures_max) return malformed("it has too many signatures");
  std::set<std::string> seen;
  for (const Json& one : signatures) {
    Signature signature;
    TRY_ASSIGN(signature.keyid, one.string_at("keyid"));
    TRY_ASSIGN(signature.sig, one.string_at("sig"));
    // 4.2: the keyid MUST be unique in the "signatures" array.
    if (!seen.insert(signature.keyid).second) return malformed("two signatures name the same key");
    envelope.signatures.push_back(std::move(signature));
  }
  return envelope;
}

Result<Root> read_root(const Envelope& envelope) {
  TRY_ASSIGN(const Common common, parse_common(envelope, "root"));
  Root root{.version = common.version, .expires = common.expires, .consistent_snapshot = false, .roles = {}};
  if (const Json* consistent = envelope.signed_part.find("consistent_snapshot")) {
    TRY(consistent->as_bool(root.consistent_snapshot, "consistent_snapshot"));
  }
  TRY_ASSIGN(const Json keys_json, envelope.signed_part.object_at("keys"));
  TRY_ASSIGN(const auto keys, parse_keys(keys_json));
  TRY_ASSIGN(const Json roles, envelope.signed_part.object_at("roles"));
  for (const std::string_view name : k_top_level_roles) {
    TRY_ASSIGN(const Json role, roles.object_at(name));
    TRY_ASSIGN(RoleKeys parsed, parse_role(role, keys));
    root.roles.emplace(name, std::move(parsed));
  }
  return root;
}

Result<Timestamp> read_timestamp(const Envelope& envelope) {
  TRY_ASSIGN(const Common common, parse_common(envelope, "timestamp"));
  TRY_ASSIGN(const Json meta, envelope.signed_part.object_at("meta"));
  TRY_ASSIGN(const Json snapshot, meta.object_at("snapshot.json"));
  Timestamp timestamp{.version = common.version, .expires = common.expires, .snapshot = {}};
  TRY_ASSIGN(timestamp.snapshot, parse_file_meta(snapshot));
  return timestamp;
}

Result<Snapshot> read_snapshot(const Envelope& envelope) {
  TRY_ASSIGN(const Common common, parse_common(envelope, "snapshot"));
  TRY_ASSIGN(const Json meta, envelope.signed_part.object_at("meta"));
  Snapshot snapshot{.version = common.version, .expires = common.expires, .files = {}};
  for (const auto& [name, value] : meta.members()) {
    auto file = parse_file_meta(value);
    if (!file) return std::move(file).error().with_context("'" + printable(name, 80) + "'");
    snapshot.files.emplace(name, *std::move(file));
  }
  return snapshot;
}

Result<Targets> read_targets(const Envelope& envelope) {
  TRY_ASSIGN(const Common common, parse_common(envelope, "targets"));
  Targets all{.version = common.version, .expires = common.expires, .targets = {}, .delegations = {}};
  TRY_ASSIGN(const Json targets, envelope.signed_part.object_at("targets"));
  for (const auto& [path, value] : targets.members()) {
    auto target = parse_target(value);
    if (!target) return std::move(target).error().with_context("'" + printable(path, 80) + "'");
    all.targets.emplace(path, *std::move(target));
  }
  if (const Json* delegations = envelope.signed_part.find("delegations")) {
    TRY_ASSIGN(all.delegations, parse_delegations(*delegations));
  }
  return all;
}

}  // namespace

Result<std::vector<Hash>> parse_hashes(const Json& json) {
  using crypto::HashAlgorithm;
  std::vector<Hash> hashes;
  for (const auto algorithm : {HashAlgorithm::sha256, HashAlgorithm::sha384, HashAlgorithm::sha512}) {
    const Json* value = json.find(name_of(algorithm));
    if (value == nullptr) continue;
    TRY_ASSIGN(const std::string text, value->as_string(name_of(algorithm)));
    TRY_ASSIGN(Bytes digest, from_hex(text));
    if (digest.size() != digest_size_bytes(algorithm)) return malformed("a hash has the wrong length");
    hashes.push_back({algorithm, std::move(digest)});
  }
  return hashes;
}

Result<void> check_file(ByteView bytes, const FileMeta& meta, std::string_view name) {
  if (meta.length && bytes.size() != *meta.length) {
    return untrusted("wrong-length", "'" + printable(name, 80) + "' has " + std::to_string(bytes.size()) +
                                         " bytes, and " + std::to_string(*meta.length) + " are demanded");
  }
  for (const Hash& hash : meta.hashes) {
    if (crypto::digest(hash.algorithm, bytes) == hash.digest) continue;
    return untrusted("wrong-hash", "'" + printable(name, 80) + "' is not the file whose " +
                                       std::string(name_of(hash.algorithm)) + " is demanded");
  }
  return {};
}

Result<Envelope> Envelope::parse(ByteView bytes, std::uint64_t size_bytes_max) {
  return as_metadata(read_envelope(bytes, size_bytes_max));
}

Result<Root> Root::parse(const Envelope& envelope) { return as_metadata(read_root(envelope)); }
Result<Timestamp> Timestamp::parse(const Envelope& envelope) { return as_metadata(read_timestamp(envelope)); }
Result<Snapshot> Snapshot::parse(const Envelope& envelope) { return as_metadata(read_snapshot(envelope)); }
Result<Targets> Targets::parse(const Envelope& envelope) { return as_metadata(read_targets(envelope)); }

bool Delegation::covers(std::string_view target_path) const {
  if (std::ranges::any_of(paths, [&](const std::string& pattern) { return path_matches(pattern, target_path); })) {
    return true;
  }
  if (path_hash_prefixes.empty()) return false;
  const std::string hash = to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(target_path)));
  return std::ranges::any_of(path_hash_prefixes, [&](const std::string& prefix) { return hash.starts_with(prefix); });
}

}  // namespace signet::tuf
