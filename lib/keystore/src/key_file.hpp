// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/keystore.hpp"

#include <string>

/// The file format of one encrypted software key: docs/formats/keystore-file.md.
namespace signet::keystore {

/// A key file as read: what stands in its readable header, and the sealed private key.
class KeyFile {
 public:
  /// Seals a private key under a passphrase; an empty one means "no passphrase", and the header says so.
  static Result<KeyFile> seal(std::string label, crypto::PublicKey public_key, const Secret& pkcs8_der,
                              const Secret& passphrase);
  /// Reads a file; "keystore.file-malformed" (invalid_input). Nothing is authenticated before unseal().
  static Result<KeyFile> parse(ByteView text);

  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] const crypto::PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] bool has_passphrase() const { return has_passphrase_; }
  /// The whole file; parse(text()) gives the same value, and every file has one spelling.
  [[nodiscard]] std::string text() const;

  /// The private key; "keystore.passphrase" (denied) if the passphrase is wrong or any byte of the file was changed.
  [[nodiscard]] Result<Secret> unseal(const Secret& passphrase) const;

 private:
  KeyFile(std::string label, crypto::PublicKey public_key)
      : label_(std::move(label)), public_key_(std::move(public_key)) {}
  [[nodiscard]] std::string header() const;
  [[nodiscard]] Result<Secret> key_from(const Secret& passphrase) const;

  std::string label_;
  crypto::PublicKey public_key_;
  bool has_passphrase_ = true;
  crypto::ScryptCost cost_;
  Bytes salt_;
  Bytes sealed_;
};

}  // namespace signet::keystore
