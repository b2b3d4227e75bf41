// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tuf_metadata_fuzz)
#include "client_state.hpp"
#include "errors.hpp"
#include "paths.hpp"

#include <algorithm>
#include <set>

namespace signet::tuf {

namespace {

Error no_target(std::string_view path) {
  return {Errc::not_found, "tuf.no-target", "the repository has no target '" + printable(path, 120) + "'",
          "Check the name; only what signed metadata names can be had."};
}

Result<void> check_refreshed(bool refreshed) {
  if (refreshed) return {};
  return Error(Errc::usage, "tuf.not-refreshed", "the metadata has not been brought up to date",
               "Refresh first, and look for targets only if that succeeded.");
}

/// 5.7.3: HASH.FILENAME within its folder; the first hash, since any will do.
std::string consistent_name(std::string_view path, const std::vector<Hash>& hashes) {
  const std::size_t slash = path.rfind('/');
  const std::size_t start = slash == std::string_view::npos ? 0 : slash + 1;
  return std::string(path.substr(0, start)) + to_hex(hashes.front().digest) + "." + std::string(path.substr(start));
}

}  // namespace

/// 5.6.2 to 5.6.6, for top-level and delegated roles alike.
Result<const Targets*> Client::State::accept_role(ByteView bytes, const std::string& name, const RoleKeys& keys,
                                                  const FileMeta& meta) {
  TRY(check_file(bytes, meta, name + ".json"));
  TRY_ASSIGN(Envelope envelope, Envelope::parse(bytes, limits.targets_size_bytes_max));
  TRY(check_threshold(envelope.canonical, envelope.signatures, keys, name));
  TRY_ASSIGN(Targets targets, Targets::parse(envelope));
  if (targets.version != meta.version) {
    return untrusted("wrong-version", "the metadata of '" + printable(name, 80) + "' has version " +
                                          std::to_string(targets.version) + " where the snapshot has " +
                                          std::to_string(meta.version));
  }
  TRY(check_expiry(name, targets.expires));
  envelope.signed_part = Json();  // understood; the canonical bytes are what later checks need
  return &roles.insert_or_assign(name, Loaded{std::move(envelope), std::move(targets)}).first->second.targets;
}

Result<const Targets*> Client::State::load_role(Fetcher& fetcher, const std::string& name, const RoleKeys& keys) {
  if (const auto loaded = roles.find(name); loaded != roles.end()) {
    // Another delegation may lead here with other keys: what the first one vouched for says nothing about the second.
    const Envelope& envelope = loaded->second.envelope;
    TRY(check_threshold(envelope.canonical, envelope.signatures, keys, name));
    return &loaded->second.targets;
  }
  const auto listed = snapshot->files.find(name + ".json");
  if (listed == snapshot->files.end()) {
    return untrusted("not-in-snapshot", "the snapshot does not list the role '" + printable(name, 80) + "'");
  }
  const FileMeta& meta = listed->second;
  TRY_ASSIGN(const std::optional<Bytes> kept, store.read(name, limits.targets_size_bytes_max));
  if (kept) {
    if (const auto valid = accept_role(*kept, name, keys, meta)) return *valid;
  }
  const std::uint64_t size_bytes_max =
      std::min(meta.length.value_or(limits.targets_size_bytes_max), limits.targets_size_bytes_max);
  TRY_ASSIGN(const Bytes bytes, fetcher.metadata(remote_name(name, meta.version), size_bytes_max));
  TRY_ASSIGN(const Targets* targets, accept_role(bytes, name, keys, meta));
  TRY(store.write(name, bytes));
  return targets;
}

/// 5.6.7: pre-order, depth first, in order of appearance.
Result<VerifiedTarget> Client::State::search(Fetcher& fetcher, std::string_view path) {
  struct Step {
    std::string role;
    const RoleKeys* keys;
  };
  std::vector<Step> stack{{"targets", &keys_of("targets")}};
  std::set<std::string> visited;
  while (!stack.empty()) {
    const Step step = std::move(stack.back());
    stack.pop_back();
    if (visited.contains(step.role)) continue;                             // 5.6.7.1: cycles
    if (visited.size() >= limits.delegations_max) return no_target(path);  // 5.6.7.1: no endless search
    visited.insert(step.role);
    TRY_ASSIGN(const Targets* targets, load_role(fetcher, step.role, *step.keys));
    if (const auto found = targets->targets.find(path); found != targets->targets.end()) {
      if (found->second.hashes.empty()) return malformed("the target is named by no hash that is known here");
      VerifiedTarget target;
      target.path_ = path;
      target.size_bytes_ = found->second.length;
      target.hashes_ = found->second.hashes;
      target.custom_ = found->second.custom;
      target.role_ = step.role;
      target.remote_name_ =
          percent_encoded_path(root->consistent_snapshot ? consistent_name(path, target.hashes_) : std::string(path));
      return target;
    }
    std::vector<Step> children;
    for (const Delegation& delegation : targets->delegations) {
      if (!delegation.covers(path)) continue;
      children.push_back({delegation.name, &delegation.keys});
      if (!delegation.terminating) continue;
      stack.clear();  // 5.6.7.2.1: nothing after a terminating delegation, here or further up
      break;
    }
    stack.insert(stack.end(), children.rbegin(), children.rend());
  }
  return no_target(path);
}

Result<VerifiedTarget> Client::locate(Fetcher& fetcher, std::string_view path) {
  TRY(check_refreshed(state_->refreshed));
  TRY(check_target_path(path));
  return state_->search(fetcher, path);
}

Result<std::vector<VerifiedTarget>> Client::list(Fetcher& fetcher, std::string_view role) {
  TRY(check_refreshed(state_->refreshed));
  TRY_ASSIGN(const Targets* top, state_->load_role(fetcher, "targets", state_->keys_of("targets")));
  const Targets* targets = role == "targets" ? top : nullptr;
  for (const Delegation& delegation : top->delegations) {
    if (delegation.name != role) continue;
    TRY_ASSIGN(targets, state_->load_role(fetcher, delegation.name, delegation.keys));
  }
  if (targets == nullptr) {
    return Error(Errc::not_found, "tuf.no-role", "the repository does not delegate to '" + printable(role, 80) + "'",
                 "Check the name of the product.");
  }
  std::vector<VerifiedTarget> all;
  for (const auto& [path, target] : targets->targets) {
    if (!check_target_path(path)) continue;
    auto found = state_->search(fetcher, path);
    if (!found && found.error().reason() == "tuf.no-target") continue;  // not a path that it may speak for
    if (!found) return std::move(found).error();
    if (found->role() == role) all.push_back(*std::move(found));
  }
  return all;
}

Result<void> Client::download(Fetcher& fetcher, const VerifiedTarget& target, const Sink& sink) const {
  TargetCheck check(target);
  const auto checked = [&](ByteView piece) -> Result<void> {
    TRY(check.update(piece));
    return sink(piece);
  };
  TRY(fetcher.target(target.remote_name(), target.size_bytes(), checked));
  return check.finish();
}

}  // namespace signet::tuf
