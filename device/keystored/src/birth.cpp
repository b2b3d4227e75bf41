// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The unit's side of a birth (docs/formats/birth-protocol.md). The order in which things become durable: the auths, the
// escrow of them, the TPM, the proof, the identity. The station is believed nothing; what is locked for good is locked
// on the word of the vendor's key.
#include "signet/core/ensure.hpp"
#include "signet/core/ids.hpp"
#include "signet/documents.hpp"

#include "closing.hpp"
#include "device.hpp"
#include "secrets_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::keystored {

namespace {

constexpr std::size_t k_further_keys_max = 8;
// TPM2_ActivateCredential wants the ADMIN role of the key that a credential names. The TCG's template gives that of an
// IAK to a policy which no device can meet, so a restricted key without such a policy opens the credential and says
// that the TPM made the IAK: it is named in the claim, and its word on the IAK stands among the proofs.
constexpr std::string_view k_attester = "attester";
constexpr std::string_view k_iak = "iak";

Result<void> check_order(const Order& order, const std::optional<crypto::PublicKey>& vendor_key) {
  TRY(check_name(order.serial, "serial number"));
  TRY(check_name(order.hardware, "hardware"));
  if (!vendor_key || order.vendor_key == *vendor_key) return {};
  return Error(Errc::untrusted, "keystored.vendor-key",
               "the vendor's key of this birth is not the one that signet-keystored was started with",
               "Is the right vendor's firmware on this unit?");
}

Result<void> check_policy(const birth::Policy& policy) {
  if (policy.keys.size() > k_further_keys_max) {
    return Error(Errc::invalid_input, "keystored.birth-keys", "the birth policy wants too many keys");
  }
  for (const std::string& name : policy.keys) {
    const auto purpose = keystore::purpose_from(name);
    if (!purpose) return purpose.error();
    if (*purpose != keystore::Purpose::device_id) continue;
    return Error(Errc::invalid_input, "keystored.birth-keys", "the birth policy names the device's own key twice");
  }
  const tpm::FloorApproval& floor = policy.first_floor;
  if (floor.kind != tpm::FloorApproval::Kind::first || !(floor.key == policy.floor_key)) {
    return Error(Errc::invalid_input, "keystored.birth-floor",
                 "the first floor of the birth policy is not a first approval by its floor key");
  }
  return floor.check();
}

/// Before birth nobody has set anything: whoever has would stay the owner of it.
Result<void> check_untouched(tpm::Tpm& tpm) {
  TRY_ASSIGN(const tpm::HierarchyState state, tpm.hierarchies());
  if (!state.owner_auth_set && !state.endorsement_auth_set && !state.lockout_auth_set) return {};
  return Error(Errc::conflict, "keystored.tpm-in-use", "somebody has set auth values in this TPM already",
               "Clear the TPM in the firmware setup, then begin the birth again.");
}

/// The kind of the endorsement key that was claimed: by it this birth goes on.
Result<crypto::KeyAlgorithm> kind_of(const Bytes& area) {
  TRY_ASSIGN(const tpm::Public ek, tpm::Public::parse(area));
  if (!ek.key) return Error(Errc::unsupported, "tpm.ek-unsupported", "the endorsement key is of an unknown kind");
  return ek.key->algorithm();
}

/// As attest::VerifiedEk::fingerprint() has it, so that the vendor finds the escrow by the birth record.
Result<Bytes> fingerprint_of(const Bytes& area) {
  TRY_ASSIGN(const tpm::Public ek, tpm::Public::parse(area));
  if (!ek.key) return Error(Errc::unsupported, "tpm.ek-unsupported", "the endorsement key is of an unknown kind");
  return ek.key->fingerprint();
}

/// A chain that ends in one of the vendor's roots and begins with this key. The device has no trusted clock at its
/// birth, so the chain is judged at the moment from which the certificate holds.
Result<void> check_chain(const std::vector<pki::Certificate>& chain, const Bytes& area_wire,
                         const birth::Policy& policy, std::string_view whose) {
  const std::string name = "the certificate of '" + std::string(whose) + "'";
  if (chain.empty()) return Error(Errc::invalid_input, "keystored.birth-certificate", name + " is missing");
  TRY_ASSIGN(const tpm::Public area, tpm::Public::parse(area_wire));
  TRY_ASSIGN(const crypto::PublicKey key, chain.front().public_key());
  if (!area.key || !(key == *area.key)) {
    return Error(Errc::untrusted, "keystored.birth-certificate", name + " is of another key");
  }
  const auto valid = pki::validate(chain.front(), {.anchors = policy.anchors,
                                                   .intermediates = {chain.begin() + 1, chain.end()},
                                                   .at = chain.front().not_before(),
                                                   .usage = pki::Usage::any});
  if (valid) return {};
  return Error(valid.error()).with_context("checking " + name);
}

/// What the station leaves of itself goes into every attestation of this device: wrong certificates would have all of
/// them refused. Judged as verifiers will, when the station's own have ended: at the time of the device's.
Result<void> check_station(const birth::Identity& identity, const birth::Policy& policy) {
  if (identity.station.empty()) return {};
  const auto valid = pki::validate_station(identity.station.front(),
                                           {.anchors = policy.anchors,
                                            .intermediates = {identity.station.begin() + 1, identity.station.end()},
                                            .at = identity.idevid.front().not_before(),
                                            .usage = pki::Usage::any});
  if (!valid) return Error(valid.error()).with_context("checking the station's certificate");
  TRY_ASSIGN(const crypto::PublicKey key, identity.station.front().public_key());
  if (documents::open_envelope(Untrusted(ByteView(identity.record_envelope)), birth::k_record_type, std::array{key})) {
    return {};
  }
  return Error(Errc::untrusted, "keystored.birth-certificate",
               "the station's certificate is of another key than the one that signed the birth record");
}

Result<DeviceKeyAuths> have_device_key_auths(tpm::Tpm& tpm, const Paths& paths) {
  auto found = load_device_key_auths(paths);
  if (found || found.error().code() != Errc::not_found) return found;
  TRY_ASSIGN(const Bytes iak, tpm.random(k_auth_size_bytes));
  TRY_ASSIGN(const Bytes idevid, tpm.random(k_auth_size_bytes));
  const DeviceKeyAuths made{.iak = mix_auth(iak), .idevid = mix_auth(idevid)};
  TRY(save_device_key_auths(paths, made));
  return load_device_key_auths(paths);
}

Result<Auths> have_auths(tpm::Tpm& tpm, const Paths& paths) {
  auto found = load_auths(paths);
  if (found || found.error().code() != Errc::not_found) return found;
  TRY_ASSIGN(const Bytes owner, tpm.random(k_auth_size_bytes));
  TRY_ASSIGN(const Bytes endorsement, tpm.random(k_auth_size_bytes));
  TRY_ASSIGN(const Bytes lockout, tpm.random(k_auth_size_bytes));
  TRY(save_auths(paths,
                 {.owner = mix_auth(owner), .endorsement = mix_auth(endorsement), .lockout = mix_auth(lockout)}));
  return load_auths(paths);
}

}  // namespace

Result<birth::Message> Device::begin(const birth::Begin& begin, Order order) {
  const std::lock_guard lock(mutex_);
  TRY(ready());
  TRY_ASSIGN(const Transition row, transition(state_.phase, Event::begin));
  order.policy_envelope = begin.policy_envelope;
  TRY(check_order(order, config_.vendor_key));
  TRY_ASSIGN(const birth::Policy policy, order.policy());
  TRY(check_policy(policy));
  if (row.rule == Rule::same_order) {
    if (order == *state_.order) {
      // A station that missed the last word of this birth gets it again.
      if (state_.phase == Phase::born) return birth::Message(birth::Installed{.signature = state_.installed_signature});
      return birth::Message(*state_.claim);
    }
    if (state_.phase == Phase::born) return transition(Phase::born, Event::prove).error();
    return Error(Errc::conflict, "keystored.birth-other",
                 "this TPM is being closed for another order (serial '" + state_.order->serial + "')",
                 "Finish that birth, or take the unit out of the line.");
  }
  root_->configure(policy.devid, Birth::open);
  TRY_ASSIGN(DeviceState next, make_claim(std::move(order), policy, begin.endorsement_key));
  next.phase = row.to;
  TRY(save(std::move(next)));
  TRY(open_keys());
  return birth::Message(*state_.claim);
}

Result<DeviceState> Device::make_claim(Order order, const birth::Policy& policy, crypto::KeyAlgorithm endorsement_key) {
  TRY_ASSIGN(const auto store, keys());
  birth::Claim claim{.serial = order.serial,
                     .product = order.product,
                     .hardware = order.hardware,
                     .ek_certificates = {},
                     .ek_area = {},
                     .iak_area = {},
                     .idevid_area = {},
                     .key_areas = {},
                     .protection = {}};
  tpm::Blob attester;
  const auto act = [&](tpm::Tpm& tpm, const tpm::Object& parent) -> Result<void> {
    TRY(check_untouched(tpm));
    TRY_ASSIGN(const DeviceKeyAuths auths, have_device_key_auths(tpm, paths_));
    TRY_ASSIGN(claim.ek_certificates, tpm.endorsement_certificates(endorsement_key));
    {
      TRY_ASSIGN(const tpm::Object ek, tpm.endorsement_key(Secret(), endorsement_key));
      claim.ek_area = ek.public_area().wire;
    }
    TRY_ASSIGN(const tpm::Public iak, root_->make_iak(tpm));
    claim.iak_area = iak.wire;
    TRY_ASSIGN(const tpm::Primary idevid, tpm.create_idevid(policy.devid, Secret(), auths.idevid));
    claim.idevid_area = idevid.object.public_area().wire;
    TRY_ASSIGN(attester, tpm.create_key(parent, crypto::KeyAlgorithm::ec_p256, tpm::KeyUse::attest, Secret()));
    claim.key_areas[std::string(k_attester)] = attester.public_area;
    TRY_ASSIGN(const tpm::Description chip, tpm.describe());
    claim.protection = std::string(keystore::name_of(keystore::protection_of(chip)));
    return {};
  };
  TRY(store->with_room(act));
  TRY(make_further_keys(*store, policy, claim));
  return DeviceState{.order = std::move(order), .claim = std::move(claim), .attester = std::move(attester)};
}

Result<void> Device::make_further_keys(keystore::TpmKeystore& keys, const birth::Policy& policy, birth::Claim& claim) {
  for (const std::string& name : policy.keys) {
    TRY_ASSIGN(const keystore::Purpose purpose, keystore::purpose_from(name));
    auto info = keys.info(name);
    if (!info && info.error().code() == Errc::not_found) {
      const auto algorithm = crypto::KeyAlgorithm::ec_p256;
      info = keys.generate(name, algorithm, purpose, keystore::default_use(purpose, algorithm));
    }
    if (!info) return std::move(info).error();
    if (info->purpose != purpose || info->extractable != keystore::Extractable::never) {
      return Error(Errc::conflict, "keystored.birth-keys", "a key '" + name + "' that was not made for this is there",
                   "Destroy it, then begin the birth again.");
    }
    claim.key_areas[name] = info->public_area;
  }
  return {};
}

Result<birth::Proof> Device::prove(const birth::Ask& ask, const Json& tests) {
  const std::lock_guard lock(mutex_);
  TRY(ready());
  TRY_ASSIGN(const Transition row, transition(state_.phase, Event::prove));
  TRY_ASSIGN(const birth::Policy policy, state_.order->policy());
  // Before anything is locked: whoever asks has seen this TPM's EK certificate and addressed this very key.
  TRY_ASSIGN(Secret secret, answer_challenge(ask));
  if (state_.phase == Phase::begun) {
    TRY(promise_escrow(policy));
  }
  if (state_.phase == Phase::closing) {
    TRY(close(policy));
  }
  TRY_ASSIGN(birth::Proof proof, collect(policy, ask.nonce));
  proof.secret = to_bytes(secret.read(SecretAccess::for_export()));
  proof.tests = tests;
  DeviceState next = state_;
  next.phase = row.to;
  next.birth_nonce = ask.nonce;
  next.evidence = proof.idevid;
  TRY(save(std::move(next)));
  TRY(open_keys());
  return proof;
}

Result<Secret> Device::answer_challenge(const birth::Ask& ask) {
  TRY_ASSIGN(const auto store, keys());
  TRY_ASSIGN(const crypto::KeyAlgorithm kind, kind_of(state_.claim->ek_area));
  Secret secret;
  const auto act = [&](tpm::Tpm& tpm, const tpm::Object& parent) -> Result<void> {
    TRY_ASSIGN(const Secret auth, root_->endorsement_auth());
    TRY_ASSIGN(const tpm::Object ek, tpm.endorsement_key(auth, kind));
    TRY_ASSIGN(const tpm::Object attester, tpm.load(parent, *state_.attester, Secret()));
    TRY_ASSIGN(secret, tpm.activate_credential(attester, ek, auth, ask.credential));
    return {};
  };
  TRY(store->with_room(act));
  return secret;
}

/// Auths and escrow are on disk before the TPM changes: a unit that loses power in between is opened by the vendor.
Result<void> Device::promise_escrow(const birth::Policy& policy) {
  TRY_ASSIGN(const auto store, keys());
  Auths auths;
  const auto act = [&](tpm::Tpm& tpm, const tpm::Object&) -> Result<void> {
    TRY(check_untouched(tpm));
    TRY_ASSIGN(auths, have_auths(tpm, paths_));
    return {};
  };
  TRY(store->with_room(act));
  const birth::Escrow escrow{
      .owner = auths.owner.clone(), .endorsement = auths.endorsement.clone(), .lockout = auths.lockout.clone()};
  TRY_ASSIGN(const Bytes fingerprint, fingerprint_of(state_.claim->ek_area));
  DeviceState next = state_;
  TRY_ASSIGN(next.escrow, birth::seal_escrow(escrow, policy.escrow_key, fingerprint));
  next.phase = Phase::closing;
  return save(std::move(next));
}

Result<void> Device::close(const birth::Policy& policy) {
  TRY_ASSIGN(const auto store, keys());
  TRY_ASSIGN(const Auths auths, load_auths(paths_));
  TRY_ASSIGN(const DeviceKeyAuths key_auths, load_device_key_auths(paths_));
  const Closing closing{.policy = policy, .auths = auths, .key_auths = key_auths};
  TRY(store->with_room([&](tpm::Tpm& tpm, const tpm::Object&) { return close_tpm(tpm, closing); }));
  root_->learn(auths.endorsement);
  return {};
}

Result<birth::Proof> Device::collect(const birth::Policy& policy, const Bytes& nonce) {
  TRY_ASSIGN(const auto store, keys());
  birth::Proof proof;
  const auto act = [&](tpm::Tpm& tpm, const tpm::Object& parent) -> Result<void> {
    TRY_ASSIGN(const Secret auth, root_->endorsement_auth());
    TRY_ASSIGN(const DeviceKeyAuths key_auths, load_device_key_auths(paths_));
    {
      TRY_ASSIGN(const tpm::Object attester, tpm.load(parent, *state_.attester, Secret()));
      TRY_ASSIGN(const tpm::Primary iak, tpm.create_iak(policy.devid, auth, key_auths.iak));
      attest::KeyEvidence& evidence = proof.keys[std::string(k_iak)];
      evidence.public_area = iak.object.public_area().wire;
      TRY_ASSIGN(evidence.attestation, tpm.certify_creation(iak, attester, nonce));
    }
    TRY_ASSIGN(const tpm::Object iak, root_->load_iak(tpm));
    {
      TRY_ASSIGN(const tpm::Primary idevid, tpm.create_idevid(policy.devid, auth, key_auths.idevid));
      proof.idevid.public_area = idevid.object.public_area().wire;
      TRY_ASSIGN(proof.idevid.attestation, tpm.certify_creation(idevid, iak, nonce));
    }
    TRY_ASSIGN(auto state, tpm.certify_state(iak, auth, nonce));
    proof.state = {.answer = std::move(state.first), .attestation = std::move(state.second)};
    TRY_ASSIGN(const tpm::NvPublic floor, tpm.nv_public(tpm::k_floor_index));
    proof.floor.nv_public = floor.wire;
    TRY_ASSIGN(proof.floor.attestation, tpm.certify_nv(tpm::k_floor_index, iak, nonce));
    return {};
  };
  TRY(store->with_room(act));
  for (const std::string& name : policy.keys) {
    TRY_ASSIGN(keystore::TpmKeyEvidence evidence, store->certify(name, "iak", nonce));
    proof.keys[name] = {.public_area = std::move(evidence.public_area), .attestation = std::move(evidence.attestation)};
  }
  proof.escrow = state_.escrow;
  return proof;
}

Result<birth::Installed> Device::install(const birth::Identity& identity) {
  const std::lock_guard lock(mutex_);
  TRY(ready());
  TRY_ASSIGN(const Transition row, transition(state_.phase, Event::install));
  const Bytes sha256 = crypto::digest(crypto::HashAlgorithm::sha256, birth::encode(identity));
  if (row.rule == Rule::same_identity) {
    if (sha256 == state_.identity_sha256) return birth::Installed{.signature = state_.installed_signature};
    return transition(Phase::born, Event::prove).error();
  }
  TRY_ASSIGN(const birth::Policy policy, state_.order->policy());
  TRY(check_chain(identity.idevid, state_.claim->idevid_area, policy, "idevid"));
  TRY(check_chain(identity.iak, state_.claim->iak_area, policy, "iak"));
  for (const auto& [name, area] : state_.claim->key_areas) {
    if (name == k_attester) continue;  // has done its work
    const auto chain = identity.keys.find(name);
    TRY(check_chain(chain == identity.keys.end() ? std::vector<pki::Certificate>() : chain->second, area, policy,
                    name));
  }
  TRY(check_station(identity, policy));
  DeviceState next = state_;
  const Bytes record = crypto::digest(crypto::HashAlgorithm::sha256, identity.record_envelope);
  TRY_ASSIGN(next.installed_signature, sign_as_device(attest::challenge_message(record)));
  next.phase = row.to;
  next.identity = identity;
  next.identity_sha256 = sha256;
  TRY(save(std::move(next)));
  // From here on nobody needs the auths; a kill before this is made good at the next start.
  TRY(destroy_secrets(paths_.birth_auths()));
  TRY_ASSIGN(const tpm::Public idevid, tpm::Public::parse(state_.claim->idevid_area));
  root_->configure(policy.devid, Birth::done, idevid.name);
  return birth::Installed{.signature = state_.installed_signature};
}

}  // namespace signet::keystored
