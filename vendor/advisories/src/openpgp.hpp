// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/publish.hpp"
#include "signet/core/bytes.hpp"

#include <memory>
#include <string>

namespace signet::advisories {

/// Makes detached OpenPGP signatures with a key of the user's GnuPG, which keeps it (a token, a file) and asks for what
/// it needs.
class OpenPgpSigner {
 public:
  /// "openpgp.key" (not_found: no such secret key, or one that cannot sign), "openpgp.unavailable".
  static Result<OpenPgpSigner> open(const OpenPgpKey& key);
  OpenPgpSigner(OpenPgpSigner&&) noexcept;
  OpenPgpSigner& operator=(OpenPgpSigner&&) noexcept;
  ~OpenPgpSigner();

  /// Of the primary key, in capitals.
  [[nodiscard]] const std::string& fingerprint() const;
  /// An armored signature over the document. "openpgp.sign".
  Result<std::string> sign(ByteView document);
  /// Succeeds if the signature is one of this key over the document.
  Result<void> check(ByteView document, ByteView signature);
  /// The public key, armored, with nothing that others signed of it.
  Result<std::string> public_key();

 private:
  struct Impl;
  explicit OpenPgpSigner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::advisories
