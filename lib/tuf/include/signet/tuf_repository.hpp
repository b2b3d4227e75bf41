// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/ids.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/crypto.hpp"
#include "signet/os/file.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The vendor's side of TUF: an update repository in a folder (docs/formats/update-repository.md). Changes are drafts
/// first; each is signed by the keys of its role, one after the other, wherever they are; then all that is complete is
/// released at once, after a client has accepted it. What is public is only ever static files.
namespace signet::tuf {

/// A key that may sign for a role.
struct NamedKey {
  std::string name;  ///< for people: "alice"
  crypto::PublicKey key;
  std::string uri = {};  ///< how unattended programs open it; only for snapshot and timestamp, else empty
};

/// Who signs for a role, how many must, and how long a version holds.
struct RoleSetup {
  std::vector<NamedKey> keys;
  std::uint64_t threshold = 1;
  std::uint32_t days_valid = 365;
};

/// A new repository.
struct Setup {
  RoleSetup root;
  RoleSetup targets;
  RoleSetup snapshot;
  RoleSetup timestamp;
};

/// A release of a product, to be offered to devices.
struct Release {
  std::string version;
  std::uint64_t security_version = 0;
  std::string track;
  std::filesystem::path file;  ///< copied into the repository
  std::vector<std::string> hardware = {};
  Json terms = Json::object();  ///< further members of the target's "custom"; see signet/release.hpp
};

/// A change of the keys of a role, "root" to "timestamp" or a product.
struct KeyChange {
  std::vector<NamedKey> add = {};
  std::vector<std::string> remove = {};  ///< names or key identifiers
  std::optional<std::uint64_t> threshold = {};
};

/// Who has signed a draft, and who could.
struct SignatureNeed {
  std::string on_behalf_of;  ///< "root version 1": whose keys these are
  std::uint64_t threshold = 1;
  std::vector<std::string> signed_by;  ///< names
  std::vector<std::string> missing;    ///< names of those who have not
  [[nodiscard]] std::uint64_t still_needed() const {
    return signed_by.size() >= threshold ? 0 : threshold - signed_by.size();
  }
};

/// A version that is not public yet.
struct DraftStatus {
  std::uint64_t version = 0;
  Instant expires;
  std::vector<SignatureNeed> needs;
};

/// One role at a glance.
struct RoleStatus {
  std::string role;
  std::uint64_t threshold = 1;
  std::vector<std::string> keys;  ///< names
  std::optional<std::uint64_t> version;
  std::optional<Instant> expires;  ///< of the public version: by then the next one must be out
  std::optional<DraftStatus> draft;
};

/// What a release has made public; nothing if there was nothing to release.
struct Released {
  std::vector<std::string> roles;  ///< "cam-a version 3", in the order of writing
  std::string waits_for;           ///< why a draft stayed a draft; empty if none did
};

/// One release of a product as the repository has it now, drafts included.
struct Listed {
  std::string path;
  std::string version;
  std::uint64_t security_version = 0;
  std::vector<std::string> tracks;
  std::uint64_t size_bytes = 0;
};

/// A repository under a lock. Reasons: "repo.exists" (conflict), "repo.no-repository" (not_found), "repo.no-product",
/// "repo.no-release" (not_found), "repo.version-taken", "repo.on-track" (conflict), "repo.keys" (usage: a threshold
/// that cannot be met), "repo.no-key" (not_found), "repo.online-keys" (unavailable).
class Repository {
 public:
  /// Makes the folder, with drafts of the first root and targets.
  static Result<Repository> create(const std::filesystem::path& folder, const Setup& setup, Instant now);
  static Result<Repository> open(const std::filesystem::path& folder);

  /// A delegation of PRODUCT/* to keys of its own.
  Result<void> add_product(const ProductId& product, const RoleSetup& setup, Instant now);
  /// Copies a release in as PRODUCT/VERSION.bundle and names it on one track.
  Result<void> publish(const ProductId& product, const Release& release, Instant now);
  /// Names a release on a further track: metadata only, the file stays where it is.
  Result<void> promote(const ProductId& product, std::string_view version, const std::string& track, Instant now);
  /// Takes a release off one track, or altogether.
  Result<void> withdraw(const ProductId& product, std::string_view version, const std::optional<std::string>& track,
                        Instant now);
  /// Puts a small document beside the releases, as PRODUCT/NAME, in place of the one before.
  Result<void> put_document(const ProductId& product, const std::string& name, ByteView content, Instant now);
  /// Its newest content, drafts included; nothing if there is none.
  [[nodiscard]] Result<std::optional<Bytes>> document(const ProductId& product, const std::string& name) const;
  /// Changes who signs for a role. What the role has signed is drafted anew where the change makes that necessary.
  Result<void> change_keys(const std::string& role, const KeyChange& change, Instant now);
  /// A new version of the same content with a new expiry; of snapshot and timestamp at the next release().
  Result<void> renew(const std::string& role, Instant now);

  /// Signs every draft for which this key counts; returns their names. A key that no role knows is "repo.no-key".
  Result<std::vector<std::string>> sign(crypto::Signer& signer);
  /// Adds the signatures that a copy of a draft brought back; "repo.other-draft" (conflict) if it is of other content.
  Result<void> attach(ByteView metadata);
  /// Makes public what is complete, in an order in which no client ever sees a part of it. `online` sign snapshot and
  /// timestamp. Everything is tried on a client first; a refusal leaves all as it was.
  Result<Released> release(const std::vector<std::shared_ptr<crypto::Signer>>& online, Instant now);

  [[nodiscard]] Result<std::vector<RoleStatus>> status() const;
  [[nodiscard]] Result<std::vector<Listed>> releases(const ProductId& product) const;
  /// Products, drafts included.
  [[nodiscard]] Result<std::vector<std::string>> products() const;
  /// URIs of the keys that sign snapshot and timestamp unattended.
  [[nodiscard]] std::vector<std::string> online_uris() const;
  /// The folder that a web server serves: "metadata" and "targets" are in it.
  [[nodiscard]] std::filesystem::path public_folder() const;

 private:
  struct State;
  explicit Repository(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace signet::tuf
