// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "keystore_peers.hpp"

#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <p11-kit/pkcs11.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>

namespace peers {

namespace {

std::array<unsigned char, 32> g_digest{7, 7, 7};

void must(bool holds, const std::string& what, unsigned long code = 0) {
  if (holds) return;
  std::fprintf(stderr, "bench_keystore: %s: 0x%lx\n", what.c_str(), code);
  std::exit(1);  // a row whose peer did not run fails
}

}  // namespace

struct Pkcs11::State {
  void* library = nullptr;
  CK_FUNCTION_LIST* functions = nullptr;
  CK_SLOT_ID slot = 0;
  std::vector<CK_SESSION_HANDLE> sessions;
  CK_OBJECT_HANDLE key = 0;

  void call(CK_RV code, const char* what) const { must(code == CKR_OK, what, code); }

  State(const std::string& module, std::string_view token, const std::string& pin) {
    library = ::dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
    must(library != nullptr, "load " + module);
    const auto list = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    must(list != nullptr, "find C_GetFunctionList");
    call(list(&functions), "C_GetFunctionList");
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    call(functions->C_Initialize(&arguments), "C_Initialize");
    std::array<CK_SLOT_ID, 16> slots{};
    CK_ULONG count = slots.size();
    call(functions->C_GetSlotList(CK_TRUE, slots.data(), &count), "C_GetSlotList");
    bool found = false;
    for (CK_ULONG i = 0; i < count && !found; ++i) {
      CK_TOKEN_INFO info{};
      slot = slots.at(i);
      found = functions->C_GetTokenInfo(slot, &info) == CKR_OK &&
              (token.empty() || std::string_view(reinterpret_cast<const char*>(info.label), 32).starts_with(token));
    }
    must(found, "find the token");
    open_session();
    if (pin.empty()) return;
    std::string text = pin;
    call(functions->C_Login(sessions.front(), CKU_USER, reinterpret_cast<CK_UTF8CHAR*>(text.data()), text.size()),
         "C_Login");
  }
  ~State() {
    functions->C_Finalize(nullptr);
    ::dlclose(library);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void open_session() {
    CK_SESSION_HANDLE session = 0;
    call(functions->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session),
         "C_OpenSession");
    sessions.push_back(session);
  }
  void sign(CK_SESSION_HANDLE session) const {
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    std::array<CK_BYTE, 128> signature{};
    CK_ULONG size = signature.size();
    call(functions->C_SignInit(session, &mechanism, key), "C_SignInit");
    call(functions->C_Sign(session, g_digest.data(), g_digest.size(), signature.data(), &size), "C_Sign");
  }
};

Pkcs11::Pkcs11(const std::string& module, const std::string& token, const std::string& pin, const std::string& label)
    : state_(std::make_unique<State>(module, token, pin)) {
  CK_OBJECT_CLASS wanted = CKO_PRIVATE_KEY;
  std::string name = label;
  std::array attributes{CK_ATTRIBUTE{CKA_CLASS, &wanted, sizeof wanted},
                        CK_ATTRIBUTE{CKA_LABEL, name.data(), name.size()}};
  CK_ULONG count = 0;
  const CK_SESSION_HANDLE session = state_->sessions.front();
  state_->call(state_->functions->C_FindObjectsInit(session, attributes.data(), attributes.size()), "look for the key");
  state_->call(state_->functions->C_FindObjects(session, &state_->key, 1, &count), "look for the key");
  state_->call(state_->functions->C_FindObjectsFinal(session), "look for the key");
  must(count == 1, "find the key");
}

Pkcs11::~Pkcs11() = default;

Signers Pkcs11::signers(unsigned clients) {
  while (state_->sessions.size() < clients) state_->open_session();
  Signers out;
  for (unsigned i = 0; i < clients; ++i)
    out.emplace_back([this, session = state_->sessions[i]] { state_->sign(session); });
  return out;
}

struct Tpm2Openssl::State {
  OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
  std::array<OSSL_PROVIDER*, 2> providers{};
  EVP_PKEY* key = nullptr;
  std::mutex mutex;
};

Tpm2Openssl::Tpm2Openssl(const std::string& key_file) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.providers = {OSSL_PROVIDER_load(s.context, "tpm2"), OSSL_PROVIDER_load(s.context, "default")};
  must(s.providers[0] != nullptr && s.providers[1] != nullptr, "load tpm2-openssl", ERR_peek_last_error());
  OSSL_STORE_CTX* const store = OSSL_STORE_open_ex(("file:" + key_file).c_str(), s.context, "?provider=tpm2", nullptr,
                                                   nullptr, nullptr, nullptr, nullptr);
  must(store != nullptr, "open a key file", ERR_peek_last_error());
  while (s.key == nullptr && OSSL_STORE_eof(store) == 0) {
    OSSL_STORE_INFO* const info = OSSL_STORE_load(store);
    if (info == nullptr) continue;
    s.key = OSSL_STORE_INFO_get1_PKEY(info);
    OSSL_STORE_INFO_free(info);
  }
  OSSL_STORE_close(store);
  must(s.key != nullptr, "load a key of tpm2-openssl", ERR_peek_last_error());
}

Tpm2Openssl::~Tpm2Openssl() {
  EVP_PKEY_free(state_->key);
  for (OSSL_PROVIDER* const each : state_->providers) OSSL_PROVIDER_unload(each);
  OSSL_LIB_CTX_free(state_->context);
}

Signers Tpm2Openssl::signers(unsigned clients) {
  const auto sign = [this] {
    const std::lock_guard lock(state_->mutex);
    EVP_PKEY_CTX* const ctx = EVP_PKEY_CTX_new_from_pkey(state_->context, state_->key, "provider=tpm2");
    std::array<unsigned char, 128> signature{};
    std::size_t size = signature.size();
    const EVP_MD* const sha256 = EVP_sha256();
    const bool made = ctx != nullptr && EVP_PKEY_sign_init(ctx) == 1 &&
                      EVP_PKEY_CTX_set_signature_md(ctx, sha256) == 1 &&
                      EVP_PKEY_sign(ctx, signature.data(), &size, g_digest.data(), g_digest.size()) == 1;
    EVP_PKEY_CTX_free(ctx);
    must(made, "sign through tpm2-openssl", ERR_peek_last_error());
  };
  return Signers(clients, sign);
}

}  // namespace peers
