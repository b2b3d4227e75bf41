// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Digests, signatures and ciphers: PKCS#11 2.40 sections 5.8 to 5.12. An operation ends with its last call and with
// every error but CKR_BUFFER_TOO_SMALL.
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "entry.hpp"

#include <optional>
#include <utility>

using namespace signet::pkcs11;
using signet::Bytes;
using signet::ByteView;

namespace {

/// Ends an operation unless the call went well.
template <typename Operation>
CK_RV or_end(std::optional<Operation>& operation, CK_RV code) {
  if (code != CKR_OK && code != CKR_BUFFER_TOO_SMALL) operation.reset();
  return code;
}

/// A call for parts does not go on with what a one-part call was asked the size of: its data would be missing.
template <typename Operation>
CK_RV check_parts(std::optional<Operation>& operation) {
  if (!operation) return CKR_OPERATION_NOT_INITIALIZED;
  return operation->parts == Parts::whole ? or_end(operation, CKR_OPERATION_ACTIVE) : CKR_OK;
}

template <typename Operation>
CK_RV feed(std::optional<Operation>& operation, const CK_BYTE* data, CK_ULONG size) {
  if (!operation) return CKR_OPERATION_NOT_INITIALIZED;
  ByteView bytes;
  CK_RV code = view_of(data, size, bytes);
  if (code == CKR_OK) code = operation->update(bytes);
  if (code == CKR_OK) operation->parts = Parts::several;
  return or_end(operation, code);
}

/// Ends a digest or a signature, whose size is known beforehand: `make(operation, out)`.
template <typename Operation, typename Make>
CK_RV finish_known(std::optional<Operation>& operation, CK_BYTE* out, CK_ULONG* size, const Make& make) {
  if (!operation) return CKR_OPERATION_NOT_INITIALIZED;
  if (size == nullptr) return or_end(operation, CKR_ARGUMENTS_BAD);
  const CK_ULONG wanted = operation->size();
  if (out == nullptr || *size < wanted) {
    *size = wanted;
    return out == nullptr ? CKR_OK : CKR_BUFFER_TOO_SMALL;
  }
  Operation last = *std::move(operation);
  operation.reset();
  Bytes result;
  CHECK_RV(make(last, result));
  return give_output(result, out, size);
}

/// A one-part call does not finish an operation of several parts; like each that fails, it ends it (section 5.10).
template <typename Operation>
CK_RV check_single(std::optional<Operation>& operation) {
  if (!operation) return CKR_OPERATION_NOT_INITIALIZED;
  return operation->parts == Parts::several ? or_end(operation, CKR_OPERATION_ACTIVE) : CKR_OK;
}

/// The same, for a call that may only ask for the size.
template <typename Operation>
CK_RV begin_single(std::optional<Operation>& operation) {
  CHECK_RV(check_single(operation));
  operation->parts = Parts::whole;
  return CKR_OK;
}

template <typename Operation>
CK_RV begin_with_key(Module& module, std::optional<Operation>& operation, const CK_MECHANISM* mechanism,
                     CK_OBJECT_HANDLE key, CK_FLAGS use) {
  if (operation) return CKR_OPERATION_ACTIVE;
  if (mechanism == nullptr) return CKR_ARGUMENTS_BAD;
  if (find_mechanism(mechanism->mechanism, use) == nullptr) return CKR_MECHANISM_INVALID;
  ObjectPtr object;
  CHECK_RV(key_object(module, key, object));
  return Operation::begin(*mechanism, std::move(object), use, operation);
}

/// What happens when a cipher's call has made its output.
enum class Then : std::uint8_t { goes_on, ends };

/// A cipher's output is not known before it is made; it is kept where the caller's buffer was too small for it.
template <typename Make>
CK_RV give_cipher(std::optional<CipherOperation>& operation, CK_ULONG in_size, CK_BYTE* out, CK_ULONG* size, Then then,
                  const Make& make) {
  if (size == nullptr) return or_end(operation, CKR_ARGUMENTS_BAD);
  if (!operation->pending) {
    if (out == nullptr) {
      *size = operation->bound(in_size);
      return CKR_OK;
    }
    Bytes made;
    CHECK_RV(or_end(operation, make(*operation, made)));
    operation->pending = std::move(made);
  }
  CHECK_RV(give_output(*operation->pending, out, size));
  if (out == nullptr) return CKR_OK;
  signet::wipe(signet::ByteSpan(*operation->pending));
  operation->pending.reset();
  if (then == Then::ends) operation.reset();
  return CKR_OK;
}

CK_RV cipher_whole(Module& module, std::optional<CipherOperation>& operation, const CK_BYTE* in, CK_ULONG in_size,
                   CK_BYTE* out, CK_ULONG* size) {
  CHECK_RV(begin_single(operation));
  ByteView bytes;
  CHECK_RV(or_end(operation, view_of(in, in_size, bytes)));
  return give_cipher(operation, in_size, out, size, Then::ends, [&](CipherOperation& cipher, Bytes& made) -> CK_RV {
    CHECK_RV(cipher.update(bytes, made));
    Bytes rest;
    CHECK_RV(cipher.finish(module.backend(), rest));
    signet::append(made, rest);
    signet::wipe(signet::ByteSpan(rest));
    return CKR_OK;
  });
}

CK_RV cipher_part(std::optional<CipherOperation>& operation, const CK_BYTE* in, CK_ULONG in_size, CK_BYTE* out,
                  CK_ULONG* size) {
  CHECK_RV(check_parts(operation));
  ByteView bytes;
  CHECK_RV(or_end(operation, view_of(in, in_size, bytes)));
  return give_cipher(operation, in_size, out, size, Then::goes_on, [&](CipherOperation& cipher, Bytes& made) {
    cipher.parts = Parts::several;
    return cipher.update(bytes, made);
  });
}

CK_RV cipher_end(Module& module, std::optional<CipherOperation>& operation, CK_BYTE* out, CK_ULONG* size) {
  CHECK_RV(check_parts(operation));
  return give_cipher(operation, 0, out, size, Then::ends,
                     [&](CipherOperation& cipher, Bytes& made) { return cipher.finish(module.backend(), made); });
}

CK_RV verify_end(std::optional<SignOperation>& operation, const CK_BYTE* signature, CK_ULONG size) {
  if (!operation) return CKR_OPERATION_NOT_INITIALIZED;
  ByteView bytes;
  CHECK_RV(or_end(operation, view_of(signature, size, bytes)));
  SignOperation last = *std::move(operation);
  operation.reset();
  return last.verify(bytes);
}

}  // namespace

extern "C" {

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism) {
  return with_session(session, [&](Module&, Session& at) -> CK_RV {
    if (at.digest) return CKR_OPERATION_ACTIVE;
    return mechanism == nullptr ? CKR_ARGUMENTS_BAD : DigestOperation::begin(*mechanism, at.digest);
  });
}

CK_RV C_Digest(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* out, CK_ULONG* size) {
  return with_session(session, [&](Module&, Session& at) -> CK_RV {
    CHECK_RV(begin_single(at.digest));
    ByteView bytes;
    CHECK_RV(or_end(at.digest, view_of(data, data_size, bytes)));
    return finish_known(at.digest, out, size, [&](DigestOperation& digest, Bytes& made) -> CK_RV {
      CHECK_RV(digest.update(bytes));
      return digest.finish(made);
    });
  });
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG size) {
  return with_session(session, [&](Module&, Session& at) -> CK_RV {
    CHECK_RV(check_parts(at.digest));
    return feed(at.digest, data, size);
  });
}

CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    CHECK_RV(check_parts(at.digest));
    ObjectPtr object;
    CHECK_RV(or_end(at.digest, key_object(module, key, object)));
    if (object->secret == nullptr) return or_end(at.digest, CKR_KEY_INDIGESTIBLE);
    at.digest->parts = Parts::several;
    return or_end(at.digest, at.digest->update(object->secret->read(signet::SecretAccess::for_cryptography())));
  });
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE session, CK_BYTE* out, CK_ULONG* size) {
  return with_session(session, [&](Module&, Session& at) -> CK_RV {
    CHECK_RV(check_parts(at.digest));
    return finish_known(at.digest, out, size,
                        [](DigestOperation& digest, Bytes& made) -> CK_RV { return digest.finish(made); });
  });
}

CK_RV C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    return begin_with_key(module, at.sign, mechanism, key, CKF_SIGN);
  });
}

CK_RV C_Sign(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* out, CK_ULONG* size) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    CHECK_RV(begin_single(at.sign));
    ByteView bytes;
    CHECK_RV(or_end(at.sign, view_of(data, data_size, bytes)));
    return finish_known(at.sign, out, size, [&](SignOperation& sign, Bytes& made) -> CK_RV {
      CHECK_RV(sign.update(bytes));
      return sign.sign(module.backend(), made);
    });
  });
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG size) {
  return with_session(session, [&](Module&, Session& at) -> CK_RV {
    CHECK_RV(check_parts(at.sign));
    return feed(at.sign, data, size);
  });
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE* out, CK_ULONG* size) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    CHECK_RV(check_parts(at.sign));
    return finish_known(at.sign, out, size,
                        [&](SignOperation& sign, Bytes& made) -> CK_RV { return sign.sign(module.backend(), made); });
  });
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    return begin_with_key(module, at.verify, mechanism, key, CKF_VERIFY);
  });
}

CK_RV C_Verify(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* signature, CK_ULONG size) {
  return with_session(session, [&](Module&, Session& at) -> CK_RV {
    CHECK_RV(check_single(at.verify));
    CHECK_RV(feed(at.verify, data, data_size));
    return verify_end(at.verify, signature, size);
  });
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG size) {
  return with_session(session, [&](Module&, Session& at) -> CK_RV { return feed(at.verify, data, size); });
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE* signature, CK_ULONG size) {
  return with_session(session, [&](Module&, Session& at) -> CK_RV { return verify_end(at.verify, signature, size); });
}

CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    return begin_with_key(module, at.encrypt, mechanism, key, CKF_ENCRYPT);
  });
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* out, CK_ULONG* size) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    return cipher_whole(module, at.encrypt, data, data_size, out, size);
  });
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* out, CK_ULONG* size) {
  return with_session(
      session, [&](Module&, Session& at) -> CK_RV { return cipher_part(at.encrypt, data, data_size, out, size); });
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE* out, CK_ULONG* size) {
  return with_session(session,
                      [&](Module& module, Session& at) -> CK_RV { return cipher_end(module, at.encrypt, out, size); });
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    return begin_with_key(module, at.decrypt, mechanism, key, CKF_DECRYPT);
  });
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* out, CK_ULONG* size) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    return cipher_whole(module, at.decrypt, data, data_size, out, size);
  });
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* out, CK_ULONG* size) {
  return with_session(
      session, [&](Module&, Session& at) -> CK_RV { return cipher_part(at.decrypt, data, data_size, out, size); });
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE* out, CK_ULONG* size) {
  return with_session(session,
                      [&](Module& module, Session& at) -> CK_RV { return cipher_end(module, at.decrypt, out, size); });
}

}  // extern "C"
