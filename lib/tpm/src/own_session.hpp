// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/secret.hpp"

#include "tss.hpp"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_sys.h>

namespace signet::tpm {

/// An object as a command addresses it and its auth proves it.
struct Authorised {
  TPM2_HANDLE handle = 0;
  const Bytes& name;
  const Secret& auth;
};

/// An auth that nobody guesses from the HMACs under it.
inline constexpr std::size_t k_own_auth_bytes_min = 32;

/// An HMAC session (Part 1, section 19.6) whose digests are computed here: ESYS makes a new library context of OpenSSL
/// for each of them (tpm2-tss 3.2), which takes several times as long as a software TPM takes to sign. Unsalted and
/// unbound, so that its key is the object's auth alone: for auths of k_own_auth_bytes_min random bytes, which a
/// listener does not find by trying, and for commands of one handle that carry no secret. Callers hold the connection's
/// mutex.
class OwnSession {
 public:
  [[nodiscard]] bool is_open() const { return handle_ != 0; }
  TSS2_RC open(ESYS_CONTEXT* esys);
  void close(ESYS_CONTEXT* esys) noexcept;
  /// Forgets a session that is gone from the TPM.
  void forget() noexcept { handle_ = 0; }

  /// One command: `prepare(sys)` marshals its parameters, `complete(sys)` reads the answer's, whose HMAC is checked.
  template <typename Prepare, typename Complete>
  TSS2_RC run(ESYS_CONTEXT* esys, TPM2_CC code, const Authorised& key, const Prepare& prepare,
              const Complete& complete) {
    TSS2_SYS_CONTEXT* sys = nullptr;
    TSS2_RC rc = Esys_GetSysContext(esys, &sys);
    if (rc == TSS2_RC_SUCCESS) rc = prepare(sys);
    if (rc == TSS2_RC_SUCCESS) rc = authorise(sys, code, key);
    if (rc == TSS2_RC_SUCCESS) rc = Tss2_Sys_Execute(sys);
    if (rc == TSS2_RC_SUCCESS) rc = complete(sys);
    if (rc == TSS2_RC_SUCCESS) rc = check(sys, code, key);
    return rc;
  }

 private:
  TSS2_RC authorise(TSS2_SYS_CONTEXT* sys, TPM2_CC code, const Authorised& key);
  TSS2_RC check(TSS2_SYS_CONTEXT* sys, TPM2_CC code, const Authorised& key);

  TPMI_SH_AUTH_SESSION handle_ = 0;
  Bytes nonce_caller_;
  Bytes nonce_tpm_;
};

}  // namespace signet::tpm
