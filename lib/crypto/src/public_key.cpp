// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: public_key_fuzz)
#include "signet/core/ensure.hpp"
#include "signet/crypto.hpp"

#include "ossl.hpp"

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <string>

namespace signet::crypto {

namespace {

constexpr std::array<std::string_view, 6> k_key_names{"p256", "p384", "rsa2048", "rsa3072", "rsa4096", "ed25519"};

enum class Family : std::uint8_t { ec, rsa_pkcs1, rsa_pss, ed };

struct SchemeRow {
  SignatureScheme scheme;
  std::string_view name;
  Family family;
  std::optional<HashAlgorithm> hash;
};

constexpr std::array k_schemes{
    SchemeRow{SignatureScheme::ecdsa_sha256, "ecdsa-sha256", Family::ec, HashAlgorithm::sha256},
    SchemeRow{SignatureScheme::ecdsa_sha384, "ecdsa-sha384", Family::ec, HashAlgorithm::sha384},
    SchemeRow{SignatureScheme::ecdsa_sha512, "ecdsa-sha512", Family::ec, HashAlgorithm::sha512},
    SchemeRow{SignatureScheme::rsa_pkcs1_sha256, "rsa-pkcs1-sha256", Family::rsa_pkcs1, HashAlgorithm::sha256},
    SchemeRow{SignatureScheme::rsa_pkcs1_sha384, "rsa-pkcs1-sha384", Family::rsa_pkcs1, HashAlgorithm::sha384},
    SchemeRow{SignatureScheme::rsa_pkcs1_sha512, "rsa-pkcs1-sha512", Family::rsa_pkcs1, HashAlgorithm::sha512},
    SchemeRow{SignatureScheme::rsa_pss_sha256, "rsa-pss-sha256", Family::rsa_pss, HashAlgorithm::sha256},
    SchemeRow{SignatureScheme::rsa_pss_sha384, "rsa-pss-sha384", Family::rsa_pss, HashAlgorithm::sha384},
    SchemeRow{SignatureScheme::rsa_pss_sha512, "rsa-pss-sha512", Family::rsa_pss, HashAlgorithm::sha512},
    SchemeRow{SignatureScheme::ed25519, "ed25519", Family::ed, std::nullopt},
};

const SchemeRow& row_of(SignatureScheme scheme) { return k_schemes.at(static_cast<std::size_t>(scheme)); }

Error unsupported_key() {
  return {Errc::unsupported, "crypto.key-unsupported", "a key of this kind is not accepted",
          "Use P-256, P-384, RSA with 2048, 3072 or 4096 bits, or Ed25519."};
}

Result<KeyAlgorithm> algorithm_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return KeyAlgorithm::ed25519;
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    switch (EVP_PKEY_get_bits(key)) {
      case 2048:
        return KeyAlgorithm::rsa_2048;
      case 3072:
        return KeyAlgorithm::rsa_3072;
      case 4096:
        return KeyAlgorithm::rsa_4096;
      default:
        return unsupported_key();
    }
  }
  std::array<char, 64> group{};
  if (EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1) {
    const std::string_view name(group.data());
    if (name == "prime256v1" || name == "P-256") return KeyAlgorithm::ec_p256;
    if (name == "secp384r1" || name == "P-384") return KeyAlgorithm::ec_p384;
  }
  return unsupported_key();
}

using Spki = ossl::Handle<X509_PUBKEY, X509_PUBKEY_free>;

struct OpensslFree {
  void operator()(void* memory) const noexcept { OPENSSL_free(memory); }
};
using OpensslMemory = std::unique_ptr<void, OpensslFree>;

constexpr std::size_t k_spki_bytes_max = 16'384;
constexpr std::size_t k_pem_bytes_max = 65'536;

/// The key as a provider holds it. In a program that has made an engine its default (nginx, `openssl -engine`),
/// OpenSSL decodes keys for that engine instead, and then neither names their curve nor writes them canonically.
ossl::EvpPkey provided(ossl::EvpPkey key, ByteView spki_der) {
  if (key == nullptr || EVP_PKEY_get0_provider(key.get()) != nullptr) return key;
  EVP_PKEY* made = nullptr;
  const ossl::Handle<OSSL_DECODER_CTX, OSSL_DECODER_CTX_free> decoder(OSSL_DECODER_CTX_new_for_pkey(
      &made, "DER", "SubjectPublicKeyInfo", nullptr, EVP_PKEY_PUBLIC_KEY, nullptr, "provider!=signet"));
  const unsigned char* at = as_uchar(spki_der);
  std::size_t size = spki_der.size();
  if (decoder == nullptr || OSSL_DECODER_from_data(decoder.get(), &at, &size) != 1) return nullptr;
  return ossl::EvpPkey(made);
}

/// Whether the AlgorithmIdentifier is one of ours, so that a key of any other kind is told apart from nonsense.
bool is_known_type(const X509_PUBKEY* spki) {
  ASN1_OBJECT* type = nullptr;
  X509_PUBKEY_get0_param(&type, nullptr, nullptr, nullptr, spki);
  const int nid = OBJ_obj2nid(type);
  return nid == NID_X9_62_id_ecPublicKey || nid == NID_rsaEncryption || nid == NID_ED25519;
}

/// The one spelling of a key, so that it has one fingerprint however its maker encoded it: an elliptic curve by its
/// name (RFC 5480 section 2.1.1) and its point uncompressed (section 2.2).
Result<Bytes> canonical_spki(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    std::array<char, 32> encoding{};
    const bool named = EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding.data(),
                                                      encoding.size(), nullptr) == 1 &&
                       std::string_view(encoding.data()) == OSSL_PKEY_EC_ENCODING_GROUP;
    if (!named) return unsupported_key();
    // Decoding has put the point on its curve, but lets infinity pass, under which anybody can sign (SP 800-186
    // appendix D.1.1.1); it is the only point that is one byte long. EVP_PKEY_public_check_quick() would do, but not
    // in a program that has made an engine its default.
    std::size_t point_bytes = 0;
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0, &point_bytes) != 1 ||
        point_bytes <= 1) {
      return ossl::take_error(Errc::invalid_input, "crypto.key-malformed", "the point of a public key is none");
    }
    ensure(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                          OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1,
           "a point can be written uncompressed");
  }
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  const OpensslMemory owner(der);
  if (size <= 0) {
    return ossl::take_error(Errc::invalid_input, "crypto.key-malformed", "a public key could not be written");
  }
  return to_bytes(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
}

Error bad_signature() {
  return {Errc::untrusted, "crypto.bad-signature", "the signature does not belong to this key and these bytes"};
}

}  // namespace

std::string_view name_of(KeyAlgorithm algorithm) { return k_key_names.at(static_cast<std::size_t>(algorithm)); }

Result<KeyAlgorithm> key_algorithm_from(std::string_view name) {
  for (std::size_t i = 0; i < k_key_names.size(); ++i) {
    if (k_key_names[i] == name) return static_cast<KeyAlgorithm>(i);
  }
  return Error(Errc::usage, "crypto.key-name", "'" + printable(name, 40) + "' is no key algorithm",
               "Choose p256, p384, rsa2048, rsa3072, rsa4096 or ed25519.");
}

std::string_view name_of(SignatureScheme scheme) { return row_of(scheme).name; }

std::optional<HashAlgorithm> hash_of(SignatureScheme scheme) { return row_of(scheme).hash; }

SignatureScheme default_scheme(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::ec_p256:
      return SignatureScheme::ecdsa_sha256;
    case KeyAlgorithm::ec_p384:
      return SignatureScheme::ecdsa_sha384;
    case KeyAlgorithm::ed25519:
      return SignatureScheme::ed25519;
    default:
      return SignatureScheme::rsa_pkcs1_sha256;
  }
}

bool fits(KeyAlgorithm algorithm, SignatureScheme scheme) {
  const Family family = row_of(scheme).family;
  switch (algorithm) {
    case KeyAlgorithm::ec_p256:
    case KeyAlgorithm::ec_p384:
      return family == Family::ec;
    case KeyAlgorithm::ed25519:
      return family == Family::ed;
    default:
      return family == Family::rsa_pkcs1 || family == Family::rsa_pss;
  }
}

Result<PublicKey> PublicKey::from_spki_der(ByteView der) {
  const unsigned char* at = as_uchar(der);
  const Spki spki(der.size() <= k_spki_bytes_max ? d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(der.size()))
                                                 : nullptr);
  if (spki == nullptr || at != as_uchar(der) + der.size()) {
    return ossl::take_error(Errc::invalid_input, "crypto.key-malformed",
                            "not a public key (SubjectPublicKeyInfo in DER)");
  }
  if (!is_known_type(spki.get())) {
    ERR_clear_error();  // OpenSSL has tried to understand the key already
    return unsupported_key();
  }
  const ossl::EvpPkey key = provided(ossl::EvpPkey(X509_PUBKEY_get(spki.get())), der);
  if (key == nullptr) {
    return ossl::take_error(Errc::invalid_input, "crypto.key-malformed", "a public key whose numbers make no sense");
  }
  TRY_ASSIGN(const KeyAlgorithm algorithm, algorithm_of(key.get()));
  TRY_ASSIGN(Bytes canonical, canonical_spki(key.get()));
  return PublicKey(algorithm, std::move(canonical));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  // PEM_read_bio_PUBKEY() would ask on the terminal for the passphrase of a private key that stands here by mistake.
  const ossl::Bio bio = ossl::memory_bio(as_bytes(pem.substr(0, k_pem_bytes_max)));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  const bool read = PEM_read_bio(bio.get(), &name, &header, &data, &size) == 1;
  const OpensslMemory name_owner(name), header_owner(header), data_owner(data);
  if (!read || std::string_view(name) != PEM_STRING_PUBLIC || *header != '\0') {
    return ossl::take_error(Errc::invalid_input, "crypto.key-malformed", "not a public key in PEM",
                            "The file must begin with '-----BEGIN PUBLIC KEY-----'.");
  }
  return from_spki_der(std::as_bytes(std::span(data, static_cast<std::size_t>(size))));
}

std::string PublicKey::pem() const {
  const auto key = ossl::to_evp(*this);
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  ensure(key && PEM_write_bio_PUBKEY(bio.get(), key->get()) == 1, "a public key can be written as PEM");
  return std::string(as_text(ossl::bio_bytes(bio.get())));
}

Bytes PublicKey::fingerprint() const { return digest(HashAlgorithm::sha256, spki_der_); }

Result<void> PublicKey::verify(SignatureScheme scheme, ByteView message, ByteView signature) const {
  if (!fits(algorithm_, scheme)) return bad_signature();
  TRY_ASSIGN(const ossl::EvpPkey key, ossl::to_evp(*this));
  const ossl::EvpMdCtx ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_ctx = nullptr;
  const auto hash = hash_of(scheme);
  if (EVP_DigestVerifyInit(ctx.get(), &key_ctx, hash ? ossl::md_of(*hash) : nullptr, nullptr, key.get()) != 1) {
    return ossl::take_error(Errc::internal, "crypto.verify", "a verification could not be started");
  }
  TRY(ossl::apply_scheme(key_ctx, scheme));
  if (EVP_DigestVerify(ctx.get(), as_uchar(signature), signature.size(), as_uchar(message), message.size()) != 1) {
    ERR_clear_error();
    return bad_signature();
  }
  return {};
}

Result<Bytes> Signer::sign(SignatureScheme scheme, ByteView message) {
  if (const auto hash = hash_of(scheme)) return sign_digest(scheme, digest(*hash, message));
  if (!fits(public_key().algorithm(), scheme)) {
    return Error(Errc::unsupported, "crypto.scheme",
                 "a " + std::string(name_of(public_key().algorithm())) + " key cannot sign with " +
                     std::string(name_of(scheme)));
  }
  return sign_input(scheme, message);
}

Result<Bytes> Signer::sign_digest(SignatureScheme scheme, ByteView digest) {
  const auto hash = hash_of(scheme);
  if (!hash || !fits(public_key().algorithm(), scheme)) {
    return Error(Errc::unsupported, "crypto.scheme",
                 "a " + std::string(name_of(public_key().algorithm())) + " key cannot sign a digest with " +
                     std::string(name_of(scheme)));
  }
  if (digest.size() != digest_size_bytes(*hash)) {
    return Error(Errc::invalid_input, "crypto.digest-size",
                 "a digest of the wrong size for " + std::string(name_of(scheme)));
  }
  return sign_input(scheme, digest);
}

}  // namespace signet::crypto

namespace signet::ossl {

Result<EvpPkey> to_evp(const crypto::PublicKey& key) {
  const unsigned char* at = as_uchar(ByteView(key.spki_der()));
  EvpPkey evp =
      crypto::provided(EvpPkey(d2i_PUBKEY(nullptr, &at, static_cast<long>(key.spki_der().size()))), key.spki_der());
  if (evp == nullptr) return take_error(Errc::internal, "crypto.key-malformed", "a public key could not be read again");
  return evp;
}

Result<crypto::PublicKey> from_evp(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return take_error(Errc::invalid_input, "crypto.key-malformed", "a public key could not be written");
  auto result =
      crypto::PublicKey::from_spki_der(ByteView(reinterpret_cast<std::byte*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return result;
}

Result<EvpPkey> generate_key(crypto::KeyAlgorithm algorithm) {
  struct Row {
    const char* type;
    const char* group;  // EC
    int size_bits;      // RSA
  };
  constexpr std::array k_rows{Row{"EC", "P-256", 0},     Row{"EC", "P-384", 0},     Row{"RSA", nullptr, 2048},
                              Row{"RSA", nullptr, 3072}, Row{"RSA", nullptr, 4096}, Row{"ED25519", nullptr, 0}};
  const Row& row = k_rows.at(static_cast<std::size_t>(algorithm));
  const EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, row.type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool done = EVP_PKEY_keygen_init(ctx.get()) == 1 &&
                    (row.group == nullptr || EVP_PKEY_CTX_set_group_name(ctx.get(), row.group) == 1) &&
                    (row.size_bits == 0 || EVP_PKEY_CTX_set_rsa_keygen_bits(ctx.get(), row.size_bits) == 1) &&
                    EVP_PKEY_generate(ctx.get(), &key) == 1;
  if (!done) return take_error(Errc::internal, "crypto.generate", "a key could not be made");
  return EvpPkey(key);
}

Result<void> apply_scheme(EVP_PKEY_CTX* ctx, crypto::SignatureScheme scheme) {
  const auto family = crypto::row_of(scheme).family;
  const bool pss = family == crypto::Family::rsa_pss;
  if (family != crypto::Family::rsa_pkcs1 && !pss) return {};
  const bool done = EVP_PKEY_CTX_set_rsa_padding(ctx, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1 &&
                    (!pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
  if (!done) return take_error(Errc::internal, "crypto.scheme", "a padding could not be set");
  return {};
}

}  // namespace signet::ossl
