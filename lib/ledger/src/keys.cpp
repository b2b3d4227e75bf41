// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: vkey_fuzz)
#include "note.hpp"

#include <algorithm>

namespace signet::ledger {

namespace {

/// SubjectPublicKeyInfo of an Ed25519 key, up to its 32 bytes (RFC 8410 section 4).
constexpr std::array<std::byte, 12> k_ed25519_spki_prefix = {
    std::byte{0x30}, std::byte{0x2A}, std::byte{0x30}, std::byte{0x05}, std::byte{0x06}, std::byte{0x03},
    std::byte{0x2B}, std::byte{0x65}, std::byte{0x70}, std::byte{0x03}, std::byte{0x21}, std::byte{0x00}};
constexpr std::size_t k_ed25519_key_size_bytes = 32;

Error bad_vkey(std::string text) {
  return {Errc::invalid_input, "ledger.bad-vkey", "this is not a verifier key: " + std::move(text),
          "A verifier key is one line, NAME+HASH+BASE64; `signet ledger vkey` prints it."};
}

Error unsupported(const crypto::PublicKey& key, std::string_view wanted) {
  return {Errc::unsupported, "ledger.key-unsupported",
          std::string(wanted) + ", not " + std::string(crypto::name_of(key.algorithm()))};
}

/// The public key as a vkey and a key ID carry it.
Bytes key_material(NoteKeyType type, const crypto::PublicKey& key) {
  const ByteView spki(key.spki_der());
  return to_bytes(type == NoteKeyType::ecdsa_p256 ? spki : spki.subspan(k_ed25519_spki_prefix.size()));
}

std::uint32_t key_id(std::string_view name, NoteKeyType type, const crypto::PublicKey& key) {
  Bytes input;
  if (type != NoteKeyType::ecdsa_p256) {  // signed-note: for type 0x02 the ID is that of the SPKI alone
    input = to_bytes(name);
    input.push_back(std::byte{'\n'});
    input.push_back(std::byte{static_cast<std::uint8_t>(type)});
  }
  append(input, key_material(type, key));
  return get_be32(crypto::digest(crypto::HashAlgorithm::sha256, input));
}

Result<crypto::PublicKey> decode_ed25519(ByteView material) {
  if (material.size() != k_ed25519_key_size_bytes) return bad_vkey("an Ed25519 key has 32 bytes");
  Bytes spki(k_ed25519_spki_prefix.begin(), k_ed25519_spki_prefix.end());
  append(spki, material);
  return crypto::PublicKey::from_spki_der(spki);
}

Result<crypto::PublicKey> decode_ecdsa(ByteView material) {
  auto key = crypto::PublicKey::from_spki_der(material);
  if (!key) return bad_vkey(key.error().text());
  if (key->algorithm() != crypto::KeyAlgorithm::ec_p256) return unsupported(*key, "an ECDSA log key is on P-256");
  // The ID is a hash of these very bytes, so another encoding of the same key would be another key.
  if (!equal(key->spki_der(), material)) return bad_vkey("its key is not in the usual DER form");
  return key;
}

}  // namespace

VerifierKey::VerifierKey(std::string name, NoteKeyType type, crypto::PublicKey key)
    : name_(std::move(name)), type_(type), key_(std::move(key)), id_(key_id(name_, type_, key_)) {}

Result<VerifierKey> VerifierKey::parse(std::string_view vkey) {
  const std::size_t name_end = vkey.find('+');
  if (name_end == std::string_view::npos || vkey.size() < name_end + 11 || vkey[name_end + 9] != '+') {
    return bad_vkey("it does not have three parts");
  }
  const std::string_view name = vkey.substr(0, name_end);
  TRY(check_key_name(name));
  const auto material = from_base64(vkey.substr(name_end + 10));
  if (!material || material->empty()) return bad_vkey("its third part is not base64");
  const auto type = static_cast<NoteKeyType>(material->front());
  const ByteView key_bytes = ByteView(*material).subspan(1);
  const bool is_ecdsa = type == NoteKeyType::ecdsa_p256;
  if (!is_ecdsa && type != NoteKeyType::ed25519 && type != NoteKeyType::cosignature_v1) {
    return Error(Errc::unsupported, "ledger.key-unsupported",
                 "verifier keys of signature type " + std::to_string(std::to_integer<int>(material->front())) +
                     " are not supported");
  }
  TRY_ASSIGN(crypto::PublicKey key, is_ecdsa ? decode_ecdsa(key_bytes) : decode_ed25519(key_bytes));
  VerifierKey parsed{std::string(name), type, std::move(key)};
  if (parsed.str() != vkey) return bad_vkey("its hash is not that of its key");
  return parsed;
}

Result<VerifierKey> VerifierKey::for_log(std::string_view name, const crypto::PublicKey& key) {
  TRY(check_key_name(name));
  if (key.algorithm() == crypto::KeyAlgorithm::ed25519)
    return VerifierKey(std::string(name), NoteKeyType::ed25519, key);
  if (key.algorithm() == crypto::KeyAlgorithm::ec_p256)
    return VerifierKey(std::string(name), NoteKeyType::ecdsa_p256, key);
  return unsupported(key, "a log signs with an Ed25519 or P-256 key");
}

Result<VerifierKey> VerifierKey::for_witness(std::string_view name, const crypto::PublicKey& key) {
  TRY(check_key_name(name));
  if (key.algorithm() != crypto::KeyAlgorithm::ed25519)
    return unsupported(key, "a witness cosigns with an Ed25519 key");
  return VerifierKey(std::string(name), NoteKeyType::cosignature_v1, key);
}

std::string VerifierKey::str() const {
  std::array<std::byte, 4> id{};
  put_be32(id, id_);
  Bytes material{std::byte{static_cast<std::uint8_t>(type_)}};
  append(material, key_material(type_, key_));
  return name_ + "+" + to_hex(id) + "+" + to_base64(material);
}

Result<Policy> Policy::make(std::vector<VerifierKey> logs, std::vector<VerifierKey> witnesses,
                            std::size_t witnesses_required) {
  const auto bad = [](std::string text) { return Error(Errc::usage, "ledger.bad-policy", std::move(text)); };
  if (logs.empty()) return bad("a policy needs the key of at least one log");
  for (const VerifierKey& log : logs) {
    if (log.type() == NoteKeyType::cosignature_v1)
      return bad("the key of '" + printable(log.name()) + "' is that of a witness, not of a log");
  }
  for (const VerifierKey& witness : witnesses) {
    if (witness.type() != NoteKeyType::cosignature_v1)
      return bad("the key of '" + printable(witness.name()) + "' is not that of a witness");
  }
  if (witnesses_required > witnesses.size()) {
    return bad(std::to_string(witnesses_required) + " witnesses are required, but only " +
               std::to_string(witnesses.size()) + " are known");
  }
  // One key under two names would count twice towards the number required.
  for (const std::vector<VerifierKey>* keys : {&logs, &witnesses}) {
    for (auto a = keys->begin(); a != keys->end(); ++a) {
      const bool repeated = std::any_of(a + 1, keys->end(), [&](const VerifierKey& b) { return a->key() == b.key(); });
      if (repeated) return bad("the key of '" + printable(a->name()) + "' is given twice");
    }
  }
  Policy policy;
  policy.logs_ = std::move(logs);
  policy.witnesses_ = std::move(witnesses);
  policy.witnesses_required_ = witnesses_required;
  return policy;
}

}  // namespace signet::ledger
