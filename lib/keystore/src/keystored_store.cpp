// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Back end `keystored:`: a key store whose keys are in another process.
#include "signet/core/ids.hpp"

#include "backend.hpp"
#include "keystored_uri.hpp"
#include "names.hpp"

#include <algorithm>

namespace signet::keystore {

namespace {

class DaemonSigner : public crypto::Signer {
 public:
  DaemonSigner(std::shared_ptr<KeystoredClient> client, KeystoredKey key)
      : client_(std::move(client)), key_(std::move(key)) {}
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return key_.public_key; }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme scheme, ByteView input) override {
    return client_->sign(key_.label, key_.purpose, scheme, input);
  }

 private:
  const std::shared_ptr<KeystoredClient> client_;
  const KeystoredKey key_;
};

class DaemonStore : public Keystore {
 public:
  explicit DaemonStore(KeystoredUri uri)
      : uri_(std::move(uri)), client_(std::make_shared<KeystoredClient>(uri_.socket)) {}

  Result<StoreInfo> describe() override;
  Result<KeyInfo> generate(std::string_view label, crypto::KeyAlgorithm algorithm) override;
  Result<KeyInfo> generate_bound(std::string_view label, crypto::KeyAlgorithm algorithm,
                                 const std::vector<unsigned>& pcrs) override;
  Result<KeyInfo> import_key(std::string_view label, const Secret& pkcs8_der) override;
  Result<KeyInfo> find(const KeySelector& selector) override;
  Result<std::vector<KeyInfo>> list() override;
  Result<std::shared_ptr<crypto::Signer>> signer(const KeySelector& selector) override;
  Result<void> destroy(const KeySelector& selector) override;
  Result<KeyProof> prove(const KeySelector& selector, ByteView qualifying_data) override;

 private:
  [[nodiscard]] KeyInfo info_of(const KeystoredKey& key) const;
  [[nodiscard]] std::string name() const { return "signet-keystored at '" + printable(uri_.socket.native()) + "'"; }
  /// New keys are bound for good, so their purpose is not guessed.
  Result<Purpose> purpose_of_new() const;
  /// Who signed the birth record, as far as the device knows it.
  Result<std::vector<Bytes>> station_of_birth();
  /// The one key that fits and, if the URI names a purpose, is bound to it.
  Result<KeystoredKey> key_of(const KeySelector& selector);

  const KeystoredUri uri_;
  const std::shared_ptr<KeystoredClient> client_;
};

KeyInfo DaemonStore::info_of(const KeystoredKey& key) const {
  return {.label = key.label,
          .id = key.public_key.fingerprint(),
          .public_key = key.public_key,
          .protection = key.protection,
          .extractable = key.extractable,
          .uri = uri_.of_key(key.label, key.purpose),
          .boot_state = key.boot_state};
}

Result<Purpose> DaemonStore::purpose_of_new() const {
  if (uri_.purpose) return *uri_.purpose;
  return Error(Errc::usage, "keystore.no-purpose", "the URI does not say what the new key is for",
               "Add ?purpose=PURPOSE to it: tls, network, video or storage.");
}

Result<StoreInfo> DaemonStore::describe() {
  TRY_ASSIGN(const Json answer, client_->call("describe"));
  const auto text = [&](std::string_view name) { return answer.string_at(name).value_or(""); };
  const auto protection = protection_from(text("protection"));
  StoreInfo info{.backend = "keystored",
                 .label = uri_.socket.string(),
                 .serial = {},
                 .model = text("manufacturer") + " " + text("vendor"),
                 .protection = protection.value_or(Protection::token),
                 .passphrase = true,  // who may ask is the daemon's to decide
                 .uri = uri_.of_store()};
  if (const Json* damaged = answer.find("damaged")) {
    for (const Json& line : damaged->elements()) info.damaged.push_back(line.as_string().value_or(""));
  }
  return info;
}

Result<KeyInfo> DaemonStore::generate(std::string_view label, crypto::KeyAlgorithm algorithm) {
  return generate_bound(label, algorithm, {});
}

Result<KeyInfo> DaemonStore::generate_bound(std::string_view label, crypto::KeyAlgorithm algorithm,
                                            const std::vector<unsigned>& pcrs) {
  TRY_ASSIGN(const Purpose purpose, purpose_of_new());
  TRY_ASSIGN(const KeystoredKey key, client_->generate(label, purpose, algorithm, {}, pcrs));
  return info_of(key);
}

Result<KeyInfo> DaemonStore::import_key(std::string_view label, const Secret& pkcs8_der) {
  TRY_ASSIGN(const Purpose purpose, purpose_of_new());
  TRY_ASSIGN(const KeystoredKey key, client_->import_key(label, purpose, pkcs8_der));
  return info_of(key);
}

Result<KeystoredKey> DaemonStore::key_of(const KeySelector& selector) {
  std::string label = selector.label;
  if (label.empty()) {
    TRY_ASSIGN(const auto keys, list());
    TRY_ASSIGN(const KeyInfo info, pick(keys, selector, name()));
    label = info.label;
  }
  TRY_ASSIGN(KeystoredKey key, client_->find(label));
  TRY(pick({info_of(key)}, selector, name()));
  if (!uri_.purpose || key.purpose == *uri_.purpose) return key;
  return Error(Errc::denied, "keystore.purpose",
               "the key '" + printable(label) + "' is bound to the purpose " + std::string(name_of(key.purpose)) +
                   ", not to " + std::string(name_of(*uri_.purpose)),
               "Is it the right key? `signet key list` shows each key's URI with its purpose.");
}

Result<KeyInfo> DaemonStore::find(const KeySelector& selector) {
  TRY_ASSIGN(const KeystoredKey key, key_of(selector));
  return info_of(key);
}

Result<std::vector<KeyInfo>> DaemonStore::list() {
  TRY_ASSIGN(const auto keys, client_->list());
  std::vector<KeyInfo> infos;
  for (const KeystoredKey& key : keys) {
    if (key.signs() && (!uri_.purpose || key.purpose == *uri_.purpose)) infos.push_back(info_of(key));
  }
  std::ranges::sort(infos, {}, &KeyInfo::label);
  return infos;
}

Result<std::shared_ptr<crypto::Signer>> DaemonStore::signer(const KeySelector& selector) {
  TRY_ASSIGN(KeystoredKey key, key_of(selector));
  return std::shared_ptr<crypto::Signer>(std::make_shared<DaemonSigner>(client_, std::move(key)));
}

Result<void> DaemonStore::destroy(const KeySelector& selector) {
  TRY_ASSIGN(const KeystoredKey key, key_of(selector));
  return client_->destroy(key.label, key.purpose);
}

Result<std::vector<Bytes>> DaemonStore::station_of_birth() {
  const auto answer = client_->call("certificates", Json::object({{"label", "station"}}));
  std::vector<Bytes> chain;
  // Stations did not always hand over their own certificates.
  if (!answer && answer.error().reason() == "keystored.no-certificate") return chain;
  if (!answer) return answer.error();
  TRY_ASSIGN(const Json::Array rows, answer->array_at("certificates"));
  for (const Json& row : rows) {
    TRY_ASSIGN(const std::string text, row.as_string("certificates"));
    TRY_ASSIGN(Bytes der, from_base64(text));
    chain.push_back(std::move(der));
  }
  return chain;
}

Result<KeyProof> DaemonStore::prove(const KeySelector& selector, ByteView qualifying_data) {
  TRY_ASSIGN(const KeystoredKey key, key_of(selector));
  // A device without an identity could only prove that some TPM holds the key: say so before the TPM is asked.
  TRY_ASSIGN(const Json who, client_->call("identity"));
  TRY_ASSIGN(const Json identity, who.object_at("statement"));
  TRY_ASSIGN(const Json answer,
             client_->call("certify", Json::object({{"label", key.label}, {"nonce", to_base64(qualifying_data)}})));
  KeyProof proof{
      .public_area = {}, .statement = {}, .signature = {}, .identity = identity.dump(), .boot_state = key.boot_state};
  TRY_ASSIGN(proof.public_area, bytes_at(answer, "public_area"));
  TRY_ASSIGN(proof.statement, bytes_at(answer, "statement"));
  TRY_ASSIGN(proof.signature, bytes_at(answer, "signature"));
  TRY_ASSIGN(proof.station, station_of_birth());
  return proof;
}

}  // namespace

Result<Opened> open_keystored(std::string_view rest, const Options& /*options*/) {
  TRY_ASSIGN(KeystoredUri uri, KeystoredUri::parse(rest));
  KeySelector selector{.label = uri.label};
  return Opened{std::make_unique<DaemonStore>(std::move(uri)), std::move(selector)};
}

}  // namespace signet::keystore
