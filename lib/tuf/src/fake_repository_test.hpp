// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/test/memory_signer.hpp"
#include "signet/tuf.hpp"

#include "canonical.hpp"
#include "keys.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace signet::tuf {

/// A repository in memory whose every part a test can bend: metadata is made from the members below when publish() is
/// called, and what is served can be changed after that.
class FakeRepository : public Fetcher {
 public:
  using SignerPtr = std::shared_ptr<crypto::Signer>;
  struct Role {
    std::vector<SignerPtr> keys;     ///< as its delegator names them
    std::vector<SignerPtr> signers;  ///< who signs; the same unless a test says otherwise
    std::uint64_t threshold = 1;
    std::uint64_t version = 1;
    std::string expires = "2030-01-01T00:00:00Z";
    Json body = Json::object();                           ///< members beside the common ones
    std::vector<std::pair<std::string, Json>> more = {};  ///< members of the delegation: paths, terminating
  };

  FakeRepository() {
    for (const char* name : {"root", "timestamp", "snapshot", "targets"}) roles[name] = new_role();
    roles["targets"].body.set("targets", Json::object());
    publish();
  }

  static SignerPtr new_key(crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::ed25519) {
    return test::make_memory_signer(algorithm);
  }
  static Role new_role() {
    const SignerPtr key = new_key();
    return Role{.keys = {key}, .signers = {key}};
  }

  /// A role below targets, for these paths.
  Role& delegate(const std::string& name, const std::vector<std::string>& paths) {
    Role role = new_role();
    role.body.set("targets", Json::object());
    Json list = Json::array();
    for (const std::string& path : paths) list.push(path);
    role.more = {{"paths", std::move(list)}, {"terminating", false}};
    delegated.push_back(name);
    return roles[name] = std::move(role);
  }

  void add_target(const std::string& role, const std::string& path, std::string_view content) {
    const std::string hash = to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(content)));
    Json targets = *roles[role].body.find("targets");
    targets.set(path, Json::object({{"length", std::uint64_t{content.size()}},
                                    {"hashes", Json::object({{"sha256", hash}})},
                                    {"custom", Json::object({{"note", "for " + path}})}}));
    roles[role].body.set("targets", std::move(targets));
    const std::size_t slash = path.rfind('/');
    const std::size_t start = slash == std::string::npos ? 0 : slash + 1;
    files["targets/" + path.substr(0, start) + hash + "." + path.substr(start)] = to_bytes(content);
  }

  /// Every role one version on.
  void bump() {
    for (auto& [name, role] : roles) ++role.version;
  }

  static Json key_list(const std::vector<SignerPtr>& keys, std::uint64_t threshold) {
    Json ids = Json::array();
    for (const SignerPtr& key : keys) ids.push(key_id(key_json(key->public_key())));
    return Json::object({{"keyids", std::move(ids)}, {"threshold", threshold}});
  }

  [[nodiscard]] Json signed_part(const std::string& type, const Role& role) const {
    Json json = Json::object(
        {{"_type", type}, {"spec_version", "1.0.33"}, {"version", role.version}, {"expires", role.expires}});
    for (const auto& [name, value] : role.body.members()) json.set(name, value);
    return json;
  }

  static Bytes sign(const Json& part, const std::vector<SignerPtr>& signers) {
    Json list = Json::array();
    for (const SignerPtr& signer : signers) {
      const Json key = key_json(signer->public_key());
      const std::string id = key_id(key);
      const auto bytes = signer->sign(parse_key(id, key)->scheme, as_bytes(*canonical(part)));
      list.push(Json::object({{"keyid", id}, {"sig", to_hex(*bytes)}}));
    }
    return to_bytes(Json::object({{"signatures", std::move(list)}, {"signed", part}}).dump());
  }

  /// Makes and signs all metadata: N.root.json, N.ROLE.json, timestamp.json. `bend` may change any signed part first.
  void publish(const std::function<void(const std::string& role, Json& part)>& bend = {}) {
    const auto put = [&](const std::string& name, const std::string& type) {
      Json part = signed_part(type, roles[name]);
      if (bend) bend(name, part);
      const std::string file = name == "timestamp" ? name : std::to_string(roles[name].version) + "." + name;
      files["metadata/" + file + ".json"] = sign(part, roles[name].signers);
    };
    Json keys = Json::object();
    Json root_roles = Json::object();
    for (const char* name : {"root", "timestamp", "snapshot", "targets"}) {
      for (const SignerPtr& key : roles[name].keys) {
        const Json object = key_json(key->public_key());
        keys.set(key_id(object), object);
      }
      root_roles.set(name, key_list(roles[name].keys, roles[name].threshold));
    }
    roles["root"].body.set("consistent_snapshot", true).set("keys", keys).set("roles", root_roles);
    put("root", "root");
    put_delegations();
    Json meta = Json::object();
    for (const auto& [name, role] : roles) {
      if (name == "root" || name == "snapshot" || name == "timestamp") continue;
      put(name, "targets");
      meta.set(name + ".json", Json::object({{"version", role.version}}));
    }
    roles["snapshot"].body.set("meta", meta);
    put("snapshot", "snapshot");
    roles["timestamp"].body.set(
        "meta", Json::object({{"snapshot.json", Json::object({{"version", roles["snapshot"].version}})}}));
    put("timestamp", "timestamp");
  }

  Bytes root(std::uint64_t version = 1) { return files.at("metadata/" + std::to_string(version) + ".root.json"); }

  Result<Bytes> metadata(const std::string& name, std::uint64_t) override { return serve("metadata/" + name); }
  Result<void> target(const std::string& name, std::uint64_t, const Sink& sink) override {
    TRY_ASSIGN(const Bytes bytes, serve("targets/" + name));
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
      TRY(sink(ByteView(bytes).subspan(at, std::min<std::size_t>(7, bytes.size() - at))));
    }
    return {};
  }

  std::map<std::string, Role> roles;
  std::vector<std::string> delegated;
  std::map<std::string, Bytes> files;
  std::vector<std::string> requests;

 private:
  void put_delegations() {
    if (delegated.empty()) return;
    Json keys = Json::object();
    Json list = Json::array();
    for (const std::string& name : delegated) {
      const Role& role = roles[name];
      for (const SignerPtr& key : role.keys) {
        const Json object = key_json(key->public_key());
        keys.set(key_id(object), object);
      }
      Json one = key_list(role.keys, role.threshold);
      one.set("name", name);
      for (const auto& [member, value] : role.more) one.set(member, value);
      list.push(std::move(one));
    }
    roles["targets"].body.set("delegations", Json::object({{"keys", std::move(keys)}, {"roles", std::move(list)}}));
  }

  Result<Bytes> serve(const std::string& name) {
    requests.push_back(name);
    const auto file = files.find(name);
    if (file == files.end()) return Error(Errc::not_found, "test.not-found", "no " + name);
    return file->second;
  }
};

}  // namespace signet::tuf
