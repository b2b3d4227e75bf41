// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The table of objects: what keystored has, and what sessions have made.
#include "module.hpp"

#include <algorithm>
#include <utility>

namespace signet::pkcs11 {

bool Module::visible(const Object& object) const {
  return !object.is(CKA_PRIVATE) || login_ == Login::user || (!wants_login_ && login_ == Login::nobody);
}

CK_RV Module::refresh() {
  const auto keys = backend_->keys();
  if (!keys) return rv_of(keys.error());
  const auto kept = backend_->objects();
  if (!kept) return rv_of(kept.error());
  std::map<std::string, KeyRecord> records;
  std::map<std::string, Object> now;
  for (const StoredObject& each : *kept) {
    if (auto record = KeyRecord::parse(each.data)) {
      records.insert_or_assign(record->label, *std::move(record));
    } else if (auto attributes = parse_object(each.data)) {
      now.emplace("object:" + each.name, kept_object(each.name, *std::move(attributes)));
    }
  }
  for (const keystore::KeystoredKey& key : *keys) {
    const auto found = records.find(key.label);
    const KeyRecord record =
        found == records.end() ? KeyRecord{.label = key.label, .private_half = {}, .public_half = {}} : found->second;
    now.emplace("private:" + key.label, private_object(key, record));
    if (!record.public_gone) now.emplace("public:" + key.label, public_object(key, record));
  }
  const std::lock_guard lock(mutex_);
  records_ = std::move(records);
  reconcile(std::move(now));
  return CKR_OK;
}

void Module::reconcile(std::map<std::string, Object> now) {
  std::erase_if(objects_, [&](const auto& each) {
    const bool gone = !each.second.identity.empty() && !now.contains(each.second.identity);
    if (gone) identities_.erase(each.second.identity);
    return gone;
  });
  for (auto& [identity, object] : now) {
    const auto [known, is_new] = identities_.try_emplace(identity, next_);
    if (is_new) ++next_;
    objects_.insert_or_assign(known->second, Entry{std::make_shared<const Object>(std::move(object)), identity});
  }
}

CK_RV Module::object(CK_OBJECT_HANDLE handle, ObjectPtr& out) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(handle);
  if (found == objects_.end()) return CKR_OBJECT_HANDLE_INVALID;
  if (!visible(*found->second.object)) return CKR_USER_NOT_LOGGED_IN;
  out = found->second.object;
  return CKR_OK;
}

std::vector<CK_OBJECT_HANDLE> Module::find(const Attributes& wanted) {
  const std::lock_guard lock(mutex_);
  std::vector<CK_OBJECT_HANDLE> out;
  for (const auto& [handle, entry] : objects_) {
    if (!visible(*entry.object)) continue;
    const Attributes& has = entry.object->attributes;
    const bool fits = std::ranges::all_of(wanted, [&](const auto& want) {
      const auto found = has.find(want.first);
      return found != has.end() && found->second == want.second;
    });
    if (fits) out.push_back(handle);
  }
  return out;
}

CK_OBJECT_HANDLE Module::add(Object object, std::string identity) {
  const std::lock_guard lock(mutex_);
  CK_OBJECT_HANDLE handle = next_++;
  // Another thread's search may have met the new object already.
  if (!identity.empty()) handle = identities_.try_emplace(identity, handle).first->second;
  objects_.insert_or_assign(handle, Entry{std::make_shared<const Object>(std::move(object)), std::move(identity)});
  return handle;
}

void Module::replace(CK_OBJECT_HANDLE handle, Object object) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(handle);
  if (found != objects_.end()) found->second.object = std::make_shared<const Object>(std::move(object));
}

void Module::rename(const std::string& from, const std::string& to, Object object) {
  const std::lock_guard lock(mutex_);
  const auto known = identities_.find(from);
  if (known == identities_.end()) return;
  const CK_OBJECT_HANDLE handle = known->second;
  identities_.erase(known);
  identities_.insert_or_assign(to, handle);
  objects_.insert_or_assign(handle, Entry{std::make_shared<const Object>(std::move(object)), to});
}

void Module::forget(CK_OBJECT_HANDLE handle) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(handle);
  if (found == objects_.end()) return;
  identities_.erase(found->second.identity);
  objects_.erase(found);
}

KeyRecord Module::record_of(const keystore::KeystoredKey& key) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(key.label);
  if (found != records_.end()) return found->second;
  return {.label = key.label, .private_half = {}, .public_half = {}};
}

CK_RV Module::keep(const KeyRecord& record) {
  const auto done = backend_->put_object(KeyRecord::name_of(record.label), record.encode());
  if (!done) return rv_of(done.error());
  const std::lock_guard lock(mutex_);
  records_.insert_or_assign(record.label, record);
  return CKR_OK;
}

}  // namespace signet::pkcs11
