// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/keystore.hpp"

#include "pkcs11_token.hpp"

#include <deque>
#include <vector>

/// Keys as PKCS#11 objects: templates, attributes, and the way from and to our public keys.
namespace signet::keystore {

/// Attributes for a call, which keeps what they point to. Values of private keys go into Secrets.
class Template {
 public:
  Template& flag(CK_ATTRIBUTE_TYPE type, bool value);
  Template& number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  Template& bytes(CK_ATTRIBUTE_TYPE type, ByteView value);
  Template& secret(CK_ATTRIBUTE_TYPE type, Secret value);
  [[nodiscard]] CK_ATTRIBUTE* data() { return attributes_.data(); }
  [[nodiscard]] CK_ULONG size() const { return attributes_.size(); }

 private:
  std::vector<CK_ATTRIBUTE> attributes_;
  std::deque<Bytes> values_;  // a deque, so that what the attributes point to stays where it is
  std::deque<Secret> secrets_;
};

/// One private key on a token.
struct Pkcs11Key {
  CK_OBJECT_HANDLE handle;
  std::string label;
  Bytes id;
  crypto::PublicKey public_key;
  bool sensitive;
  Extractable extractable;
  std::vector<TokenAttribute> attributes;  ///< as the token tells them
};

/// All private keys in the session's token whose public key is known and of our algorithms.
Result<std::vector<Pkcs11Key>> read_keys(Pkcs11Call& call);
/// Objects of a class, with an id or a label where one is given.
Result<std::vector<CK_OBJECT_HANDLE>> find_objects(Pkcs11Call& call, CK_OBJECT_CLASS kind, ByteView id,
                                                   std::string_view label);

/// Makes a key pair that cannot leave the token; "keystore.unsupported".
Result<void> generate_pair(Pkcs11Call& call, std::string_view label, ByteView id, crypto::KeyAlgorithm algorithm);
/// Writes a private key and its public half onto the token.
Result<void> create_pair(Pkcs11Call& call, std::string_view label, ByteView id, const Secret& pkcs8_der);

/// Signs on the token; the result is spelled as crypto::Signer has it.
Result<Bytes> sign_on_token(Pkcs11Call& call, CK_OBJECT_HANDLE key, crypto::KeyAlgorithm algorithm,
                            crypto::SignatureScheme scheme, ByteView input);

}  // namespace signet::keystore
