// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// General purpose, slots and tokens, sessions: PKCS#11 2.40 sections 5.4 to 5.6.
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "signet/core/version.hpp"

#include "entry.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

using namespace signet::pkcs11;
using signet::Bytes;
using signet::ByteView;
using signet::Secret;

namespace {

constexpr std::string_view k_maker = "Signet";
constexpr CK_VERSION k_version{0, 1};

/// Blank-padded, not terminated (section 3.1).
template <std::size_t N>
void pad(CK_UTF8CHAR (&field)[N], std::string_view text) {
  std::memset(field, ' ', N);
  std::memcpy(field, text.data(), std::min(N, text.size()));
}

CK_RV read_pin(const CK_UTF8CHAR* pin, CK_ULONG size, Secret& out) {
  ByteView bytes;
  CHECK_RV(view_of(pin, size, bytes));
  if (size > 255) return CKR_PIN_LEN_RANGE;
  out = Secret::copy_of(bytes);
  return CKR_OK;
}

CK_FLAGS pin_flags(std::string_view state, CK_FLAGS low, CK_FLAGS last, CK_FLAGS locked) {
  if (state == "missed") return low;
  if (state == "last-try") return low | last;
  return state == "locked" ? locked : 0;
}

CK_FLAGS token_flags(const TokenFacts& facts) {
  CK_FLAGS flags = CKF_RNG | CKF_TOKEN_INITIALIZED;
  const bool user = facts.user_pin != "unset";
  // Without PINs it is the caller's user id that keystored looks at, and nothing has to be typed.
  if (user || facts.officer_pin != "unset") flags |= CKF_LOGIN_REQUIRED;
  if (user) flags |= CKF_USER_PIN_INITIALIZED;
  flags |= pin_flags(facts.user_pin, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED);
  return flags | pin_flags(facts.officer_pin, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED);
}

CK_RV check_arguments(const CK_C_INITIALIZE_ARGS* given) {
  if (given == nullptr) return CKR_OK;
  if (given->pReserved != nullptr) return CKR_ARGUMENTS_BAD;
  const int functions = (given->CreateMutex != nullptr ? 1 : 0) + (given->DestroyMutex != nullptr ? 1 : 0) +
                        (given->LockMutex != nullptr ? 1 : 0) + (given->UnlockMutex != nullptr ? 1 : 0);
  if (functions != 0 && functions != 4) return CKR_ARGUMENTS_BAD;
  // Only the system's own locks are used here.
  return functions == 4 && (given->flags & CKF_OS_LOCKING_OK) == 0 ? CKR_CANT_LOCK : CKR_OK;
}

}  // namespace

extern "C" {

CK_RV C_Initialize(void* init_args) {
  return guarded([&]() -> CK_RV {
    CHECK_RV(check_arguments(static_cast<const CK_C_INITIALIZE_ARGS*>(init_args)));
    return Module::start();
  });
}

CK_RV C_Finalize(void* reserved) {
  return guarded([&]() -> CK_RV { return reserved != nullptr ? CKR_ARGUMENTS_BAD : Module::stop(); });
}

CK_RV C_GetInfo(CK_INFO* info) {
  return with_module([&](Module&) -> CK_RV {
    if (info == nullptr) return CKR_ARGUMENTS_BAD;
    *info = {};
    info->cryptokiVersion = {2, 40};
    pad(info->manufacturerID, k_maker);
    pad(info->libraryDescription, "Signet: keys of this device");
    info->libraryVersion = k_version;
    return CKR_OK;
  });
}

CK_RV C_GetSlotList(CK_BBOOL token_present, CK_SLOT_ID* slots, CK_ULONG* count) {
  return with_module([&](Module& module) -> CK_RV {
    if (count == nullptr) return CKR_ARGUMENTS_BAD;
    TokenFacts facts;
    const CK_ULONG there = token_present == CK_FALSE || module.facts(facts) == CKR_OK ? 1 : 0;
    const CK_ULONG room = *count;
    *count = there;
    if (slots == nullptr) return CKR_OK;
    if (room < there) return CKR_BUFFER_TOO_SMALL;
    if (there == 1) slots[0] = k_slot;
    return CKR_OK;
  });
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO* info) {
  return with_module([&](Module& module) -> CK_RV {
    if (info == nullptr) return CKR_ARGUMENTS_BAD;
    if (slot != k_slot) return CKR_SLOT_ID_INVALID;
    *info = {};
    pad(info->slotDescription, "signet-keystored");
    pad(info->manufacturerID, k_maker);
    TokenFacts facts;
    info->flags = CKF_REMOVABLE_DEVICE | (module.facts(facts) == CKR_OK ? CKF_TOKEN_PRESENT : 0);
    return CKR_OK;
  });
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  return with_module([&](Module& module) -> CK_RV {
    if (info == nullptr) return CKR_ARGUMENTS_BAD;
    if (slot != k_slot) return CKR_SLOT_ID_INVALID;
    TokenFacts facts;
    CHECK_RV(module.facts(facts));
    *info = {};
    pad(info->label, facts.label.empty() ? "signet" : facts.label);
    pad(info->manufacturerID, facts.manufacturer);
    pad(info->model, facts.model);
    pad(info->serialNumber, facts.serial);
    info->flags = token_flags(facts);
    info->ulMaxSessionCount = CK_EFFECTIVELY_INFINITE;
    info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
    module.count_sessions(info->ulSessionCount, info->ulRwSessionCount);
    info->ulMinPinLen = 4;
    info->ulMaxPinLen = 64;
    info->ulTotalPublicMemory = info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulTotalPrivateMemory = info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
    pad(info->utcTime, "");
    return CKR_OK;
  });
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID* slot, void* reserved) {
  return with_module([&](Module&) -> CK_RV {
    if (slot == nullptr || reserved != nullptr) return CKR_ARGUMENTS_BAD;
    return (flags & CKF_DONT_BLOCK) != 0 ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
  });
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE* list, CK_ULONG* count) {
  return with_module([&](Module&) -> CK_RV {
    if (count == nullptr) return CKR_ARGUMENTS_BAD;
    if (slot != k_slot) return CKR_SLOT_ID_INVALID;
    const CK_ULONG room = *count;
    *count = mechanisms().size();
    if (list == nullptr) return CKR_OK;
    if (room < *count) return CKR_BUFFER_TOO_SMALL;
    std::ranges::transform(mechanisms(), list, &Mechanism::type);
    return CKR_OK;
  });
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO* info) {
  return with_module([&](Module&) -> CK_RV {
    if (info == nullptr) return CKR_ARGUMENTS_BAD;
    if (slot != k_slot) return CKR_SLOT_ID_INVALID;
    const Mechanism* const row = find_mechanism(type, 0);
    if (row == nullptr) return CKR_MECHANISM_INVALID;
    *info = {row->size_min, row->size_max, row->flags};
    return CKR_OK;
  });
}

CK_RV C_InitToken(CK_SLOT_ID slot, CK_UTF8CHAR* pin, CK_ULONG pin_size, CK_UTF8CHAR* label) {
  return with_module([&](Module& module) -> CK_RV {
    if (slot != k_slot) return CKR_SLOT_ID_INVALID;
    if (label == nullptr || pin == nullptr) return CKR_ARGUMENTS_BAD;
    Secret officer_pin;
    CHECK_RV(read_pin(pin, pin_size, officer_pin));
    std::string text(label, label + 32);
    text.erase(text.find_last_not_of(' ') + 1);
    return module.initialise(officer_pin, text);
  });
}

CK_RV C_InitPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR* pin, CK_ULONG pin_size) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    if (!at.writes()) return CKR_SESSION_READ_ONLY;
    Secret fresh;
    CHECK_RV(read_pin(pin, pin_size, fresh));
    return module.set_user_pin(fresh);
  });
}

CK_RV C_SetPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR* old_pin, CK_ULONG old_size, CK_UTF8CHAR* pin,
               CK_ULONG pin_size) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    if (!at.writes()) return CKR_SESSION_READ_ONLY;
    Secret before;
    Secret fresh;
    CHECK_RV(read_pin(old_pin, old_size, before));
    CHECK_RV(read_pin(pin, pin_size, fresh));
    const CK_USER_TYPE owner = module.who() == Login::officer ? CKU_SO : CKU_USER;
    const auto done = module.backend().change_pin(owner, before, fresh);
    return done ? CKR_OK : rv_of(done.error());
  });
}

CK_RV C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void*, CK_NOTIFY, CK_SESSION_HANDLE* session) {
  return with_module([&](Module& module) -> CK_RV {
    if (session == nullptr) return CKR_ARGUMENTS_BAD;
    if (slot != k_slot) return CKR_SLOT_ID_INVALID;
    if ((flags & CKF_SERIAL_SESSION) == 0) return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
    TokenFacts facts;
    CHECK_RV(module.facts(facts));
    return module.open_session(flags, *session);
  });
}

CK_RV C_CloseSession(CK_SESSION_HANDLE session) {
  return with_module([&](Module& module) -> CK_RV { return module.close_session(session); });
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot) {
  return with_module([&](Module& module) -> CK_RV {
    if (slot != k_slot) return CKR_SLOT_ID_INVALID;
    module.close_all();
    return CKR_OK;
  });
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO* info) {
  return with_session(session, [&](Module& module, Session& at) -> CK_RV {
    if (info == nullptr) return CKR_ARGUMENTS_BAD;
    *info = {k_slot, module.state_of(at), at.flags, 0};
    return CKR_OK;
  });
}

CK_RV C_GetOperationState(CK_SESSION_HANDLE session, CK_BYTE*, CK_ULONG*) {
  return with_session(session, [](Module&, Session&) -> CK_RV { return CKR_FUNCTION_NOT_SUPPORTED; });
}

CK_RV C_SetOperationState(CK_SESSION_HANDLE session, CK_BYTE*, CK_ULONG, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE) {
  return with_session(session, [](Module&, Session&) -> CK_RV { return CKR_FUNCTION_NOT_SUPPORTED; });
}

CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR* pin, CK_ULONG pin_size) {
  return with_session(session, [&](Module& module, Session&) -> CK_RV {
    Secret given;
    CHECK_RV(read_pin(pin, pin_size, given));
    return module.login(user, given);
  });
}

CK_RV C_Logout(CK_SESSION_HANDLE session) {
  return with_session(session, [](Module& module, Session&) -> CK_RV { return module.logout(); });
}

}  // extern "C"
