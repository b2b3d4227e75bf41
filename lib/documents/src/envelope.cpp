// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: envelope_fuzz)
#include "signet/core/json.hpp"
#include "signet/documents.hpp"

#include "pae.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace signet::documents {

namespace {

/// One element of "signatures".
struct Signature {
  std::string key_id;  ///< a hint; may be empty
  Bytes bytes;
};

/// What an envelope says before anybody has vouched for it.
struct Envelope {
  std::string payload_type;
  Bytes payload;
  std::vector<Signature> signatures;
};

Error malformed(std::string text) {
  return {Errc::invalid_input, "documents.envelope", "not a signed envelope: " + std::move(text),
          "Expected is a DSSE v1 envelope; check that the file is complete and of the expected kind."};
}

std::string key_id_of(const crypto::PublicKey& key) { return to_hex(key.fingerprint()); }

/// DSSE, envelope.md: "Either standard or URL-safe encoding is allowed". What is signed are the decoded bytes, so a
/// second spelling gives nobody a second meaning.
Result<Bytes> decode_base64(std::string text, std::string_view name) {
  if (text.find_first_of("+/") == std::string::npos) {
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
  }
  auto bytes = from_base64(text);
  if (!bytes) return malformed("'" + std::string(name) + "' must be base64, padded and without line breaks");
  return bytes;
}

Result<Signature> parse_signature(const Json& json) {
  Signature signature;
  if (json.find("keyid") != nullptr) {
    TRY_ASSIGN(signature.key_id, json.string_at("keyid"));
  }
  TRY_ASSIGN(std::string sig, json.string_at("sig"));
  TRY_ASSIGN(signature.bytes, decode_base64(std::move(sig), "sig"));
  return signature;
}

/// Members that are not known are ignored, as DSSE demands ("Consumers MUST ignore unrecognized fields"): nothing that
/// is signed stands in them.
Result<Envelope> parse_envelope(ByteView text) {
  TRY_ASSIGN(const Json json,
             Json::parse(text, {.size_bytes_max = k_envelope_size_bytes_max, .depth_max = 8, .values_max = 1000}));
  Envelope envelope;
  TRY_ASSIGN(envelope.payload_type, json.string_at("payloadType"));
  TRY_ASSIGN(std::string payload, json.string_at("payload"));
  TRY_ASSIGN(envelope.payload, decode_base64(std::move(payload), "payload"));
  if (envelope.payload.size() > k_payload_size_bytes_max) {
    return malformed("its payload has more than the " + std::to_string(k_payload_size_bytes_max) + " bytes allowed");
  }
  TRY_ASSIGN(const Json::Array signatures, json.array_at("signatures"));
  if (signatures.size() > k_signatures_max) {
    return malformed("more than " + std::to_string(k_signatures_max) + " signatures");
  }
  for (const Json& element : signatures) {
    TRY_ASSIGN(Signature signature, parse_signature(element));
    envelope.signatures.push_back(std::move(signature));
  }
  return envelope;
}

/// The trusted keys, each once.
Result<std::vector<crypto::PublicKey>> distinct_keys(std::span<const crypto::PublicKey> trusted,
                                                     std::size_t threshold) {
  std::vector<crypto::PublicKey> keys;
  for (const crypto::PublicKey& key : trusted) {
    if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  }
  if (threshold == 0 || threshold > keys.size() || keys.size() > k_trusted_keys_max) {
    return Error(Errc::usage, "documents.threshold",
                 std::to_string(threshold) + " signers are demanded of " + std::to_string(keys.size()) +
                     " different trusted keys",
                 "Demand at least 1 and at most as many as there are keys; up to " +
                     std::to_string(k_trusted_keys_max) + " keys can be trusted.");
  }
  return keys;
}

/// Which of the keys have signed. The hint only says which key to try first; without it all are tried all the same.
std::vector<crypto::PublicKey> keys_that_signed(const Envelope& envelope, std::string_view type,
                                                const std::vector<crypto::PublicKey>& keys) {
  const Bytes message = pre_authentication_encoding(type, envelope.payload);
  std::vector<crypto::PublicKey> signers;
  std::ranges::copy_if(keys, std::back_inserter(signers), [&](const crypto::PublicKey& key) {
    const std::string key_id = key_id_of(key);
    const auto holds = [&](const Signature& signature) {
      return key.verify(crypto::default_scheme(key.algorithm()), message, signature.bytes).has_value();
    };
    const auto hinted = [&](const Signature& signature) { return signature.key_id == key_id; };
    return std::ranges::any_of(envelope.signatures, [&](const Signature& s) { return hinted(s) && holds(s); }) ||
           std::ranges::any_of(envelope.signatures, [&](const Signature& s) { return !hinted(s) && holds(s); });
  });
  return signers;
}

/// Why fewer keys than demanded have signed; here the hint may speak, since the verdict stands.
Error refusal(const Envelope& envelope, const std::vector<crypto::PublicKey>& keys,
              const std::vector<crypto::PublicKey>& signers, std::size_t threshold) {
  if (envelope.signatures.empty()) {
    return {Errc::untrusted, "documents.unsigned", "the envelope carries no signature",
            "Get the document from whoever vouches for it."};
  }
  const auto claimed = std::ranges::find_if(keys, [&](const crypto::PublicKey& key) {
    return std::ranges::find(signers, key) == signers.end() &&
           std::ranges::find(envelope.signatures, key_id_of(key), &Signature::key_id) != envelope.signatures.end();
  });
  if (claimed != keys.end()) {
    return {Errc::untrusted, "documents.altered",
            "the signature that names the key " + key_id_of(*claimed) + " does not belong to this document",
            "The document was changed after it was signed, or is of another type; get it again."};
  }
  if (signers.empty()) {
    return {Errc::untrusted, "documents.wrong-signer", "none of the signatures is by a trusted key",
            "Is it the right document, and are these the right keys?"};
  }
  return {Errc::untrusted, "documents.too-few-signers",
          std::to_string(signers.size()) + " of the " + std::to_string(threshold) + " signers demanded have signed",
          "Have the other signers sign it."};
}

Result<void> check_payload_type(std::string_view type) {
  const bool printable_ascii = std::ranges::all_of(type, [](char c) { return c > ' ' && c <= '~'; });
  if (!type.empty() && type.size() <= k_payload_type_size_bytes_max && printable_ascii) return {};
  return Error(Errc::usage, "documents.payload-type", "'" + printable(type, 60) + "' cannot be the type of a document",
               "A type is a media type or a URI: 1 to " + std::to_string(k_payload_type_size_bytes_max) +
                   " printable ASCII characters.");
}

Result<void> check_signers(std::span<crypto::Signer* const> signers) {
  std::set<Bytes> keys;
  for (const crypto::Signer* signer : signers) keys.insert(signer->public_key().spki_der());
  if (!signers.empty() && signers.size() <= k_signatures_max && keys.size() == signers.size()) return {};
  return Error(Errc::usage, "documents.signers",
               std::to_string(signers.size()) + " signers with " + std::to_string(keys.size()) + " different keys",
               "Sign with 1 to " + std::to_string(k_signatures_max) + " signers, each with a key of its own.");
}

}  // namespace

Bytes pre_authentication_encoding(std::string_view payload_type, ByteView payload) {
  Bytes encoding = to_bytes("DSSEv1 " + std::to_string(payload_type.size()) + " " + std::string(payload_type) + " " +
                            std::to_string(payload.size()) + " ");
  append(encoding, payload);
  return encoding;
}

Result<Bytes> sign_envelope(std::string_view payload_type, ByteView payload, std::span<crypto::Signer* const> signers) {
  TRY(check_payload_type(payload_type));
  TRY(check_signers(signers));
  if (payload.size() > k_payload_size_bytes_max) {
    return Error(Errc::usage, "documents.too-big",
                 "a document of " + std::to_string(payload.size()) + " bytes; " +
                     std::to_string(k_payload_size_bytes_max) + " are allowed",
                 "Name large things by their digest instead of holding them.");
  }
  const Bytes message = pre_authentication_encoding(payload_type, payload);
  Json signatures = Json::array();
  for (crypto::Signer* signer : signers) {
    const crypto::PublicKey& key = signer->public_key();
    TRY_ASSIGN(const Bytes signature, signer->sign(crypto::default_scheme(key.algorithm()), message));
    signatures.push(Json::object({{"keyid", key_id_of(key)}, {"sig", to_base64(signature)}}));
  }
  const Json envelope = Json::object({{"payloadType", payload_type}, {"payload", to_base64(payload)}})
                            .set("signatures", std::move(signatures));
  return to_bytes(envelope.dump() + "\n");
}

Result<VerifiedPayload> open_envelope(Untrusted<ByteView> envelope, std::string_view expected_type,
                                      std::span<const crypto::PublicKey> trusted, std::size_t threshold) {
  TRY_ASSIGN(const auto keys, distinct_keys(trusted, threshold));
  TRY_ASSIGN(Envelope parsed, parse_envelope(envelope.unverified()));
  if (parsed.payload_type != expected_type) {
    return Error(Errc::invalid_input, "documents.payload-type",
                 "a document of the type '" + printable(parsed.payload_type, 100) + "', where '" +
                     printable(expected_type, 100) + "' is expected",
                 "Is it the right file?");
  }
  std::vector<crypto::PublicKey> signers = keys_that_signed(parsed, expected_type, keys);
  if (signers.size() < threshold) return refusal(parsed, keys, signers, threshold);
  return VerifiedPayload(std::move(parsed.payload_type), std::move(parsed.payload), std::move(signers));
}

}  // namespace signet::documents
