// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tpm_approval_fuzz)
#include "signet/core/json.hpp"
#include "signet/tpm.hpp"

#include "policy_steps.hpp"

#include <array>

namespace signet::tpm {

namespace {

constexpr std::uint64_t k_value_max = (std::uint64_t{1} << 63U) - 1;  // what JSON numbers of ours hold
constexpr JsonLimits k_limits{.size_bytes_max = 8192, .depth_max = 2, .values_max = 16};
constexpr std::array<std::pair<FloorApproval::Kind, std::string_view>, 3> k_kinds{
    {{FloorApproval::Kind::first, "first"},
     {FloorApproval::Kind::raise, "raise"},
     {FloorApproval::Kind::lower, "lower"}}};
/// The hash is the one of the key's name (Part 3, section 23.16), and external_public() names keys by SHA-256.
constexpr std::array k_schemes{crypto::SignatureScheme::ecdsa_sha256, crypto::SignatureScheme::rsa_pkcs1_sha256,
                               crypto::SignatureScheme::rsa_pss_sha256};

Error bad_form(const std::string& what) {
  return {Errc::invalid_input, "tpm.approval", "this is no approval of a version floor: " + what,
          "'signet floor approve' writes approvals; docs/formats/floor-approval.md has their form."};
}

Bytes be64(std::uint64_t value) {
  Bytes out;
  append_be64(out, value);
  return out;
}

/// cpHash of TPM2_NV_Write(index, index, value, 0): Part 1, section 16.7.
Bytes write_cp_hash(const NvPublic& index, std::uint64_t value) {
  Bytes message;
  append_be32(message, TPM2_CC_NV_Write);
  append(message, index.name);
  append(message, index.name);
  append_tpm2b(message, be64(value));
  append_be16(message, 0);
  return crypto::digest(crypto::HashAlgorithm::sha256, message);
}

/// What is approved: the steps before PolicyAuthorize.
Result<Policy> approved_steps(const FloorApproval& approval, std::uint32_t idevid_handle) {
  TRY_ASSIGN(const NvPublic index, floor_public(approval.key, approval.kind != FloorApproval::Kind::first));
  Policy steps;
  if (approval.kind == FloorApproval::Kind::raise) {
    steps.emplace_back(PolicyNv{index, be64(approval.value), Comparison::less});
  }
  if (approval.kind == FloorApproval::Kind::lower) {
    steps.emplace_back(PolicySecret{approval.device_name, idevid_handle});
    steps.emplace_back(PolicyNv{index, be64(approval.from), Comparison::equal});
    steps.emplace_back(PolicyResetCount{approval.reset_count});
  }
  steps.emplace_back(PolicyCpHash{write_cp_hash(index, approval.value)});
  return steps;
}

Result<Bytes> message_of(const FloorApproval& approval) {
  TRY_ASSIGN(const Policy steps, approved_steps(approval, 0));
  return approval_message(digest_of(steps), as_bytes(k_floor_policy_ref));
}

/// What each kind must be, whether it was read or is to be signed.
Result<void> check_form(const FloorApproval& approval) {
  const bool lower = approval.kind == FloorApproval::Kind::lower;
  if (approval.value > k_value_max || approval.from > k_value_max) return bad_form("a floor is below 2^63");
  if (approval.kind == FloorApproval::Kind::raise && approval.value == 0) return bad_form("nothing is raised to 0");
  if (lower && approval.value >= approval.from) return bad_form("a floor is lowered to less than it was");
  if (lower && approval.device_name.size() != 34 && approval.device_name.size() != 50) {
    return bad_form("'device_name' is not the name of a key in a TPM");
  }
  if (!lower && (approval.from != 0 || !approval.device_name.empty() || approval.reset_count != 0)) {
    return bad_form("only a lowering is bound to a device");
  }
  if (std::ranges::find(k_schemes, approval.scheme) == k_schemes.end() ||
      !crypto::fits(approval.key.algorithm(), approval.scheme)) {
    return bad_form("the signature's scheme");
  }
  return {};
}

Result<FloorApproval> sign(crypto::Signer& floor_key, FloorApproval approval) {
  if (approval.key.algorithm() != crypto::KeyAlgorithm::ec_p256 &&
      approval.key.algorithm() != crypto::KeyAlgorithm::ec_p384) {
    approval.scheme = crypto::SignatureScheme::rsa_pkcs1_sha256;
  }
  TRY(floor_public(approval.key, true));  // a key that TPMs do not take says so itself
  TRY(check_form(approval));
  TRY_ASSIGN(const Bytes message, message_of(approval));
  TRY_ASSIGN(approval.signature, floor_key.sign(approval.scheme, message));
  return approval;
}

template <typename Pairs>
auto by_name(const Pairs& pairs, std::string_view name) -> std::optional<FloorApproval::Kind> {
  for (const auto& [value, its_name] : pairs) {
    if (its_name == name) return value;
  }
  return std::nullopt;
}

Result<Bytes> base64_at(const Json& json, std::string_view member) {
  TRY_ASSIGN(const std::string text, json.string_at(member));
  return from_base64(text);
}

Result<FloorApproval> read(const Json& json) {
  TRY_ASSIGN(const std::string kind_name, json.string_at("kind"));
  const auto kind = by_name(k_kinds, kind_name);
  if (!kind) return bad_form("of kind '" + printable(kind_name, 40) + "'");
  if (*kind == FloorApproval::Kind::lower) {
    TRY(json.only_members(
        {"floor_approval", "kind", "value", "from", "device_name", "reset_count", "key", "scheme", "signature"}));
  } else {
    TRY(json.only_members({"floor_approval", "kind", "value", "key", "scheme", "signature"}));
  }
  TRY_ASSIGN(const Bytes spki, base64_at(json, "key"));
  TRY_ASSIGN(auto key, crypto::PublicKey::from_spki_der(spki));
  FloorApproval out{.kind = *kind,
                    .value = 0,
                    .from = 0,
                    .device_name = {},
                    .reset_count = 0,
                    .key = std::move(key),
                    .scheme = {},
                    .signature = {}};
  TRY_ASSIGN(out.value, json.uint_at("value"));
  if (*kind == FloorApproval::Kind::lower) {
    TRY_ASSIGN(out.from, json.uint_at("from"));
    TRY_ASSIGN(out.device_name, base64_at(json, "device_name"));
    TRY_ASSIGN(const std::uint64_t reset_count, json.uint_at("reset_count"));
    if (reset_count > 0xffff'ffff) return bad_form("'reset_count' has 32 bits");
    out.reset_count = static_cast<std::uint32_t>(reset_count);
  }
  TRY_ASSIGN(const std::string scheme_name, json.string_at("scheme"));
  const auto scheme = std::ranges::find_if(k_schemes, [&](auto s) { return crypto::name_of(s) == scheme_name; });
  if (scheme == k_schemes.end()) return bad_form("the signature's scheme");
  out.scheme = *scheme;
  TRY_ASSIGN(out.signature, base64_at(json, "signature"));
  TRY(check_form(out));
  return out;
}

}  // namespace

Result<NvPublic> floor_public(const crypto::PublicKey& floor_key, bool written) {
  TRY_ASSIGN(Public key, external_public(floor_key));
  const Bytes policy = digest_of({PolicyAuthorize{
      .key = std::move(key), .policy_ref = to_bytes(k_floor_policy_ref), .approved = {}, .signature = {}}});
  return NvPublic::make(
      k_floor_index, k_nv_policy_write | k_nv_auth_read | k_nv_owner_read | k_nv_no_da | (written ? k_nv_written : 0),
      policy, 8);
}

Result<FloorApproval> FloorApproval::parse(ByteView json) {
  auto value = Json::parse(json, k_limits);
  if (!value) return bad_form(value.error().text());
  const auto version = value->uint_at("floor_approval");
  if (!version || *version != 1) return bad_form("'floor_approval' is not 1");
  auto out = read(*value);
  if (!out && out.error().reason() != "tpm.approval") return bad_form(out.error().text());
  return out;
}

Bytes FloorApproval::encode() const {
  Json json = Json::object();
  json.set("floor_approval", 1);
  for (const auto& [a_kind, its_name] : k_kinds) {
    if (a_kind == kind) json.set("kind", its_name);
  }
  json.set("value", value);
  if (kind == Kind::lower) {
    json.set("from", from);
    json.set("device_name", to_base64(device_name));
    json.set("reset_count", std::uint64_t{reset_count});
  }
  json.set("key", to_base64(key.spki_der()));
  json.set("scheme", crypto::name_of(scheme));
  json.set("signature", to_base64(signature));
  return to_bytes(json.dump() + "\n");
}

Result<void> FloorApproval::check() const {
  TRY(check_form(*this));
  TRY_ASSIGN(const Bytes message, message_of(*this));
  if (key.verify(scheme, message, signature)) return {};
  return Error(Errc::untrusted, "tpm.approval-signature", "the floor's approval is not signed by its key",
               "ask the vendor for the approval anew");
}

Result<Policy> FloorApproval::policy(std::uint32_t idevid_handle) const {
  TRY(check_form(*this));
  TRY_ASSIGN(Policy steps, approved_steps(*this, idevid_handle));
  TRY_ASSIGN(Public area, external_public(key));
  Bytes approved = digest_of(steps);
  steps.emplace_back(PolicyAuthorize{.key = std::move(area),
                                     .policy_ref = to_bytes(k_floor_policy_ref),
                                     .approved = std::move(approved),
                                     .signature = signature,
                                     .scheme = scheme});
  return steps;
}

Result<FloorApproval> approve_floor(crypto::Signer& floor_key, FloorApproval::Kind kind, std::uint64_t value) {
  if (kind == FloorApproval::Kind::lower) return bad_form("a lowering needs a device");
  return sign(floor_key, {.kind = kind,
                          .value = value,
                          .from = 0,
                          .device_name = {},
                          .reset_count = 0,
                          .key = floor_key.public_key(),
                          .scheme = crypto::SignatureScheme::ecdsa_sha256,
                          .signature = {}});
}

Result<FloorApproval> approve_lower(crypto::Signer& floor_key, std::uint64_t from, std::uint64_t value,
                                    ByteView device_name, std::uint32_t reset_count) {
  return sign(floor_key, {.kind = FloorApproval::Kind::lower,
                          .value = value,
                          .from = from,
                          .device_name = to_bytes(device_name),
                          .reset_count = reset_count,
                          .key = floor_key.public_key(),
                          .scheme = crypto::SignatureScheme::ecdsa_sha256,
                          .signature = {}});
}

}  // namespace signet::tpm
