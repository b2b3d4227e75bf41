// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <filesystem>
#include <memory>

namespace signet::vuln {

/// Checks detached OpenPGP signatures against the keys of one file and no others: GnuPG runs in a folder of its own.
class OpenPgpKeys {
 public:
  /// "openpgp.keys" (invalid_input: the file has no public key), "openpgp.unavailable" (GnuPG is not installed).
  static Result<OpenPgpKeys> load(const std::filesystem::path& file);
  OpenPgpKeys(OpenPgpKeys&&) noexcept;
  OpenPgpKeys& operator=(OpenPgpKeys&&) noexcept;
  ~OpenPgpKeys();

  /// "feed.signature" (untrusted) unless one of the keys, valid today, made a signature over the document.
  Result<void> check(ByteView document, ByteView signature);

 private:
  struct Impl;
  explicit OpenPgpKeys(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::vuln
