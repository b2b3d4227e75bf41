// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Modules and stores that do wrong.
#include "signet/conformance.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"

#include "conformance_for_test.hpp"
#include "conformance_run.hpp"
#include "pkcs11_module.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace signet::keystore {

using conformance::by_operation;
using conformance::quick;
using conformance::SoftHsmConformance;
using conformance::told;
using crypto::KeyAlgorithm;

namespace {

/// A module that lies, one function of it replaced while this lives.
template <typename Function>
class Replaced {
 public:
  Replaced(Function& where, Function with) : where_(&where), before_(where) { where = with; }
  ~Replaced() { *where_ = before_; }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;

 private:
  Function* where_;
  Function before_;
};

CK_C_GetAttributeValue g_get_attribute = nullptr;

/// Gives the private value away.
CK_RV tell_all(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* attributes, CK_ULONG count) {
  if (count == 1 && attributes->type == CKA_PRIVATE_EXPONENT && attributes->pValue != nullptr) {
    attributes->ulValueLen = 1;
    return CKR_OK;
  }
  return g_get_attribute(session, object, attributes, count);
}
CK_RV set_all(CK_SESSION_HANDLE, CK_OBJECT_HANDLE, CK_ATTRIBUTE*, CK_ULONG) { return CKR_OK; }
CK_RV wrap_all(CK_SESSION_HANDLE, CK_MECHANISM*, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE, CK_BYTE*, CK_ULONG*) {
  return CKR_OK;
}
CK_RV no_chance(CK_SESSION_HANDLE, CK_BYTE* out, CK_ULONG size) {
  std::fill_n(out, size, CK_BYTE{4});  // chosen by fair dice roll
  return CKR_OK;
}
CK_RV destroy_nothing(CK_SESSION_HANDLE, CK_OBJECT_HANDLE) { return CKR_OK; }
CK_RV sign_anything(CK_SESSION_HANDLE, CK_BYTE*, CK_ULONG, CK_BYTE* out, CK_ULONG* size) {
  std::fill_n(out, 64, CK_BYTE{1});
  *size = 64;
  return CKR_OK;
}

}  // namespace

TEST_F(SoftHsmConformance, P_CONFORM_004_a_module_that_does_wrong_is_found_out) {
  const auto module = Pkcs11Module::load(test::k_softhsm);
  ASSERT_OK(module);
  CK_FUNCTION_LIST& functions = (*module)->functions();
  ConformanceOptions options = quick();
  options.algorithms = {KeyAlgorithm::ec_p256};
  const auto failing = [&](const std::string& operation) {
    const auto report = check_backend(uri(), options);
    ASSERT_OK(report);
    EXPECT_EQ(report->verdict(), Conformance::fails) << operation;
    EXPECT_EQ(by_operation(*report)[operation].outcome, Conformance::fails) << operation;
  };
  {
    g_get_attribute = functions.C_GetAttributeValue;
    const Replaced lie(functions.C_GetAttributeValue, CK_C_GetAttributeValue{tell_all});
    failing("the private value of p256 is not told");
  }
  {
    const Replaced lie(functions.C_SetAttributeValue, CK_C_SetAttributeValue{set_all});
    failing("p256 cannot be made to leave");
  }
  {
    const Replaced lie(functions.C_WrapKey, CK_C_WrapKey{wrap_all});
    failing("p256 cannot be wrapped");
  }
  {
    const Replaced lie(functions.C_GenerateRandom, CK_C_GenerateRandom{no_chance});
    failing("random numbers of the token");
  }
  {
    const Replaced lie(functions.C_Sign, CK_C_Sign{sign_anything});
    failing("sign ecdsa-sha256 with p256");
  }
  {
    const Replaced lie(functions.C_DestroyObject, CK_C_DestroyObject{destroy_nothing});
    failing("nothing is left behind, and nothing else is gone");
  }
}

namespace {

/// A store in memory that does one thing wrong.
class Liar : public Keystore {
 public:
  enum class Lie : std::uint8_t {
    none,
    other_kind,
    imported_as_made,
    takes_nonsense,
    second_of_one_name,
    hides,
    forgets
  };
  explicit Liar(Lie lie, std::map<std::string, std::shared_ptr<crypto::Signer>>& keys) : lie_(lie), keys_(&keys) {}

  Result<StoreInfo> describe() override {
    return StoreInfo{.backend = "liar",
                     .label = "liar",
                     .serial = {},
                     .model = {},
                     .protection = Protection::hardware,
                     .passphrase = true,
                     .uri = "liar:"};
  }
  Result<KeyInfo> generate(std::string_view label, KeyAlgorithm algorithm) override {
    if (keys_->contains(std::string(label)) && lie_ != Lie::second_of_one_name) {
      return Error(Errc::conflict, "keystore.label-taken", "taken");
    }
    return keep(label, lie_ == Lie::other_kind ? KeyAlgorithm::ec_p384 : algorithm, Extractable::never);
  }
  Result<KeyInfo> import_key(std::string_view label, const Secret& pkcs8) override {
    if (pkcs8.size() < 20 && lie_ != Lie::takes_nonsense) {
      return Error(Errc::invalid_input, "keystore.import", "no key");
    }
    return keep(label, KeyAlgorithm::ec_p256, lie_ == Lie::imported_as_made ? Extractable::never : Extractable::no);
  }
  Result<KeyInfo> find(const KeySelector& selector) override {
    const auto found = keys_->find(selector.label);
    if (found != keys_->end()) return info(found->first, found->second->public_key(), Extractable::no);
    return Error(Errc::not_found, "keystore.no-key", "none");
  }
  Result<std::vector<KeyInfo>> list() override {
    std::vector<KeyInfo> all;
    if (lie_ == Lie::hides) return all;
    for (const auto& [label, key] : *keys_) all.push_back(info(label, key->public_key(), Extractable::no));
    return all;
  }
  Result<std::shared_ptr<crypto::Signer>> signer(const KeySelector& selector) override {
    TRY(find(selector));
    return keys_->at(selector.label);
  }
  Result<void> destroy(const KeySelector& selector) override {
    if (lie_ != Lie::forgets) keys_->erase(selector.label);
    return {};
  }

 private:
  static KeyInfo info(const std::string& label, const crypto::PublicKey& key, Extractable extractable) {
    return {.label = label,
            .id = key.fingerprint(),
            .public_key = key,
            .protection = Protection::hardware,
            .extractable = extractable,
            .uri = {}};
  }
  KeyInfo keep(std::string_view label, KeyAlgorithm algorithm, Extractable extractable) {
    const auto key = test::make_memory_signer(algorithm);
    keys_->insert_or_assign(std::string(label), key);
    return info(std::string(label), key->public_key(), extractable);
  }

  const Lie lie_;
  std::map<std::string, std::shared_ptr<crypto::Signer>>* keys_;
};

struct LieRow {
  Liar::Lie lie;
  const char* operation;
};
constexpr LieRow k_lies[] = {
    {Liar::Lie::none, ""},
    {Liar::Lie::other_kind, "generate p256"},
    {Liar::Lie::imported_as_made, "import p256"},
    {Liar::Lie::takes_nonsense, "refuse to import what is no key"},
    {Liar::Lie::second_of_one_name, "refuse a second key of one name"},
    {Liar::Lie::hides, "list and find"},
    {Liar::Lie::forgets, "destroy p256"},
};

}  // namespace

TEST(Conformance, P_CONFORM_004_a_store_that_does_wrong_is_found_out) {
  ConformanceOptions options = quick();
  options.algorithms = {KeyAlgorithm::ec_p256};
  for (const LieRow& row : k_lies) {
    std::map<std::string, std::shared_ptr<crypto::Signer>> keys;
    conformance::Run run("liar:", options,
                         [&] { return Result<std::unique_ptr<Keystore>>(std::make_unique<Liar>(row.lie, keys)); });
    const auto report = conformance::check(run);
    ASSERT_OK(report);
    if (row.lie == Liar::Lie::none) {
      EXPECT_EQ(told(*report, Conformance::fails), "");
    } else {
      EXPECT_EQ(by_operation(*report)[row.operation].outcome, Conformance::fails) << row.operation;
    }
  }
}

}  // namespace signet::keystore
