// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <p11-kit/pkcs11.h>
#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace signet::keystore {

/// What a PKCS#11 return value means to a person.
[[nodiscard]] Error ckr_error(CK_RV code, std::string_view doing);
/// CKR_OK, or the error.
Result<void> check(CK_RV code, std::string_view doing);
/// Whether a call failed only because a handle has grown stale: worth one more try with fresh ones.
[[nodiscard]] bool is_stale(CK_RV code);
/// The fixed-size, blank-padded texts of PKCS#11.
[[nodiscard]] std::string padded_text(const unsigned char* text, std::size_t size);

/// A loaded and initialised PKCS#11 module; shared by all its users in this process and finalised after the last of
/// them. It is never unloaded, because modules leave exit handlers behind.
class Pkcs11Module {
 public:
  static Result<std::shared_ptr<Pkcs11Module>> load(const std::string& path);
  Pkcs11Module(const Pkcs11Module&) = delete;
  Pkcs11Module& operator=(const Pkcs11Module&) = delete;
  ~Pkcs11Module();

  [[nodiscard]] CK_FUNCTION_LIST& functions() const { return *functions_; }
  /// Initialises the module anew in a child process (PKCS#11 2.40 section 6.7.6) or after somebody finalised it;
  /// fine if it is initialised already.
  Result<void> initialize();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Pkcs11Module(std::string path, CK_FUNCTION_LIST* functions) : path_(std::move(path)), functions_(functions) {}
  std::string path_;
  CK_FUNCTION_LIST* functions_;
  std::mutex mutex_;
  pid_t initialized_in_ = -1;  ///< the process in which it was we who initialised it
};

}  // namespace signet::keystore
