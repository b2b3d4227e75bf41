// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: birth_message_fuzz)
#include "fields.hpp"

namespace signet::birth {

namespace {

constexpr std::size_t k_tests_max = 64;
constexpr std::size_t k_test_text_bytes_max = 256;

Error bad_field(std::string_view name, std::string_view must) {
  return {Errc::invalid_input, "birth.field", "'" + std::string(name) + "' must be " + std::string(must)};
}

enum class Kind : std::uint8_t { text, number, truth, other };

Kind kind_of(const Json& value) {
  bool truth = false;
  if (value.as_bool(truth)) return Kind::truth;
  if (value.as_number()) return Kind::number;
  if (value.as_string()) return Kind::text;
  return Kind::other;
}

}  // namespace

Result<Bytes> bytes_at(const Json& json, std::string_view name, std::size_t size_bytes_min,
                       std::size_t size_bytes_max) {
  TRY_ASSIGN(const std::string text, json.string_at(name));
  auto bytes = from_base64(text);
  if (!bytes || bytes->size() < size_bytes_min || bytes->size() > size_bytes_max) {
    return bad_field(name,
                     std::to_string(size_bytes_min) + " to " + std::to_string(size_bytes_max) + " bytes in base64");
  }
  return bytes;
}

Result<Bytes> digest_at(const Json& json, std::string_view name) {
  TRY_ASSIGN(const std::string text, json.string_at(name));
  auto digest = from_hex(text);
  if (!digest || digest->size() != 32 || to_hex(*digest) != text) {
    return bad_field(name, "a SHA-256 digest in lower-case hexadecimal");
  }
  return digest;
}

Result<std::string> name_at(const Json& json, std::string_view name) {
  TRY_ASSIGN(std::string text, json.string_at(name));
  TRY(check_name(text, name));
  return text;
}

Result<ProductId> product_at(const Json& json, std::string_view name) {
  TRY_ASSIGN(const std::string text, json.string_at(name));
  return ProductId::parse(text);
}

Result<crypto::PublicKey> key_at(const Json& json, std::string_view name) {
  TRY_ASSIGN(const Bytes der, bytes_at(json, name, 1, k_blob_bytes_max));
  return crypto::PublicKey::from_spki_der(der);
}

Result<std::vector<pki::Certificate>> certificates_at(const Json& json, std::string_view name, std::size_t count_max) {
  TRY_ASSIGN(const Json::Array elements, json.array_at(name));
  if (elements.empty() || elements.size() > count_max) {
    return bad_field(name, "a list of 1 to " + std::to_string(count_max) + " certificates");
  }
  std::vector<pki::Certificate> certificates;
  for (const Json& element : elements) {
    TRY_ASSIGN(const std::string text, element.as_string(name));
    TRY_ASSIGN(const Bytes der, from_base64(text));
    TRY_ASSIGN(pki::Certificate certificate, pki::Certificate::from_der(der));
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

Json certificates_json(const std::vector<pki::Certificate>& certificates) {
  Json list = Json::array();
  for (const pki::Certificate& certificate : certificates) list.push(to_base64(certificate.der()));
  return list;
}

Result<Json::Object> named_members_at(const Json& json, std::string_view name) {
  TRY_ASSIGN(const Json object, json.object_at(name));
  if (object.members().size() > k_further_keys_max) {
    return bad_field(name, "an object of at most " + std::to_string(k_further_keys_max) + " members");
  }
  for (const auto& [label, value] : object.members()) TRY(check_name(label, name));
  return object.members();
}

Result<void> check_tests(const Json& tests) {
  const auto bad = [](std::string text) {
    return Error(Errc::invalid_input, "birth.tests", std::move(text),
                 "Test values are an object of at most 64 names with numbers, truths or short texts.");
  };
  if (!tests.is_object()) return bad("test values must be an object");
  if (tests.members().size() > k_tests_max) return bad("more than 64 test values");
  for (const auto& [name, value] : tests.members()) {
    if (!check_name(name, "test value")) return bad("'" + printable(name, 80) + "' cannot name a test value");
    const Kind kind = kind_of(value);
    if (kind == Kind::other || (kind == Kind::text && value.as_string()->size() > k_test_text_bytes_max)) {
      return bad("test value '" + name + "' is neither a number, nor true or false, nor a short text");
    }
  }
  return {};
}

}  // namespace signet::birth
