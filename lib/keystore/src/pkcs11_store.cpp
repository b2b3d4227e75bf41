// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Back end `pkcs11:`: keys on a token.
#include "backend.hpp"
#include "pkcs11_objects.hpp"

#include <algorithm>
#include <atomic>

namespace signet::keystore {

namespace {

constexpr std::size_t k_id_bytes = 16;
constexpr std::size_t k_label_bytes_max = 64;

/// Labels that a URI can name and a terminal can show.
Result<void> check_label(std::string_view label) {
  const bool fits = !label.empty() && label.size() <= k_label_bytes_max && printable(label) == label;
  if (fits) return {};
  return Error(Errc::invalid_input, "keystore.label", "'" + printable(label, 80) + "' cannot be a key's label",
               "Use 1 to 64 bytes of printable text.");
}

/// The one private key that fits.
Result<Pkcs11Key> find_one(Pkcs11Call& call, const KeySelector& selector, const std::string& store) {
  TRY_ASSIGN(const auto keys, read_keys(call));
  const Pkcs11Key* found = nullptr;
  for (const Pkcs11Key& key : keys) {
    if (!selector.label.empty() && key.label != selector.label) continue;
    if (!selector.id.empty() && key.id != selector.id) continue;
    if (found != nullptr) {
      return Error(Errc::conflict, "keystore.ambiguous", "several keys fit " + describe(selector) + " on " + store,
                   "Name the key by its id, or give each key a label of its own.");
    }
    found = &key;
  }
  if (found != nullptr) return *found;
  return Error(Errc::not_found, "keystore.no-key", describe(selector) + " is not on " + store,
               "`signet key list` shows the keys that are there.");
}

class Pkcs11Signer : public crypto::Signer {
 public:
  Pkcs11Signer(std::shared_ptr<Pkcs11Token> token, Pkcs11Key key)
      : token_(std::move(token)),
        public_key_(key.public_key),
        selector_{.label = key.label, .id = key.id},
        handle_(key.handle) {}
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return public_key_; }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme scheme, ByteView input) override {
    return token_->run(Access::read, [&](Pkcs11Call& call) -> Result<Bytes> {
      if (call.retried) TRY(find_again(call));
      return sign_on_token(call, handle_.load(), public_key_.algorithm(), scheme, input);
    });
  }

 private:
  Result<void> find_again(Pkcs11Call& call) {
    TRY_ASSIGN(const Pkcs11Key key, find_one(call, selector_, token_->name()));
    if (!(key.public_key == public_key_)) {
      return Error(Errc::conflict, "keystore.key-changed", describe(selector_) + " is another key now",
                   "Open it again.");
    }
    handle_ = key.handle;
    return {};
  }

  const std::shared_ptr<Pkcs11Token> token_;
  const crypto::PublicKey public_key_;
  const KeySelector selector_;
  std::atomic<CK_OBJECT_HANDLE> handle_;
};

class Pkcs11Store : public Keystore {
 public:
  explicit Pkcs11Store(std::shared_ptr<Pkcs11Token> token) : token_(std::move(token)) {}

  Result<StoreInfo> describe() override { return token_->describe(); }

  Result<KeyInfo> generate(std::string_view label, crypto::KeyAlgorithm algorithm) override {
    return make(label, [&](Pkcs11Call& call, ByteView id) { return generate_pair(call, label, id, algorithm); });
  }

  Result<KeyInfo> import_key(std::string_view label, const Secret& pkcs8_der) override {
    return make(label, [&](Pkcs11Call& call, ByteView id) { return create_pair(call, label, id, pkcs8_der); });
  }

  Result<KeyInfo> find(const KeySelector& selector) override {
    return token_->run(Access::read, [&](Pkcs11Call& call) -> Result<KeyInfo> {
      TRY_ASSIGN(const Pkcs11Key key, find_one(call, selector, token_->name()));
      return info_of(key);
    });
  }

  Result<std::vector<KeyInfo>> list() override {
    return token_->run(Access::read, [&](Pkcs11Call& call) -> Result<std::vector<KeyInfo>> {
      TRY_ASSIGN(const auto keys, read_keys(call));
      std::vector<KeyInfo> infos;
      for (const Pkcs11Key& key : keys) infos.push_back(info_of(key));
      return infos;
    });
  }

  Result<std::shared_ptr<crypto::Signer>> signer(const KeySelector& selector) override {
    return token_->run(Access::read, [&](Pkcs11Call& call) -> Result<std::shared_ptr<crypto::Signer>> {
      TRY_ASSIGN(Pkcs11Key key, find_one(call, selector, token_->name()));
      return std::shared_ptr<crypto::Signer>(std::make_shared<Pkcs11Signer>(token_, std::move(key)));
    });
  }

  Result<void> destroy(const KeySelector& selector) override {
    return token_->run(Access::write, [&](Pkcs11Call& call) -> Result<void> {
      TRY_ASSIGN(const Pkcs11Key key, find_one(call, selector, token_->name()));
      TRY(call.check(call.module.C_DestroyObject(call.session, key.handle), "destroy a key"));
      if (key.id.empty()) return {};
      TRY_ASSIGN(const auto publics, find_objects(call, CKO_PUBLIC_KEY, key.id, key.label));
      for (const CK_OBJECT_HANDLE object : publics) {
        TRY(call.check(call.module.C_DestroyObject(call.session, object), "remove a public key"));
      }
      return {};
    });
  }

 private:
  template <typename Make>
  Result<KeyInfo> make(std::string_view label, Make make_pair) {
    TRY(check_label(label));
    const Bytes id = crypto::random_bytes(k_id_bytes);
    return token_->run(Access::write, [&](Pkcs11Call& call) -> Result<KeyInfo> {
      TRY_ASSIGN(const auto taken, find_objects(call, CKO_PRIVATE_KEY, {}, label));
      if (!taken.empty()) {
        return Error(Errc::conflict, "keystore.label-taken",
                     "there is already a key '" + std::string(label) + "' on " + token_->name(),
                     "Choose another label, or retire that key first.");
      }
      TRY(make_pair(call, id));
      TRY_ASSIGN(const Pkcs11Key key, find_one(call, {.label = std::string(label), .id = id}, token_->name()));
      return info_of(key);
    });
  }

  [[nodiscard]] KeyInfo info_of(const Pkcs11Key& key) const {
    Pkcs11Uri uri = token_->uri();
    const StoreInfo store = token_->describe();
    uri.token = store.label;
    uri.object = key.label.empty() ? std::nullopt : std::optional(key.label);
    uri.id = key.id;
    uri.type = "private";
    // The slot may claim hardware; a key that can be read out of it is still not held by it.
    const bool held = token_->claims_hardware() && key.extractable != Extractable::yes;
    return {.label = key.label,
            .id = key.id,
            .public_key = key.public_key,
            .protection = held ? Protection::hardware : Protection::token,
            .extractable = key.extractable,
            .uri = uri.text(),
            .attributes = key.attributes};
  }

  const std::shared_ptr<Pkcs11Token> token_;
};

}  // namespace

Result<Opened> open_pkcs11(std::string_view rest, const Options& options) {
  TRY_ASSIGN(const Pkcs11Uri uri, Pkcs11Uri::parse(rest));
  if (uri.type && *uri.type != "private" && *uri.type != "public") {
    return bad_uri("'type' in the URI of a key is private or public");
  }
  TRY_ASSIGN(auto token, Pkcs11Token::open(uri, options));
  return Opened{std::make_unique<Pkcs11Store>(std::move(token)), {.label = uri.object.value_or(""), .id = uri.id}};
}

}  // namespace signet::keystore
