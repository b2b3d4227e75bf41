// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tpm_record_fuzz)
#include "tpm_record.hpp"

#include "private_path.hpp"

#include <array>
#include <optional>

namespace signet::keystore {

namespace {

constexpr std::size_t k_auth_bytes = 32;
constexpr std::size_t k_name_bytes_max = 66;  // a SHA-512 name
constexpr std::size_t k_area_bytes_max = 4096;
constexpr std::string_view k_sealed_magic = "SSB1";

Error damaged(std::string why) {
  return {Errc::invalid_input, "keystore.record", "not a record of a TPM key that Signet can read: " + std::move(why),
          "Restore it from a backup. If there is none, remove it and make the key anew; other keys are not affected."};
}

Error damaged(const Error& why) { return damaged(why.text()); }

/// What an area lets its key do, whatever the record says.
std::optional<tpm::KeyUse> use_of(const tpm::Public& area) {
  const bool signs = area.has(tpm::k_sign);
  const bool decrypts = area.has(tpm::k_decrypt);
  const bool restricted = area.has(tpm::k_restricted);
  if (signs && decrypts && !restricted && area.kind == tpm::ObjectKind::rsa) return tpm::KeyUse::sign_any;
  if (signs == decrypts || (decrypts && restricted)) return std::nullopt;
  if (signs) return restricted ? tpm::KeyUse::attest : tpm::KeyUse::sign;
  return area.kind == tpm::ObjectKind::rsa ? tpm::KeyUse::decrypt : tpm::KeyUse::derive;
}

Result<Bytes> field(const Json& json, std::string_view name, std::size_t size_bytes_max) {
  const auto text = json.string_at(name);
  if (!text) return damaged(text.error());
  auto bytes = from_base64(*text);
  if (bytes && !bytes->empty() && bytes->size() <= size_bytes_max) return bytes;
  return damaged("its '" + std::string(name) + "' is malformed");
}

/// What all versions have.
Result<TpmRecord> common_part(const Json& json) {
  const auto label = json.string_at("label");
  if (!label || !check_label(*label)) return damaged("its label is missing or malformed");
  TRY_ASSIGN(Bytes parent_name, field(json, "parent", k_name_bytes_max));
  TRY_ASSIGN(const Bytes wire, field(json, "public", k_area_bytes_max));
  TRY_ASSIGN(Bytes private_area, field(json, "private", k_area_bytes_max));
  TRY_ASSIGN(Bytes auth_bytes, field(json, "auth", k_auth_bytes));
  Secret auth = Secret::copy_of(auth_bytes);
  wipe(ByteSpan(auth_bytes));
  if (auth.size() != k_auth_bytes) return damaged("its auth has the wrong size");
  auto area = tpm::Public::parse(wire);
  if (!area || !area->key) return damaged("its public area is not understood");
  const auto use = use_of(*area);
  const auto algorithm = json.string_at("algorithm");
  if (!use || !algorithm || *algorithm != crypto::name_of(area->key->algorithm()))
    return damaged("it says otherwise than its public area");
  // Version 0 had no purposes: its keys were for TLS or, if they do not sign, for stored data.
  const Purpose purpose = signs_digests(*use) ? Purpose::tls : Purpose::storage;
  // A policy that the record does not tell could not be met.
  if (area->auth_policy.empty() != area->has(tpm::k_user_with_auth)) return damaged("its policy is not understood");
  return TpmRecord{.label = *label,
                   .purpose = purpose,
                   .use = *use,
                   .parent_name = std::move(parent_name),
                   .area = *std::move(area),
                   .private_area = std::move(private_area),
                   .auth = std::move(auth)};
}

std::string check_of(const Json& unchecked) {
  return to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(unchecked.dump())));
}

Result<TpmRecord> parse_version_0(const Json& json) {
  if (const auto known = json.only_members({"version", "label", "algorithm", "parent", "public", "private", "auth"});
      !known)
    return damaged(known.error());
  TRY_ASSIGN(TpmRecord record, common_part(json));
  if (!record.area.auth_policy.empty()) return damaged("its key has a policy");
  record.version = 0;
  return record;
}

/// Versions 1 and 2: the latter has PCRs, which the former cannot say.
Result<TpmRecord> parse_own_version(const Json& json, ByteView text, std::uint64_t version) {
  TRY_ASSIGN(TpmRecord record, common_part(json));
  record.version = version;
  if (version == k_record_version_bound) {
    const Json* const pcrs = json.find("pcrs");
    if (pcrs == nullptr) return damaged("it lacks the PCRs that it is bound to");
    auto values = tpm::pcr_values_from(*pcrs);
    if (!values) return damaged(values.error());
    record.boot_state = *std::move(values);
  }
  const tpm::Policy policy = record.policy();
  if (record.area.auth_policy != (policy.empty() ? Bytes() : tpm::digest_of(policy)))
    return damaged("its key has another policy");
  const auto purpose_name = json.string_at("purpose");
  const auto use_name = json.string_at("use");
  if (!purpose_name || !use_name) return damaged("it lacks a purpose or a use");
  const auto purpose = purpose_from(*purpose_name);
  if (!purpose) return damaged(purpose.error());
  record.purpose = *purpose;
  // One spelling, and a checksum in it: a flipped bit must not pass for a key of another TPM.
  if (*use_name != name_of(record.use) || !(record.text() == Secret::copy_of(text)))
    return damaged("its content does not fit its checksum");
  return record;
}

void put_field(Bytes& out, ByteView bytes) {
  Bytes size(2);
  put_be16(size, static_cast<std::uint16_t>(bytes.size()));
  append(out, size);
  append(out, bytes);
}

}  // namespace

std::string_view name_of(tpm::KeyUse use) {
  constexpr std::array<std::string_view, 5> k_names{"sign", "decrypt", "derive", "attest", "sign-any"};
  return k_names.at(static_cast<std::size_t>(use));
}

bool signs_digests(tpm::KeyUse use) { return use == tpm::KeyUse::sign || use == tpm::KeyUse::sign_any; }

tpm::KeyUse default_use(Purpose purpose, crypto::KeyAlgorithm algorithm) {
  if (purpose != Purpose::storage) return tpm::KeyUse::sign;
  const bool curve = algorithm == crypto::KeyAlgorithm::ec_p256 || algorithm == crypto::KeyAlgorithm::ec_p384;
  return curve ? tpm::KeyUse::derive : tpm::KeyUse::decrypt;
}

Result<TpmRecord> TpmRecord::parse(ByteView text) {
  const auto json = Json::parse(text, {.size_bytes_max = k_record_bytes_max, .depth_max = 2, .values_max = 64});
  if (!json) return damaged(json.error());
  const auto version = json->uint_at("version");
  if (!version) return damaged(version.error());
  switch (*version) {
    case 0:
      return parse_version_0(*json);
    case k_record_version:
    case k_record_version_bound:
      return parse_own_version(*json, text, *version);
    default:
      return Error(Errc::unsupported, "keystore.record-version",
                   "a record of version " + std::to_string(*version) + ", which this Signet does not know",
                   "A newer Signet wrote it; use that one.");
  }
}

Secret TpmRecord::text() const {
  std::string auth_text = to_base64(auth.read(SecretAccess::for_export()));
  Json json = Json::object();
  json.set("version", boot_state.empty() ? k_record_version : k_record_version_bound);
  json.set("label", label).set("purpose", name_of(purpose));
  json.set("use", name_of(use)).set("algorithm", crypto::name_of(area.key->algorithm()));
  if (!boot_state.empty()) json.set("pcrs", tpm::to_json(boot_state));
  json.set("parent", to_base64(parent_name)).set("public", to_base64(area.wire));
  json.set("private", to_base64(private_area)).set("auth", auth_text);
  wipe(auth_text);
  json.set("check", check_of(json));
  std::string whole = json.dump() + "\n";
  Secret out = Secret::copy_of(as_bytes(whole));
  wipe(whole);
  return out;
}

TpmKeyInfo TpmRecord::info() const {
  const bool made_inside = area.has(tpm::k_fixed_tpm | tpm::k_fixed_parent | tpm::k_sensitive_data_origin);
  return {.label = label,
          .purpose = purpose,
          .use = use,
          .public_key = *area.key,
          .extractable = made_inside ? Extractable::never : Extractable::no,
          .public_area = area.wire,
          .boot_state = boot_state};
}

tpm::Policy TpmRecord::policy() const { return boot_state.empty() ? tpm::Policy() : tpm::boot_policy(boot_state); }

Bytes SealedBlob::encode() const {
  Bytes out = to_bytes(k_sealed_magic);
  put_field(out, parent_name);
  put_field(out, blob.public_area);
  put_field(out, blob.private_area);
  return out;
}

Result<SealedBlob> SealedBlob::parse(ByteView wire) {
  const Error bad(Errc::invalid_input, "keystore.sealed", "not data that Signet sealed",
                  "Is it complete, and what seal() gave?");
  if (wire.size() < k_sealed_magic.size() || as_text(wire.first(k_sealed_magic.size())) != k_sealed_magic) return bad;
  wire = wire.subspan(k_sealed_magic.size());
  SealedBlob sealed;
  for (Bytes* part : {&sealed.parent_name, &sealed.blob.public_area, &sealed.blob.private_area}) {
    if (wire.size() < 2) return bad;
    const std::size_t size = get_be16(wire);
    if (size == 0 || size > k_area_bytes_max || wire.size() - 2 < size) return bad;
    *part = to_bytes(wire.subspan(2, size));
    wire = wire.subspan(2 + size);
  }
  if (!wire.empty()) return bad;
  return sealed;
}

}  // namespace signet::keystore
