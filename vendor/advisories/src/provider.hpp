// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/publish.hpp"
#include "signet/core/json.hpp"

#include <map>
#include <string>
#include <vector>

namespace signet::advisories {

/// Files by their names below the published folder.
using Tree = std::map<std::string, std::string>;

inline constexpr std::string_view k_metadata_name = ".well-known/csaf/provider-metadata.json";

/// One CSAF document that is distributed.
struct Distributed {
  std::string path;  ///< below the published folder
  std::string id;
  std::string title;
  std::string summary;
  Instant first;
  Instant last;
  bool is_signed = false;
};

/// What a CSAF provider has beside its documents (CSAF 2.0 section 7.1): index.txt, changes.csv, the ROLIE feed and
/// service document, provider-metadata.json. `documents` are the newest first; `fingerprint` is empty without a key.
void add_provider_files(const std::vector<Distributed>& documents, const Publisher& publisher,
                        const std::string& fingerprint, Tree& to);

/// Where the public key lies.
[[nodiscard]] std::string key_path(const std::string& fingerprint);

/// The tree that is at `folder`; nothing if there is none. "publish.foreign-folder" (conflict) where the folder is not
/// one that publish() made.
Result<std::optional<Tree>> read_tree(const std::filesystem::path& folder);
/// Removes what a killed replace_tree() left beside the folder.
Result<void> remove_left_over(const std::filesystem::path& folder);
/// Puts the tree in the place of what is at `folder`, in one step.
Result<void> replace_tree(const std::filesystem::path& folder, const Tree& tree);

}  // namespace signet::advisories
