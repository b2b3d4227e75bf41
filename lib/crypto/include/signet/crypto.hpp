// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace signet::crypto {

// --- Digests (FIPS 180-4) ---

/// Hash functions; nothing weaker exists here.
enum class HashAlgorithm : std::uint8_t { sha256, sha384, sha512 };

/// "sha256", "sha384", "sha512".
[[nodiscard]] std::string_view name_of(HashAlgorithm algorithm);
/// Size of a digest in bytes.
[[nodiscard]] std::size_t digest_size_bytes(HashAlgorithm algorithm);
/// The digest of `message`.
[[nodiscard]] Bytes digest(HashAlgorithm algorithm, ByteView message);

/// A digest computed piece by piece, in constant memory.
class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void update(ByteView piece);
  /// The digest so far; the hasher starts anew.
  [[nodiscard]] Bytes finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// --- Random, key derivation, authenticated encryption ---

/// Bytes from the system's generator.
[[nodiscard]] Bytes random_bytes(std::size_t size_bytes);
/// The same, as a Secret.
[[nodiscard]] Secret random_secret(std::size_t size_bytes);

/// HKDF (RFC 5869) over a uniformly random secret.
Result<Secret> hkdf(HashAlgorithm algorithm, const Secret& key, ByteView salt, ByteView info, std::size_t size_bytes);

/// Costs of scrypt (RFC 7914): memory is 128 * n * r bytes.
struct ScryptCost {
  std::uint64_t n = 1U << 15U;  ///< a power of two
  std::uint32_t r = 8;
  std::uint32_t p = 1;
};
/// scrypt over a passphrase. Costs above 1 GiB of memory are refused, since they may come from a foreign file.
Result<Secret> scrypt(const Secret& passphrase, ByteView salt, const ScryptCost& cost, std::size_t size_bytes);

/// AES-256-GCM (NIST SP 800-38D). `key` 32 bytes. The result is nonce (12 bytes, random) || ciphertext || tag (16
/// bytes).
Result<Bytes> seal(const Secret& key, ByteView plaintext, ByteView associated_data);
/// Opens what seal() made; a wrong key, changed bytes or other associated data are "crypto.seal-broken" (untrusted).
Result<Secret> open(const Secret& key, ByteView sealed, ByteView associated_data);

// --- Public keys and signatures ---

/// Kinds of keys that Signet uses.
enum class KeyAlgorithm : std::uint8_t { ec_p256, ec_p384, rsa_2048, rsa_3072, rsa_4096, ed25519 };

/// "p256", "p384", "rsa2048", "rsa3072", "rsa4096", "ed25519".
[[nodiscard]] std::string_view name_of(KeyAlgorithm algorithm);
/// The algorithm of that name.
Result<KeyAlgorithm> key_algorithm_from(std::string_view name);

/// How a signature is made. ECDSA signatures are DER Ecdsa-Sig-Value (RFC 3279), PSS salts are as long as the digest.
enum class SignatureScheme : std::uint8_t {
  ecdsa_sha256,
  ecdsa_sha384,
  ecdsa_sha512,
  rsa_pkcs1_sha256,
  rsa_pkcs1_sha384,
  rsa_pkcs1_sha512,
  rsa_pss_sha256,
  rsa_pss_sha384,
  rsa_pss_sha512,
  ed25519,
};

/// "ecdsa-sha256", "rsa-pss-sha256", ...
[[nodiscard]] std::string_view name_of(SignatureScheme scheme);
/// The hash of a scheme; none for Ed25519, which signs the message itself.
[[nodiscard]] std::optional<HashAlgorithm> hash_of(SignatureScheme scheme);
/// What a key signs with unless told otherwise: ECDSA with the hash of its strength, PKCS#1 v1.5 with SHA-256, Ed25519.
[[nodiscard]] SignatureScheme default_scheme(KeyAlgorithm algorithm);
/// Whether keys of this algorithm can sign so at all.
[[nodiscard]] bool fits(KeyAlgorithm algorithm, SignatureScheme scheme);

/// A public key of one of the algorithms above; a value, cheap to copy, safe to share between threads.
class PublicKey {
 public:
  /// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). Other algorithms, curves and sizes are "crypto.key-unsupported".
  static Result<PublicKey> from_spki_der(ByteView der);
  /// "-----BEGIN PUBLIC KEY-----".
  static Result<PublicKey> from_pem(std::string_view pem);

  [[nodiscard]] KeyAlgorithm algorithm() const { return algorithm_; }
  [[nodiscard]] const Bytes& spki_der() const { return spki_der_; }
  [[nodiscard]] std::string pem() const;
  /// SHA-256 of the SubjectPublicKeyInfo: the name of a key everywhere in Signet.
  [[nodiscard]] Bytes fingerprint() const;

  /// Succeeds only if `signature` over `message` is this key's; otherwise "crypto.bad-signature" (untrusted).
  Result<void> verify(SignatureScheme scheme, ByteView message, ByteView signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.spki_der_ == b.spki_der_; }

 private:
  PublicKey(KeyAlgorithm algorithm, Bytes spki_der) : algorithm_(algorithm), spki_der_(std::move(spki_der)) {}
  KeyAlgorithm algorithm_;
  Bytes spki_der_;
};

/// The only way to use a private key: it says whose it is and signs. Where the key lives (TPM, token, encrypted file)
/// is the business of the key store that made the signer. May block; safe to call from several threads.
class Signer {
 public:
  virtual ~Signer() = default;
  [[nodiscard]] virtual const PublicKey& public_key() const = 0;

  /// Signs a message; the hash of the scheme is computed here. "crypto.scheme" (unsupported) if the key cannot sign so.
  Result<Bytes> sign(SignatureScheme scheme, ByteView message);
  /// Signs a digest that was computed elsewhere; not for Ed25519.
  Result<Bytes> sign_digest(SignatureScheme scheme, ByteView digest);

 protected:
  /// `input` is the digest, for Ed25519 the message. Checked before: the scheme fits the key, the digest has its size.
  virtual Result<Bytes> sign_input(SignatureScheme scheme, ByteView input) = 0;
};

}  // namespace signet::crypto
