// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

#include <tss2/tss2_rc.h>

namespace signet::tpm {

namespace {

struct Row {
  TPM2_RC code;
  Errc errc;
  const char* reason;
  const char* text;
  const char* hint;
};

constexpr const char* k_auth_hint = "check which auth was set; wrong values count towards the TPM's lock-out";
constexpr const char* k_policy_text = "the TPM's policy does not allow this now";
constexpr const char* k_space_hint = "remove what is not needed, or end programs that hold TPM objects";
constexpr const char* k_foreign_text = "this was not made by this TPM, or was changed";
constexpr const char* k_power_hint = "power the device off and on; if it stays so, the TPM is broken";
constexpr const char* k_reset_text = "the TPM was reset, and what it held is lost";
constexpr const char* k_size_text = "this has another size than the TPM keeps there";

/// What each response code means to a user (Part 2, section 6.6).
constexpr Row k_rows[] = {
    {TPM2_RC_AUTH_FAIL, Errc::denied, "tpm.auth", "the TPM refuses the auth value", k_auth_hint},
    {TPM2_RC_BAD_AUTH, Errc::denied, "tpm.auth", "the TPM refuses the auth value", k_auth_hint},
    {TPM2_RC_AUTH_TYPE, Errc::denied, "tpm.auth", "an auth value does not open this", ""},
    {TPM2_RC_AUTH_UNAVAILABLE, Errc::denied, "tpm.auth", "an auth value does not open this; a policy may", ""},
    {TPM2_RC_NV_AUTHORIZATION, Errc::denied, "tpm.auth", "the index does not allow this to who asks", ""},
    {TPM2_RC_LOCKOUT, Errc::denied, "tpm.lockout", "the TPM takes no auth values for now", ""},
    {TPM2_RC_POLICY, Errc::denied, "tpm.policy", k_policy_text, ""},
    {TPM2_RC_POLICY_FAIL, Errc::denied, "tpm.policy", k_policy_text, ""},
    {TPM2_RC_POLICY_CC, Errc::denied, "tpm.policy", k_policy_text, ""},
    {TPM2_RC_EXPIRED, Errc::denied, "tpm.policy", k_policy_text, ""},
    {TPM2_RC_CPHASH, Errc::denied, "tpm.policy", k_policy_text, ""},
    {TPM2_RC_PCR, Errc::denied, "tpm.policy", k_policy_text, ""},
    {TPM2_RC_PCR_CHANGED, Errc::denied, "tpm.policy", "a PCR has changed in the meantime", "try again"},
    {TPM2_RC_NV_LOCKED, Errc::denied, "tpm.locked", "the index is locked", "a lock on reads ends with a power cycle"},
    {TPM2_RC_DISABLED, Errc::denied, "tpm.disabled", "the command is disabled", ""},
    {TPM2_RC_HIERARCHY, Errc::denied, "tpm.hierarchy", "the hierarchy is switched off", ""},
    {TPM2_RC_FAILURE, Errc::unavailable, "tpm.failure-mode", "the TPM has failed its self-test", k_power_hint},
    {TPM2_RC_INITIALIZE, Errc::unavailable, "tpm.failure-mode", "the TPM has not been started", k_power_hint},
    {TPM2_RC_REFERENCE_S0, Errc::unavailable, "tpm.gone", k_reset_text, "connect anew"},
    {TPM2_RC_REFERENCE_S1, Errc::unavailable, "tpm.gone", k_reset_text, "connect anew"},
    {TPM2_RC_NV_SPACE, Errc::exhausted, "tpm.no-space", "the TPM's memory is full", k_space_hint},
    {TPM2_RC_OBJECT_MEMORY, Errc::exhausted, "tpm.no-space", "the TPM has no room for another object", k_space_hint},
    {TPM2_RC_OBJECT_HANDLES, Errc::exhausted, "tpm.no-space", "the TPM has no room for another object", k_space_hint},
    {TPM2_RC_SESSION_MEMORY, Errc::exhausted, "tpm.no-space", "the TPM has no room for another session", k_space_hint},
    {TPM2_RC_SESSION_HANDLES, Errc::exhausted, "tpm.no-space", "the TPM has no room for another session", k_space_hint},
    {TPM2_RC_MEMORY, Errc::exhausted, "tpm.no-space", "the TPM's memory is full", k_space_hint},
    {TPM2_RC_NV_DEFINED, Errc::conflict, "tpm.exists", "there is something at this handle already", ""},
    {TPM2_RC_HANDLE, Errc::not_found, "tpm.handle", "there is nothing at this handle", ""},
    {TPM2_RC_REFERENCE_H0, Errc::not_found, "tpm.handle", "there is nothing at this handle", ""},
    {TPM2_RC_REFERENCE_H1, Errc::not_found, "tpm.handle", "there is nothing at this handle", ""},
    {TPM2_RC_NV_UNINITIALIZED, Errc::not_found, "tpm.unwritten", "the index was never written", ""},
    {TPM2_RC_NV_RANGE, Errc::invalid_input, "tpm.too-long", k_size_text, ""},
    {TPM2_RC_NV_SIZE, Errc::invalid_input, "tpm.too-long", k_size_text, ""},
    {TPM2_RC_SIZE, Errc::invalid_input, "tpm.too-long", "the TPM does not take this size", ""},
    {TPM2_RC_INTEGRITY, Errc::untrusted, "tpm.foreign", k_foreign_text, ""},
    {TPM2_RC_BAD_CONTEXT, Errc::untrusted, "tpm.foreign", k_foreign_text, ""},
    {TPM2_RC_TICKET, Errc::untrusted, "tpm.foreign", k_foreign_text, ""},
    {TPM2_RC_SIGNATURE, Errc::untrusted, "tpm.bad-signature", "the TPM finds that the signature does not hold", ""},
    {TPM2_RC_COMMAND_CODE, Errc::unsupported, "tpm.unsupported", "this TPM does not have the command", ""},
    {TPM2_RC_SCHEME, Errc::unsupported, "tpm.unsupported", "this TPM or key does not have the scheme", ""},
    {TPM2_RC_ASYMMETRIC, Errc::unsupported, "tpm.unsupported", "this TPM does not have the algorithm", ""},
    {TPM2_RC_SYMMETRIC, Errc::unsupported, "tpm.unsupported", "this TPM does not have the algorithm", ""},
    {TPM2_RC_CURVE, Errc::unsupported, "tpm.unsupported", "this TPM does not have the curve", ""},
    {TPM2_RC_KEY_SIZE, Errc::unsupported, "tpm.unsupported", "this TPM does not have keys of this size", ""},
    {TPM2_RC_HASH, Errc::unsupported, "tpm.unsupported", "this TPM does not have the hash", ""},
    {TPM2_RC_ATTRIBUTES, Errc::unsupported, "tpm.unsupported", "the object is not made for this", ""},
    {TPM2_RC_TYPE, Errc::unsupported, "tpm.unsupported", "the object is not made for this", ""},
    {TPM2_RC_KEY, Errc::unsupported, "tpm.unsupported", "the key is not made for this", ""},
};

}  // namespace

bool is_gone(TSS2_RC rc) {
  // The TCTI could not send or receive. What the TPM or its resource manager answers has other layers.
  return (rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER;
}

bool is_word_of_the_tpm(TSS2_RC rc) {
  const TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;
  return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER;
}

TPM2_RC base_code(TSS2_RC rc) {
  const TSS2_RC code = rc & ~TSS2_RC_LAYER_MASK;
  // Part 2, section 6.6.2: format-one codes have the number of handle, session or parameter in bits 6 and 8 to 11.
  return (code & TPM2_RC_FMT1) != 0 ? code & 0xBFU : code;
}

Error to_error(TSS2_RC rc, std::string_view doing) {
  const std::string to = " (to " + std::string(doing) + "; " + printable(Tss2_RC_Decode(rc)) + ")";
  if (is_gone(rc)) {
    return {Errc::unavailable, "tpm.gone", "the TPM does not answer" + to, "connect anew; check that its driver runs"};
  }
  if (is_word_of_the_tpm(rc)) {
    const auto* row = std::ranges::find(k_rows, base_code(rc), &Row::code);
    if (row != std::end(k_rows)) return {row->errc, row->reason, row->text + to, row->hint};
  }
  if (!is_word_of_the_tpm(rc)) {
    return {Errc::io, "tpm.answer", "the TPM's answer is malformed, or was changed on its way" + to,
            "connect anew; if it stays so, the TPM or its bus is broken, or somebody is on the bus"};
  }
  return {Errc::io, "tpm.failed", "the TPM refuses" + to};
}

}  // namespace signet::tpm
