// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "module.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace signet::pkcs11 {

namespace {

constexpr std::size_t k_sessions_max = 4096;

// No static object with a destructor: a program may call C_Finalize from its own exit handlers, after ours have run.
constinit std::mutex g_mutex;
constinit std::shared_ptr<Module>* g_module = nullptr;
constinit pid_t g_process = 0;
constinit bool g_follows_forks = false;

void before_fork() { g_mutex.lock(); }
void after_fork() { g_mutex.unlock(); }

}  // namespace

CK_RV Module::start() {
  const std::lock_guard lock(g_mutex);
  if (!g_follows_forks) {
    // So that a child finds the lock open; the dynamic loader forgets the handlers when the module is unloaded.
    if (::pthread_atfork(before_fork, after_fork, after_fork) != 0) return CKR_HOST_MEMORY;
    g_follows_forks = true;
  }
  if (g_module != nullptr && g_process == ::getpid()) return CKR_CRYPTOKI_ALREADY_INITIALIZED;
  // A parent's module stays where it is: threads that do not exist here may have left its locks closed.
  g_module = new std::shared_ptr<Module>(std::make_shared<Module>());
  g_process = ::getpid();
  return CKR_OK;
}

CK_RV Module::stop() {
  std::shared_ptr<Module> last;
  const std::lock_guard lock(g_mutex);
  if (g_module == nullptr || g_process != ::getpid()) return CKR_CRYPTOKI_NOT_INITIALIZED;
  last = std::move(*g_module);
  delete g_module;
  g_module = nullptr;
  return CKR_OK;
}

std::shared_ptr<Module> Module::get() {
  const std::lock_guard lock(g_mutex);
  return g_module == nullptr || g_process != ::getpid() ? nullptr : *g_module;
}

Module::Module() : backend_(make_backend()) {}

CK_RV Module::facts(TokenFacts& out) {
  auto facts = backend_->facts();
  if (!facts) {
    const CK_RV code = rv_of(facts.error());
    return code == CKR_DEVICE_REMOVED ? CKR_TOKEN_NOT_PRESENT : code;
  }
  out = *std::move(facts);
  const std::lock_guard lock(mutex_);
  wants_login_ = out.officer_pin != "unset" || out.user_pin != "unset";
  return CKR_OK;
}

// --- Sessions and logins ---

CK_RV Module::open_session(CK_FLAGS flags, CK_SESSION_HANDLE& out) {
  const std::lock_guard lock(mutex_);
  if (sessions_.size() >= k_sessions_max) return CKR_SESSION_COUNT;
  if (login_ == Login::officer && (flags & CKF_RW_SESSION) == 0) return CKR_SESSION_READ_WRITE_SO_EXISTS;
  out = next_++;
  sessions_.emplace(out, std::make_shared<Session>(out, flags));
  return CKR_OK;
}

CK_RV Module::close_session(CK_SESSION_HANDLE handle) {
  const std::lock_guard lock(mutex_);
  if (sessions_.erase(handle) == 0) return CKR_SESSION_HANDLE_INVALID;
  std::erase_if(objects_, [&](const auto& each) { return each.second.object->session == handle; });
  if (sessions_.empty()) end_login();  // section 5.6: the last session takes the login with it
  return CKR_OK;
}

void Module::close_all() {
  const std::lock_guard lock(mutex_);
  sessions_.clear();
  std::erase_if(objects_, [](const auto& each) { return each.second.object->session != 0; });
  end_login();
}

std::shared_ptr<Session> Module::session(CK_SESSION_HANDLE handle) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(handle);
  return found == sessions_.end() ? nullptr : found->second;
}

CK_STATE Module::state_of(const Session& session) {
  const std::lock_guard lock(mutex_);
  if (login_ == Login::officer) return CKS_RW_SO_FUNCTIONS;
  if (login_ == Login::user) return session.writes() ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
  return session.writes() ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

void Module::count_sessions(CK_ULONG& all, CK_ULONG& writing) {
  const std::lock_guard lock(mutex_);
  all = sessions_.size();
  writing =
      static_cast<CK_ULONG>(std::ranges::count_if(sessions_, [](const auto& each) { return each.second->writes(); }));
}

CK_RV Module::login(CK_USER_TYPE user, const Secret& pin) {
  if (user != CKU_USER && user != CKU_SO)
    return user == CKU_CONTEXT_SPECIFIC ? CKR_OPERATION_NOT_INITIALIZED : CKR_USER_TYPE_INVALID;
  const Login wanted = user == CKU_SO ? Login::officer : Login::user;
  {
    const std::lock_guard lock(mutex_);
    if (login_ == wanted) return CKR_USER_ALREADY_LOGGED_IN;
    if (login_ != Login::nobody) return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
    const bool reads = std::ranges::any_of(sessions_, [](const auto& each) { return !each.second->writes(); });
    if (wanted == Login::officer && reads) return CKR_SESSION_READ_ONLY_EXISTS;
  }
  if (const auto done = backend_->login(user, pin); !done) return rv_of(done.error());
  const std::lock_guard lock(mutex_);
  if (login_ != Login::nobody) return CKR_USER_ALREADY_LOGGED_IN;  // by another thread, meanwhile
  login_ = wanted;
  if (wanted == Login::officer) officer_pin_ = pin.clone();
  return CKR_OK;
}

CK_RV Module::logout() {
  const std::lock_guard lock(mutex_);
  if (login_ == Login::nobody) return CKR_USER_NOT_LOGGED_IN;
  end_login();
  return CKR_OK;
}

void Module::end_login() {
  if (login_ == Login::user) {  // section 5.6: private objects of sessions do not outlive it
    std::erase_if(objects_, [](const auto& each) {
      return each.second.object->session != 0 && each.second.object->is(CKA_PRIVATE);
    });
  }
  if (login_ != Login::nobody) backend_->logout();
  login_ = Login::nobody;
  officer_pin_ = Secret();
}

Login Module::who() {
  const std::lock_guard lock(mutex_);
  return login_;
}

CK_RV Module::initialise(const Secret& officer_pin, const std::string& label) {
  {
    const std::lock_guard lock(mutex_);
    if (!sessions_.empty()) return CKR_SESSION_EXISTS;
  }
  std::vector<keystore::KeystoredKey> ours;
  CHECK_RV(refresh());
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [handle, entry] : objects_) {
      const Object& object = *entry.object;
      if (!object.in_token()) continue;
      const auto record = records_.find(object.key->label);
      if (record != records_.end() && record->second.made_here) ours.push_back(*object.key);
    }
  }
  if (const auto done = backend_->initialise(officer_pin, label); !done) return rv_of(done.error());
  // The right PIN first, then the keys that were made through this interface; what keystored made for others stays.
  for (const keystore::KeystoredKey& key : ours) {
    if (const auto done = backend_->destroy(key); !done) return rv_of(done.error());
  }
  return refresh();
}

CK_RV Module::set_user_pin(const Secret& pin) {
  Secret officer_pin;
  {
    const std::lock_guard lock(mutex_);
    if (login_ != Login::officer) return CKR_USER_NOT_LOGGED_IN;
    officer_pin = officer_pin_.clone();
  }
  const auto done = backend_->set_user_pin(officer_pin, pin);
  return done ? CKR_OK : rv_of(done.error());
}

CK_RV Module::may_write(const Session& session, const Attributes& attributes) {
  if (is_true(attributes, CKA_TOKEN, false) && !session.writes()) return CKR_SESSION_READ_ONLY;
  const std::lock_guard lock(mutex_);
  const bool logged_in = login_ == Login::user || !wants_login_;
  return is_true(attributes, CKA_PRIVATE, false) && !logged_in ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
}

}  // namespace signet::pkcs11
