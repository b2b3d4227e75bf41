// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

#include "templates.hpp"

#include <tss2/tss2_tctildr.h>

#include <chrono>
#include <thread>

namespace signet::tpm {

namespace {

constexpr TPMT_SYM_DEF k_aes_128_cfb{.algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};

/// A session of the TSS that is no longer in the TPM, which was reset then: nothing else of ours is in it either.
bool is_session_lost(TSS2_RC rc) {
  const TPM2_RC code = base_code(rc);
  return !is_gone(rc) && code >= TPM2_RC_REFERENCE_S0 && code <= TPM2_RC_REFERENCE_S6;
}

}  // namespace

Result<std::shared_ptr<Connection>> Connection::open(std::string_view tcti) {
  std::shared_ptr<Connection> connection(new Connection);
  TSS2_RC rc = Tss2_TctiLdr_Initialize(std::string(tcti).c_str(), &connection->tcti_);
  if (rc == TSS2_RC_SUCCESS) rc = Esys_Initialize(&connection->esys_, connection->tcti_, nullptr);
  if (rc != TSS2_RC_SUCCESS) {
    return Error(Errc::unavailable, "tpm.connect", "no TPM answers at '" + printable(tcti) + "'",
                 "name it as the TSS does: device:/dev/tpmrm0, or swtpm:path=SOCKET");
  }
  TRY(connection->start());
  return connection;
}

Connection::~Connection() {
  for (const ESYS_TR session : sessions_) flush(session);
  drop_own();
  if (esys_ != nullptr) Esys_Finalize(&esys_);
  if (tcti_ != nullptr) Tss2_TctiLdr_Finalize(&tcti_);
}

Result<void> Connection::start() {
  // Where a platform's firmware has started the TPM, it says so (Part 3, section 9.3.1).
  const TSS2_RC rc = Esys_Startup(esys_, TPM2_SU_CLEAR);
  if (rc != TSS2_RC_SUCCESS && rc != TPM2_RC_INITIALIZE) return judge(rc, "start up");
  return flush_leftovers();
}

/// What a program left behind that was killed: without a resource manager it would fill the few slots for ever. With
/// one, nobody sees the objects of others.
Result<void> Connection::flush_leftovers() {
  for (const TPM2_HANDLE first : {TPM2_TRANSIENT_FIRST, TPM2_LOADED_SESSION_FIRST}) {
    TRY_ASSIGN(const auto left, handles(first));
    for (const TPM2_HANDLE handle : left) {
      TRY_ASSIGN(const ESYS_TR known, adopt(handle, "flush what was left behind"));
      flush(known);
    }
  }
  return {};
}

Result<void> Connection::reachable() const {
  if (!gone_) return {};
  return Error(Errc::unavailable, "tpm.gone", "the connection to the TPM has broken", "connect anew");
}

bool Connection::wants_retry(TSS2_RC rc) {
  return rc == TPM2_RC_RETRY || rc == TPM2_RC_YIELDED || rc == TPM2_RC_TESTING ||
         rc == (TSS2_RESMGR_TPM_RC_LAYER | TPM2_RC_RETRY);
}

void Connection::pause() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

Result<void> Connection::judge(TSS2_RC rc, std::string_view doing) {
  if (rc == TSS2_RC_SUCCESS) return {};
  // The TPM rolls the nonces of a session only where it succeeds, and nothing vouches for a response code: where one
  // was changed on its way, the TSS and the TPM disagree from now on, and each right auth would look wrong to the TPM
  // and count towards its lock-out. So no session survives the failure of a command that used it.
  if (!is_word_of_the_tpm(rc) || is_session_lost(rc)) gone_ = true;
  if (std::exchange(sessions_in_use_, false)) drop_sessions();
  if (is_word_of_the_tpm(rc) && base_code(rc) == TPM2_RC_LOCKOUT)
    return lockout_error().with_context(std::string(doing));
  return to_error(rc, doing);
}

void Connection::drop_sessions() noexcept {
  for (ESYS_TR& each : sessions_) {
    const ESYS_TR session = std::exchange(each, ESYS_TR_NONE);
    flush(session);
    close(session);  // where the TPM did not take it
  }
}

void Connection::drop_own() noexcept {
  if (gone_ || esys_ == nullptr) own_.forget();
  if (own_.is_open()) own_.close(esys_);
}

Error Connection::lockout_error() {
  std::string text = "the TPM takes no auth values for now: there were too many wrong ones";
  const auto interval = property(TPM2_PT_LOCKOUT_INTERVAL);
  if (interval && *interval != 0) text += "; it forgives one every " + std::to_string(*interval) + " s";
  return {Errc::denied, "tpm.lockout", text, "wait, or have the lock-out reset with the lockout auth"};
}

Result<ESYS_TR> Connection::start_session() {
  auto session = start_session(StorageKind::p256);
  if (session || session.error().reason() != "tpm.unsupported") return session;
  return start_session(StorageKind::rsa2048);
}

Result<ESYS_TR> Connection::start_session(StorageKind salted_to) {
  // A key of the null hierarchy needs no auth, and nobody else has it; it is needed only while the session starts.
  const Wiped<TPM2B_SENSITIVE_CREATE> sensitive;
  TPM2B_PUBLIC wanted{};
  wanted.publicArea = storage_template("signet session", salted_to);
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION no_pcrs{};
  ESYS_TR key = ESYS_TR_NONE;
  TRY(run("make a key for sessions", [&](ESYS_CONTEXT* esys) {
    return Esys_CreatePrimary(esys, ESYS_TR_RH_NULL, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive.value,
                              &wanted, &outside, &no_pcrs, &key, nullptr, nullptr, nullptr, nullptr);
  }));
  const Transient salt(*this, key);
  ESYS_TR session = ESYS_TR_NONE;
  TRY(run("start a session", [&](ESYS_CONTEXT* esys) {
    return Esys_StartAuthSession(esys, salt.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr,
                                 TPM2_SE_HMAC, &k_aes_128_cfb, TPM2_ALG_SHA256, &session);
  }));
  return session;
}

Result<void> Connection::open_sessions() {
  TRY(reachable());
  // Both at once, as long as there is a free slot: later the objects of a command may take all of them.
  for (ESYS_TR& each : sessions_) {
    if (each != ESYS_TR_NONE) continue;
    TRY_ASSIGN(each, start_session());
  }
  return {};
}

Result<ESYS_TR> Connection::session(unsigned which, Crypt crypt) {
  TRY(open_sessions());
  const TPMA_SESSION attributes = TPMA_SESSION_CONTINUESESSION | (crypt == Crypt::command ? TPMA_SESSION_DECRYPT : 0U) |
                                  (crypt == Crypt::answer ? TPMA_SESSION_ENCRYPT : 0U);
  TRY(judge(Esys_TRSess_SetAttributes(esys_, sessions_.at(which), attributes, 0xff), "set up a session"));
  sessions_in_use_ = true;
  return sessions_.at(which);
}

Result<ESYS_TR> Connection::authorization(bool has_auth, unsigned which) {
  if (!has_auth) return ESYS_TR_PASSWORD;
  return session(which);
}

void Connection::flush(ESYS_TR handle) noexcept {
  if (handle == ESYS_TR_NONE || esys_ == nullptr) return;
  if (gone_ || is_gone(Esys_FlushContext(esys_, handle))) gone_ = true;
}

void Connection::close(ESYS_TR handle) noexcept {
  if (handle != ESYS_TR_NONE && esys_ != nullptr) (void)Esys_TR_Close(esys_, &handle);
}

void Connection::forget_auth(ESYS_TR handle) noexcept {
  const TPM2B_AUTH empty{};
  (void)Esys_TR_SetAuth(esys_, handle, &empty);
}

Result<void> Connection::set_auth(ESYS_TR handle, const Secret& auth) {
  Wiped<TPM2B_AUTH> value;
  TRY_ASSIGN(value.value, to_tpm2b<TPM2B_AUTH>(auth.read(SecretAccess::for_cryptography())));
  TRY(reachable());
  return judge(Esys_TR_SetAuth(esys_, handle, &value.value), "take an auth");
}

Result<UINT32> Connection::property(TPM2_PT which) {
  TPMI_YES_NO more = TPM2_NO;
  Owned<TPMS_CAPABILITY_DATA> data;
  TRY(run("read a property", [&](ESYS_CONTEXT* esys) {
    return Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES, which, 1, &more,
                              data.put());
  }));
  const TPML_TAGGED_TPM_PROPERTY& list = data->data.tpmProperties;
  return list.count == 1 && list.tpmProperty[0].property == which ? list.tpmProperty[0].value : 0U;
}

Result<std::vector<TPM2_HANDLE>> Connection::handles(TPM2_HANDLE first) {
  std::vector<TPM2_HANDLE> out;
  TPMI_YES_NO more = TPM2_YES;
  while (more == TPM2_YES) {
    Owned<TPMS_CAPABILITY_DATA> data;
    const TPM2_HANDLE next = out.empty() ? first : out.back() + 1;
    TRY(run("list handles", [&](ESYS_CONTEXT* esys) {
      return Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES, next,
                                TPM2_MAX_CAP_HANDLES, &more, data.put());
    }));
    const TPML_HANDLE& list = data->data.handles;
    if (list.count == 0 || list.handle[0] < next) break;
    out.insert(out.end(), list.handle, list.handle + list.count);
  }
  return out;
}

Result<ESYS_TR> Connection::adopt(TPM2_HANDLE handle, std::string_view doing) {
  ESYS_TR known = ESYS_TR_NONE;
  TRY(run(doing, [&](ESYS_CONTEXT* esys) {
    return Esys_TR_FromTPMPublic(esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &known);
  }));
  return known;
}

Result<std::unique_ptr<WithAuth>> WithAuth::make(Connection& connection, ESYS_TR handle, const Secret& auth) {
  std::unique_ptr<WithAuth> out(new WithAuth(connection, handle));
  TRY_ASSIGN(out->session_, connection.authorization(!auth.empty()));
  TRY(connection.set_auth(handle, auth));
  return out;
}

Result<std::unique_ptr<Adopted>> Adopted::make(Connection& connection, TPM2_HANDLE handle, std::string_view doing) {
  TRY_ASSIGN(const ESYS_TR known, connection.adopt(handle, doing));
  return std::unique_ptr<Adopted>(new Adopted(connection, known));
}

ESYS_TR to_esys(Hierarchy which) {
  switch (which) {
    case Hierarchy::owner:
      return ESYS_TR_RH_OWNER;
    case Hierarchy::endorsement:
      return ESYS_TR_RH_ENDORSEMENT;
    case Hierarchy::platform:
      return ESYS_TR_RH_PLATFORM;
    case Hierarchy::lockout:
      break;
  }
  return ESYS_TR_RH_LOCKOUT;
}

}  // namespace signet::tpm
