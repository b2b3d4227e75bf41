// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: keystore_uri_fuzz)
#include "pkcs11_uri.hpp"

#include "backend.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace signet::keystore {

namespace {

/// An attribute with a text for a value.
struct TextAttribute {
  std::string_view name;
  std::optional<std::string> Pkcs11Uri::* value;
};

constexpr std::array k_path{TextAttribute{"token", &Pkcs11Uri::token},
                            TextAttribute{"manufacturer", &Pkcs11Uri::manufacturer},
                            TextAttribute{"serial", &Pkcs11Uri::serial},
                            TextAttribute{"model", &Pkcs11Uri::model},
                            TextAttribute{"library-manufacturer", &Pkcs11Uri::library_manufacturer},
                            TextAttribute{"library-description", &Pkcs11Uri::library_description},
                            TextAttribute{"library-version", &Pkcs11Uri::library_version},
                            TextAttribute{"slot-manufacturer", &Pkcs11Uri::slot_manufacturer},
                            TextAttribute{"slot-description", &Pkcs11Uri::slot_description},
                            TextAttribute{"object", &Pkcs11Uri::object},
                            TextAttribute{"type", &Pkcs11Uri::type}};
constexpr std::array k_query{
    TextAttribute{"pin-source", &Pkcs11Uri::pin_source}, TextAttribute{"pin-value", &Pkcs11Uri::pin_value},
    TextAttribute{"module-name", &Pkcs11Uri::module_name}, TextAttribute{"module-path", &Pkcs11Uri::module_path}};
constexpr std::array<std::string_view, 5> k_types{"public", "private", "cert", "secret-key", "data"};

/// RFC 7512 section 2.3: what may stand in a value without being encoded, besides unreserved characters.
constexpr std::string_view k_reserved_in_path = ":[]@!$'()*+,=&";
constexpr std::string_view k_reserved_in_query = ":[]@!$'()*+,=/?|";

Result<void> check_characters(std::string_view value, std::string_view allowed) {
  const auto fits = [&](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || std::string_view("-._~%").find(c) != std::string_view::npos ||
           allowed.find(c) != std::string_view::npos;
  };
  const auto* const bad = std::ranges::find_if_not(value, fits);
  if (bad == value.end()) return {};
  return bad_uri("the character '" + printable(std::string_view(bad, 1)) +
                 "' must be percent-encoded in a pkcs11: URI");
}

template <std::size_t Count>
const TextAttribute* attribute_named(const std::array<TextAttribute, Count>& table, std::string_view name) {
  const auto* const found = std::ranges::find(table, name, &TextAttribute::name);
  return found == table.end() ? nullptr : found;
}

/// "name=value" with a value that is spelled as it must be.
Result<std::pair<std::string_view, std::string_view>> split(std::string_view part, std::string_view allowed) {
  const std::size_t equals = part.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return bad_uri("'" + printable(part, 40) + "' in a pkcs11: URI is not an attribute (name=value)");
  }
  TRY(check_characters(part.substr(equals + 1), allowed));
  return std::pair(part.substr(0, equals), part.substr(equals + 1));
}

Error twice(std::string_view name) { return bad_uri("'" + std::string(name) + "' stands twice in a pkcs11: URI"); }

Result<void> take_path(Pkcs11Uri& uri, std::string_view part) {
  TRY_ASSIGN(const auto pair, split(part, k_reserved_in_path));
  const auto [name, raw] = pair;
  if (name == "id") {
    // The only value that is bytes, so NUL may stand in it.
    if (!uri.id.empty()) return twice(name);
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '%') {
        uri.id.push_back(static_cast<std::byte>(raw[i]));
        continue;
      }
      const auto byte = from_hex(raw.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return bad_uri("a '%' in a URI must be followed by two hexadecimal digits");
      uri.id.push_back(byte->front());
      i += 2;
    }
    if (uri.id.empty()) return bad_uri("'id' in a pkcs11: URI is empty");
    return {};
  }
  TRY_ASSIGN(std::string value, percent_decode(raw));
  if (name == "slot-id") {
    if (uri.slot_id) return twice(name);
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool canonical = failed == std::errc{} && end == value.data() + value.size();
    if (!canonical) return bad_uri("'slot-id' in a pkcs11: URI is a whole number");
    uri.slot_id = number;
    return {};
  }
  const TextAttribute* attribute = attribute_named(k_path, name);
  if (attribute == nullptr)
    return bad_uri("'" + printable(name, 40) + "' is not an attribute of a pkcs11: URI (RFC 7512)");
  if (uri.*attribute->value) return twice(name);
  if (name == "type" && std::ranges::find(k_types, value) == k_types.end()) {
    return bad_uri("'type' in a pkcs11: URI is public, private, cert, secret-key or data");
  }
  uri.*attribute->value = std::move(value);
  return {};
}

Result<void> take_query(Pkcs11Uri& uri, std::string_view part) {
  TRY_ASSIGN(const auto pair, split(part, k_reserved_in_query));
  const auto [name, raw] = pair;
  TRY_ASSIGN(std::string value, percent_decode(raw));
  const TextAttribute* attribute = attribute_named(k_query, name);
  if (attribute == nullptr) {
    if (name.starts_with("x-")) return {};
    return bad_uri("'" + printable(name, 40) + "' is not an attribute of a pkcs11: URI (RFC 7512)");
  }
  if (uri.*attribute->value) return twice(name);
  uri.*attribute->value = std::move(value);
  return {};
}

template <typename Take>
Result<void> each_part(std::string_view text, char separator, Take take) {
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    TRY(take(text.substr(0, end)));
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
    if (text.empty()) return bad_uri("a pkcs11: URI ends in the middle");
  }
  return {};
}

}  // namespace

Result<Pkcs11Uri> Pkcs11Uri::parse(std::string_view rest) {
  constexpr std::size_t k_size_bytes_max = 8192;
  if (rest.size() > k_size_bytes_max) return bad_uri("a pkcs11: URI is too long");
  Pkcs11Uri uri;
  const std::size_t question = rest.find('?');
  TRY(each_part(rest.substr(0, question), ';', [&](std::string_view part) { return take_path(uri, part); }));
  if (question == std::string_view::npos) return uri;
  TRY(each_part(rest.substr(question + 1), '&', [&](std::string_view part) { return take_query(uri, part); }));
  if (uri.pin_source && uri.pin_value)
    return bad_uri("a pkcs11: URI holds a PIN and says where it is (RFC 7512 section 2.4)");
  if (uri.module_name && uri.module_name->find('/') != std::string::npos) {
    return bad_uri("'module-name' in a pkcs11: URI is a name without a path; use module-path");
  }
  return uri;
}

std::string Pkcs11Uri::text(bool with_pin) const {
  std::string out = "pkcs11:";
  char separator = 0;
  const auto add = [&](char next, std::string_view name, std::string_view encoded) {
    if (separator != 0) out += separator;
    out += std::string(name) + "=" + std::string(encoded);
    separator = next;
  };
  for (const TextAttribute& attribute : k_path) {
    if (this->*attribute.value) add(';', attribute.name, percent_encode(*(this->*attribute.value), ":"));
  }
  if (slot_id) add(';', "slot-id", std::to_string(*slot_id));
  if (!id.empty()) {
    std::string encoded;  // section 2.3 recommends to encode every byte of an id
    for (const std::byte byte : id) encoded += "%" + to_hex(std::span(&byte, 1));
    add(';', "id", encoded);
  }
  bool query = false;
  for (const TextAttribute& attribute : k_query) {
    if (!(this->*attribute.value) || (attribute.name == "pin-value" && !with_pin)) continue;
    separator = std::exchange(query, true) ? '&' : '?';
    add('&', attribute.name, percent_encode(*(this->*attribute.value), ":/"));
  }
  return out;
}

}  // namespace signet::keystore
