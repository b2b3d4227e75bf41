// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/keystored.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace signet::keystore {

/// What stands behind `keystored:` in the URI of a key store.
struct KeystoredUri {
  std::filesystem::path socket = std::string(k_keystored_socket);
  std::string label;  ///< empty: the URI names the store
  std::optional<Purpose> purpose;

  /// "keystore.uri".
  static Result<KeystoredUri> parse(std::string_view rest);
  /// The URI of the store, with the scheme; parse() of it gives the same value without the label.
  [[nodiscard]] std::string of_store() const { return of_key({}, purpose); }
  /// The URI of one key in it.
  [[nodiscard]] std::string of_key(std::string_view key_label, std::optional<Purpose> key_purpose) const;

  friend bool operator==(const KeystoredUri&, const KeystoredUri&) = default;
};

}  // namespace signet::keystore
