// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backend.hpp"
#include "ossl.hpp"
#include "soft.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace signet::pkcs11::fake {

/// What stays when a program ends: keys and objects of a keystored in memory.
struct Store {
  struct Key {
    keystore::KeystoredKey key;
    SoftKey soft;
  };
  std::mutex mutex;
  std::map<std::string, Key> keys;
  std::map<std::string, Bytes> objects;
  std::string officer_pin = "12345678";
  std::string user_pin = "1234";
};

inline std::shared_ptr<Store>& store() {
  static std::shared_ptr<Store> shared = std::make_shared<Store>();
  return shared;
}

/// Stands for signet-keystored: the same answers, keys in memory.
class MemoryBackend : public Backend {
 public:
  Result<TokenFacts> facts() override {
    return TokenFacts{.label = "signet",
                      .manufacturer = "Signet",
                      .model = "in memory",
                      .serial = "1",
                      .officer_pin = store_->officer_pin.empty() ? "unset" : "set",
                      .user_pin = store_->user_pin.empty() ? "unset" : "set"};
  }
  Result<std::vector<keystore::KeystoredKey>> keys() override {
    const std::lock_guard lock(store_->mutex);
    std::vector<keystore::KeystoredKey> out;
    for (const auto& [label, key] : store_->keys) out.push_back(key.key);
    return out;
  }
  Result<keystore::KeystoredKey> generate(std::string_view label, keystore::Purpose purpose,
                                          crypto::KeyAlgorithm algorithm, std::string_view use) override {
    TRY_ASSIGN(ossl::EvpPkey made, ossl::generate_key(algorithm));
    return keep(label, purpose, use, std::move(made), keystore::Extractable::never);
  }
  Result<keystore::KeystoredKey> import_key(std::string_view label, keystore::Purpose purpose, std::string_view use,
                                            const Secret& pkcs8_der) override {
    const ByteView der = pkcs8_der.read(SecretAccess::for_cryptography());
    const unsigned char* at = as_uchar(der);
    ossl::EvpPkey key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
    if (key == nullptr) return Error(Errc::invalid_input, "keystore.import", "no key");
    return keep(label, purpose, use, std::move(key), keystore::Extractable::no);
  }
  Result<void> destroy(const keystore::KeystoredKey& key) override {
    const std::lock_guard lock(store_->mutex);
    if (store_->keys.erase(key.label) == 1) return {};
    return Error(Errc::not_found, "keystore.no-key", "no such key");
  }
  Result<Bytes> sign(const keystore::KeystoredKey& key, crypto::SignatureScheme scheme, ByteView digest) override {
    TRY_ASSIGN(const SoftKey soft, find(key));
    const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, soft.get(), "provider!=signet"));
    EVP_PKEY_sign_init(ctx.get());
    TRY(ossl::apply_scheme(ctx.get(), scheme));
    EVP_PKEY_CTX_set_signature_md(ctx.get(), ossl::md_of(*crypto::hash_of(scheme)));
    std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(soft.get()));
    Bytes out(size);
    if (EVP_PKEY_sign(ctx.get(), as_uchar(ByteSpan(out)), &size, as_uchar(digest), digest.size()) != 1)
      return ossl::take_error(Errc::unsupported, "crypto.scheme", "cannot sign");
    out.resize(size);
    return out;
  }
  Result<Bytes> sign_block(const keystore::KeystoredKey& key, ByteView block) override {
    TRY_ASSIGN(const SoftKey soft, find(key));
    Bytes out;
    if (soft_sign(soft.get(), {.family = Family::rsa_raw}, block, out) == CKR_OK) return out;
    return Error(Errc::denied, "crypto.padding", "not padded");
  }
  Result<Secret> decrypt(const keystore::KeystoredKey& key, ByteView ciphertext) override {
    TRY_ASSIGN(const SoftKey soft, find(key));
    Bytes out;
    if (soft_oaep(soft.get(), false, "SHA256", ciphertext, out) == CKR_OK) return Secret::copy_of(out);
    return Error(Errc::invalid_input, "tpm.ciphertext", "not for this key");
  }
  Result<Secret> derive(const keystore::KeystoredKey& key, const crypto::PublicKey& peer) override {
    TRY_ASSIGN(const SoftKey soft, find(key));
    Secret out;
    if (soft_ecdh(soft.get(), soft_of(peer).get(), out) == CKR_OK) return out;
    return Error(Errc::invalid_input, "crypto.scheme", "another curve");
  }
  Result<Bytes> random(std::size_t size_bytes) override { return crypto::random_bytes(size_bytes); }

  Result<std::vector<StoredObject>> objects() override {
    const std::lock_guard lock(store_->mutex);
    std::vector<StoredObject> out;
    for (const auto& [name, data] : store_->objects) out.push_back({.name = name, .data = data});
    return out;
  }
  Result<void> put_object(std::string_view name, ByteView data) override {
    const std::lock_guard lock(store_->mutex);
    store_->objects.insert_or_assign(std::string(name), to_bytes(data));
    return {};
  }
  Result<void> remove_object(std::string_view name) override {
    const std::lock_guard lock(store_->mutex);
    store_->objects.erase(std::string(name));
    return {};
  }

  Result<void> initialise(const Secret& officer_pin, std::string_view) override {
    TRY(login(CKU_SO, officer_pin));
    const std::lock_guard lock(store_->mutex);
    store_->objects.clear();
    store_->user_pin.clear();
    return {};
  }
  void logout() override {}
  Result<void> login(CK_USER_TYPE user, const Secret& pin) override {
    const std::lock_guard lock(store_->mutex);
    const std::string& wanted = user == CKU_SO ? store_->officer_pin : store_->user_pin;
    if (wanted.empty()) return Error(Errc::denied, "token.pin-unset", "no PIN");
    if (as_text(pin.read(SecretAccess::for_cryptography())) == wanted) return {};
    return Error(Errc::denied, "token.pin-wrong", "wrong");
  }
  Result<void> set_user_pin(const Secret& officer_pin, const Secret& pin) override {
    TRY(login(CKU_SO, officer_pin));
    const std::lock_guard lock(store_->mutex);
    store_->user_pin = as_text(pin.read(SecretAccess::for_cryptography()));
    return {};
  }
  Result<void> change_pin(CK_USER_TYPE user, const Secret& old_pin, const Secret& pin) override {
    TRY(login(user, old_pin));
    const std::lock_guard lock(store_->mutex);
    (user == CKU_SO ? store_->officer_pin : store_->user_pin) = as_text(pin.read(SecretAccess::for_cryptography()));
    return {};
  }

 private:
  Result<keystore::KeystoredKey> keep(std::string_view label, keystore::Purpose purpose, std::string_view use,
                                      ossl::EvpPkey made, keystore::Extractable extractable) {
    TRY_ASSIGN(crypto::PublicKey public_key, ossl::from_evp(made.get()));
    keystore::KeystoredKey key{.label = std::string(label),
                               .purpose = purpose,
                               .use = std::string(use),
                               .public_key = std::move(public_key),
                               .protection = keystore::Protection::token,
                               .extractable = extractable};
    const std::lock_guard lock(store_->mutex);
    const bool fresh =
        store_->keys.try_emplace(key.label, Store::Key{key, SoftKey(made.release(), EVP_PKEY_free)}).second;
    if (fresh) return key;
    return Error(Errc::conflict, "keystore.label-taken", "taken");
  }
  Result<SoftKey> find(const keystore::KeystoredKey& key) {
    const std::lock_guard lock(store_->mutex);
    const auto found = store_->keys.find(key.label);
    if (found != store_->keys.end()) return found->second.soft;
    return Error(Errc::not_found, "keystore.no-key", "no such key");
  }

  std::shared_ptr<Store> store_ = store();
};

inline void use() {
  set_backend([]() -> std::unique_ptr<Backend> { return std::make_unique<MemoryBackend>(); });
}

}  // namespace signet::pkcs11::fake
