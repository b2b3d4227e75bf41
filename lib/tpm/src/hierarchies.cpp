// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

namespace signet::tpm {

Result<void> Tpm::set_auth(Hierarchy which, const Secret& old_auth, const Secret& new_auth) {
  const std::lock_guard lock(connection_->mutex());
  Wiped<TPM2B_AUTH> value;
  TRY_ASSIGN(value.value, to_tpm2b<TPM2B_AUTH>(new_auth.read(SecretAccess::for_cryptography())));
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, to_esys(which), old_auth));
  TRY_ASSIGN(const ESYS_TR session, connection_->session(0, Crypt::command));
  return connection_->run("set a hierarchy's auth", [&](ESYS_CONTEXT* esys) {
    return Esys_HierarchyChangeAuth(esys, to_esys(which), session, ESYS_TR_NONE, ESYS_TR_NONE, &value.value);
  });
}

Result<void> Tpm::disable_clear(const Secret& lockout_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, ESYS_TR_RH_LOCKOUT, lockout_auth));
  return connection_->run("disable Clear", [&](ESYS_CONTEXT* esys) {
    return Esys_ClearControl(esys, ESYS_TR_RH_LOCKOUT, held->session(), ESYS_TR_NONE, ESYS_TR_NONE, TPM2_YES);
  });
}

Result<void> Tpm::disable_platform() {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const HierarchyState state, hierarchies());
  if (!state.platform_enabled) return {};
  return connection_->run("switch the platform hierarchy off", [](ESYS_CONTEXT* esys) {
    return Esys_HierarchyControl(esys, ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                 ESYS_TR_RH_PLATFORM, TPM2_NO);
  });
}

Result<void> Tpm::set_lockout_limits(const Secret& lockout_auth, unsigned failures_max, unsigned recovery_seconds,
                                     unsigned lockout_recovery_seconds) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, ESYS_TR_RH_LOCKOUT, lockout_auth));
  return connection_->run("set the limits of the lock-out", [&](ESYS_CONTEXT* esys) {
    return Esys_DictionaryAttackParameters(esys, ESYS_TR_RH_LOCKOUT, held->session(), ESYS_TR_NONE, ESYS_TR_NONE,
                                           failures_max, recovery_seconds, lockout_recovery_seconds);
  });
}

Result<void> Tpm::reset_lockout(const Secret& lockout_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, ESYS_TR_RH_LOCKOUT, lockout_auth));
  return connection_->run("reset the lock-out", [&](ESYS_CONTEXT* esys) {
    return Esys_DictionaryAttackLockReset(esys, ESYS_TR_RH_LOCKOUT, held->session(), ESYS_TR_NONE, ESYS_TR_NONE);
  });
}

}  // namespace signet::tpm
