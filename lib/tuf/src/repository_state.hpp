// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/tuf_repository.hpp"

#include "metadata.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace signet::tuf {

inline constexpr std::string_view k_spec_version = "1.0.33";
inline constexpr std::uint64_t k_repository_file_size_bytes_max = 8U << 20U;

/// A metadata file of the repository's own: what is signed, and the signatures so far.
struct Document {
  Json signed_part;
  std::vector<Signature> signatures;

  static Result<Document> parse(ByteView bytes);
  [[nodiscard]] Bytes encode() const;
  [[nodiscard]] Result<Envelope> envelope() const;
  [[nodiscard]] std::uint64_t version() const;
  [[nodiscard]] Instant expires() const;
};

/// Keys and their threshold, with whose they are.
struct Authority {
  std::string on_behalf_of;
  RoleKeys keys;
};

/// The folder, and the questions that every operation asks of it.
struct Repository::State {
  struct ReleaseMaker;

  State(std::filesystem::path where, os::FileLock held) : folder(std::move(where)), lock(std::move(held)) {}

  static Result<std::shared_ptr<State>> open(const std::filesystem::path& folder);
  Result<void> load_settings();
  Result<void> save_settings() const;

  [[nodiscard]] std::filesystem::path metadata(const std::string& name) const {
    return folder / "public" / "metadata" / name;
  }
  [[nodiscard]] std::filesystem::path target(const std::string& name) const {
    return folder / "public" / "targets" / name;
  }
  [[nodiscard]] std::filesystem::path draft_path(const std::string& role) const {
    return folder / "drafts" / (role + ".json");
  }

  /// The newest public version; of snapshot and the targets roles the one that clients see. Nothing before the first.
  [[nodiscard]] Result<std::optional<Document>> published(const std::string& role) const;
  [[nodiscard]] Result<std::optional<Document>> draft(const std::string& role) const;
  /// The draft, or else what is public.
  [[nodiscard]] Result<std::optional<Document>> newest(const std::string& role) const;
  /// Names of the roles that have drafts: root, targets, then products.
  [[nodiscard]] Result<std::vector<std::string>> drafts() const;

  /// The draft to work on: made from what is public, one version on, if there is none. "repo.no-product" for a role
  /// that does not exist.
  Result<Document> begin(const std::string& role) const;
  /// Keeps a changed draft: its signatures are void, it expires a full term from now.
  Result<void> keep(const std::string& role, Document document, Instant now) const;

  /// Whose signatures a draft of this role needs.
  [[nodiscard]] Result<std::vector<Authority>> authorities(const std::string& role) const;

  void remember(const NamedKey& key, const std::string& id);
  [[nodiscard]] std::string name_of_key(const std::string& id) const;
  [[nodiscard]] std::uint32_t days_valid(const std::string& role) const;

  std::filesystem::path folder;
  os::FileLock lock;
  std::map<std::string, std::uint32_t> days;                            ///< by role
  std::map<std::string, std::pair<std::string, std::string>> key_info;  ///< by keyid: name, URI
  std::vector<std::string> renewals;                                    ///< of snapshot and timestamp, this time
};

/// Keys of a role, or of a delegation, as metadata has them: puts the keys into `keys` (an object), returns
/// {"keyids", "threshold"}. "repo.keys" if the threshold cannot be met.
Result<Json> write_role(Json& keys, const std::vector<NamedKey>& members, std::uint64_t threshold);
/// `object` without a member.
Json without(const Json& object, std::string_view name);
/// The index of the delegation to a role in the signed part of targets.
std::optional<std::size_t> find_delegation(const Json& targets, std::string_view role);
/// Whether enough of these keys have signed.
Result<void> check_signed(const Document& document, const RoleKeys& keys, const std::string& role);

}  // namespace signet::tuf
