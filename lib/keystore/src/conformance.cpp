// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// What every back end must do, whatever it is made of.
#include "signet/conformance.hpp"

#include "conformance_run.hpp"
#include "keystored_uri.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <thread>

namespace signet::keystore {

namespace conformance {

namespace {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;

const Bytes k_message = to_bytes("what the conformance check signs");

/// Works only if the signature holds for OpenSSL.
Result<void> sign_and_verify(crypto::Signer& signer, SignatureScheme scheme) {
  TRY_ASSIGN(const Bytes signature, signer.sign(scheme, k_message));
  return signer.public_key().verify(scheme, k_message, signature);
}

Result<void> sign_only(crypto::Signer& signer, SignatureScheme scheme) {
  TRY(signer.sign(scheme, k_message));
  return {};
}

Finding finding_of(const KeyInfo& key) {
  if (key.extractable == Extractable::yes) return weak("the private key can be read out of its store");
  if (key.extractable == Extractable::no) {
    return weak("the store does not say that the key was made inside and could never leave");
  }
  return {};
}

void make_keys(Run& run) {
  for (const KeyAlgorithm algorithm : run.options().algorithms) {
    const std::string name(crypto::name_of(algorithm));
    run.row("make", "generate " + name, [&]() -> Result<Finding> {
      const auto begin = std::chrono::steady_clock::now();
      TRY_ASSIGN(KeyInfo key, run.store().generate(run.label(name), algorithm));
      const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - begin;
      Finding found = finding_of(key);
      if (key.public_key.algorithm() != algorithm) found = fails("the key is of another kind");
      found.speed = speed_of({whole.count() * 1e6}, whole);
      run.made(std::move(key), MadeKey::Origin::generated);
      return found;
    });
  }
}

void import_keys(Run& run) {
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::ec_p256, KeyAlgorithm::rsa_2048}) {
    const std::string name = "imported-" + std::string(crypto::name_of(algorithm));
    run.row("make", "import " + std::string(crypto::name_of(algorithm)), [&]() -> Result<Finding> {
      TRY_ASSIGN(const Secret pkcs8, fresh_pkcs8(algorithm));
      TRY_ASSIGN(KeyInfo key, run.store().import_key(run.label(name), pkcs8));
      run.made(key, MadeKey::Origin::imported);
      if (key.extractable == Extractable::never) return fails("it says that an imported key was made inside");
      TRY_ASSIGN(const auto signer, run.store().signer({.label = key.label, .id = key.id}));
      TRY(sign_and_verify(*signer, crypto::default_scheme(algorithm)));
      return Finding{};
    });
  }
  run.row("make", "refuse to import what is no key", [&]() -> Result<Finding> {
    const auto made = run.store().import_key(run.label("nonsense"), Secret::copy_of(to_bytes("no key at all")));
    if (made) run.made(*made, MadeKey::Origin::imported);
    return refused_for(made, {"keystore.import", "tpm.key-unsupported", "keystore.unsupported"});
  });
}

void sign_with_each(Run& run) {
  for (const MadeKey& key : run.keys()) {
    if (key.origin == MadeKey::Origin::imported) continue;
    const KeyAlgorithm algorithm = key.info.public_key.algorithm();
    for (int i = 0; i <= static_cast<int>(SignatureScheme::ed25519); ++i) {
      const auto scheme = static_cast<SignatureScheme>(i);
      if (!crypto::fits(algorithm, scheme)) continue;
      const std::string what =
          "sign " + std::string(crypto::name_of(scheme)) + " with " + std::string(crypto::name_of(algorithm));
      run.row("sign", what, [&]() -> Result<Finding> {
        TRY_ASSIGN(const auto signer, run.store().signer({.label = key.info.label, .id = key.info.id}));
        TRY(sign_and_verify(*signer, scheme));
        if (scheme != crypto::default_scheme(algorithm)) return Finding{};
        TRY_ASSIGN(const Speed speed, run.measure([&] { return sign_only(*signer, scheme); }));
        return Finding{.outcome = Conformance::works, .remark = {}, .speed = speed};
      });
    }
  }
}

void check_names(Run& run) {
  if (run.keys().empty()) return;
  const KeyInfo first = run.keys().front().info;
  run.row("life", "refuse a second key of one name", [&]() -> Result<Finding> {
    const auto second = run.store().generate(first.label, first.public_key.algorithm());
    if (second) run.made(*second, MadeKey::Origin::generated);
    return refused_for(second, {"keystore.label-taken"});
  });
  run.row("life", "list and find", [&]() -> Result<Finding> {
    TRY_ASSIGN(const auto listed, run.store().list());
    for (const MadeKey& key : run.keys()) {
      const auto same = [&](const KeyInfo& each) {
        return each.label == key.info.label && each.public_key == key.info.public_key;
      };
      if (std::ranges::count_if(listed, same) != 1) return fails("'" + key.info.label + "' is not listed");
      TRY_ASSIGN(const KeyInfo found, run.store().find({.label = key.info.label, .id = key.info.id}));
      if (!same(found)) return fails("'" + key.info.label + "' is another key when it is looked for");
    }
    return Finding{};
  });
}

/// Each key by its own URI, one after the other: a TPM without resource manager takes one connection at a time.
Result<Finding> find_by_uri(Run& run) {
  for (const MadeKey& key : run.keys()) {
    if (key.info.uri.empty()) continue;
    TRY_ASSIGN(const NamedKey named, open_key(key.info.uri, run.options().open));
    if (named.info.label == key.info.label && named.info.public_key == key.info.public_key) continue;
    return fails("the URI of '" + key.info.label + "' leads to another key");
  }
  return Finding{};
}

void check_reopening(Run& run) {
  run.close();
  run.row("life", "each key is found by its URI", [&] { return find_by_uri(run); });
  run.row("life", "keys are there after reopening", [&]() -> Result<Finding> {
    TRY(run.open());
    for (const MadeKey& key : run.keys()) {
      TRY_ASSIGN(const auto signer, run.store().signer({.label = key.info.label, .id = key.info.id}));
      if (!(signer->public_key() == key.info.public_key)) return fails("'" + key.info.label + "' is another key now");
      TRY(sign_and_verify(*signer, crypto::default_scheme(signer->public_key().algorithm())));
    }
    return Finding{};
  });
}

/// What one of several users at once did.
struct User {
  std::vector<double> each_us;
  std::optional<Error> error;
};

void sign_for_a_while(crypto::Signer& signer, std::chrono::milliseconds time, User& user) {
  const auto scheme = crypto::default_scheme(signer.public_key().algorithm());
  const auto begin = std::chrono::steady_clock::now();
  for (auto last = begin; last - begin < time || user.each_us.empty();) {
    // Checking each would measure the check.
    const auto done = user.each_us.size() % 16 == 0 ? sign_and_verify(signer, scheme) : sign_only(signer, scheme);
    if (!done) {
      user.error = done.error();
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    user.each_us.push_back(std::chrono::duration<double, std::micro>(now - last).count());
    last = now;
  }
}

void check_parallel(Run& run) {
  if (run.keys().empty()) return;
  const KeyInfo key = run.keys().front().info;
  const unsigned sessions = std::max(run.options().sessions, 2U);
  run.row(
      "parallel",
      std::to_string(sessions) + " sessions at once with " + std::string(crypto::name_of(key.public_key.algorithm())),
      [&]() -> Result<Finding> {
        TRY_ASSIGN(const auto signer, run.store().signer({.label = key.label, .id = key.id}));
        std::vector<User> users(sessions);
        const auto begin = std::chrono::steady_clock::now();
        {
          std::vector<std::jthread> threads;
          for (User& user : users) {
            threads.emplace_back([&] { sign_for_a_while(*signer, run.options().measure, user); });
          }
        }
        const auto whole = std::chrono::steady_clock::now() - begin;
        std::vector<double> all;
        for (const User& user : users) {
          if (user.error) return *user.error;
          all.insert(all.end(), user.each_us.begin(), user.each_us.end());
        }
        return Finding{.outcome = Conformance::works, .remark = "all together", .speed = speed_of(all, whole)};
      });
}

void destroy_keys(Run& run) {
  while (!run.keys().empty()) {
    const MadeKey key = run.keys().back();
    run.row("life", "destroy " + key.info.label.substr(key.info.label.find('-', 12) + 1), [&]() -> Result<Finding> {
      const KeySelector selector{.label = key.info.label, .id = key.info.id};
      TRY_ASSIGN(const auto signer, run.store().signer(selector));
      TRY(run.store().destroy(selector));
      run.forget(key.info.label);
      const auto scheme = crypto::default_scheme(key.info.public_key.algorithm());
      if (run.store().find(selector)) return fails("it is still there");
      if (signer->sign(scheme, k_message)) return weak("who had it open before signs on with it");
      return Finding{};
    });
    run.forget(key.info.label);  // one try: what is left is told by that row
  }
}

/// Names and fingerprints of all keys of the store.
Result<std::map<std::string, std::string>> inventory(Keystore& store) {
  const auto keys = store.list();
  std::map<std::string, std::string> found;
  if (!keys && keys.error().reason() == "keystore.no-store") return found;  // it is made with its first key
  if (!keys) return keys.error();
  for (const KeyInfo& key : *keys) found[key.label + "/" + to_hex(key.id)] = to_hex(key.public_key.fingerprint());
  return found;
}

/// What can only be seen once all else is done.
void check_the_end(Run& run, const std::map<std::string, std::string>& before) {
  check_parallel(run);
  destroy_keys(run);
  run.row("life", "nothing is left behind, and nothing else is gone", [&]() -> Result<Finding> {
    TRY_ASSIGN(const auto after, inventory(run.store()));
    if (after == before) return Finding{};
    return fails("the keys of the store are not those that were there before");
  });
}

void check_store(Run& run, const StoreInfo& store) {
  run.row("secrecy", "the store is guarded", [&]() -> Result<Finding> {
    if (!store.passphrase) return weak("no PIN or passphrase protects the keys");
    if (store.protection == Protection::software) return weak("keys are in this process's memory while they sign");
    if (store.protection == Protection::token) return weak("the store does not claim to be hardware");
    return Finding{};
  });
}

}  // namespace

Result<ConformanceReport> check(Run& run) {
  check_wrong_pin(run);
  TRY(run.open());
  TRY_ASSIGN(const auto before, inventory(run.store()));
  make_keys(run);
  TRY_ASSIGN(const StoreInfo store, run.store().describe());  // now, since a folder of keys begins with its first one
  check_store(run, store);
  run.row("make", "some kind of key", [&]() -> Result<Finding> {
    if (run.keys().empty()) return fails("the store makes none of the keys that it was asked for");
    return Finding{};
  });
  import_keys(run);
  sign_with_each(run);
  check_wrong_passphrase(run);
  check_pkcs11(run);
  check_tpm(run);
  check_names(run);
  check_reopening(run);
  if (run.is_open()) check_the_end(run, before);
  return ConformanceReport{.store = store, .rows = std::move(run).take_rows()};
}

}  // namespace conformance

std::string_view name_of(Conformance outcome) {
  constexpr std::array<std::string_view, 5> k_names{"works", "unsupported", "not-tried", "weak", "fails"};
  return k_names.at(static_cast<std::size_t>(outcome));
}

std::size_t ConformanceReport::count(Conformance outcome) const {
  return static_cast<std::size_t>(std::ranges::count(rows, outcome, &ConformanceRow::outcome));
}

Conformance ConformanceReport::verdict() const {
  Conformance worst = Conformance::works;
  for (const ConformanceRow& row : rows) {
    if (row.outcome == Conformance::weak || row.outcome == Conformance::fails) worst = std::max(worst, row.outcome);
  }
  return worst;
}

namespace {

/// Keys of signet-keystored are bound to a purpose; those of the check are for TLS unless the URI says otherwise.
Result<std::string> with_purpose(std::string_view uri) {
  constexpr std::string_view k_scheme = "keystored:";
  if (!uri.starts_with(k_scheme)) return std::string(uri);
  TRY_ASSIGN(const KeystoredUri parsed, KeystoredUri::parse(uri.substr(k_scheme.size())));
  return parsed.of_key({}, parsed.purpose.value_or(Purpose::tls));
}

}  // namespace

Result<ConformanceReport> check_backend(std::string_view uri, const ConformanceOptions& options) {
  TRY_ASSIGN(std::string full, with_purpose(uri));
  conformance::Run run(full, options, [&] { return open(full, options.open); });
  return conformance::check(run);
}

}  // namespace signet::keystore
