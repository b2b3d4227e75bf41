// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signet::keystore {

/// What stands behind `pkcs11:` (RFC 7512), decoded. Attributes that are absent match anything.
struct Pkcs11Uri {
  // path (section 2.3): which token and which object
  std::optional<std::string> token;
  std::optional<std::string> manufacturer;
  std::optional<std::string> serial;
  std::optional<std::string> model;
  std::optional<std::string> library_manufacturer;
  std::optional<std::string> library_description;
  std::optional<std::string> library_version;
  std::optional<std::string> slot_manufacturer;
  std::optional<std::string> slot_description;
  std::optional<std::uint64_t> slot_id;
  std::optional<std::string> object;
  std::optional<std::string> type;
  Bytes id;
  // query (section 2.4): how to reach it
  std::optional<std::string> pin_source;
  std::optional<std::string> pin_value;
  std::optional<std::string> module_name;
  std::optional<std::string> module_path;

  /// "keystore.uri" for anything that the grammar does not allow. Vendor attributes ("x-...") of the path are refused,
  /// since a key that they exclude would be used otherwise; those of the query are ignored, as section 2.4 has it.
  static Result<Pkcs11Uri> parse(std::string_view rest);
  /// The URI with its scheme; without the value of a PIN unless `with_pin`. parse() of the whole gives the same value.
  [[nodiscard]] std::string text(bool with_pin = false) const;

  friend bool operator==(const Pkcs11Uri&, const Pkcs11Uri&) = default;
};

}  // namespace signet::keystore
