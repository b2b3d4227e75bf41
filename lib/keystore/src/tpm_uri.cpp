// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: keystore_uri_fuzz)
#include "tpm_uri.hpp"

#include "backend.hpp"
#include "query.hpp"

#include <utility>

namespace signet::keystore {

Result<TpmUri> TpmUri::parse(std::string_view rest) {
  const std::size_t question = rest.find('?');
  TRY_ASSIGN(std::string folder, percent_decode(rest.substr(0, question)));
  if (folder.empty()) return bad_uri("a tpm: URI names the folder of its key records: tpm:/path/to/keys");
  if (folder.starts_with("//")) return bad_uri("a tpm: URI has no host: write tpm:/path");
  TpmUri uri;
  uri.folder = std::move(folder);
  std::string purpose;
  if (question != std::string_view::npos) {
    TRY(take_query("tpm", rest.substr(question + 1),
                   {{"label", &uri.label},
                    {"tcti", &uri.tcti},
                    {"owner-auth-file", &uri.owner_auth_file},
                    {"purpose", &purpose}}));
  }
  if (purpose.empty()) return uri;
  const auto known = purpose_from(purpose);
  if (!known) return bad_uri(known.error().text());
  uri.purpose = *known;
  return uri;
}

std::string TpmUri::of_key(std::string_view key_label) const {
  std::string uri = "tpm:" + percent_encode(folder.native(), "/");
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    uri += std::string(1, std::exchange(separator, '&')) + std::string(name) + "=" + percent_encode(value, "/:");
  };
  add("label", key_label);
  add("tcti", tcti);
  add("owner-auth-file", owner_auth_file);
  if (purpose) add("purpose", name_of(*purpose));
  return uri;
}

}  // namespace signet::keystore
