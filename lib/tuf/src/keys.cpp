// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tuf_metadata_fuzz)
#include "keys.hpp"

#include "canonical.hpp"
#include "errors.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace signet::tuf {

namespace {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;

/// How a scheme of 4.2.1 stands here. `raw_prefix` makes a SubjectPublicKeyInfo of a bare point in hexadecimal, as
/// Ed25519 keys are written, and ECDSA keys by older tools.
struct SchemeRow {
  std::string_view name;
  std::array<std::string_view, 2> key_types;
  SignatureScheme scheme;
  std::string_view raw_prefix;
  std::size_t raw_size_bytes;
};
constexpr std::array k_schemes{
    SchemeRow{"ed25519", {"ed25519", ""}, SignatureScheme::ed25519, "302a300506032b6570032100", 32},
    SchemeRow{"ecdsa-sha2-nistp256",
              {"ecdsa", "ecdsa-sha2-nistp256"},
              SignatureScheme::ecdsa_sha256,
              "3059301306072a8648ce3d020106082a8648ce3d030107034200",
              65},
    SchemeRow{"ecdsa-sha2-nistp384",
              {"ecdsa", "ecdsa-sha2-nistp384"},
              SignatureScheme::ecdsa_sha384,
              "3076301006072a8648ce3d020106052b81040022036200",
              97},
    SchemeRow{"rsassa-pss-sha256", {"rsa", ""}, SignatureScheme::rsa_pss_sha256, "", 0},
};

constexpr std::string_view k_pem_begin = "-----BEGIN";

/// The row for a key of ours.
const SchemeRow& row_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::ed25519:
      return k_schemes[0];
    case KeyAlgorithm::ec_p256:
      return k_schemes[1];
    case KeyAlgorithm::ec_p384:
      return k_schemes[2];
    default:
      return k_schemes[3];
  }
}

/// Whether a key is of the kind that the scheme is for: a P-384 key under the name of P-256 is refused.
Result<void> check_kind(const crypto::PublicKey& key, const SchemeRow& row) {
  if (&row_of(key.algorithm()) == &row) return {};
  return malformed("a key for " + std::string(row.name) + " is one of " + std::string(name_of(key.algorithm())));
}

Result<crypto::PublicKey> parse_value(const std::string& text, const SchemeRow& row) {
  if (text.starts_with(k_pem_begin)) return crypto::PublicKey::from_pem(text);
  TRY_ASSIGN(const Bytes raw, from_hex(text));
  if (row.raw_size_bytes == 0 || raw.size() != row.raw_size_bytes) {
    return malformed("a public key for " + std::string(row.name) + " is neither PEM nor a point in hexadecimal");
  }
  TRY_ASSIGN(Bytes spki, from_hex(row.raw_prefix));
  append(spki, raw);
  return crypto::PublicKey::from_spki_der(spki);
}

}  // namespace

Result<Key> parse_key(const std::string& id, const Json& json) {
  TRY_ASSIGN(const std::string type, json.string_at("keytype"));
  TRY_ASSIGN(const std::string scheme, json.string_at("scheme"));
  TRY_ASSIGN(const Json value, json.object_at("keyval"));
  Key key{.id = id, .key = std::nullopt};
  for (const SchemeRow& row : k_schemes) {
    if (row.name != scheme || type.empty() || (row.key_types[0] != type && row.key_types[1] != type)) continue;
    TRY_ASSIGN(const std::string text, value.string_at("public"));
    auto parsed = parse_value(text, row);
    if (!parsed && parsed.error().reason() == "crypto.key-unsupported") continue;  // RSA of an odd size
    if (!parsed) return std::move(parsed).error().with_context("key " + printable(id, 16));
    TRY(check_kind(*parsed, row));
    key.key = *std::move(parsed);
    key.scheme = row.scheme;
  }
  return key;
}

Json key_json(const crypto::PublicKey& key) {
  const SchemeRow& row = row_of(key.algorithm());
  std::string value = key.pem();
  if (key.algorithm() == KeyAlgorithm::ed25519) {
    value = to_hex(ByteView(key.spki_der()).last(row.raw_size_bytes));
  }
  return Json::object(
      {{"keytype", row.key_types[0]}, {"keyval", Json::object({{"public", std::move(value)}})}, {"scheme", row.name}});
}

std::string key_id(const Json& key) {
  const auto text = canonical(key);
  ensure(text.has_value(), "a key's object has a canonical form");
  return to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(*text)));
}

std::vector<const Key*> signers_of(std::string_view message, const std::vector<Signature>& signatures,
                                   const RoleKeys& role) {
  std::vector<const Key*> signers;
  for (const Key& key : role.keys) {
    const auto signature = std::ranges::find(signatures, key.id, &Signature::keyid);
    if (!key.key || signature == signatures.end()) continue;
    // One key under two names must not make a threshold of two.
    if (std::ranges::any_of(signers, [&](const Key* other) { return other->key == key.key; })) continue;
    const auto bytes = from_hex(signature->sig);
    if (bytes && key.key->verify(key.scheme, as_bytes(message), *bytes)) signers.push_back(&key);
  }
  return signers;
}

Result<void> check_threshold(std::string_view message, const std::vector<Signature>& signatures, const RoleKeys& role,
                             std::string_view role_name) {
  const std::size_t count = signers_of(message, signatures, role).size();
  if (count >= role.threshold) return {};
  return untrusted("threshold", "the metadata of '" + printable(role_name, 80) + "' is signed by " +
                                    std::to_string(count) + " of the keys trusted for it, and " +
                                    std::to_string(role.threshold) + " must");
}

}  // namespace signet::tuf
