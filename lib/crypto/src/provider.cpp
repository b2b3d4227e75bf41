// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "provider.hpp"

#include "signet/core/version.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <array>

namespace signet::ossl {

namespace provider {

namespace {

constexpr int k_reason_signer = 1;
thread_local std::optional<Error> t_raised;

int error_library() {
  static const int k_library = [] {
    const int library = ERR_get_next_error_library();
    static std::array<ERR_STRING_DATA, 3> strings{ERR_STRING_DATA{0, "signet"},
                                                  ERR_STRING_DATA{ERR_PACK(0, 0, k_reason_signer), "the signer failed"},
                                                  ERR_STRING_DATA{0, nullptr}};
    ERR_load_strings(library, strings.data());
    return library;
  }();
  return k_library;
}

const OSSL_ALGORITHM* query_operation(void* /*context*/, int operation, int* no_cache) noexcept {
  *no_cache = 0;
  switch (operation) {
    case OSSL_OP_KEYMGMT:
      return key_algorithms();
    case OSSL_OP_SIGNATURE:
      return signature_algorithms();
    default:
      return nullptr;
  }
}

const OSSL_PARAM* gettable_params(void* /*context*/) noexcept {
  static const OSSL_PARAM k_params[] = {OSSL_PARAM_DEFN(OSSL_PROV_PARAM_NAME, OSSL_PARAM_UTF8_PTR, nullptr, 0),
                                        OSSL_PARAM_DEFN(OSSL_PROV_PARAM_VERSION, OSSL_PARAM_UTF8_PTR, nullptr, 0),
                                        OSSL_PARAM_DEFN(OSSL_PROV_PARAM_STATUS, OSSL_PARAM_INTEGER, nullptr, 0),
                                        OSSL_PARAM_END};
  return k_params;
}

int get_params(void* /*context*/, OSSL_PARAM params[]) noexcept {
  static const std::string k_version(project_version());
  OSSL_PARAM* at = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_NAME);
  if (at != nullptr && OSSL_PARAM_set_utf8_ptr(at, "Signet: keys that sign through a key store") != 1) return 0;
  at = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_VERSION);
  if (at != nullptr && OSSL_PARAM_set_utf8_ptr(at, k_version.c_str()) != 1) return 0;
  at = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
  return at == nullptr || OSSL_PARAM_set_int(at, 1) == 1 ? 1 : 0;
}

int init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* /*in*/, const OSSL_DISPATCH** out,
         void** context) noexcept {
  static const std::array k_functions{entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query_operation),
                                      entry(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, gettable_params),
                                      entry(OSSL_FUNC_PROVIDER_GET_PARAMS, get_params), k_dispatch_end};
  *out = k_functions.data();
  *context = const_cast<OSSL_CORE_HANDLE*>(handle);  // only has to be somebody's, never looked at
  return 1;
}

/// A library context of our own with the provider and OpenSSL's, whose encoders write our keys' public halves; nothing
/// if it could not be made. It stays to the end of the program.
///
/// Not the default one: OpenSSL 3.0 remembers what it fetched "from the provider of this key" as its answer to
/// everybody who asks for that algorithm (property.c compares cached queries without their provider), so after one
/// signature with one of our keys EVP_EC_gen() would have come to us.
OSSL_LIB_CTX* load() {
  OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
  const bool loaded = context != nullptr && OSSL_PROVIDER_load(context, "default") != nullptr &&
                      OSSL_PROVIDER_add_builtin(context, "signet", init) == 1 &&
                      OSSL_PROVIDER_load(context, "signet") != nullptr;
  return loaded ? context : nullptr;
}

const char* key_name(crypto::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::KeyAlgorithm::ec_p256:
    case crypto::KeyAlgorithm::ec_p384:
      return "EC";
    case crypto::KeyAlgorithm::ed25519:
      return "ED25519";
    default:
      return "RSA";
  }
}

}  // namespace

void raise(Error error) {
  ERR_new();
  ERR_set_debug(__FILE__, __LINE__, __func__);
  ERR_set_error(error_library(), k_reason_signer, "%s", error.message().c_str());
  t_raised = std::move(error);
}

std::optional<Error> raised(unsigned long entry) {
  if (ERR_GET_LIB(entry) != error_library()) return std::nullopt;
  return t_raised;
}

}  // namespace provider

Result<EvpPkey> signing_key(std::shared_ptr<crypto::Signer> signer) {
  ensure(signer != nullptr, "signing_key: a signer");
  static OSSL_LIB_CTX* const k_loaded = provider::load();
  if (k_loaded == nullptr)
    return take_error(Errc::internal, "crypto.provider", "the OpenSSL provider of the key store could not be loaded");
  const char* name = provider::key_name(signer->public_key().algorithm());
  const EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_name(k_loaded, name, provider::k_ours));
  std::array params{OSSL_PARAM_construct_octet_string(provider::k_param_signer, &signer, sizeof(signer)),
                    OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  if (ctx == nullptr || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.data()) != 1) {
    return take_error(Errc::internal, "crypto.provider", "OpenSSL could not be given a key of the key store");
  }
  return EvpPkey(key);
}

}  // namespace signet::ossl
