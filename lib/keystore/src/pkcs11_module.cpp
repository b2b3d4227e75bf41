// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "pkcs11_module.hpp"

#include "signet/core/bytes.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

namespace signet::keystore {

namespace {

struct CodeRow {
  CK_RV code;
  Errc errc;
  std::string_view reason;
  std::string_view text;
  std::string_view hint;
};

constexpr std::string_view k_unlock =
    "The security officer can unlock it: `softhsm2-util`, `pkcs11-tool --init-pin`, or the vendor's tool.";

constexpr std::array k_codes{
    CodeRow{CKR_PIN_INCORRECT, Errc::denied, "keystore.pin-wrong", "the PIN is wrong",
            "Check the PIN before you try again: a token locks after a few."},
    CodeRow{CKR_PIN_INVALID, Errc::denied, "keystore.pin-wrong", "the PIN has characters that the token does not take",
            "Check the PIN."},
    CodeRow{CKR_PIN_LEN_RANGE, Errc::denied, "keystore.pin-wrong", "the PIN is too short or too long for the token",
            "Check the PIN."},
    CodeRow{CKR_PIN_LOCKED, Errc::denied, "keystore.pin-locked", "the PIN is locked after too many wrong tries",
            k_unlock},
    CodeRow{CKR_PIN_EXPIRED, Errc::denied, "keystore.pin-locked", "the PIN has expired",
            "Set a new one with the vendor's tool."},
    CodeRow{CKR_USER_PIN_NOT_INITIALIZED, Errc::denied, "keystore.pin-locked", "the token has no user PIN yet",
            k_unlock},
    CodeRow{CKR_USER_NOT_LOGGED_IN, Errc::denied, "keystore.pin-wrong", "the token wants a PIN first",
            "Name it with pin-source=file:PATH."},
    CodeRow{CKR_TOKEN_NOT_PRESENT, Errc::unavailable, "keystore.token-gone", "the token is not there",
            "Plug it in again."},
    CodeRow{CKR_DEVICE_REMOVED, Errc::unavailable, "keystore.token-gone", "the token was removed", "Plug it in again."},
    CodeRow{CKR_DEVICE_ERROR, Errc::io, "keystore.failed", "the token reports a fault of its own",
            "Try again; then see the vendor's log."},
    CodeRow{CKR_DEVICE_MEMORY, Errc::exhausted, "keystore.full", "the token is full",
            "Retire keys that are no longer used."},
    CodeRow{CKR_HOST_MEMORY, Errc::exhausted, "keystore.full", "the PKCS#11 module is out of memory", ""},
    CodeRow{CKR_SESSION_COUNT, Errc::unavailable, "keystore.busy", "the token has no session left",
            "Close other programs that use it."},
    CodeRow{CKR_TOKEN_WRITE_PROTECTED, Errc::denied, "keystore.read-only", "the token is write-protected", ""},
    CodeRow{CKR_SESSION_READ_ONLY, Errc::denied, "keystore.read-only", "the token is write-protected", ""},
    CodeRow{CKR_ACTION_PROHIBITED, Errc::denied, "keystore.refused", "the token forbids this for the key", ""},
    CodeRow{CKR_MECHANISM_INVALID, Errc::unsupported, "keystore.unsupported", "the token does not have this algorithm",
            "Choose another key algorithm."},
    CodeRow{CKR_MECHANISM_PARAM_INVALID, Errc::unsupported, "keystore.unsupported",
            "the token does not take this algorithm's parameters", "Choose another signature scheme."},
    CodeRow{CKR_FUNCTION_NOT_SUPPORTED, Errc::unsupported, "keystore.unsupported", "the token cannot do this", ""},
    CodeRow{CKR_CURVE_NOT_SUPPORTED, Errc::unsupported, "keystore.unsupported", "the token does not have this curve",
            "Choose another key algorithm."},
    CodeRow{CKR_DOMAIN_PARAMS_INVALID, Errc::unsupported, "keystore.unsupported", "the token does not have this curve",
            "Choose another key algorithm."},
    CodeRow{CKR_KEY_SIZE_RANGE, Errc::unsupported, "keystore.unsupported", "the token does not have keys of this size",
            "Choose another key algorithm."},
    CodeRow{CKR_ATTRIBUTE_VALUE_INVALID, Errc::unsupported, "keystore.unsupported",
            "the token does not take a key of this kind", "Choose another key algorithm."},
    CodeRow{CKR_KEY_FUNCTION_NOT_PERMITTED, Errc::denied, "keystore.refused", "the key is not meant for signing",
            "Use a key with the attribute CKA_SIGN."},
};

struct Registry {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<Pkcs11Module>> modules;
};

Registry& registry() {
  static Registry modules;
  return modules;
}

Error bad_module(const std::string& path, std::string_view why) {
  return {Errc::unavailable, "keystore.module",
          "the PKCS#11 module '" + printable(path) + "' cannot be used: " + printable(why),
          "Name the right file with module-path=PATH, for example /usr/lib/softhsm/libsofthsm2.so."};
}

}  // namespace

Error ckr_error(CK_RV code, std::string_view doing) {
  const std::string before = std::string(doing) + ": ";
  const auto* const row = std::ranges::find(k_codes, code, &CodeRow::code);
  if (row != k_codes.end())
    return {row->errc, std::string(row->reason), before + std::string(row->text), std::string(row->hint)};
  Bytes number(8);
  put_be64(number, code);
  return {Errc::io, "keystore.failed",
          before + "the PKCS#11 module answers with the error 0x" + to_hex(number).substr(8),
          "PKCS#11 calls these CKR_ codes; the vendor's manual says what this one means there."};
}

Result<void> check(CK_RV code, std::string_view doing) {
  if (code == CKR_OK) return {};
  return ckr_error(code, doing);
}

bool is_stale(CK_RV code) {
  constexpr std::array k_stale{CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,        CKR_CRYPTOKI_NOT_INITIALIZED,
                               CKR_USER_NOT_LOGGED_IN,     CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID,
                               CKR_TOKEN_NOT_PRESENT,      CKR_DEVICE_REMOVED};
  return std::ranges::find(k_stale, code) != k_stale.end();
}

std::string padded_text(const unsigned char* text, std::size_t size) {
  std::string out(text, text + size);
  out = out.substr(0, out.find('\0'));  // some modules pad with NUL against the standard
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

Result<std::shared_ptr<Pkcs11Module>> Pkcs11Module::load(const std::string& path) {
  const std::lock_guard lock(registry().mutex);
  std::weak_ptr<Pkcs11Module>& known = registry().modules[path];
  if (auto module = known.lock()) return module;
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return bad_module(path, why == nullptr ? "it cannot be loaded" : why);
  }
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (get == nullptr || get(&functions) != CKR_OK || functions == nullptr) {
    ::dlclose(library);
    return bad_module(path, "it is a library, but not a PKCS#11 module");
  }
  std::shared_ptr<Pkcs11Module> module(new Pkcs11Module(path, functions));
  TRY(module->initialize());
  known = module;
  return module;
}

Result<void> Pkcs11Module::initialize() {
  const std::lock_guard lock(mutex_);
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const CK_RV code = functions_->C_Initialize(&arguments);
  if (code == CKR_OK) initialized_in_ = ::getpid();
  if (code == CKR_OK || code == CKR_CRYPTOKI_ALREADY_INITIALIZED) return {};
  return bad_module(path_, ckr_error(code, "it does not start").text());
}

Pkcs11Module::~Pkcs11Module() {
  // Only what we started: somebody else in this process may use the same module.
  if (initialized_in_ == ::getpid()) functions_->C_Finalize(nullptr);
}

}  // namespace signet::keystore
