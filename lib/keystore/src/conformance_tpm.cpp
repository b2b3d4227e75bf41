// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// What keys of a TPM do beyond signing, directly and through signet-keystored: purposes, decrypting, deriving, random.
#include "signet/keystored.hpp"
#include "signet/tpm_keystore.hpp"

#include "conformance_run.hpp"
#include "keystored_uri.hpp"

#include <algorithm>
#include <functional>

namespace signet::keystore::conformance {

namespace {

using crypto::KeyAlgorithm;

/// The operations, whoever does them.
struct Ops {
  std::function<Result<Bytes>(std::size_t)> random;
  std::function<Result<crypto::PublicKey>(const std::string&, Purpose, KeyAlgorithm)> generate;
  std::function<Result<Bytes>(const std::string&, Purpose, crypto::SignatureScheme, ByteView)> sign;
  std::function<Result<Secret>(const std::string&, Purpose, ByteView)> decrypt;
  std::function<Result<Secret>(const std::string&, Purpose, const crypto::PublicKey&)> derive;
  std::function<Result<void>(const std::string&, Purpose)> destroy;
};

template <typename Store>
Ops common(Store& store) {
  return {.random = [&store](std::size_t size) { return store.random(size); },
          .generate = {},
          .sign = [&store](const std::string& label, Purpose purpose, crypto::SignatureScheme scheme,
                           ByteView digest) { return store.sign(label, purpose, scheme, digest); },
          .decrypt = [&store](const std::string& label, Purpose purpose,
                              ByteView input) { return store.decrypt(label, purpose, input); },
          .derive = [&store](const std::string& label, Purpose purpose,
                             const crypto::PublicKey& peer) { return store.derive(label, purpose, peer); },
          .destroy = [&store](const std::string& label, Purpose purpose) { return store.destroy(label, purpose); }};
}

Ops ops_of(KeystoredClient& client) {
  Ops ops = common(client);
  ops.generate = [&client](const std::string& label, Purpose purpose,
                           KeyAlgorithm algorithm) -> Result<crypto::PublicKey> {
    TRY_ASSIGN(const KeystoredKey key, client.generate(label, purpose, algorithm));
    return key.public_key;
  };
  return ops;
}

Ops ops_of(TpmKeystore& store) {
  Ops ops = common(store);
  ops.generate = [&store](const std::string& label, Purpose purpose,
                          KeyAlgorithm algorithm) -> Result<crypto::PublicKey> {
    TRY_ASSIGN(const TpmKeyInfo key, store.generate(label, algorithm, purpose, default_use(purpose, algorithm)));
    return key.public_key;
  };
  return ops;
}

void check_random(Run& run, const Ops& ops) {
  run.row("use", "random numbers of the TPM", [&]() -> Result<Finding> {
    TRY_ASSIGN(const Bytes one, ops.random(32));
    TRY_ASSIGN(const Bytes two, ops.random(32));
    if (one.size() != 32 || two.size() != 32 || one == two) return fails("two draws are the same");
    TRY_ASSIGN(const Speed speed, run.measure([&]() -> Result<void> {
      TRY(ops.random(32));
      return {};
    }));
    return Finding{.outcome = Conformance::works, .remark = "32 bytes each", .speed = speed};
  });
}

/// A key for stored data; destroyed at the end of `use`, whatever it says.
Result<Finding> with_storage_key(
    Run& run, const Ops& ops, KeyAlgorithm algorithm,
    const std::function<Result<Finding>(const std::string&, const crypto::PublicKey&)>& use) {
  const std::string label = run.label("storage-" + std::string(crypto::name_of(algorithm)));
  TRY_ASSIGN(const crypto::PublicKey key, ops.generate(label, Purpose::storage, algorithm));
  auto found = use(label, key);
  const auto gone = ops.destroy(label, Purpose::storage);
  if (!gone) return fails("the key '" + label + "' is left behind: " + printable(gone.error().message(), 200));
  return found;
}

void check_decrypt(Run& run, const Ops& ops) {
  run.row("use", "decrypt RSA-OAEP-SHA256 with rsa2048", [&]() -> Result<Finding> {
    return with_storage_key(run, ops, KeyAlgorithm::rsa_2048,
                            [&](const std::string& label, const crypto::PublicKey& key) -> Result<Finding> {
                              const Bytes message = crypto::random_bytes(32);
                              TRY_ASSIGN(const Bytes sealed, encrypt_oaep(key, message, "SHA256"));
                              const auto decrypt = [&] { return ops.decrypt(label, Purpose::storage, sealed); };
                              TRY_ASSIGN(const Secret opened, decrypt());
                              if (!(opened == Secret::copy_of(message))) return fails("it is not what was encrypted");
                              TRY_ASSIGN(const Speed speed, run.measure([&]() -> Result<void> {
                                TRY(decrypt());
                                return {};
                              }));
                              return Finding{.outcome = Conformance::works, .remark = {}, .speed = speed};
                            });
  });
}

void check_derive(Run& run, const Ops& ops) {
  run.row("use", "derive by ECDH with p256", [&]() -> Result<Finding> {
    return with_storage_key(run, ops, KeyAlgorithm::ec_p256,
                            [&](const std::string& label, const crypto::PublicKey& key) -> Result<Finding> {
                              TRY_ASSIGN(const Agreement other, agree(key));
                              const auto derive = [&] { return ops.derive(label, Purpose::storage, other.peer); };
                              TRY_ASSIGN(const Secret secret, derive());
                              if (!(secret == other.secret)) return fails("the two sides have two secrets");
                              TRY_ASSIGN(const Speed speed, run.measure([&]() -> Result<void> {
                                TRY(derive());
                                return {};
                              }));
                              return Finding{.outcome = Conformance::works, .remark = {}, .speed = speed};
                            });
  });
}

void check_purposes(Run& run, const Ops& ops) {
  const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, {});
  run.row("secrecy", "a key for stored data signs nothing", [&]() -> Result<Finding> {
    return with_storage_key(
        run, ops, KeyAlgorithm::ec_p256, [&](const std::string& label, const crypto::PublicKey&) -> Result<Finding> {
          const auto scheme = crypto::SignatureScheme::ecdsa_sha256;
          return refused_for(ops.sign(label, Purpose::storage, scheme, digest), {"keystore.purpose", "keystore.use"});
        });
  });
  const auto signs = std::ranges::find(run.keys(), MadeKey::Origin::generated, &MadeKey::origin);
  if (signs == run.keys().end()) return;
  const KeyInfo key = signs->info;
  run.row("secrecy", "a key serves no other purpose", [&]() -> Result<Finding> {
    const auto scheme = crypto::default_scheme(key.public_key.algorithm());
    const auto hash = crypto::hash_of(scheme);
    if (!hash) return not_tried("it signs no digests");
    unsigned served = 0;
    for (const Purpose purpose : {Purpose::tls, Purpose::network, Purpose::video}) {
      const auto done = ops.sign(key.label, purpose, scheme, crypto::digest(*hash, {}));
      if (!done && done.error().reason() != "keystore.purpose") return done.error();
      served += done ? 1U : 0U;
    }
    if (served == 1) return Finding{};
    return fails("it signs for " + std::to_string(served) + " purposes");
  });
}

void check_all(Run& run, const Ops& ops) {
  check_random(run, ops);
  check_decrypt(run, ops);
  check_derive(run, ops);
  check_purposes(run, ops);
}

}  // namespace

void check_tpm(Run& run) {
  constexpr std::string_view k_daemon = "keystored:";
  if (auto* own = dynamic_cast<TpmKeystore*>(&run.store())) {
    check_all(run, ops_of(*own));
  } else if (run.uri().starts_with(k_daemon)) {
    const auto parsed = KeystoredUri::parse(std::string_view(run.uri()).substr(k_daemon.size()));
    if (!parsed) return;
    KeystoredClient client(parsed->socket);
    check_all(run, ops_of(client));
  }
}

}  // namespace signet::keystore::conformance
