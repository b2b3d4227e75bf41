// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/documents.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace signet::advisories {

/// Who signs the CSAF documents (CSAF 2.0 section 7.1.19).
struct OpenPgpKey {
  std::string fingerprint;     ///< 40 or more hexadecimal digits; empty: nothing is signed
  std::filesystem::path home;  ///< GnuPG's folder; empty: the user's own
};

/// What publish() did.
struct Publication {
  std::size_t advisories = 0;
  std::size_t files = 0;
  std::size_t signatures_new = 0;
  bool is_changed = false;                 ///< false: what is there already is the same
  std::vector<std::string> not_expressed;  ///< documents that a case cannot become, "ID: osv: why"
};

/// Makes the folder that a web server hands out: a CSAF 2.0 provider (trusted provider with a key) with directory and
/// ROLIE distribution, digests, provider-metadata.json, index.txt and changes.csv; all other documents, the list as a
/// page and as an Atom feed, security.txt. The files are listed in docs/operations/advisories.md.
///
/// Every case of `cases` that was published is in it, as it was then, and no other. The folder is made beside and takes
/// the other's place in one step; the same cases give the same folder. It is replaced only if publish() made it.
///
/// "case.embargo" (denied): a case that is public by its state is under embargo; "publish.not-valid" (internal): a
/// document does not pass lib/advisory; "publish.foreign-folder" (conflict); "publish.security-txt" (expired);
/// "openpgp.unavailable", "openpgp.key" (not_found), "openpgp.sign".
Result<Publication> publish(const std::vector<Case>& cases, const Publisher& publisher,
                            const std::filesystem::path& folder, const OpenPgpKey& key, Instant now);

}  // namespace signet::advisories
