// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: attest_statement_fuzz)
#include "fields.hpp"

#include <string>

namespace signet::attest {

namespace {

constexpr std::size_t k_statement_chain_max = 8;
constexpr std::size_t k_part_size_bytes_max = 8192;  // larger than any public area, statement or signature

Error bad_field(std::string text) { return {Errc::invalid_input, "attest.field", std::move(text)}; }

}  // namespace

Result<Bytes> bytes_at(const Json& json, std::string_view name, std::size_t min, std::size_t max) {
  TRY_ASSIGN(const std::string text, json.string_at(name));
  auto bytes = from_base64(text);
  if (!bytes) return bad_field("'" + std::string(name) + "' is not base64");
  if (bytes->size() < min || bytes->size() > max) {
    return bad_field("'" + std::string(name) + "' has " + std::to_string(bytes->size()) + " bytes");
  }
  return bytes;
}

Result<Bytes> part_at(const Json& json, std::string_view name) {
  return bytes_at(json, name, 1, k_part_size_bytes_max);
}
Result<Bytes> nonce_at(const Json& json, std::string_view name) {
  return bytes_at(json, name, k_nonce_size_bytes_min, k_nonce_size_bytes_max);
}

Result<std::vector<pki::Certificate>> chain_at(const Json& json, std::string_view name) {
  TRY_ASSIGN(const auto elements, json.array_at(name));
  if (elements.empty() || elements.size() > k_statement_chain_max) {
    return bad_field(std::to_string(elements.size()) + " certificates in one chain");
  }
  std::vector<pki::Certificate> chain;
  for (const Json& element : elements) {
    TRY_ASSIGN(const std::string text, element.as_string(std::string(name) + "[]"));
    TRY_ASSIGN(const Bytes der, from_base64(text));
    TRY_ASSIGN(auto certificate, pki::Certificate::from_der(der));
    chain.push_back(std::move(certificate));
  }
  return chain;
}

Json chain_json(const std::vector<pki::Certificate>& chain) {
  Json list = Json::array();
  for (const pki::Certificate& each : chain) list.push(to_base64(each.der()));
  return list;
}

}  // namespace signet::attest
