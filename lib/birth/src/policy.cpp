// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: birth_policy_fuzz)
#include "fields.hpp"

#include <algorithm>
#include <array>

namespace signet::birth {

namespace {

constexpr std::string_view k_format = "signet-birth-policy-1";
constexpr std::size_t k_anchors_max = 8;
constexpr std::array k_templates = {tpm::DevidTemplate::h1_rsa2048, tpm::DevidTemplate::h2_p256,
                                    tpm::DevidTemplate::h3_p384};

Error bad(std::string text) { return {Errc::invalid_input, "birth.policy", std::move(text)}; }

Result<tpm::DevidTemplate> template_at(const Json& json) {
  TRY_ASSIGN(const std::string text, json.string_at("template"));
  const auto* const found = std::ranges::find(k_templates, text, [](auto which) { return tpm::name_of(which); });
  if (found == k_templates.end()) return bad("'template' must be H-1, H-2 or H-3");
  return *found;
}

Result<std::vector<std::string>> keys_at(const Json& json) {
  TRY_ASSIGN(const Json::Array elements, json.array_at("keys"));
  if (elements.size() > k_further_keys_max) return bad("more than 8 further keys");
  std::vector<std::string> keys;
  for (const Json& element : elements) {
    TRY_ASSIGN(std::string name, element.as_string("keys[]"));
    TRY(check_name(name, "key"));
    // IDevID and IAK are made of every unit; a further key of that name would stand for another one.
    if (name == "idevid" || name == "iak" || std::ranges::find(keys, name) != keys.end()) {
      return bad("the key '" + name + "' is named twice");
    }
    keys.push_back(std::move(name));
  }
  return keys;
}

Result<tpm::FloorApproval> first_floor_at(const Json& json, const crypto::PublicKey& floor_key) {
  TRY_ASSIGN(const Json object, json.object_at("first_floor"));
  TRY_ASSIGN(tpm::FloorApproval approval, tpm::FloorApproval::parse(as_bytes(object.dump())));
  if (approval.kind != tpm::FloorApproval::Kind::first) return bad("'first_floor' does not approve a first write");
  if (!(approval.key == floor_key)) return bad("'first_floor' is approved by another key than 'floor_key'");
  TRY(approval.check());
  return approval;
}

Result<Policy> read(ByteView text) {
  TRY_ASSIGN(const Json json,
             Json::parse(text, {.size_bytes_max = k_message_bytes_max, .depth_max = 6, .values_max = 200}));
  TRY_ASSIGN(const std::string format, json.string_at("format"));
  if (format != k_format) return bad("a document of the format '" + printable(format, 60) + "'");
  TRY(json.only_members({"format", "product", "revision", "template", "escrow_key", "floor_key", "first_floor",
                         "anchors", "keys", "minimum_strength"}));
  TRY_ASSIGN(ProductId product, product_at(json, "product"));
  TRY_ASSIGN(const std::uint64_t revision, json.uint_at("revision"));
  TRY_ASSIGN(const tpm::DevidTemplate devid, template_at(json));
  TRY_ASSIGN(crypto::PublicKey escrow_key, key_at(json, "escrow_key"));
  TRY_ASSIGN(crypto::PublicKey floor_key, key_at(json, "floor_key"));
  TRY_ASSIGN(tpm::FloorApproval first_floor, first_floor_at(json, floor_key));
  TRY_ASSIGN(std::vector<pki::Certificate> anchors, certificates_at(json, "anchors", k_anchors_max));
  TRY_ASSIGN(std::vector<std::string> keys, keys_at(json));
  TRY_ASSIGN(const std::string strength, json.string_at("minimum_strength"));
  TRY_ASSIGN(const attest::Strength minimum_strength, attest::strength_from(strength));
  return Policy{.product = std::move(product),
                .revision = revision,
                .devid = devid,
                .escrow_key = std::move(escrow_key),
                .floor_key = std::move(floor_key),
                .first_floor = std::move(first_floor),
                .anchors = std::move(anchors),
                .keys = std::move(keys),
                .minimum_strength = minimum_strength};
}

}  // namespace

Result<Policy> Policy::parse(ByteView json) { return refused_as(read(json), "birth.policy", "a birth policy"); }

Bytes Policy::encode() const {
  Json key_names = Json::array();
  for (const std::string& key : keys) key_names.push(key);
  return to_bytes(Json::object({{"format", k_format},
                                {"product", product.str()},
                                {"revision", revision},
                                {"template", tpm::name_of(devid)},
                                {"escrow_key", to_base64(escrow_key.spki_der())},
                                {"floor_key", to_base64(floor_key.spki_der())},
                                {"first_floor", *Json::parse(first_floor.encode())},
                                {"anchors", certificates_json(anchors)},
                                {"keys", key_names},
                                {"minimum_strength", attest::name_of(minimum_strength)}})
                      .dump());
}

}  // namespace signet::birth
