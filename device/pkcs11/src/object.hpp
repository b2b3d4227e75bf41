// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/secret.hpp"
#include "signet/keystored.hpp"

#include "attributes.hpp"
#include "soft.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace signet::pkcs11 {

/// One object; never changed once others can see it, only replaced.
struct Object {
  Attributes attributes;                      ///< all that may be read, but private numbers
  std::optional<keystore::KeystoredKey> key;  ///< in keystored: the private key, or the one that this is the half of
  SoftKey soft;                               ///< the public key; the private key of a session
  std::shared_ptr<const Secret> secret;       ///< the value of a secret key
  std::string stored;                         ///< its name in keystored, where it is kept there as an object
  CK_SESSION_HANDLE session = 0;              ///< whose object; 0 for those of the token

  [[nodiscard]] CK_OBJECT_CLASS object_class() const {
    return ulong_at(attributes, CKA_CLASS).value_or(CK_UNAVAILABLE_INFORMATION);
  }
  [[nodiscard]] CK_KEY_TYPE key_type() const {
    return ulong_at(attributes, CKA_KEY_TYPE).value_or(CK_UNAVAILABLE_INFORMATION);
  }
  [[nodiscard]] bool is(CK_ATTRIBUTE_TYPE type) const { return is_true(attributes, type, false); }
  /// Whether it is a private key that keystored holds.
  [[nodiscard]] bool in_token() const { return key.has_value() && object_class() == CKO_PRIVATE_KEY; }
};
using ObjectPtr = std::shared_ptr<const Object>;

/// What the module remembers of a key beyond what keystored knows: names and ids, as an application gave them.
struct KeyRecord {
  std::string label;  ///< keystored's own
  Attributes private_half;
  Attributes public_half;
  bool made_here = false;    ///< through this interface, so that C_InitToken removes it
  bool public_gone = false;  ///< the public object was destroyed

  [[nodiscard]] Bytes encode() const;
  static std::optional<KeyRecord> parse(ByteView data);
  /// Under which keystored keeps it.
  [[nodiscard]] static std::string name_of(std::string_view label);
};

/// A certificate, public key or data object as keystored keeps it.
[[nodiscard]] Bytes encode_object(const Attributes& attributes);
std::optional<Attributes> parse_object(ByteView data);

/// The two objects of a key in keystored.
[[nodiscard]] Object private_object(const keystore::KeystoredKey& key, const KeyRecord& record);
[[nodiscard]] Object public_object(const keystore::KeystoredKey& key, const KeyRecord& record);
/// An object of the token that is no private key; its key where it is one.
[[nodiscard]] Object kept_object(std::string name, Attributes attributes);

/// Sets an attribute that is not there yet.
void set_default(Attributes& attributes, CK_ATTRIBUTE_TYPE type, Bytes value);
/// What every object has: CKA_TOKEN, CKA_PRIVATE and their like.
void set_common(Attributes& attributes, bool is_private);

}  // namespace signet::pkcs11
