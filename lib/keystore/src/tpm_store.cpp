// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which keys are in the TPM: its three transient slots hold the parent and the keys that were used last.
#include "tpm_store.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace signet::keystore {

namespace {

std::string in_quotes(std::string_view label) { return "'" + printable(label) + "'"; }

/// The reasons with which a TPM refuses to load for a time only; any other means that it does not take this key.
bool is_passing(const Error& error) {
  constexpr std::array<std::string_view, 6> k_passing{"tpm.gone",    "tpm.handle",       "tpm.no-space",
                                                      "tpm.lockout", "tpm.failure-mode", "tpm.answer"};
  return std::ranges::find(k_passing, error.reason()) != k_passing.end();
}

}  // namespace

Error foreign_tpm(std::string what, std::string why) {
  return {
      Errc::untrusted, "keystore.foreign-tpm", std::move(what) + " was made by another TPM" + std::move(why),
      "A key works in the TPM that made it only, and only until that is cleared. Remove its record and make it anew."};
}

bool TpmStore::may_pass(std::string_view reason) {
  constexpr std::array<std::string_view, 5> k_reasons{"tpm.gone", "tpm.handle", "tpm.failure-mode", "tpm.answer",
                                                      "tpm.no-space"};
  return std::ranges::find(k_reasons, reason) != k_reasons.end();
}

Result<void> TpmStore::connect() {
  if (root) return {};
  TRY_ASSIGN(root, config.open_root());
  return {};
}

void TpmStore::forget() {
  loaded.clear();
  root.reset();
  description.reset();
}

void TpmStore::keep(std::size_t count) {
  while (loaded.size() > count) loaded.pop_back();
}

Result<TpmKeyInfo> TpmStore::info(std::string_view label) {
  const auto other = outside.find(label);
  if (other != outside.end()) return other->second.info;
  return folder.info(label);
}

Result<TpmKeyInfo> TpmStore::bound(std::string_view label, Purpose purpose, KeyAct act, tpm::KeyUse use) {
  TRY_ASSIGN(TpmKeyInfo key, info(label));
  if (key.purpose != purpose) {
    return Error(Errc::denied, "keystore.purpose",
                 "the key " + in_quotes(label) + " is bound to the purpose " + std::string(name_of(key.purpose)) +
                     ", not to " + std::string(name_of(purpose)),
                 "Is it the right key? A key's purpose is fixed when it is made.");
  }
  if (may(purpose, act) == Permission::refused) {
    return Error(
        Errc::denied, "keystore.purpose",
        "the purpose " + std::string(name_of(purpose)) + " does not allow what is asked of the key " + in_quotes(label),
        "docs/formats/keystored-protocol.md says what each purpose allows.");
  }
  if (key.use == use || (use == tpm::KeyUse::sign && signs_digests(key.use))) return key;
  return Error(Errc::unsupported, "keystore.use",
               "the key " + in_quotes(label) + " was made to " + std::string(name_of(key.use)) + ", not to " +
                   std::string(name_of(use)));
}

Result<tpm::Object> TpmStore::load_anew(std::string_view label) {
  const auto other = outside.find(label);
  if (other != outside.end()) return other->second.load(*root->tpm);
  TRY_ASSIGN(const TpmRecord record, folder.read(label));
  const std::string what = "the key " + in_quotes(label) + " in " + folder.name();
  if (record.parent_name != root->parent->name()) return foreign_tpm(what, ", or before this one was cleared");
  auto object = root->tpm->load(*root->parent, {record.area.wire, record.private_area}, record.auth, record.policy());
  if (object || is_passing(object.error())) return object;
  return foreign_tpm(what, ": this one does not take it (" + object.error().text() + ")");
}

Result<const tpm::Object*> TpmStore::load(std::string_view label) {
  const FileStamp now = folder.stamp(label);
  const auto at = std::ranges::find(loaded, label, &Loaded::label);
  if (at != loaded.end() && at->stamp == now) {
    loaded.splice(loaded.begin(), loaded, at);
    return &loaded.front().object;
  }
  if (at != loaded.end()) loaded.erase(at);  // its record was replaced
  make_room();
  auto object = load_anew(label);
  while (!object && object.error().reason() == "tpm.no-space" && !loaded.empty()) {
    loaded.pop_back();
    object = load_anew(label);
  }
  if (!object) return std::move(object).error();
  loaded.push_front(Loaded{std::string(label), now, *std::move(object)});
  return &loaded.front().object;
}

Result<std::vector<tpm::PcrValue>> TpmStore::read_pcrs(const std::vector<unsigned>& pcrs) {
  TRY_ASSIGN(auto values, root->tpm->read_pcrs(pcrs));
  if (values.size() == pcrs.size()) return values;
  return Error(Errc::unsupported, "keystore.unsupported",
               "this TPM does not keep " + tpm::names_of(pcrs) + " in its SHA-256 bank",
               "Switch that bank on in the machine's firmware.");
}

Result<std::vector<unsigned>> TpmStore::changed_pcrs(const TpmKeyInfo& key) {
  std::vector<unsigned> pcrs;
  std::ranges::transform(key.boot_state, std::back_inserter(pcrs), &tpm::PcrValue::index);
  std::vector<unsigned> changed;
  if (pcrs.empty()) return changed;
  TRY_ASSIGN(const auto now, run([&] { return read_pcrs(pcrs); }));
  for (const tpm::PcrValue& bound : key.boot_state) {
    const auto found = std::ranges::find(now, bound.index, &tpm::PcrValue::index);
    if (found == now.end() || !equal(found->value, bound.value)) changed.push_back(bound.index);
  }
  return changed;
}

Error TpmStore::of_other_boot_state(const TpmKeyInfo& key, const Error& error) {
  const auto changed = changed_pcrs(key);
  if (!changed || changed->empty()) return error;
  return {Errc::denied, "keystore.boot-state",
          "the key " + in_quotes(key.label) + " is bound to another boot state than this one: " +
              tpm::names_of(*changed) + (changed->size() == 1 ? " differs" : " differ"),
          "It works again when the machine has booted as it had when the key was made. `signet key rotate` makes a new "
          "key for the state of now."};
}

Result<tpm::Description> TpmStore::describe() {
  if (!description) {
    TRY_ASSIGN(description, run([&] { return root->tpm->describe(); }));
  }
  return *description;
}

Result<Protection> TpmStore::protection() {
  TRY_ASSIGN(const tpm::Description described, describe());
  return protection_of(described);
}

}  // namespace signet::keystore
