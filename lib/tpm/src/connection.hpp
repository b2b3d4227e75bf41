// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/tpm.hpp"

#include "own_session.hpp"
#include "templates.hpp"
#include "tss.hpp"

#include <tss2/tss2_esys.h>

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace signet::tpm {

/// What the TSS has allocated.
template <typename T>
class Owned {
 public:
  Owned() = default;
  ~Owned() { Esys_Free(pointer_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  T** put() { return &pointer_; }
  T* operator->() const { return pointer_; }
  T& operator*() const { return *pointer_; }

 private:
  T* pointer_ = nullptr;
};

/// The TSS's answer as our error. `doing` is what was tried ("sign").
[[nodiscard]] Error to_error(TSS2_RC rc, std::string_view doing);
/// Whether the TPM was not reached at all.
[[nodiscard]] bool is_gone(TSS2_RC rc);
/// Whether the TPM (or its resource manager) said so; what else there is, the TSS made of an answer that it did not
/// understand, or whose HMAC did not hold.
[[nodiscard]] bool is_word_of_the_tpm(TSS2_RC rc);
/// A response code of the TPM without the number of handle, parameter or session.
[[nodiscard]] TPM2_RC base_code(TSS2_RC rc);

/// What is encrypted on the way.
enum class Crypt : std::uint8_t { nothing, command, answer };

/// One ESYS context and the sessions that stay open over it. Callers hold mutex().
class Connection {
 public:
  static Result<std::shared_ptr<Connection>> open(std::string_view tcti);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  std::recursive_mutex& mutex() { return mutex_; }
  [[nodiscard]] bool gone() const { return gone_; }

  /// Runs one command, again where the TPM asks for it (Part 3, section 5.4: RETRY, YIELDED, TESTING).
  template <typename Command>
  Result<void> run(std::string_view doing, Command&& command) {
    TRY(reachable());
    TSS2_RC rc = command(esys_);
    for (int tries = 0; tries < 50 && wants_retry(rc); ++tries) {
      pause();
      rc = command(esys_);
    }
    if (rc == TSS2_RC_SUCCESS) sessions_in_use_ = false;
    return judge(rc, doing);
  }

  /// The same for a command that OwnSession can authorise; `key` as the TSS knows it, with its name and auth.
  template <typename Prepare, typename Complete>
  Result<void> run_own(std::string_view doing, TPM2_CC code, ESYS_TR key, const Bytes& name, const Secret& auth,
                       const Prepare& prepare, const Complete& complete) {
    // While there is room: they need a slot for an object to start, and a command for two objects leaves none.
    TRY(open_sessions());
    Authorised who{.handle = 0, .name = name, .auth = auth};
    TRY(judge(Esys_TR_GetTpmHandle(esys_, key, &who.handle), doing));
    const auto command = [&](ESYS_CONTEXT* esys) {
      const TSS2_RC opened = own_.is_open() ? TSS2_RC_SUCCESS : own_.open(esys);
      if (opened != TSS2_RC_SUCCESS) return opened;
      return own_.run(esys, code, who, [&](TSS2_SYS_CONTEXT* sys) { return prepare(sys, who.handle); }, complete);
    };
    auto done = run(doing, command);
    if (!done) drop_own();
    return done;
  }
  /// Makes room for a third session in the TPM, where three is what it usually has.
  void drop_own() noexcept;

  /// An HMAC session that stays open, salted to a key that was made in the TPM for it: authorises without showing the
  /// auth, and encrypts. Two of them, since a command takes each but once.
  Result<ESYS_TR> session(unsigned which, Crypt crypt = Crypt::nothing);
  /// What authorises an entity: a session where there is an auth to hide, else the empty password.
  Result<ESYS_TR> authorization(bool has_auth, unsigned which = 0);

  void flush(ESYS_TR handle) noexcept;
  void close(ESYS_TR handle) noexcept;
  /// Where the auth of a handle is empty from now on.
  void forget_auth(ESYS_TR handle) noexcept;
  Result<void> set_auth(ESYS_TR handle, const Secret& auth);

  /// A value of TPM_CAP_TPM_PROPERTIES; 0 where the TPM does not know it.
  Result<UINT32> property(TPM2_PT which);
  /// Handles of a kind that are in use (0x80000000 transient, 0x02000000 loaded sessions, 0x81000000, 0x01000000).
  Result<std::vector<TPM2_HANDLE>> handles(TPM2_HANDLE first);
  /// A handle of the TPM as the TSS knows it; close() it.
  Result<ESYS_TR> adopt(TPM2_HANDLE handle, std::string_view doing);

 private:
  Connection() = default;
  Result<void> start();
  Result<void> flush_leftovers();
  [[nodiscard]] Result<void> reachable() const;
  [[nodiscard]] static bool wants_retry(TSS2_RC rc);
  static void pause();
  Result<void> judge(TSS2_RC rc, std::string_view doing);
  Result<void> open_sessions();
  void drop_sessions() noexcept;
  Error lockout_error();
  Result<ESYS_TR> start_session();
  Result<ESYS_TR> start_session(StorageKind salted_to);

  std::recursive_mutex mutex_;
  TSS2_TCTI_CONTEXT* tcti_ = nullptr;
  ESYS_CONTEXT* esys_ = nullptr;
  std::array<ESYS_TR, 2> sessions_{ESYS_TR_NONE, ESYS_TR_NONE};
  OwnSession own_;
  bool sessions_in_use_ = false;  ///< by the next command
  bool gone_ = false;
};

/// A transient thing (object or session) that is flushed at the end.
class Transient {
 public:
  Transient(Connection& connection, ESYS_TR handle) : connection_(connection), handle_(handle) {}
  ~Transient() { connection_.flush(handle_); }
  Transient(const Transient&) = delete;
  Transient& operator=(const Transient&) = delete;
  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  Connection& connection_;
  ESYS_TR handle_;
};

/// A handle with an auth for the time of one command.
class WithAuth {
 public:
  static Result<std::unique_ptr<WithAuth>> make(Connection& connection, ESYS_TR handle, const Secret& auth);
  ~WithAuth() { connection_.forget_auth(handle_); }
  WithAuth(const WithAuth&) = delete;
  WithAuth& operator=(const WithAuth&) = delete;
  /// What authorises the handle.
  [[nodiscard]] ESYS_TR session() const { return session_; }

 private:
  WithAuth(Connection& connection, ESYS_TR handle) : connection_(connection), handle_(handle) {}
  Connection& connection_;
  ESYS_TR handle_;
  ESYS_TR session_ = ESYS_TR_PASSWORD;
};

/// An NV index or persistent object as the TSS knows it, for the time of one call.
class Adopted {
 public:
  static Result<std::unique_ptr<Adopted>> make(Connection& connection, TPM2_HANDLE handle, std::string_view doing);
  ~Adopted() { connection_.close(handle_); }
  Adopted(const Adopted&) = delete;
  Adopted& operator=(const Adopted&) = delete;
  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  Adopted(Connection& connection, ESYS_TR handle) : connection_(connection), handle_(handle) {}
  Connection& connection_;
  ESYS_TR handle_;
};

[[nodiscard]] ESYS_TR to_esys(Hierarchy which);

/// A policy session that has played the steps. `named` with its auth set is the entity of a PolicySecret; where it is
/// ESYS_TR_NONE the step's own handle is taken, with an empty auth.
Result<std::unique_ptr<Transient>> play(Connection& connection, const Policy& policy, ESYS_TR named = ESYS_TR_NONE);

struct Object::State {
  std::shared_ptr<Connection> connection;
  ESYS_TR handle = ESYS_TR_NONE;
  bool transient = false;
  Secret auth;
  bool has_auth = false;
  Policy policy;  ///< of each use; empty where the auth alone does
  Public area;
  State() = default;
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

}  // namespace signet::tpm
