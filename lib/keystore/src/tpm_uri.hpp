// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/keystored.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace signet::keystore {

/// What stands behind `tpm:` in the URI of a key store.
struct TpmUri {
  std::filesystem::path folder;
  std::string label;            ///< empty: the URI names the store
  std::string tcti;             ///< empty: SIGNET_TCTI or the kernel's resource manager
  std::string owner_auth_file;  ///< empty: the owner hierarchy has no auth
  std::optional<Purpose> purpose;

  /// "keystore.uri" for what is not understood.
  static Result<TpmUri> parse(std::string_view rest);
  /// The URI of the store, with the scheme; parse() of it gives the same value without the label.
  [[nodiscard]] std::string of_store() const { return of_key({}); }
  /// The URI of one key in it.
  [[nodiscard]] std::string of_key(std::string_view key_label) const;

  friend bool operator==(const TpmUri&, const TpmUri&) = default;
};

}  // namespace signet::keystore
