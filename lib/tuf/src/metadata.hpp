// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/core/time.hpp"
#include "signet/tuf.hpp"

#include "keys.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace signet::tuf {

inline constexpr std::size_t k_signatures_max = 64;
inline constexpr std::size_t k_role_keys_max = 64;
inline constexpr std::size_t k_delegations_listed_max = 4096;

/// A metadata file before its signatures were judged (4.2): nothing of `signed_part` has been understood yet.
struct Envelope {
  Json signed_part;
  std::string canonical;  ///< the bytes that are signed
  std::vector<Signature> signatures;

  /// Strict about JSON, about the two members that it looks at, and about a keyid that stands twice.
  static Result<Envelope> parse(ByteView bytes, std::uint64_t size_bytes_max);
};

/// What another role says of a metadata file (4.4).
struct FileMeta {
  std::uint64_t version = 0;
  std::optional<std::uint64_t> length;
  std::vector<Hash> hashes;  ///< may be none
};

struct Root {
  std::uint64_t version = 0;
  Instant expires;
  bool consistent_snapshot = false;
  std::map<std::string, RoleKeys> roles;  ///< has the four top-level ones

  static Result<Root> parse(const Envelope& envelope);
};

struct Timestamp {
  std::uint64_t version = 0;
  Instant expires;
  FileMeta snapshot;

  static Result<Timestamp> parse(const Envelope& envelope);
};

struct Snapshot {
  std::uint64_t version = 0;
  Instant expires;
  std::map<std::string, FileMeta> files;  ///< by name: "targets.json"

  static Result<Snapshot> parse(const Envelope& envelope);
};

/// One file that a targets role vouches for (4.5).
struct Target {
  std::uint64_t length = 0;
  std::vector<Hash> hashes;  ///< none if no algorithm of them is known here
  Json custom;
};

/// One role to which a targets role hands on (4.5). Either paths or prefixes, never both.
struct Delegation {
  std::string name;
  RoleKeys keys;
  bool terminating = false;
  std::vector<std::string> paths;
  std::vector<std::string> path_hash_prefixes;

  [[nodiscard]] bool covers(std::string_view target_path) const;
};

struct Targets {
  std::uint64_t version = 0;
  Instant expires;
  std::map<std::string, Target, std::less<>> targets;
  std::vector<Delegation> delegations;

  static Result<Targets> parse(const Envelope& envelope);
};

/// The hashes of which at least one algorithm is known here; others are left out.
Result<std::vector<Hash>> parse_hashes(const Json& json);
/// Length and hashes as demanded: "tuf.wrong-length", "tuf.wrong-hash".
Result<void> check_file(ByteView bytes, const FileMeta& meta, std::string_view name);

}  // namespace signet::tuf
