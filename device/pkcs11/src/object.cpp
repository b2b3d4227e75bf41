// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: pkcs11_stored_fuzz)
#include "object.hpp"

#include "signet/core/json.hpp"
#include "signet/crypto.hpp"

#include <array>
#include <utility>

namespace signet::pkcs11 {

namespace {

constexpr std::size_t k_name_hex = 32;

Json json_of(const Attributes& attributes) {
  Json rows = Json::array();
  for (const auto& [type, value] : attributes) {
    Json row = Json::array();
    rows.push(std::move(row.push(std::uint64_t{type}).push(to_base64(value))));
  }
  return rows;
}

std::optional<Attributes> attributes_of(const Json* rows) {
  if (rows == nullptr || !rows->is_array()) return std::nullopt;
  Attributes out;
  for (const Json& row : rows->elements()) {
    if (row.elements().size() != 2) return std::nullopt;
    const auto type = row.elements()[0].as_uint();
    const auto text = row.elements()[1].as_string();
    if (!type || !text) return std::nullopt;
    auto value = from_base64(*text);
    if (!value || !out.try_emplace(*type, *std::move(value)).second) return std::nullopt;
  }
  return out;
}

bool flag_at(const Json& json, std::string_view name) {
  bool value = false;
  const Json* const found = json.find(name);
  return found != nullptr && found->as_bool(value).has_value() && value;
}

/// A key's own attributes over what an application gave it: those that say what it may be used for are never given.
void overlay(Attributes& attributes, const Attributes& given) {
  constexpr std::array k_free{CKA_LABEL,    CKA_ID,      CKA_SUBJECT,   CKA_START_DATE,
                              CKA_END_DATE, CKA_PRIVATE, CKA_MODIFIABLE};
  for (const CK_ATTRIBUTE_TYPE type : k_free) {
    if (const auto found = given.find(type); found != given.end()) attributes[type] = found->second;
  }
}

void set_key_basics(Attributes& attributes, const keystore::KeystoredKey& key, CK_OBJECT_CLASS object_class) {
  attributes[CKA_CLASS] = of_ulong(object_class);
  attributes[CKA_TOKEN] = of_bool(true);
  attributes[CKA_LABEL] = to_bytes(key.label);
  attributes[CKA_ID] = key.public_key.fingerprint();
  attributes[CKA_LOCAL] = of_bool(key.extractable == keystore::Extractable::never);
  for (const CK_ATTRIBUTE_TYPE type : {CKA_SUBJECT, CKA_START_DATE, CKA_END_DATE}) attributes[type] = {};
}

}  // namespace

void set_default(Attributes& attributes, CK_ATTRIBUTE_TYPE type, Bytes value) {
  attributes.try_emplace(type, std::move(value));
}

void set_common(Attributes& attributes, bool is_private) {
  set_default(attributes, CKA_TOKEN, of_bool(false));
  set_default(attributes, CKA_PRIVATE, of_bool(is_private));
  set_default(attributes, CKA_MODIFIABLE, of_bool(true));
  set_default(attributes, CKA_COPYABLE, of_bool(true));
  set_default(attributes, CKA_DESTROYABLE, of_bool(true));
  set_default(attributes, CKA_LABEL, {});
}

std::string KeyRecord::name_of(std::string_view label) {
  return "key-" + to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(label))).substr(0, k_name_hex);
}

Bytes KeyRecord::encode() const {
  const Json json = Json::object({{"key", label},
                                  {"private", json_of(private_half)},
                                  {"public", json_of(public_half)},
                                  {"made_here", made_here},
                                  {"public_gone", public_gone}});
  return to_bytes(json.dump());
}

std::optional<KeyRecord> KeyRecord::parse(ByteView data) {
  const auto json = Json::parse(data);
  if (!json) return std::nullopt;
  const auto label = json->string_at("key");
  auto private_half = attributes_of(json->find("private"));
  auto public_half = attributes_of(json->find("public"));
  if (!label || !private_half || !public_half) return std::nullopt;
  return KeyRecord{.label = *label,
                   .private_half = *std::move(private_half),
                   .public_half = *std::move(public_half),
                   .made_here = flag_at(*json, "made_here"),
                   .public_gone = flag_at(*json, "public_gone")};
}

Bytes encode_object(const Attributes& attributes) {
  return to_bytes(Json::object({{"object", json_of(attributes)}}).dump());
}

std::optional<Attributes> parse_object(ByteView data) {
  const auto json = Json::parse(data);
  if (!json) return std::nullopt;
  return attributes_of(json->find("object"));
}

Object private_object(const keystore::KeystoredKey& key, const KeyRecord& record) {
  Object out;
  out.key = key;
  out.soft = soft_of(key.public_key);
  Attributes& all = out.attributes;
  set_key_basics(all, key, CKO_PRIVATE_KEY);
  const bool never = key.extractable == keystore::Extractable::never;
  const bool own = key.label == "idevid" || key.label == "iak";
  const Attributes fixed{{CKA_COPYABLE, of_bool(false)},
                         {CKA_DESTROYABLE, of_bool(!own)},
                         {CKA_SENSITIVE, of_bool(true)},
                         {CKA_EXTRACTABLE, of_bool(false)},
                         {CKA_ALWAYS_SENSITIVE, of_bool(never)},
                         {CKA_NEVER_EXTRACTABLE, of_bool(never)},
                         {CKA_SIGN, of_bool(key.signs())},
                         {CKA_DECRYPT, of_bool(key.use == "decrypt")},
                         {CKA_DERIVE, of_bool(key.use == "derive")},
                         {CKA_SIGN_RECOVER, of_bool(false)},
                         {CKA_UNWRAP, of_bool(false)},
                         {CKA_WRAP_WITH_TRUSTED, of_bool(false)},
                         {CKA_ALWAYS_AUTHENTICATE, of_bool(false)}};
  all.insert(fixed.begin(), fixed.end());
  if (out.soft != nullptr) add_public_numbers(out.soft.get(), CKO_PRIVATE_KEY, all);
  const bool rsa = out.soft != nullptr && is_rsa(out.soft.get());
  all[CKA_KEY_GEN_MECHANISM] = of_ulong(!never ? CK_UNAVAILABLE_INFORMATION
                                        : rsa  ? CKM_RSA_PKCS_KEY_PAIR_GEN
                                               : CKM_EC_KEY_PAIR_GEN);
  overlay(all, record.private_half);
  set_common(all, true);
  return out;
}

Object public_object(const keystore::KeystoredKey& key, const KeyRecord& record) {
  Object out;
  out.key = key;
  out.soft = soft_of(key.public_key);
  Attributes& all = out.attributes;
  set_key_basics(all, key, CKO_PUBLIC_KEY);
  if (out.soft != nullptr) add_public_numbers(out.soft.get(), CKO_PUBLIC_KEY, all);
  const Attributes fixed{
      {CKA_COPYABLE, of_bool(true)}, {CKA_VERIFY, of_bool(key.signs())},   {CKA_ENCRYPT, of_bool(key.use == "decrypt")},
      {CKA_DERIVE, of_bool(false)},  {CKA_VERIFY_RECOVER, of_bool(false)}, {CKA_WRAP, of_bool(false)},
      {CKA_TRUSTED, of_bool(false)}};
  all.insert(fixed.begin(), fixed.end());
  all[CKA_KEY_GEN_MECHANISM] = of_ulong(CK_UNAVAILABLE_INFORMATION);
  overlay(all, record.public_half);
  set_common(all, false);
  return out;
}

Object kept_object(std::string name, Attributes attributes) {
  Object out;
  out.stored = std::move(name);
  out.attributes = std::move(attributes);
  out.attributes[CKA_TOKEN] = of_bool(true);
  if (out.object_class() == CKO_PUBLIC_KEY) (void)public_from(out.attributes, out.soft);
  return out;
}

}  // namespace signet::pkcs11
