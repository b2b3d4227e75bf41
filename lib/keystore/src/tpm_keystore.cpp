// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// TpmKeystore as a Keystore: what it is asked for by label, and how it describes itself.
#include "backend.hpp"
#include "private_path.hpp"
#include "tpm_store.hpp"

#include <algorithm>
#include <array>

namespace signet::keystore {

namespace {

class TpmSigner : public crypto::Signer {
 public:
  TpmSigner(std::shared_ptr<TpmStore> store, TpmKeyInfo key) : store_(std::move(store)), key_(std::move(key)) {}
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return key_.public_key; }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme scheme, ByteView input) override {
    const std::lock_guard lock(store_->mutex);
    TRY_ASSIGN(const TpmKeyInfo now, store_->bound(key_.label, key_.purpose, KeyAct::sign, tpm::KeyUse::sign));
    if (!(now.public_key == key_.public_key)) {
      return Error(Errc::not_found, "keystore.no-key", "the key '" + key_.label + "' was replaced by another one",
                   "Open it anew.");
    }
    return store_->use(now, [&](const tpm::Object& key) { return store_->root->tpm->sign(key, scheme, input); });
  }

 private:
  const std::shared_ptr<TpmStore> store_;
  const TpmKeyInfo key_;
};

KeyInfo outward(const TpmStore& store, const TpmKeyInfo& key, Protection protection) {
  return {.label = key.label,
          .id = key.public_key.fingerprint(),
          .public_key = key.public_key,
          .protection = protection,
          .extractable = key.extractable,
          .uri = store.config.uri_of ? store.config.uri_of(key.label) : std::string(),
          .boot_state = key.boot_state};
}

}  // namespace

Protection protection_of(const tpm::Description& description) {
  // Makers of chips and of firmware TPMs in the TCG's registry of vendor ids. Simulators (IBM, MSFT, XYZ) and TPMs of
  // virtual machines (GOOG, VMW, AMZN) are as safe as the machine that runs them.
  constexpr std::array<std::string_view, 19> k_chips{"AMD",  "ATML", "BRCM", "CSCO", "FLYS", "HISI", "IFX",
                                                     "INTC", "LEN",  "NSM",  "NTC",  "NTZ",  "NSG",  "QCOM",
                                                     "ROCC", "SECE", "SNS",  "STM",  "WEC"};
  const bool chip = std::ranges::find(k_chips, std::string_view(description.manufacturer)) != k_chips.end();
  const bool software = description.vendor.starts_with("SW ") || description.vendor == "SW";
  return chip && !software ? Protection::hardware : Protection::token;
}

TpmKeystore::TpmKeystore(std::shared_ptr<State> state) : state_(std::move(state)) {}
TpmKeystore::~TpmKeystore() = default;

Result<std::unique_ptr<TpmKeystore>> TpmKeystore::open(Config config) {
  auto state = std::make_shared<State>(std::move(config));
  TRY(state->folder.tidy());
  return std::unique_ptr<TpmKeystore>(new TpmKeystore(std::move(state)));
}

Result<StoreInfo> TpmKeystore::describe() {
  const std::lock_guard lock(state_->mutex);
  TRY_ASSIGN(const tpm::Description tpm, state_->describe());
  StoreInfo info{.backend = "tpm",
                 .label = state_->folder.path().string(),
                 .serial = {},
                 .model = tpm.manufacturer + " " + tpm.vendor,
                 .protection = protection_of(tpm),
                 .passphrase = true,  // each key has an auth of its own in its record
                 .uri = state_->config.uri_of ? state_->config.uri_of({}) : std::string()};
  const auto labels = state_->folder.labels();
  if (!labels && labels.error().code() != Errc::not_found) return labels.error();
  if (!labels) return info;
  for (const std::string& label : *labels) {
    const auto key = state_->folder.info(label);
    if (!key) info.damaged.push_back(key.error().message());
  }
  return info;
}

Result<std::vector<TpmKeyInfo>> TpmKeystore::keys() {
  const std::lock_guard lock(state_->mutex);
  std::vector<TpmKeyInfo> keys;
  for (const auto& [label, key] : state_->outside) keys.push_back(key.info);
  const auto labels = state_->folder.labels();
  if (!labels && (keys.empty() || labels.error().code() != Errc::not_found)) return labels.error();
  if (labels) {
    for (const std::string& label : *labels) {
      auto key = state_->folder.info(label);
      if (key && !state_->outside.contains(label)) keys.push_back(*std::move(key));
    }
  }
  std::ranges::sort(keys, {}, &TpmKeyInfo::label);
  return keys;
}

Result<TpmKeyInfo> TpmKeystore::info(std::string_view label) {
  const std::lock_guard lock(state_->mutex);
  return state_->info(label);
}

Result<std::vector<KeyInfo>> TpmKeystore::list() {
  TRY_ASSIGN(const auto all, keys());
  const std::lock_guard lock(state_->mutex);
  TRY_ASSIGN(const Protection protection, state_->protection());
  std::vector<KeyInfo> infos;
  for (const TpmKeyInfo& key : all) {
    if (signs_digests(key.use)) infos.push_back(outward(*state_, key, protection));
  }
  return infos;
}

Result<KeyInfo> TpmKeystore::find(const KeySelector& selector) {
  if (selector.label.empty()) {
    TRY_ASSIGN(const auto infos, list());
    return pick(infos, selector, state_->folder.name());
  }
  TRY_ASSIGN(const TpmKeyInfo key, info(selector.label));
  const std::lock_guard lock(state_->mutex);
  TRY_ASSIGN(const Protection protection, state_->protection());
  return pick({outward(*state_, key, protection)}, selector, state_->folder.name());
}

Result<KeyInfo> TpmKeystore::generate(std::string_view label, crypto::KeyAlgorithm algorithm) {
  return generate_bound(label, algorithm, {});
}

Result<KeyInfo> TpmKeystore::generate_bound(std::string_view label, crypto::KeyAlgorithm algorithm,
                                            const std::vector<unsigned>& pcrs) {
  const Purpose purpose = state_->config.generated_for;
  TRY(generate(label, algorithm, purpose, default_use(purpose, algorithm), pcrs));
  return find({.label = std::string(label)});
}

Result<std::vector<unsigned>> TpmKeystore::changed_pcrs(std::string_view label) {
  const std::lock_guard lock(state_->mutex);
  TRY_ASSIGN(const TpmKeyInfo key, state_->info(label));
  return state_->changed_pcrs(key);
}

Result<KeyInfo> TpmKeystore::import_key(std::string_view label, const Secret& pkcs8_der) {
  // A key from outside has signed before: what it is to do here is what it did there.
  TRY(import_key(label, pkcs8_der, state_->config.generated_for, tpm::KeyUse::sign));
  return find({.label = std::string(label)});
}

Result<std::shared_ptr<crypto::Signer>> TpmKeystore::signer(const KeySelector& selector) {
  TRY_ASSIGN(const KeyInfo found, find(selector));
  const std::lock_guard lock(state_->mutex);
  TRY_ASSIGN(TpmKeyInfo key, state_->info(found.label));
  TRY_ASSIGN(key, state_->bound(found.label, key.purpose, KeyAct::sign, tpm::KeyUse::sign));
  return std::shared_ptr<crypto::Signer>(std::make_shared<TpmSigner>(state_, std::move(key)));
}

Result<void> TpmKeystore::destroy(const KeySelector& selector) {
  std::string label = selector.label;
  if (label.empty() || !selector.id.empty()) {
    TRY_ASSIGN(const KeyInfo found, find(selector));
    label = found.label;
  }
  TRY_ASSIGN(const TpmKeyInfo key, info(label));
  return destroy(label, key.purpose);
}

}  // namespace signet::keystore
