// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/secret.hpp"

#include "backend.hpp"
#include "object.hpp"
#include "operations.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace signet::pkcs11 {

inline constexpr CK_SLOT_ID k_slot = 0;

/// A session, and what is under way in it. Locked by whoever works with it.
struct Session {
  Session(CK_SESSION_HANDLE number, CK_FLAGS opened) : handle(number), flags(opened) {}
  [[nodiscard]] bool writes() const { return (flags & CKF_RW_SESSION) != 0; }

  const CK_SESSION_HANDLE handle;
  const CK_FLAGS flags;
  std::mutex mutex;
  std::optional<std::vector<CK_OBJECT_HANDLE>> found;
  std::optional<DigestOperation> digest;
  std::optional<SignOperation> sign;
  std::optional<SignOperation> verify;
  std::optional<CipherOperation> encrypt;
  std::optional<CipherOperation> decrypt;
};

enum class Login : std::uint8_t { nobody, user, officer };

/// The module between C_Initialize and C_Finalize: its token, sessions and objects. Calls that are under way when
/// somebody finalises it keep it alive until they are done.
class Module {
 public:
  static CK_RV start();
  static CK_RV stop();
  /// None before C_Initialize, after C_Finalize, and in a child process that has not called C_Initialize itself
  /// (PKCS#11 2.40 section 5.4).
  static std::shared_ptr<Module> get();

  Module();
  Backend& backend() { return *backend_; }
  /// CKR_TOKEN_NOT_PRESENT where keystored cannot be reached.
  CK_RV facts(TokenFacts& out);

  CK_RV open_session(CK_FLAGS flags, CK_SESSION_HANDLE& out);
  CK_RV close_session(CK_SESSION_HANDLE handle);
  void close_all();
  std::shared_ptr<Session> session(CK_SESSION_HANDLE handle);
  CK_STATE state_of(const Session& session);
  /// Sessions there are, and how many of them can write.
  void count_sessions(CK_ULONG& all, CK_ULONG& writing);

  CK_RV login(CK_USER_TYPE user, const Secret& pin);
  CK_RV logout();
  Login who();
  /// C_InitToken and C_InitPIN; the latter uses the officer's PIN of the login.
  CK_RV initialise(const Secret& officer_pin, const std::string& label);
  CK_RV set_user_pin(const Secret& pin);

  /// Looks at the token's keys and objects anew.
  CK_RV refresh();
  /// The object of a handle. CKR_OBJECT_HANDLE_INVALID; CKR_USER_NOT_LOGGED_IN where a login would show it.
  CK_RV object(CK_OBJECT_HANDLE handle, ObjectPtr& out);
  std::vector<CK_OBJECT_HANDLE> find(const Attributes& wanted);
  /// `identity` names an object of the token, so that refresh() knows it again; empty for one of a session.
  CK_OBJECT_HANDLE add(Object object, std::string identity = {});
  void replace(CK_OBJECT_HANDLE handle, Object object);
  /// Another name for an object of the token that stays the same to those who hold its handle.
  void rename(const std::string& from, const std::string& to, Object object);
  void forget(CK_OBJECT_HANDLE handle);
  [[nodiscard]] KeyRecord record_of(const keystore::KeystoredKey& key);
  CK_RV keep(const KeyRecord& record);
  /// Whether an object may be made or changed in this session: CKR_SESSION_READ_ONLY, CKR_USER_NOT_LOGGED_IN.
  CK_RV may_write(const Session& session, const Attributes& attributes);

 private:
  struct Entry {
    ObjectPtr object;
    std::string identity;
  };
  [[nodiscard]] bool visible(const Object& object) const;
  void end_login();
  void reconcile(std::map<std::string, Object> now);

  const std::unique_ptr<Backend> backend_;
  std::mutex mutex_;  // of all below; never held while keystored is asked
  std::map<CK_SESSION_HANDLE, std::shared_ptr<Session>> sessions_;
  std::map<CK_OBJECT_HANDLE, Entry> objects_;
  std::map<std::string, CK_OBJECT_HANDLE> identities_;
  std::map<std::string, KeyRecord> records_;  // by keystored's label
  CK_ULONG next_ = 1;
  Login login_ = Login::nobody;
  bool wants_login_ = true;
  Secret officer_pin_;
};

}  // namespace signet::pkcs11
