// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/crypto.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signet::tuf {

/// A key as metadata has it (4.2). Its identifier is a name and nothing more: what counts is the key.
struct Key {
  std::string id;
  std::optional<crypto::PublicKey> key;  ///< none where type or scheme is not known here: it signs nothing
  crypto::SignatureScheme scheme = crypto::SignatureScheme::ed25519;

  friend bool operator==(const Key& a, const Key& b) { return a.id == b.id && a.key == b.key; }
};

/// Who may sign for a role, and how many must.
struct RoleKeys {
  std::vector<Key> keys;
  std::uint64_t threshold = 1;

  friend bool operator==(const RoleKeys&, const RoleKeys&) = default;
};

/// One signature of a metadata file.
struct Signature {
  std::string keyid;
  std::string sig;  ///< hexadecimal
};

/// Reads a key. A type or scheme that is not known makes a key that signs nothing; a known one with a broken value is
/// an error.
Result<Key> parse_key(const std::string& id, const Json& json);
/// The object that stands for a key in metadata; RSA signs with PSS and SHA-256.
Json key_json(const crypto::PublicKey& key);
/// SHA-256 of the canonical form of that object, in hexadecimal.
std::string key_id(const Json& key);

/// Which of the keys have signed `message`; each key counts once, under however many names it stands.
std::vector<const Key*> signers_of(std::string_view message, const std::vector<Signature>& signatures,
                                   const RoleKeys& role);
/// Succeeds if enough have: "tuf.threshold".
Result<void> check_threshold(std::string_view message, const std::vector<Signature>& signatures, const RoleKeys& role,
                             std::string_view role_name);

}  // namespace signet::tuf
