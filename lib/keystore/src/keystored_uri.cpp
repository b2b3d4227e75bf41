// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Back end `keystored:`: the keys that signet-keystored holds.
// parses: foreign bytes (fuzz: keystore_uri_fuzz)
#include "keystored_uri.hpp"

#include "backend.hpp"
#include "query.hpp"

#include <utility>

namespace signet::keystore {

Result<KeystoredUri> KeystoredUri::parse(std::string_view rest) {
  const std::size_t question = rest.find('?');
  TRY_ASSIGN(std::string socket, percent_decode(rest.substr(0, question)));
  if (socket.starts_with("//")) return bad_uri("a keystored: URI has no host: write keystored:/path/of/the/socket");
  KeystoredUri uri;
  if (!socket.empty()) uri.socket = std::move(socket);
  std::string purpose;
  if (question != std::string_view::npos)
    TRY(take_query("keystored", rest.substr(question + 1), {{"label", &uri.label}, {"purpose", &purpose}}));
  if (purpose.empty()) return uri;
  const auto known = purpose_from(purpose);
  if (!known) return bad_uri(known.error().text());
  uri.purpose = *known;
  return uri;
}

std::string KeystoredUri::of_key(std::string_view key_label, std::optional<Purpose> key_purpose) const {
  std::string uri = "keystored:" + percent_encode(socket.native(), "/");
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    uri += std::string(1, std::exchange(separator, '&')) + std::string(name) + "=" + percent_encode(value);
  };
  if (!key_label.empty()) add("label", key_label);
  if (key_purpose) add("purpose", name_of(*key_purpose));
  return uri;
}

}  // namespace signet::keystore
