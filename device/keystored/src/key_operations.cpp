// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_request_fuzz)
#include "key_operations.hpp"

#include "signet/pki.hpp"

namespace signet::keystored {

using keystore::Purpose;
using keystore::TpmKeyInfo;

Result<Purpose> purpose_at(const Json& arguments) {
  TRY_ASSIGN(const std::string name, arguments.string_at("purpose"));
  return keystore::purpose_from(name);
}

Result<Json> key_json(keystore::TpmKeystore& keys, const TpmKeyInfo& info) {
  TRY_ASSIGN(const keystore::StoreInfo store, keys.describe());
  return keystore::KeystoredKey{.label = info.label,
                                .purpose = info.purpose,
                                .use = std::string(keystore::name_of(info.use)),
                                .public_key = info.public_key,
                                .protection = store.protection,
                                .extractable = info.extractable,
                                .boot_state = info.boot_state}
      .to_json();
}

Result<Json> rotate(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const Purpose purpose, purpose_at(arguments));
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const TpmKeyInfo info, keys->rotate(label, purpose));
  return key_json(*keys, info);
}

// Who may rotate a key need not be one who may sign with it, so the request for the new one is made here.
Result<Json> rotate_prepare(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const Purpose purpose, purpose_at(arguments));
  pki::Subject subject{.common_name = label};
  if (arguments.find("subject") != nullptr) {
    TRY_ASSIGN(const std::string text, arguments.string_at("subject"));
    TRY_ASSIGN(subject, pki::Subject::parse(text));
  }
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const TpmKeyInfo next, keys->prepare_rotation(label, purpose));
  TRY_ASSIGN(Json answer, key_json(*keys, next));
  if (!keystore::signs_digests(next.use)) return answer;
  TRY_ASSIGN(const auto signer, keys->signer({.label = next.label}));
  TRY_ASSIGN(const Bytes request, pki::request(signer, subject));
  return answer.set("request", to_base64(request));
}

}  // namespace signet::keystored
