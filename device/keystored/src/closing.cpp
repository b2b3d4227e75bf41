// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "closing.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace signet::keystored {

namespace {

/// The auths as they are at this moment: those that have not been set yet are empty.
struct Now {
  tpm::HierarchyState state;
  Secret owner;
  Secret endorsement;
  Secret lockout;
};

Result<Now> look(tpm::Tpm& tpm, const Auths& auths) {
  Now now;
  TRY_ASSIGN(now.state, tpm.hierarchies());
  if (now.state.owner_auth_set) now.owner = auths.owner.clone();
  if (now.state.endorsement_auth_set) now.endorsement = auths.endorsement.clone();
  if (now.state.lockout_auth_set) now.lockout = auths.lockout.clone();
  return now;
}

Result<void> set_limits(tpm::Tpm& tpm, const Closing& closing) {
  TRY_ASSIGN(const Now now, look(tpm, closing.auths));
  TRY_ASSIGN(const tpm::LockoutState limits, tpm.lockout());
  if (limits.failures_max == k_lockout_failures_max && limits.recovery_seconds == k_lockout_recovery_seconds &&
      limits.lockout_recovery_seconds == k_lockout_auth_recovery_seconds) {
    return {};
  }
  return tpm.set_lockout_limits(now.lockout, k_lockout_failures_max, k_lockout_recovery_seconds,
                                k_lockout_auth_recovery_seconds);
}

Result<void> disable_clear(tpm::Tpm& tpm, const Closing& closing) {
  TRY_ASSIGN(const Now now, look(tpm, closing.auths));
  if (now.state.clear_disabled) return {};
  return tpm.disable_clear(now.lockout);
}

/// Always anew: somebody may have persisted the same key (its name follows from template and seed) with an auth of his
/// own before the birth.
Result<void> persist_idevid(tpm::Tpm& tpm, const Closing& closing) {
  TRY_ASSIGN(const Now now, look(tpm, closing.auths));
  if (now.state.owner_auth_set) return {};  // the last step but one: the key is in its place
  const auto gone = tpm.evict(k_idevid_handle, now.owner);
  if (!gone && gone.error().code() != Errc::not_found) return gone;
  TRY_ASSIGN(const tpm::Primary idevid,
             tpm.create_idevid(closing.policy.devid, now.endorsement, closing.key_auths.idevid));
  return tpm.persist(idevid.object, k_idevid_handle, now.owner);
}

/// Leaves the index that `wanted` describes; one of another shape is removed, written or not.
Result<tpm::NvPublic> have_index(tpm::Tpm& tpm, const tpm::NvPublic& wanted, const Secret& owner) {
  auto found = tpm.nv_public(wanted.index);
  if (found && same_index(*found, wanted) == SameIndex::same) return found;
  if (found) {
    TRY(tpm.undefine_nv(wanted.index, owner));
  } else if (found.error().code() != Errc::not_found) {
    return found;
  }
  TRY(tpm.define_nv(wanted, owner, Secret()));
  return tpm.nv_public(wanted.index);
}

Result<void> found_floor(tpm::Tpm& tpm, const Closing& closing) {
  TRY_ASSIGN(const Now now, look(tpm, closing.auths));
  TRY_ASSIGN(const tpm::NvPublic wanted, tpm::floor_public(closing.policy.floor_key, false));
  TRY_ASSIGN(const tpm::NvPublic index, have_index(tpm, wanted, now.owner));
  if ((index.attributes & tpm::k_nv_written) != 0) return {};
  TRY_ASSIGN(const tpm::Policy policy, closing.policy.first_floor.policy(k_idevid_handle));
  std::array<std::byte, 8> value{};
  put_be64(value, closing.policy.first_floor.value);
  return tpm.write_nv(tpm::k_floor_index, value, policy);
}

/// Read back before the hierarchy's auth is set: a TPM whose auth nobody knows would be lost.
Result<void> store_endorsement_auth(tpm::Tpm& tpm, const Closing& closing) {
  TRY_ASSIGN(const Now now, look(tpm, closing.auths));
  if (now.state.endorsement_auth_set) return {};
  TRY_ASSIGN(tpm::NvPublic index, have_index(tpm, endorsement_auth_public(), now.owner));
  if ((index.attributes & (k_nv_write_locked | k_nv_read_locked)) != 0) {  // somebody else's, or unreadable: anew
    TRY(tpm.undefine_nv(k_endorsement_auth_index, now.owner));
    TRY_ASSIGN(index, have_index(tpm, endorsement_auth_public(), now.owner));
  }
  TRY(tpm.write_nv(k_endorsement_auth_index, closing.auths.endorsement, Secret()));
  TRY_ASSIGN(const Secret back, tpm.read_nv(k_endorsement_auth_index, Secret()));
  if (back == closing.auths.endorsement) return {};
  return Error(Errc::io, "keystored.nv-read-back", "the TPM does not give back what was written into it",
               "Take this unit out of the line: its TPM is broken.");
}

Result<void> lock_endorsement_auth(tpm::Tpm& tpm, const Closing& /*closing*/) {
  TRY_ASSIGN(const tpm::NvPublic index, tpm.nv_public(k_endorsement_auth_index));
  if ((index.attributes & k_nv_write_locked) == 0) {
    TRY(tpm.lock_nv_write(k_endorsement_auth_index, Secret()));
  }
  if ((index.attributes & k_nv_read_locked) == 0) {
    TRY(tpm.lock_nv_read(k_endorsement_auth_index, Secret()));
  }
  return {};
}

Result<void> close_endorsement(tpm::Tpm& tpm, const Closing& closing) {
  TRY_ASSIGN(const Now now, look(tpm, closing.auths));
  if (now.state.endorsement_auth_set) return {};
  return tpm.set_auth(tpm::Hierarchy::endorsement, Secret(), closing.auths.endorsement);
}

Result<void> close_lockout(tpm::Tpm& tpm, const Closing& closing) {
  TRY_ASSIGN(const Now now, look(tpm, closing.auths));
  if (now.state.lockout_auth_set) return {};
  return tpm.set_auth(tpm::Hierarchy::lockout, Secret(), closing.auths.lockout);
}

Result<void> close_owner(tpm::Tpm& tpm, const Closing& closing) {
  TRY_ASSIGN(const Now now, look(tpm, closing.auths));
  if (now.state.owner_auth_set) return {};
  return tpm.set_auth(tpm::Hierarchy::owner, Secret(), closing.auths.owner);
}

struct Step {
  std::string_view name;
  Result<void> (*run)(tpm::Tpm&, const Closing&);
};

// The owner's auth last: what was persisted or defined before it can still be put right until then. The endorsement
// auth only after it is in NV and was read back.
constexpr std::array k_steps{
    Step{"setting the limits of the lock-out", set_limits},
    Step{"disabling Clear", disable_clear},
    Step{"keeping the device's identity key", persist_idevid},
    Step{"founding the version floor", found_floor},
    Step{"keeping the endorsement auth", store_endorsement_auth},
    Step{"closing the endorsement hierarchy", close_endorsement},
    Step{"locking the endorsement auth", lock_endorsement_auth},
    Step{"closing the lock-out hierarchy", close_lockout},
    Step{"closing the owner hierarchy", close_owner},
};

}  // namespace

Result<void> close_tpm(tpm::Tpm& tpm, const Closing& closing) {
  for (const Step& step : k_steps) {
    TRY(step.run(tpm, closing).context(std::string(step.name)));
  }
  return {};
}

}  // namespace signet::keystored
