// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/secret.hpp"

#include "attributes.hpp"
#include "backend.hpp"
#include "mechanisms.hpp"
#include "object.hpp"
#include "ossl.hpp"
#include "soft.hpp"

#include <memory>
#include <optional>

/// What is under way in a session. Each takes its mechanism and key at C_...Init and ends with its last call.
namespace signet::pkcs11 {

enum class Parts : std::uint8_t { none, whole, several };

class DigestOperation {
 public:
  static CK_RV begin(const CK_MECHANISM& mechanism, std::optional<DigestOperation>& out);
  CK_RV update(ByteView data);
  [[nodiscard]] CK_ULONG size() const;
  CK_RV finish(Bytes& out);
  Parts parts = Parts::none;

 private:
  ossl::EvpMdCtx ctx_;
};

/// Signing or verifying, with a key pair or an HMAC key.
class SignOperation {
 public:
  /// CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_FUNCTION_NOT_PERMITTED.
  static CK_RV begin(const CK_MECHANISM& mechanism, ObjectPtr key, CK_FLAGS use, std::optional<SignOperation>& out);
  CK_RV update(ByteView data);
  [[nodiscard]] CK_ULONG size() const;
  CK_RV sign(Backend& backend, Bytes& out);
  CK_RV verify(ByteView signature);
  Parts parts = Parts::none;

 private:
  CK_RV take_parameters(const CK_MECHANISM& mechanism);
  /// What is signed: the digest, or the data of a mechanism that does not digest.
  CK_RV digest(Bytes& out);

  const Mechanism* mechanism_ = nullptr;
  ObjectPtr key_;
  SignatureKind kind_;
  ossl::EvpMdCtx md_;
  ossl::Handle<EVP_MAC_CTX, EVP_MAC_CTX_free> mac_;
  Bytes data_;
};

/// Encrypting or decrypting.
class CipherOperation {
 public:
  static CK_RV begin(const CK_MECHANISM& mechanism, ObjectPtr key, CK_FLAGS use, std::optional<CipherOperation>& out);
  CK_RV update(ByteView in, Bytes& out);
  CK_RV finish(Backend& backend, Bytes& out);
  /// At least as many bytes as update() and finish() will give for so many more.
  [[nodiscard]] CK_ULONG bound(CK_ULONG in_size) const;
  Parts parts = Parts::none;
  std::optional<Bytes> pending = {};  ///< made, but the caller's buffer was too small

 private:
  CK_RV take_parameters(const CK_MECHANISM& mechanism);
  CK_RV start_aes(ByteView iv);
  CK_RV finish_gcm(Bytes& out);
  CK_RV finish_oaep(Backend& backend, Bytes& out);

  const Mechanism* mechanism_ = nullptr;
  ObjectPtr key_;
  bool encrypts_ = false;
  ossl::EvpCipherCtx ctx_;
  Bytes iv_;
  Bytes associated_;
  CK_ULONG tag_bytes_ = 0;
  const char* oaep_hash_ = nullptr;
  Bytes data_;
  CK_ULONG size_in_ = 0;
};

}  // namespace signet::pkcs11
