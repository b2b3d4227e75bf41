// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace signet::keystore {

/// What stands behind `file:` in the URI of a key store.
struct FileUri {
  enum class Source : std::uint8_t { ask, none, file, environment };

  std::filesystem::path folder;
  std::string label;  ///< empty: the URI names the store
  Source source = Source::ask;
  std::string source_name;  ///< a path or the name of a variable; never the passphrase itself

  /// "keystore.uri" for what is not understood: a mistyped parameter must not turn into a prompt in an unattended
  /// program.
  static Result<FileUri> parse(std::string_view rest);
  /// The URI of the store, with the scheme; parse() of it gives the same value without the label.
  [[nodiscard]] std::string of_store() const { return of_key({}); }
  /// The URI of one key in it.
  [[nodiscard]] std::string of_key(std::string_view key_label) const;
};

}  // namespace signet::keystore
