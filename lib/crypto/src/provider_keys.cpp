// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Key management of the provider: which keys there are and what can be asked of them.
#include "provider.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>

namespace signet::ossl::provider {

namespace {

constexpr std::array<const char*, 3> k_key_names{"EC", "RSA", "ED25519"};

const KeyData& key_of(const void* key) { return *static_cast<const KeyData*>(key); }

template <Kind kind>
void* new_key(void* /*context*/) noexcept {
  return new KeyData{kind, nullptr, nullptr};
}

void free_key(void* key) noexcept { delete static_cast<KeyData*>(key); }

void* dup_key(const void* from, int /*selection*/) noexcept {
  const KeyData& key = key_of(from);
  return new KeyData{key.kind, another(key.public_half), key.signer};
}

int has(const void* key, int selection) noexcept {
  if (key == nullptr || key_of(key).public_half == nullptr) return 0;
  return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 || key_of(key).signer != nullptr ? 1 : 0;
}

int match(const void* a, const void* b, int selection) noexcept {
  if (key_of(a).public_half == nullptr || key_of(b).public_half == nullptr) return 0;
  const bool whole_key = (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0;
  const EVP_PKEY* left = key_of(a).public_half.get();
  const EVP_PKEY* right = key_of(b).public_half.get();
  return (whole_key ? EVP_PKEY_eq(left, right) : EVP_PKEY_parameters_eq(left, right)) == 1 ? 1 : 0;
}

/// Two uses: signing_key() hands over a signer; OpenSSL copies another provider's public key here to compare it with
/// one of ours.
int import_key(void* to, int /*selection*/, const OSSL_PARAM params[]) noexcept {
  KeyData& key = *static_cast<KeyData*>(to);
  const OSSL_PARAM* given = OSSL_PARAM_locate_const(params, k_param_signer);
  if (given != nullptr) {
    if (given->data_type != OSSL_PARAM_OCTET_STRING || given->data_size != sizeof(key.signer)) return 0;
    key.signer = *static_cast<const std::shared_ptr<crypto::Signer>*>(given->data);
    auto public_half = to_evp(key.signer->public_key());
    if (!public_half) {
      raise(std::move(public_half).error());
      return 0;
    }
    key.public_half = *std::move(public_half);
    return 1;
  }
  const EvpPkeyCtx ctx(
      EVP_PKEY_CTX_new_from_name(nullptr, k_key_names.at(static_cast<std::size_t>(key.kind)), k_not_ours));
  EVP_PKEY* made = nullptr;
  auto* readable = const_cast<OSSL_PARAM*>(params);  // EVP_PKEY_fromdata only reads
  if (ctx == nullptr || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &made, EVP_PKEY_PUBLIC_KEY, readable) != 1) {
    return 0;
  }
  key.public_half.reset(made);
  return 1;
}

/// There is no private half to give away, so whoever asks for both gets the public one: encoders and comparisons need
/// no more.
int export_key(void* from, int selection, OSSL_CALLBACK* take, void* argument) noexcept {
  const KeyData& key = key_of(from);
  if (key.public_half == nullptr) return 0;
  return EVP_PKEY_export(key.public_half.get(), selection & ~OSSL_KEYMGMT_SELECT_PRIVATE_KEY, take, argument);
}

const OSSL_PARAM* transfer_types(int /*selection*/) noexcept {
  static const OSSL_PARAM k_types[] = {OSSL_PARAM_DEFN(k_param_signer, OSSL_PARAM_OCTET_STRING, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
                                       OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0),
                                       OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, nullptr, 0),
                                       OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, nullptr, 0),
                                       OSSL_PARAM_END};
  return k_types;
}

int get_params(void* of, OSSL_PARAM params[]) noexcept {
  const KeyData& key = key_of(of);
  if (key.public_half == nullptr || EVP_PKEY_get_params(key.public_half.get(), params) != 1) return 0;
  OSSL_PARAM* at = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_DEFAULT_DIGEST);
  if (at == nullptr || key.signer == nullptr) return 1;
  const auto hash =
      hash_of(default_scheme(key.signer->public_key().algorithm()));  // P-384 is not to be halved by SHA-256
  return !hash || OSSL_PARAM_set_utf8_string(at, EVP_MD_get0_name(md_of(*hash))) == 1 ? 1 : 0;
}

template <Kind kind>
const OSSL_PARAM* gettable_params(void* /*context*/) noexcept {
  static const OSSL_PARAM* const k_gettable = [] {
    EVP_KEYMGMT* const theirs = EVP_KEYMGMT_fetch(nullptr, k_key_names.at(static_cast<std::size_t>(kind)), k_not_ours);
    return theirs == nullptr ? nullptr : EVP_KEYMGMT_gettable_params(theirs);  // kept: the table is the provider's
  }();
  return k_gettable;
}

template <Kind kind>
const char* query_operation_name(int operation) noexcept {
  return operation == OSSL_OP_SIGNATURE ? signature_name(kind) : nullptr;
}

template <Kind kind>
const OSSL_DISPATCH* functions() {
  static const std::array k_functions{entry(OSSL_FUNC_KEYMGMT_NEW, new_key<kind>),
                                      entry(OSSL_FUNC_KEYMGMT_FREE, free_key),
                                      entry(OSSL_FUNC_KEYMGMT_DUP, dup_key),
                                      entry(OSSL_FUNC_KEYMGMT_HAS, has),
                                      entry(OSSL_FUNC_KEYMGMT_MATCH, match),
                                      entry(OSSL_FUNC_KEYMGMT_IMPORT, import_key),
                                      entry(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, transfer_types),
                                      entry(OSSL_FUNC_KEYMGMT_EXPORT, export_key),
                                      entry(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, transfer_types),
                                      entry(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params),
                                      entry(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable_params<kind>),
                                      entry(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, query_operation_name<kind>),
                                      k_dispatch_end};
  return k_functions.data();
}

}  // namespace

EvpPkey another(const EvpPkey& key) {
  if (key != nullptr) EVP_PKEY_up_ref(key.get());
  return EvpPkey(key.get());
}

const OSSL_ALGORITHM* key_algorithms() {
  // The names of the default provider, with its object identifiers: libssl and CMS ask a key whether it "is a" EC.
  static const std::array k_algorithms{
      OSSL_ALGORITHM{"EC:id-ecPublicKey:1.2.840.10045.2.1", k_ours, functions<Kind::ec>(), "EC keys of a key store"},
      OSSL_ALGORITHM{"RSA:rsaEncryption:1.2.840.113549.1.1.1", k_ours, functions<Kind::rsa>(),
                     "RSA keys of a key store"},
      OSSL_ALGORITHM{"ED25519:1.3.101.112", k_ours, functions<Kind::ed25519>(), "Ed25519 keys of a key store"},
      OSSL_ALGORITHM{nullptr, nullptr, nullptr, nullptr}};
  return k_algorithms.data();
}

}  // namespace signet::ossl::provider
