// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/secret.hpp"
#include "signet/keystore.hpp"

#include "pkcs11_module.hpp"
#include "pkcs11_uri.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace signet::keystore {

/// One attempt at some work on a token: a logged-in session that nobody else uses meanwhile.
struct Pkcs11Call {
  CK_FUNCTION_LIST& module;
  CK_SESSION_HANDLE session;
  CK_SLOT_ID slot;
  bool retried = false;  ///< handles that were kept from earlier are not to be trusted
  bool stale = false;    ///< set by check()

  /// As keystore::check(), and remembers whether another try is worth it.
  Result<void> check(CK_RV code, std::string_view doing) {
    stale = stale || is_stale(code);
    return keystore::check(code, doing);
  }
};

enum class Access : std::uint8_t { read, write };

/// A token found by its URI: sessions, login, and coming back after a fork or after it was pulled out. Safe to share
/// between threads.
class Pkcs11Token {
 public:
  static Result<std::shared_ptr<Pkcs11Token>> open(const Pkcs11Uri& uri, const Options& options);
  Pkcs11Token(const Pkcs11Token&) = delete;
  Pkcs11Token& operator=(const Pkcs11Token&) = delete;
  ~Pkcs11Token();

  /// Runs `work(Pkcs11Call&)` in a session of its own; once more with fresh handles if it failed on stale ones (never
  /// for a wrong PIN). With Access::write there is no second try: half of the work may be done.
  template <typename Work>
  auto run(Access access, Work work) -> std::invoke_result_t<Work, Pkcs11Call&> {
    for (bool retried = false;; retried = true) {
      TRY_ASSIGN(const CK_SESSION_HANDLE session, acquire(access));
      Pkcs11Call call{.module = module_->functions(), .session = session, .slot = slot_, .retried = retried};
      auto result = work(call);
      release(session, access, call.stale);
      if (result || !call.stale || retried || access == Access::write) return result;
    }
  }

  [[nodiscard]] const Pkcs11Uri& uri() const { return uri_; }
  [[nodiscard]] StoreInfo describe() const;
  [[nodiscard]] bool claims_hardware() const { return hardware_; }
  /// Whether a wrong PIN could be one too many.
  [[nodiscard]] bool few_tries_left() const {
    return (flags_ & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)) != 0;
  }
  [[nodiscard]] std::string name() const { return "the token '" + printable(label_) + "'"; }

 private:
  Pkcs11Token(std::shared_ptr<Pkcs11Module> module, Pkcs11Uri uri, Options options)
      : module_(std::move(module)), uri_(std::move(uri)), options_(std::move(options)) {}
  Result<void> locate();
  Result<CK_SESSION_HANDLE> acquire(Access access);
  void release(CK_SESSION_HANDLE session, Access access, bool stale);
  Result<void> log_in(CK_SESSION_HANDLE session);
  Result<Secret> find_pin();
  Error pin_refused(CK_RV code);

  const std::shared_ptr<Pkcs11Module> module_;
  const Pkcs11Uri uri_;
  const Options options_;
  std::string label_, serial_, model_;
  bool hardware_ = false;
  CK_FLAGS flags_ = 0;

  std::mutex mutex_;
  CK_SLOT_ID slot_ = 0;
  pid_t process_ = -1;                       ///< whose handles these are
  bool lost_ = false;                        ///< handles have grown stale; look for the token again
  std::optional<CK_SESSION_HANDLE> anchor_;  ///< stays open, because the last session to go takes the login with it
  std::vector<CK_SESSION_HANDLE> idle_;
  std::optional<Secret> pin_;
  std::optional<Error> refused_;  ///< the PIN was wrong: no further try, each costs one of few
};

}  // namespace signet::keystore
