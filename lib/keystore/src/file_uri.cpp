// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: keystore_uri_fuzz)
#include "file_uri.hpp"

#include "backend.hpp"

namespace signet::keystore {

namespace {

Result<void> take_parameter(FileUri& uri, std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  const std::string_view name = parameter.substr(0, equals);
  if (equals == std::string_view::npos)
    return bad_uri("'" + printable(parameter, 40) + "' in a file: URI has no value");
  TRY_ASSIGN(std::string value, percent_decode(parameter.substr(equals + 1)));
  if (value.empty()) return bad_uri("'" + printable(name, 40) + "' in a file: URI is empty");
  if (name == "label") {
    if (!uri.label.empty()) return bad_uri("a file: URI has two labels");
    uri.label = std::move(value);
    return {};
  }
  if (uri.source != FileUri::Source::ask)
    return bad_uri("a file: URI says twice where its passphrase is, or has an unknown parameter");
  if (name == "passphrase") {
    uri.source = FileUri::Source::none;
    if (value == "none") return {};
    return bad_uri(
        "a passphrase does not belong into a URI, where others see it; use passphrase-file=PATH or "
        "passphrase-env=VARIABLE");
  }
  uri.source_name = std::move(value);
  uri.source = name == "passphrase-file" ? FileUri::Source::file : FileUri::Source::environment;
  if (name == "passphrase-file" || name == "passphrase-env") return {};
  return bad_uri("'" + printable(name, 40) +
                 "' is not known in a file: URI; known are label, passphrase-file, passphrase-env, passphrase=none");
}

}  // namespace

Result<FileUri> FileUri::parse(std::string_view rest) {
  const std::size_t question = rest.find('?');
  TRY_ASSIGN(std::string folder, percent_decode(rest.substr(0, question)));
  if (folder.size() > 1 && folder[0] == '/' && folder[1] == '/')
    return bad_uri("a file: URI of a key store has no host: write file:/path");
  if (folder.empty()) return bad_uri("a file: URI of a key store names a folder: file:/path/to/keys");
  FileUri uri;
  uri.folder = std::move(folder);
  std::string_view query = question == std::string_view::npos ? std::string_view{} : rest.substr(question + 1);
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    TRY(take_parameter(uri, query.substr(0, end)));
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  }
  return uri;
}

std::string FileUri::of_key(std::string_view key_label) const {
  std::string uri = "file:" + percent_encode(folder.native(), "/");
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    uri += std::string(1, std::exchange(separator, '&')) + std::string(name) + "=" + percent_encode(value, "/");
  };
  if (!key_label.empty()) add("label", key_label);
  if (source == Source::none) add("passphrase", "none");
  if (source == Source::file) add("passphrase-file", source_name);
  if (source == Source::environment) add("passphrase-env", source_name);
  return uri;
}

}  // namespace signet::keystore
