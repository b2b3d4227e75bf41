// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "module.hpp"

/// Making, changing and removing objects, for the entry points. Templates have been read; sessions are locked.
namespace signet::pkcs11 {

CK_RV create_object(Module& module, const Session& session, Attributes given, CK_OBJECT_HANDLE& out);
CK_RV copy_object(Module& module, const Session& session, const Object& from, const Attributes& changes,
                  CK_OBJECT_HANDLE& out);
CK_RV change_object(Module& module, const Session& session, CK_OBJECT_HANDLE handle, const Attributes& changes);
CK_RV destroy_object(Module& module, const Session& session, CK_OBJECT_HANDLE handle);

CK_RV generate_pair(Module& module, const Session& session, const CK_MECHANISM& mechanism, Attributes public_half,
                    Attributes private_half, CK_OBJECT_HANDLE& public_out, CK_OBJECT_HANDLE& private_out);
CK_RV generate_secret(Module& module, const Session& session, const CK_MECHANISM& mechanism, Attributes given,
                      CK_OBJECT_HANDLE& out);
CK_RV derive_secret(Module& module, const Session& session, const CK_MECHANISM& mechanism, const Object& base,
                    Attributes given, CK_OBJECT_HANDLE& out);
CK_RV wrap_secret(const CK_MECHANISM& mechanism, const Object& wrapping, const Object& key, Bytes& out);
CK_RV unwrap_secret(Module& module, const Session& session, const CK_MECHANISM& mechanism, const Object& unwrapping,
                    ByteView wrapped, Attributes given, CK_OBJECT_HANDLE& out);

/// Keeps an object in the token (with its attributes, where it is public) or in the session, as CKA_TOKEN says.
CK_RV place_object(Module& module, const Session& session, Object object, CK_OBJECT_HANDLE& out);
/// A private key that came from outside into keystored.
CK_RV import_pair(Module& module, const SoftKey& key, Attributes given, CK_OBJECT_HANDLE& out);
/// What a private key of a session has unless its template says otherwise.
void set_private_defaults(Attributes& attributes);

/// Makes a secret key object of the session from its value. CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID for
/// one that is to live in the token, which has no secret keys.
CK_RV add_secret(Module& module, const Session& session, Attributes given, Secret value, CK_MECHANISM_TYPE made_by,
                 CK_OBJECT_HANDLE& out);

/// Moves a value out of a template into memory that is wiped.
[[nodiscard]] Secret take_value(Attributes& attributes);

}  // namespace signet::pkcs11
