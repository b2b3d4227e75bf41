// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "module.hpp"

#include <memory>
#include <mutex>
#include <new>

/// What every entry point does first and last. No exception leaves the module.
namespace signet::pkcs11 {

template <typename Act>
CK_RV guarded(const Act& act) noexcept {
  try {
    return act();
  } catch (const std::bad_alloc&) {
    return CKR_HOST_MEMORY;
  } catch (...) {
    return CKR_GENERAL_ERROR;
  }
}

template <typename Act>
CK_RV with_module(const Act& act) noexcept {
  return guarded([&]() -> CK_RV {
    const std::shared_ptr<Module> module = Module::get();
    return module == nullptr ? CKR_CRYPTOKI_NOT_INITIALIZED : act(*module);
  });
}

/// The session is locked meanwhile: two threads that share one wait for each other.
template <typename Act>
CK_RV with_session(CK_SESSION_HANDLE handle, const Act& act) noexcept {
  return with_module([&](Module& module) -> CK_RV {
    const std::shared_ptr<Session> session = module.session(handle);
    if (session == nullptr) return CKR_SESSION_HANDLE_INVALID;
    const std::lock_guard lock(session->mutex);
    return act(module, *session);
  });
}

/// The key of an operation: as Module::object(), with the code that is meant for keys.
inline CK_RV key_object(Module& module, CK_OBJECT_HANDLE handle, ObjectPtr& out,
                        CK_RV invalid = CKR_KEY_HANDLE_INVALID) {
  const CK_RV code = module.object(handle, out);
  return code == CKR_OBJECT_HANDLE_INVALID ? invalid : code;
}

}  // namespace signet::pkcs11
