// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"
#include "signet/crypto.hpp"
#include "signet/keystored.hpp"

#include <p11-kit/pkcs11.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace signet::pkcs11 {

/// What the holder of the keys says of itself as a token.
struct TokenFacts {
  std::string label;
  std::string manufacturer;
  std::string model;
  std::string serial;
  std::string officer_pin;  ///< as docs/formats/keystored-protocol.md: "unset", "set", "missed", "last-try", "locked"
  std::string user_pin;
};

/// Something that is kept beside the keys, as bytes.
struct StoredObject {
  std::string name;
  Bytes data;
};

/// The holder of the token's keys. Safe to call from several threads.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Result<TokenFacts> facts() = 0;
  virtual Result<std::vector<keystore::KeystoredKey>> keys() = 0;
  virtual Result<keystore::KeystoredKey> generate(std::string_view label, keystore::Purpose purpose,
                                                  crypto::KeyAlgorithm algorithm, std::string_view use) = 0;
  virtual Result<keystore::KeystoredKey> import_key(std::string_view label, keystore::Purpose purpose,
                                                    std::string_view use, const Secret& pkcs8_der) = 0;
  virtual Result<void> destroy(const keystore::KeystoredKey& key) = 0;
  virtual Result<Bytes> sign(const keystore::KeystoredKey& key, crypto::SignatureScheme scheme, ByteView digest) = 0;
  /// A block padded as a signature is, for RSA keys of the use "sign-any".
  virtual Result<Bytes> sign_block(const keystore::KeystoredKey& key, ByteView block) = 0;
  virtual Result<Secret> decrypt(const keystore::KeystoredKey& key, ByteView ciphertext) = 0;
  virtual Result<Secret> derive(const keystore::KeystoredKey& key, const crypto::PublicKey& peer) = 0;
  virtual Result<Bytes> random(std::size_t size_bytes) = 0;

  virtual Result<std::vector<StoredObject>> objects() = 0;
  virtual Result<void> put_object(std::string_view name, ByteView data) = 0;
  virtual Result<void> remove_object(std::string_view name) = 0;

  virtual Result<void> initialise(const Secret& officer_pin, std::string_view label) = 0;
  virtual Result<void> login(CK_USER_TYPE user, const Secret& pin) = 0;
  virtual void logout() = 0;
  virtual Result<void> set_user_pin(const Secret& officer_pin, const Secret& pin) = 0;
  virtual Result<void> change_pin(CK_USER_TYPE user, const Secret& old_pin, const Secret& pin) = 0;
};

/// signet-keystored behind its socket.
std::unique_ptr<Backend> keystored_backend(const std::string& socket);

/// How the module finds its token: keystored at SIGNET_KEYSTORED_SOCKET, or where it listens by default. Tests put
/// their own in place of it before C_Initialize.
using MakeBackend = std::unique_ptr<Backend> (*)();
void set_backend(MakeBackend make);
std::unique_ptr<Backend> make_backend();

/// The PKCS#11 code that tells a program most about an error.
[[nodiscard]] CK_RV rv_of(const Error& error);

}  // namespace signet::pkcs11
