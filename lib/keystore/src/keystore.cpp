// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystore.hpp"

#include "backend.hpp"

#include <array>

namespace signet::keystore {

namespace {

struct Backend {
  std::string_view scheme;
  Result<Opened> (*open)(std::string_view rest, const Options& options);
};

/// A new back end is a row here.
constexpr std::array k_backends{Backend{"file", open_file}, Backend{"pkcs11", open_pkcs11}, Backend{"tpm", open_tpm},
                                Backend{"keystored", open_keystored}};

Result<Opened> open_any(std::string_view uri, const Options& options) {
  const std::size_t colon = uri.find(':');
  const std::string_view scheme = uri.substr(0, colon == std::string_view::npos ? 0 : colon);
  for (const Backend& backend : k_backends) {
    if (backend.scheme == scheme) return backend.open(uri.substr(colon + 1), options);
  }
  std::string known;
  for (const Backend& backend : k_backends)
    known += std::string(known.empty() ? "" : ", ") + std::string(backend.scheme) + ":";
  return Error(Errc::usage, "keystore.scheme",
               "'" + printable(uri, 80) + "' does not start with the name of a key store",
               "A key store's URI starts with one of: " + known +
                   " (for a folder of key files: file:" + printable(uri, 80) + ").");
}

}  // namespace

std::string_view name_of(Protection protection) {
  constexpr std::array<std::string_view, 3> k_names{"hardware", "token", "software"};
  return k_names.at(static_cast<std::size_t>(protection));
}

std::string_view name_of(Extractable extractable) {
  constexpr std::array<std::string_view, 3> k_names{"never", "no", "yes"};
  return k_names.at(static_cast<std::size_t>(extractable));
}

Result<KeyInfo> Keystore::generate_bound(std::string_view label, crypto::KeyAlgorithm /*algorithm*/,
                                         const std::vector<unsigned>& /*pcrs*/) {
  return Error(Errc::unsupported, "keystore.unsupported",
               "the key '" + printable(label) + "' cannot be bound to a boot state: only a TPM knows how it has booted",
               "Use a tpm: or keystored: store.");
}

Result<KeyProof> Keystore::prove(const KeySelector& selector, ByteView /*qualifying_data*/) {
  return Error(Errc::unsupported, "keystore.no-proof",
               "nobody but its own store could vouch for " + keystore::describe(selector),
               "Only keys that signet-keystored holds on a device that was born have a witness.");
}

Result<std::unique_ptr<Keystore>> open(std::string_view uri, const Options& options) {
  TRY_ASSIGN(Opened opened, open_any(uri, options));
  return std::move(opened.store);
}

Result<NamedKey> open_key(std::string_view uri, const Options& options) {
  TRY_ASSIGN(Opened opened, open_any(uri, options));
  if (opened.selector.label.empty() && opened.selector.id.empty()) {
    return Error(Errc::usage, "keystore.uri-names-no-key", "the URI names a key store, but no key in it",
                 "Add ;object=NAME to a pkcs11: URI, ?label=NAME to any other.");
  }
  TRY_ASSIGN(KeyInfo info, opened.store->find(opened.selector));
  return NamedKey{std::move(opened.store), std::move(info)};
}

Result<std::shared_ptr<crypto::Signer>> open_signer(std::string_view uri, const Options& options) {
  TRY_ASSIGN(const NamedKey key, open_key(uri, options));
  return key.store->signer({.label = key.info.label, .id = key.info.id});
}

std::string describe(const KeySelector& selector) {
  if (!selector.label.empty()) return "the key '" + printable(selector.label) + "'";
  if (!selector.id.empty()) return "the key with the id " + to_hex(selector.id);
  return "the key";
}

Result<KeyInfo> pick(const std::vector<KeyInfo>& keys, const KeySelector& selector, std::string_view store) {
  const KeyInfo* found = nullptr;
  for (const KeyInfo& key : keys) {
    if (!selector.label.empty() && key.label != selector.label) continue;
    if (!selector.id.empty() && key.id != selector.id) continue;
    if (found != nullptr) {
      return Error(Errc::conflict, "keystore.ambiguous",
                   "several keys fit " + describe(selector) + " in " + std::string(store),
                   "Name the key by its id, or give each key a label of its own.");
    }
    found = &key;
  }
  if (found != nullptr) return *found;
  return Error(Errc::not_found, "keystore.no-key", describe(selector) + " is not in " + std::string(store),
               "`signet key list` shows the keys that are there.");
}

}  // namespace signet::keystore
