// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"

namespace signet::crypto {

/// A public key of the Hierarchical Signature System over Leighton-Micali signatures (RFC 8554): signatures that a
/// quantum computer does not help to forge. Only verified here: SP 800-208 wants its keys made and used inside
/// hardware, since a key whose state is used twice is lost.
class HssPublicKey {
 public:
  /// RFC 8554 section 6.1: the number of levels, then the topmost LMS key; 60 bytes. SHA-256 with 32 bytes, each height
  /// and each width; others are "crypto.key-unsupported".
  static Result<HssPublicKey> parse(ByteView bytes);

  [[nodiscard]] const Bytes& encoded() const { return encoded_; }
  /// SHA-256 of the encoded key.
  [[nodiscard]] Bytes fingerprint() const;
  /// Succeeds only if `signature` over `message` is this key's (RFC 8554 section 6.3); otherwise "crypto.bad-signature"
  /// (untrusted). Takes some thousand hashes for each level.
  Result<void> verify(ByteView message, ByteView signature) const;

  friend bool operator==(const HssPublicKey&, const HssPublicKey&) = default;

 private:
  explicit HssPublicKey(Bytes encoded) : encoded_(std::move(encoded)) {}
  Bytes encoded_;
};

}  // namespace signet::crypto
