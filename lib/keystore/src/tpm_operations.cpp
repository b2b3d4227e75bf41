// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// TpmKeystore's operations in the TPM: making keys, and using them.
#include "backend.hpp"
#include "private_path.hpp"
#include "rsa_block.hpp"
#include "software_key.hpp"
#include "tpm_store.hpp"

#include <algorithm>
#include <iterator>

namespace signet::keystore {

namespace {

constexpr std::size_t k_auth_bytes = 32;

KeyAct act_of(tpm::KeyUse use) {
  switch (use) {
    case tpm::KeyUse::sign:
      return KeyAct::sign;
    case tpm::KeyUse::decrypt:
      return KeyAct::decrypt;
    case tpm::KeyUse::derive:
      return KeyAct::derive;
    case tpm::KeyUse::attest:
      return KeyAct::certify;
    case tpm::KeyUse::sign_any:
      return KeyAct::sign_any;
  }
  ensure(false, "KeyUse: unknown value");
  return KeyAct::sign;
}

bool is_curve(crypto::KeyAlgorithm algorithm) {
  return algorithm == crypto::KeyAlgorithm::ec_p256 || algorithm == crypto::KeyAlgorithm::ec_p384;
}

/// Whether this store can have such a key: the purpose allows the use, the algorithm can do it, the TPM knows it.
Result<void> check_wanted(TpmStore& store, crypto::KeyAlgorithm algorithm, Purpose purpose, tpm::KeyUse use) {
  if (may(purpose, act_of(use)) == Permission::refused) {
    return Error(Errc::denied, "keystore.purpose",
                 "a key for the purpose " + std::string(name_of(purpose)) + " may not " + std::string(name_of(use)),
                 "docs/formats/keystored-protocol.md says what each purpose allows.");
  }
  TRY_ASSIGN(const tpm::Description tpm, store.describe());
  const bool known = std::ranges::find(tpm.algorithms, algorithm) != tpm.algorithms.end();
  const bool signs = use == tpm::KeyUse::sign || use == tpm::KeyUse::attest;
  const bool able = signs || is_curve(algorithm) == (use == tpm::KeyUse::derive);  // sign_any: RSA only
  if (known && able) return {};
  std::string others;
  for (const auto each : tpm.algorithms) others += (others.empty() ? "" : ", ") + std::string(name_of(each));
  return Error(Errc::unsupported, "keystore.unsupported",
               "this TPM has no " + std::string(name_of(algorithm)) + " keys that " + std::string(name_of(use)),
               "It has " + others + ".");
}

/// The device's own keys stay as they are.
Result<void> check_not_outside(const TpmStore& store, std::string_view label) {
  if (!store.outside.contains(label)) return {};
  return Error(Errc::denied, "keystore.reserved", "the key '" + printable(label) + "' is the device's own",
               "It lives as long as the device.");
}

std::vector<unsigned> pcrs_of(const TpmKeyInfo& key) {
  std::vector<unsigned> pcrs;
  std::ranges::transform(key.boot_state, std::back_inserter(pcrs), &tpm::PcrValue::index);
  return pcrs;
}

/// Whether a key can be the one that a cut-off rotation made: not one that somebody brought along.
bool may_follow(const TpmKeyInfo& next, const TpmKeyInfo& key) {
  return next.purpose == key.purpose && next.use == key.use && next.extractable == Extractable::never &&
         next.public_key.algorithm() == key.public_key.algorithm() && pcrs_of(next) == pcrs_of(key);
}

/// What the TPM gave, and what it demands of each use.
struct Made {
  tpm::Blob blob;
  std::vector<tpm::PcrValue> boot_state = {};
};

/// Has the TPM make a key that is bound to what the PCRs hold now. Call within run().
Result<Made> create(TpmStore& store, crypto::KeyAlgorithm algorithm, tpm::KeyUse use, const Secret& auth,
                    const std::vector<unsigned>& pcrs) {
  Made made;
  Bytes policy_digest;
  if (!pcrs.empty()) {
    TRY_ASSIGN(made.boot_state, store.read_pcrs(pcrs));
    std::ranges::sort(made.boot_state, {}, &tpm::PcrValue::index);
    policy_digest = tpm::digest_of(tpm::boot_policy(made.boot_state));
  }
  TRY_ASSIGN(made.blob, store.root->tpm->create_key(*store.root->parent, algorithm, use, auth, policy_digest));
  return made;
}

Result<void> check_pcrs(std::vector<unsigned> pcrs) {
  std::ranges::sort(pcrs);
  const bool twice = std::ranges::adjacent_find(pcrs) != pcrs.end();
  if (!twice && (pcrs.empty() || pcrs.back() < tpm::k_pcrs)) return {};
  return Error(Errc::usage, "keystore.pcrs", "a key cannot be bound to these PCRs",
               "They are numbered from 0 to 23; name each once.");
}

/// Makes a key in the TPM by `make(auth)` and writes its record.
template <typename Make>
Result<TpmKeyInfo> make_key(TpmStore& store, std::string_view label, Purpose purpose, tpm::KeyUse use,
                            const Make& make) {
  if (store.outside.contains(label)) {
    return Error(Errc::conflict, "keystore.label-taken", "the label '" + printable(label) + "' is reserved",
                 "Choose another label.");
  }
  TRY_ASSIGN(const os::FileLock lock, store.folder.reserve(label));
  Secret auth = crypto::random_secret(k_auth_bytes);
  TRY_ASSIGN(Made made, store.run([&]() -> Result<Made> {
    store.make_room();
    return make(auth);
  }));
  TRY_ASSIGN(tpm::Public area, tpm::Public::parse(made.blob.public_area));
  if (!area.key) {
    return Error(Errc::unsupported, "keystore.unsupported", "the TPM made a key of a kind that is not understood");
  }
  const TpmRecord record{.label = std::string(label),
                         .purpose = purpose,
                         .use = use,
                         .parent_name = store.root->parent->name(),
                         .area = std::move(area),
                         .private_area = std::move(made.blob.private_area),
                         .auth = std::move(auth),
                         .boot_state = std::move(made.boot_state)};
  TRY(store.folder.write_new(record));
  return record.info();
}

/// The key that is to take the place of another one.
Result<TpmKeyInfo> make_next(TpmStore& store, const TpmKeyInfo& key, std::string_view next_label) {
  const crypto::KeyAlgorithm algorithm = key.public_key.algorithm();
  TRY(check_wanted(store, algorithm, key.purpose, key.use));
  return make_key(store, next_label, key.purpose, key.use,
                  [&](const Secret& auth) { return create(store, algorithm, key.use, auth, pcrs_of(key)); });
}

Error taken(const std::string& label, std::string_view rotated) {
  return {Errc::conflict, "keystore.label-taken", "there is already a key '" + label + "'",
          "Retire that key first: rotating '" + std::string(rotated) + "' needs its label."};
}

}  // namespace

Result<TpmKeyInfo> TpmKeystore::generate(std::string_view label, crypto::KeyAlgorithm algorithm, Purpose purpose,
                                         tpm::KeyUse use, const std::vector<unsigned>& pcrs) {
  const std::lock_guard lock(state_->mutex);
  TRY(check_label(label));
  TRY(check_pcrs(pcrs));
  TRY(check_wanted(*state_, algorithm, purpose, use));
  return make_key(*state_, label, purpose, use,
                  [&](const Secret& auth) { return create(*state_, algorithm, use, auth, pcrs); });
}

Result<TpmKeyInfo> TpmKeystore::import_key(std::string_view label, const Secret& pkcs8_der, Purpose purpose,
                                           tpm::KeyUse use) {
  const std::lock_guard lock(state_->mutex);
  TRY(check_label(label));
  TRY_ASSIGN(const ossl::EvpPkey key, parse_pkcs8(pkcs8_der));
  TRY_ASSIGN(const crypto::PublicKey public_key, ossl::from_evp(key.get()));
  TRY(check_wanted(*state_, public_key.algorithm(), purpose, use));
  return make_key(*state_, label, purpose, use, [&](const Secret& auth) -> Result<Made> {
    TRY_ASSIGN(tpm::Blob blob, state_->root->tpm->import_key(*state_->root->parent, pkcs8_der, use, auth));
    return Made{.blob = std::move(blob)};
  });
}

Result<TpmKeyInfo> TpmKeystore::prepare_rotation(std::string_view label, Purpose purpose) {
  const std::lock_guard lock(state_->mutex);
  TRY(check_not_outside(*state_, label));
  TRY_ASSIGN(const TpmKeyInfo key, state_->info(label));
  TRY(state_->bound(label, purpose, act_of(key.use), key.use));
  const std::string next_label = std::string(label) + ".next";
  TRY(check_label(next_label));
  const auto found = state_->folder.info(next_label);
  if (!found) return make_next(*state_, key, next_label);
  if (may_follow(*found, key)) return *found;
  return taken(next_label, label);
}

Result<TpmKeyInfo> TpmKeystore::rotate(std::string_view label, Purpose purpose) {
  const std::lock_guard lock(state_->mutex);
  TRY(check_not_outside(*state_, label));
  TRY_ASSIGN(const TpmKeyInfo key, state_->info(label));
  TRY(state_->bound(label, purpose, act_of(key.use), key.use));
  const std::string old_label = std::string(label) + ".old";
  const std::string next_label = std::string(label) + ".next";
  TRY(check_label(next_label));
  const auto next_found = state_->folder.info(next_label);
  // Killed after the new key had taken the name: the old one has its own already.
  if (next_found && next_found->public_key == key.public_key) {
    TRY(state_->folder.remove(next_label));
    return key;
  }
  const auto old_found = state_->folder.info(old_label);
  const bool old_taken = old_found && !(old_found->public_key == key.public_key);
  if (old_taken) return taken(old_label, label);
  if (next_found && !may_follow(*next_found, key)) return taken(next_label, label);
  if (!next_found) TRY(make_next(*state_, key, next_label));
  TRY_ASSIGN(TpmRecord old, state_->folder.read(label));
  old.label = old_label;
  TRY(state_->folder.replace(old));
  TRY_ASSIGN(TpmRecord next, state_->folder.read(next_label));
  next.label = std::string(label);
  TRY(state_->folder.replace(next));
  TRY(state_->folder.remove(next_label));
  std::erase_if(state_->loaded, [&](const auto& each) { return each.label == label || each.label == next_label; });
  return next.info();
}

Result<void> TpmKeystore::destroy(std::string_view label, Purpose purpose) {
  const std::lock_guard lock(state_->mutex);
  TRY(check_not_outside(*state_, label));
  TRY_ASSIGN(const TpmKeyInfo key, state_->info(label));
  TRY(state_->bound(label, purpose, act_of(key.use), key.use));
  std::erase_if(state_->loaded, [&](const TpmStore::Loaded& each) { return each.label == label; });
  return state_->folder.remove(label);
}

Result<Bytes> TpmKeystore::sign(std::string_view label, Purpose purpose, crypto::SignatureScheme scheme,
                                ByteView digest) {
  const std::lock_guard lock(state_->mutex);
  TRY_ASSIGN(const TpmKeyInfo key, state_->bound(label, purpose, KeyAct::sign, tpm::KeyUse::sign));
  const auto hash = crypto::hash_of(scheme);
  if (!hash || !crypto::fits(key.public_key.algorithm(), scheme) || digest.size() != crypto::digest_size_bytes(*hash)) {
    return Error(Errc::unsupported, "crypto.scheme",
                 "a " + std::string(name_of(key.public_key.algorithm())) + " key cannot sign " +
                     std::to_string(digest.size()) + " bytes with " + std::string(name_of(scheme)));
  }
  return state_->use(key, [&](const tpm::Object& object) { return state_->root->tpm->sign(object, scheme, digest); });
}

Result<Bytes> TpmKeystore::sign_block(std::string_view label, Purpose purpose, ByteView block) {
  const std::lock_guard lock(state_->mutex);
  TRY_ASSIGN(const TpmKeyInfo key, state_->bound(label, purpose, KeyAct::sign_any, tpm::KeyUse::sign_any));
  if (padding_of(block) == BlockPadding::none) {
    return Error(Errc::denied, "crypto.padding", "this block is not padded as a signature",
                 "PKCS#1 v1.5 and PSS with SHA-2 are; a key that signs does not decrypt.");
  }
  return state_->use(key, [&](const tpm::Object& object) { return state_->root->tpm->rsa_private(object, block); });
}

Result<Secret> TpmKeystore::decrypt(std::string_view label, Purpose purpose, ByteView ciphertext) {
  const std::lock_guard lock(state_->mutex);
  TRY_ASSIGN(const TpmKeyInfo key, state_->bound(label, purpose, KeyAct::decrypt, tpm::KeyUse::decrypt));
  return state_->use(key, [&](const tpm::Object& object) { return state_->root->tpm->decrypt(object, ciphertext); });
}

Result<Secret> TpmKeystore::derive(std::string_view label, Purpose purpose, const crypto::PublicKey& peer) {
  const std::lock_guard lock(state_->mutex);
  TRY_ASSIGN(const TpmKeyInfo key, state_->bound(label, purpose, KeyAct::derive, tpm::KeyUse::derive));
  return state_->use(key, [&](const tpm::Object& object) { return state_->root->tpm->derive(object, peer); });
}

Result<Bytes> TpmKeystore::seal(const Secret& data, ByteView policy_digest) {
  const std::lock_guard lock(state_->mutex);
  return state_->run([&]() -> Result<Bytes> {
    state_->make_room();
    TRY_ASSIGN(tpm::Blob blob, state_->root->tpm->seal(*state_->root->parent, data, policy_digest, Secret()));
    return SealedBlob{.parent_name = state_->root->parent->name(), .blob = std::move(blob)}.encode();
  });
}

Result<Secret> TpmKeystore::unseal(ByteView sealed, const tpm::Policy& policy) {
  TRY_ASSIGN(const SealedBlob parsed, SealedBlob::parse(sealed));
  const std::lock_guard lock(state_->mutex);
  return state_->run([&]() -> Result<Secret> {
    if (parsed.parent_name != state_->root->parent->name())
      return foreign_tpm("the sealed data", ", or before this one was cleared");
    state_->make_room();
    TRY_ASSIGN(const tpm::Object object, state_->root->tpm->load(*state_->root->parent, parsed.blob, Secret()));
    return state_->root->tpm->unseal(object, policy);
  });
}

Result<Bytes> TpmKeystore::random(std::size_t size_bytes) {
  const std::lock_guard lock(state_->mutex);
  return state_->run([&] { return state_->root->tpm->random(size_bytes); });
}

Result<TpmKeyEvidence> TpmKeystore::certify(std::string_view label, std::string_view signer_label,
                                            ByteView qualifying_data) {
  const std::lock_guard lock(state_->mutex);
  TRY_ASSIGN(TpmKeyInfo key, state_->info(label));
  return state_->run([&]() -> Result<TpmKeyEvidence> {
    TRY_ASSIGN(const tpm::Object* signer, state_->load(signer_label));
    TRY_ASSIGN(const tpm::Object* object, state_->load(label));
    const auto is_signer = [&](const TpmStore::Loaded& each) { return &each.object == signer; };
    if (std::ranges::none_of(state_->loaded, is_signer)) {
      return Error(Errc::exhausted, "keystore.no-room", "the TPM has no room for two keys at a time",
                   "Does another program hold keys in it?");
    }
    TRY_ASSIGN(tpm::Attestation made, state_->root->tpm->certify(*object, *signer, qualifying_data));
    return TpmKeyEvidence{.public_area = key.public_area, .attestation = std::move(made)};
  });
}

Result<void> TpmKeystore::with_key(std::string_view label, const Act& act) {
  const std::lock_guard lock(state_->mutex);
  return state_->run([&]() -> Result<void> {
    TRY_ASSIGN(const tpm::Object* object, state_->load(label));
    return act(*state_->root->tpm, *object);
  });
}

Result<void> TpmKeystore::with_tpm(const Act& act_on_parent) {
  const std::lock_guard lock(state_->mutex);
  return state_->run([&] { return act_on_parent(*state_->root->tpm, *state_->root->parent); });
}

Result<void> TpmKeystore::with_room(const Act& act_on_parent) {
  const std::lock_guard lock(state_->mutex);
  return state_->run([&]() -> Result<void> {
    state_->keep(0);
    return act_on_parent(*state_->root->tpm, *state_->root->parent);
  });
}

Result<void> TpmKeystore::adopt(OutsideKey key) {
  const std::lock_guard lock(state_->mutex);
  TRY(check_label(key.info.label));
  std::string label = key.info.label;
  if (state_->outside.try_emplace(label, std::move(key)).second) return {};
  return Error(Errc::conflict, "keystore.label-taken", "the label '" + label + "' is taken");
}

}  // namespace signet::keystore
