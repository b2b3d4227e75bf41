// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/tuf.hpp"

#include "metadata.hpp"
#include "store.hpp"

#include <map>
#include <optional>
#include <string>

namespace signet::tuf {

/// What a client knows. Each step below is one clause group of the workflow.
struct Client::State {
  State(Store opened, Limits bounds) : store(std::move(opened)), limits(bounds) {}

  /// Targets metadata in memory. Its signatures are judged anew for each delegation that leads to it.
  struct Loaded {
    Envelope envelope;
    Targets targets;
  };

  Result<void> load_root();
  Result<void> update_root(Fetcher& fetcher);
  Result<void> update_timestamp(Fetcher& fetcher);
  Result<void> update_snapshot(Fetcher& fetcher);
  /// The metadata of a targets role as the snapshot names it, signed as `keys` demand.
  Result<const Targets*> load_role(Fetcher& fetcher, const std::string& name, const RoleKeys& keys);

  Result<void> check_expiry(const std::string& role, Instant expires);
  [[nodiscard]] const RoleKeys& keys_of(const std::string& role) const { return root->roles.at(role); }
  [[nodiscard]] std::string remote_name(const std::string& role, std::uint64_t version) const;
  Result<const Targets*> accept_role(ByteView bytes, const std::string& name, const RoleKeys& keys,
                                     const FileMeta& meta);
  Result<Snapshot> accept_snapshot(ByteView bytes) const;
  Result<VerifiedTarget> search(Fetcher& fetcher, std::string_view path);

  Store store;
  Limits limits;
  Reference reference;
  std::optional<Root> root;
  std::optional<Timestamp> timestamp;
  std::optional<Snapshot> snapshot;
  std::map<std::string, Loaded> roles;
  std::vector<Waived> waived;
  bool refreshed = false;
};

}  // namespace signet::tuf
