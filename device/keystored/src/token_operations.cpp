// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_request_fuzz)
#include "token_operations.hpp"

#include <utility>

namespace signet::keystored {

using keystore::bytes_at;

Result<Json> token_info(Device& device, const Json& /*arguments*/) { return device.token().info(); }

Result<Json> token_init(Device& device, const Json& arguments) {
  TRY_ASSIGN(const Secret pin, keystore::secret_at(arguments, "pin"));
  TRY_ASSIGN(std::string label, arguments.string_at("label"));
  TRY(device.token().initialise(pin, std::move(label)));
  return Json::object();
}

Result<Json> token_init_pin(Device& device, const Json& arguments) {
  TRY_ASSIGN(const Secret pin, keystore::secret_at(arguments, "pin"));
  TRY_ASSIGN(const Secret fresh, keystore::secret_at(arguments, "new"));
  TRY(device.token().set_user_pin(pin, fresh));
  return Json::object();
}

Result<Json> token_set_pin(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string owner_name, arguments.string_at("owner"));
  TRY_ASSIGN(const PinOwner owner, pin_owner_from(owner_name));
  TRY_ASSIGN(const Secret pin, keystore::secret_at(arguments, "pin"));
  TRY_ASSIGN(const Secret fresh, keystore::secret_at(arguments, "new"));
  TRY(device.token().change(owner, pin, fresh));
  return Json::object();
}

Result<Json> token_login(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string owner_name, arguments.string_at("owner"));
  TRY_ASSIGN(const PinOwner owner, pin_owner_from(owner_name));
  TRY_ASSIGN(const Secret pin, keystore::secret_at(arguments, "pin"));
  TRY(device.token().check(owner, pin));
  return Json::object();
}

Result<Json> object_put(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string name, arguments.string_at("name"));
  TRY_ASSIGN(const Bytes data, bytes_at(arguments, "data"));
  TRY(device.token().put(name, data));
  return Json::object();
}

Result<Json> object_remove(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string name, arguments.string_at("name"));
  TRY(device.token().remove(name));
  return Json::object();
}

Result<Json> object_list(Device& device, const Json& /*arguments*/) { return device.token().objects(); }

}  // namespace signet::keystored
