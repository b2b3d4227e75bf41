// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "pkcs11_token.hpp"

#include "backend.hpp"

#include <unistd.h>

namespace signet::keystore {

namespace {

constexpr std::size_t k_idle_sessions_max = 8;

template <std::size_t Size>
std::string text_of(const unsigned char (&field)[Size]) {
  return padded_text(field, Size);
}

bool fits(const std::optional<std::string>& wanted, const std::string& has) { return !wanted || *wanted == has; }

/// Whether the library itself is the one that the URI describes (RFC 7512 section 2.3, "library-...").
bool library_fits(const Pkcs11Uri& uri, CK_FUNCTION_LIST& module) {
  CK_INFO info{};
  if (module.C_GetInfo(&info) != CKR_OK) return false;
  const std::string version =
      std::to_string(int{info.libraryVersion.major}) + "." + std::to_string(int{info.libraryVersion.minor});
  return fits(uri.library_manufacturer, text_of(info.manufacturerID)) &&
         fits(uri.library_description, text_of(info.libraryDescription)) && fits(uri.library_version, version);
}

bool slot_fits(const Pkcs11Uri& uri, CK_SLOT_ID slot, const CK_SLOT_INFO& info) {
  return (!uri.slot_id || *uri.slot_id == slot) && fits(uri.slot_manufacturer, text_of(info.manufacturerID)) &&
         fits(uri.slot_description, text_of(info.slotDescription));
}

bool token_fits(const Pkcs11Uri& uri, const CK_TOKEN_INFO& info) {
  return (info.flags & CKF_TOKEN_INITIALIZED) != 0 && fits(uri.token, text_of(info.label)) &&
         fits(uri.manufacturer, text_of(info.manufacturerID)) && fits(uri.serial, text_of(info.serialNumber)) &&
         fits(uri.model, text_of(info.model));
}

Result<std::vector<CK_SLOT_ID>> slots_of(CK_FUNCTION_LIST& module) {
  std::vector<CK_SLOT_ID> slots;
  for (;;) {
    CK_ULONG count = 0;
    TRY(check(module.C_GetSlotList(CK_TRUE, nullptr, &count), "list the tokens"));
    slots.resize(count);
    const CK_RV code = module.C_GetSlotList(CK_TRUE, slots.data(), &count);
    if (code == CKR_BUFFER_TOO_SMALL) continue;  // a token was plugged in meanwhile
    TRY(check(code, "list the tokens"));
    slots.resize(count);
    return slots;
  }
}

std::string module_path_of(const Pkcs11Uri& uri) {
  if (uri.module_path) return *uri.module_path;
  if (uri.module_name) return "lib" + *uri.module_name + ".so";
  return "p11-kit-proxy.so";
}

}  // namespace

Result<std::shared_ptr<Pkcs11Token>> Pkcs11Token::open(const Pkcs11Uri& uri, const Options& options) {
  TRY_ASSIGN(auto module, Pkcs11Module::load(module_path_of(uri)));
  std::shared_ptr<Pkcs11Token> token(new Pkcs11Token(std::move(module), uri, options));
  TRY(token->locate());
  token->process_ = ::getpid();
  return token;
}

Result<void> Pkcs11Token::locate() {
  CK_FUNCTION_LIST& module = module_->functions();
  TRY_ASSIGN(const auto slots, slots_of(module));
  std::string seen;
  std::size_t found = 0;
  const bool library = library_fits(uri_, module);
  const std::string known = serial_;
  for (const CK_SLOT_ID slot : slots) {
    CK_SLOT_INFO slot_info{};
    CK_TOKEN_INFO token{};
    if (module.C_GetSlotInfo(slot, &slot_info) != CKR_OK || module.C_GetTokenInfo(slot, &token) != CKR_OK) continue;
    if ((token.flags & CKF_TOKEN_INITIALIZED) != 0)
      seen += std::string(seen.empty() ? "" : ", ") + "'" + printable(text_of(token.label)) + "'";
    // After the token was gone it must be the same one, not only one that the URI fits as well.
    const bool same = known.empty() || known == text_of(token.serialNumber);
    if (!library || !slot_fits(uri_, slot, slot_info) || !token_fits(uri_, token) || !same) continue;
    ++found;
    slot_ = slot;
    flags_ = token.flags;
    hardware_ = (slot_info.flags & CKF_HW_SLOT) != 0;
    label_ = text_of(token.label);
    model_ = text_of(token.manufacturerID) + " " + text_of(token.model);
    serial_ = text_of(token.serialNumber);
  }
  if (found == 1) return {};
  if (found > 1) {
    serial_ = known;
    return Error(Errc::conflict, "keystore.ambiguous-token", "several tokens fit the URI",
                 "Add token= or serial= to it. There are: " + seen + ".");
  }
  return Error(Errc::not_found, "keystore.no-store", "no token of '" + printable(module_->path()) + "' fits the URI",
               seen.empty() ? "The module shows no initialised token; is it plugged in, and is this its module?"
                            : "There are: " + seen + ".");
}

StoreInfo Pkcs11Token::describe() const {
  Pkcs11Uri store = uri_;
  store.object.reset();
  store.type.reset();
  store.id.clear();
  return {.backend = "pkcs11",
          .label = label_,
          .serial = serial_,
          .model = model_,
          .protection = hardware_ ? Protection::hardware : Protection::token,
          .passphrase = (flags_ & CKF_LOGIN_REQUIRED) != 0,
          .uri = store.text()};
}

Result<CK_SESSION_HANDLE> Pkcs11Token::acquire(Access access) {
  const std::lock_guard lock(mutex_);
  if (refused_) return *refused_;
  if (process_ != ::getpid() || lost_) {
    anchor_.reset();
    idle_.clear();
    TRY(module_->initialize());
    TRY(locate());
    process_ = ::getpid();
    lost_ = false;
  }
  CK_FUNCTION_LIST& module = module_->functions();
  const auto open_session = [&](CK_FLAGS flags) -> Result<CK_SESSION_HANDLE> {
    CK_SESSION_HANDLE session = 0;
    TRY(check(module.C_OpenSession(slot_, CKF_SERIAL_SESSION | flags, nullptr, nullptr, &session), "open " + name()));
    return session;
  };
  if (!anchor_) {
    TRY_ASSIGN(const CK_SESSION_HANDLE session, open_session(0));
    const auto logged_in = log_in(session);
    if (!logged_in) {
      module.C_CloseSession(session);
      return logged_in.error();
    }
    anchor_ = session;
  }
  if (access == Access::write) return open_session(CKF_RW_SESSION);
  if (idle_.empty()) return open_session(0);
  const CK_SESSION_HANDLE session = idle_.back();
  idle_.pop_back();
  return session;
}

void Pkcs11Token::release(CK_SESSION_HANDLE session, Access access, bool stale) {
  const std::lock_guard lock(mutex_);
  lost_ = lost_ || stale;
  if (!stale && access == Access::read && idle_.size() < k_idle_sessions_max) {
    idle_.push_back(session);
  } else {
    module_->functions().C_CloseSession(session);
  }
}

Result<Secret> Pkcs11Token::find_pin() {
  if (uri_.pin_value) return Secret::copy_of(as_bytes(*uri_.pin_value));
  if (!uri_.pin_source) return ask(options_, "the PIN of " + name());
  // RFC 7512 section 2.4: a path or a file: URI; "|command" is not done, a URI should not start programs.
  std::string_view source = *uri_.pin_source;
  if (source.starts_with("|")) return bad_uri("pin-source=|command is not supported; use pin-source=file:PATH");
  if (source.starts_with("file:")) source.remove_prefix(5);
  if (source.starts_with("//")) source.remove_prefix(2);
  return secret_line_of(std::string(source)).context("read the PIN of " + name());
}

Error Pkcs11Token::pin_refused(CK_RV code) {
  const Error error = ckr_error(code, "log in to " + name());
  CK_TOKEN_INFO info{};
  if (module_->functions().C_GetTokenInfo(slot_, &info) != CKR_OK) return error;
  if ((info.flags & CKF_USER_PIN_LOCKED) != 0) return ckr_error(CKR_PIN_LOCKED, "log in to " + name());
  if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
    return {error.code(), error.reason(), error.text() + "; one try remains",
            "Be sure of the PIN: after one more wrong one the token is locked."};
  }
  if ((info.flags & CKF_USER_PIN_COUNT_LOW) != 0)
    return {error.code(), error.reason(), error.text() + "; few tries remain", error.hint()};
  return error;
}

Result<void> Pkcs11Token::log_in(CK_SESSION_HANDLE session) {
  if ((flags_ & CKF_LOGIN_REQUIRED) == 0) return {};
  if (!pin_ && (flags_ & CKF_PROTECTED_AUTHENTICATION_PATH) == 0) {
    TRY_ASSIGN(pin_, find_pin());
  }
  CK_RV code = CKR_OK;
  if (pin_) {
    // The interface is not const-correct; the module only reads.
    const ByteSpan pin = pin_->write(SecretAccess::for_cryptography());
    code = module_->functions().C_Login(session, CKU_USER, as_uchar(pin), pin.size());
  } else {
    code = module_->functions().C_Login(session, CKU_USER, nullptr, 0);  // the PIN is typed on the device itself
  }
  if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return {};
  const Error error = pin_refused(code);
  if (error.code() == Errc::denied) refused_ = error;
  return error;
}

Pkcs11Token::~Pkcs11Token() {
  if (process_ != ::getpid()) return;
  for (const CK_SESSION_HANDLE session : idle_) module_->functions().C_CloseSession(session);
  if (anchor_) module_->functions().C_CloseSession(*anchor_);
}

}  // namespace signet::keystore
