// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_state_fuzz)
#include "state.hpp"

#include "signet/core/ensure.hpp"
#include "signet/documents.hpp"
#include "signet/os/file.hpp"

#include <array>
#include <utility>

namespace signet::keystored {

namespace {

constexpr std::int64_t k_version = 1;
constexpr std::size_t k_state_bytes_max = 4U << 20U;
constexpr JsonLimits k_limits{.size_bytes_max = k_state_bytes_max, .depth_max = 24, .values_max = 50'000};

Result<Bytes> bytes_member(const Json& json, std::string_view name) {
  TRY_ASSIGN(const std::string text, json.string_at(name));
  return from_base64(text);
}

Json order_json(const Order& order) {
  return Json::object({{"product", order.product.str()},
                       {"serial", order.serial},
                       {"hardware", order.hardware},
                       {"vendor_key", to_base64(order.vendor_key.spki_der())},
                       {"policy", to_base64(order.policy_envelope)}});
}

Result<Order> parse_order(const Json& json) {
  TRY(json.only_members({"product", "serial", "hardware", "vendor_key", "policy"}));
  TRY_ASSIGN(const std::string product_text, json.string_at("product"));
  TRY_ASSIGN(ProductId product, ProductId::parse(product_text));
  TRY_ASSIGN(std::string serial, json.string_at("serial"));
  TRY_ASSIGN(std::string hardware, json.string_at("hardware"));
  TRY_ASSIGN(const Bytes spki, bytes_member(json, "vendor_key"));
  TRY_ASSIGN(crypto::PublicKey vendor_key, crypto::PublicKey::from_spki_der(spki));
  TRY_ASSIGN(Bytes policy, bytes_member(json, "policy"));
  return Order{.product = std::move(product),
               .serial = std::move(serial),
               .hardware = std::move(hardware),
               .vendor_key = std::move(vendor_key),
               .policy_envelope = std::move(policy)};
}

Json evidence_json(const attest::KeyEvidence& evidence) {
  return Json::object({{"public_area", to_base64(evidence.public_area)},
                       {"statement", to_base64(evidence.attestation.statement)},
                       {"signature", to_base64(evidence.attestation.signature)}});
}

Result<attest::KeyEvidence> parse_evidence(const Json& json) {
  TRY(json.only_members({"public_area", "statement", "signature"}));
  attest::KeyEvidence evidence;
  TRY_ASSIGN(evidence.public_area, bytes_member(json, "public_area"));
  TRY_ASSIGN(evidence.attestation.statement, bytes_member(json, "statement"));
  TRY_ASSIGN(evidence.attestation.signature, bytes_member(json, "signature"));
  return evidence;
}

Json blob_json(const tpm::Blob& blob) {
  return Json::object({{"public_area", to_base64(blob.public_area)}, {"private_area", to_base64(blob.private_area)}});
}

Result<tpm::Blob> parse_blob(const Json& json) {
  TRY(json.only_members({"public_area", "private_area"}));
  tpm::Blob blob;
  TRY_ASSIGN(blob.public_area, bytes_member(json, "public_area"));
  TRY_ASSIGN(blob.private_area, bytes_member(json, "private_area"));
  return blob;
}

/// Members that a phase and all later ones have; a file that lacks one, or has one too early, is damaged.
struct Member {
  std::string_view name;
  Phase from;
};
constexpr std::array k_members{
    Member{"order", Phase::begun},    Member{"claim", Phase::begun},          Member{"attester", Phase::begun},
    Member{"escrow", Phase::closing}, Member{"birth_nonce", Phase::closed},   Member{"evidence", Phase::closed},
    Member{"identity", Phase::born},  Member{"identity_sha256", Phase::born}, Member{"installed", Phase::born},
};

Result<void> check_members(const Json& json, Phase phase) {
  for (const Member& member : k_members) {
    if ((json.find(member.name) != nullptr) == (phase >= member.from)) continue;
    return Error(Errc::invalid_input, "keystored.damaged",
                 "in the phase '" + std::string(name_of(phase)) + "' the member '" + std::string(member.name) +
                     (phase >= member.from ? "' is missing" : "' cannot be there"));
  }
  return {};
}

Result<DeviceState> parse_checked(const Json& json) {
  TRY(json.only_members({"version", "phase", "order", "claim", "attester", "escrow", "birth_nonce", "evidence",
                         "identity", "identity_sha256", "installed"}));
  DeviceState state;
  TRY_ASSIGN(const std::string phase, json.string_at("phase"));
  TRY_ASSIGN(state.phase, phase_from(phase));
  TRY(check_members(json, state.phase));
  if (state.phase >= Phase::begun) {
    TRY_ASSIGN(const Json order, json.object_at("order"));
    TRY_ASSIGN(state.order, parse_order(order));
    TRY_ASSIGN(const Json claim, json.object_at("claim"));
    TRY_ASSIGN(state.claim, message_of<birth::Claim>(claim));
    TRY_ASSIGN(const Json attester, json.object_at("attester"));
    TRY_ASSIGN(state.attester, parse_blob(attester));
  }
  if (state.phase >= Phase::closing) {
    TRY_ASSIGN(state.escrow, bytes_member(json, "escrow"));
  }
  if (state.phase >= Phase::closed) {
    TRY_ASSIGN(state.birth_nonce, bytes_member(json, "birth_nonce"));
    TRY_ASSIGN(const Json evidence, json.object_at("evidence"));
    TRY_ASSIGN(state.evidence, parse_evidence(evidence));
  }
  if (state.phase == Phase::born) {
    TRY_ASSIGN(const Json identity, json.object_at("identity"));
    TRY_ASSIGN(state.identity, message_of<birth::Identity>(identity));
    TRY_ASSIGN(state.identity_sha256, bytes_member(json, "identity_sha256"));
    TRY_ASSIGN(state.installed_signature, bytes_member(json, "installed"));
  }
  return state;
}

Error damaged(const Error& why) {
  return {Errc::invalid_input, "keystored.damaged", "the state of signet-keystored is damaged: " + why.text(),
          "Restore the state folder of this device from its backup; another device's will not do."};
}

}  // namespace

Json as_json(const birth::Message& message) {
  auto json = Json::parse(birth::encode(message), k_limits);
  ensure(json.has_value(), "an encoded message is JSON");
  return std::move(*json);
}

Result<birth::Policy> Order::policy() const {
  const std::array trusted{vendor_key};
  TRY_ASSIGN(const auto verified,
             documents::open_envelope(Untrusted<ByteView>(policy_envelope), birth::k_policy_type, trusted, 1));
  TRY_ASSIGN(birth::Policy policy, birth::Policy::parse(verified.payload()));
  if (policy.product == product) return policy;
  return Error(
      Errc::incompatible, "keystored.birth-product",
      "the birth policy is for the product '" + policy.product.str() + "', this device is a '" + product.str() + "'");
}

Result<DeviceState> DeviceState::parse(ByteView text) {
  auto json = Json::parse(text, k_limits);
  if (!json) return damaged(json.error());
  const auto version = json->int_at("version");
  if (!version) return damaged(version.error());
  if (*version > k_version) {
    return Error(Errc::unsupported, "keystored.state-version",
                 "the state has version " + std::to_string(*version) + ", this signet-keystored knows up to " +
                     std::to_string(k_version),
                 "Install the newer signet-keystored again.");
  }
  if (*version != k_version) return damaged(Error(Errc::invalid_input, "keystored.state", "no such version"));
  auto state = parse_checked(*json);
  if (!state) return damaged(state.error());
  return state;
}

Bytes DeviceState::encode() const {
  Json json = Json::object({{"version", k_version}, {"phase", name_of(phase)}});
  if (phase >= Phase::begun)
    json.set("order", order_json(*order)).set("claim", as_json(*claim)).set("attester", blob_json(*attester));
  if (phase >= Phase::closing) json.set("escrow", to_base64(escrow));
  if (phase >= Phase::closed) {
    json.set("birth_nonce", to_base64(birth_nonce)).set("evidence", evidence_json(*evidence));
  }
  if (phase == Phase::born) {
    json.set("identity", as_json(*identity)).set("identity_sha256", to_base64(identity_sha256));
    json.set("installed", to_base64(installed_signature));
  }
  Bytes text = to_bytes(json.dump());
  text.push_back(std::byte{'\n'});
  return text;
}

Result<DeviceState> load_state(const std::filesystem::path& path) {
  auto content = os::read_file(path, k_state_bytes_max);
  if (!content && content.error().code() == Errc::not_found) return DeviceState{};
  if (!content) return std::move(content).error();
  return DeviceState::parse(*content);
}

Result<void> save_state(const std::filesystem::path& path, const DeviceState& state) {
  return os::replace_file(path, state.encode(), 0600);
}

}  // namespace signet::keystored
