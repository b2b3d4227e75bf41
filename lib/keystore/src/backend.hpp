// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/keystore.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// What every back end gives to open(): a back end is one row of the table in keystore.cpp.
namespace signet::keystore {

/// A store, and what the URI says about one key in it.
struct Opened {
  std::unique_ptr<Keystore> store;
  KeySelector selector;
};

/// Back end `file:`; `rest` is the URI behind the scheme.
Result<Opened> open_file(std::string_view rest, const Options& options);
/// Back end `pkcs11:`.
Result<Opened> open_pkcs11(std::string_view rest, const Options& options);

/// Back end `tpm:`.
Result<Opened> open_tpm(std::string_view rest, const Options& options);
/// Back end `keystored:`.
Result<Opened> open_keystored(std::string_view rest, const Options& options);

/// The options' way to ask, or the terminal.
Result<Secret> ask(const Options& options, std::string_view prompt);
/// The first line of a file, as secrets are kept in files; "keystore.secret-empty" if there is nothing on it.
Result<Secret> secret_line_of(const std::string& path);

/// RFC 3986 percent-decoding, strict: two hexadecimal digits behind each '%', no NUL.
Result<std::string> percent_decode(std::string_view text);
/// Encodes everything but unreserved characters and those in `also_kept`.
std::string percent_encode(std::string_view text, std::string_view also_kept = {});

/// The error for a malformed URI.
Error bad_uri(std::string text);

/// One key out of a list: "keystore.no-key", "keystore.ambiguous".
Result<KeyInfo> pick(const std::vector<KeyInfo>& keys, const KeySelector& selector, std::string_view store);
/// How an error names what was looked for: "the key 'a'".
std::string describe(const KeySelector& selector);

}  // namespace signet::keystore
