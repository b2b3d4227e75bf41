// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a PKCS#11 module must do and must refuse, below what Keystore shows. Keys of these checks are session objects:
// they end with their session.
#include "backend.hpp"
#include "conformance_run.hpp"
#include "file_uri.hpp"
#include "pkcs11_encoding.hpp"
#include "pkcs11_objects.hpp"

#include <algorithm>
#include <array>

namespace signet::keystore::conformance {

namespace {

using crypto::KeyAlgorithm;
using Work = std::function<Result<Finding>(Pkcs11Call&)>;

constexpr std::string_view k_scheme = "pkcs11:";
constexpr std::array k_exponent{std::byte{1}, std::byte{0}, std::byte{1}};

/// A row that runs in a session of its own.
void session_row(Run& run, Pkcs11Token& token, std::string_view group, std::string operation, const Work& work) {
  run.row(group, std::move(operation), [&] { return token.run(Access::write, work); });
}

/// A refusal by the module: right whatever its code, but for those that say it cannot do this at all.
Finding refused(CK_RV code, std::string_view when_done) {
  if (code == CKR_OK) return fails(std::string(when_done));
  return Finding{};
}

struct Pair {
  CK_OBJECT_HANDLE open = 0;
  CK_OBJECT_HANDLE secret = 0;
};

/// A key pair for one use, gone with its session.
Result<Pair> session_pair(Pkcs11Call& call, KeyAlgorithm algorithm, CK_ATTRIBUTE_TYPE use) {
  const bool rsa = algorithm == KeyAlgorithm::rsa_2048;
  Template open, secret;
  open.number(CKA_CLASS, CKO_PUBLIC_KEY).flag(CKA_TOKEN, false).flag(CKA_PRIVATE, false);
  secret.number(CKA_CLASS, CKO_PRIVATE_KEY).flag(CKA_TOKEN, false).flag(CKA_PRIVATE, true);
  secret.flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, false).flag(use, true);
  if (use != CKA_SIGN) secret.flag(CKA_SIGN, false);
  if (rsa) {
    open.number(CKA_MODULUS_BITS, 2048).bytes(CKA_PUBLIC_EXPONENT, k_exponent);
  } else {
    open.bytes(CKA_EC_PARAMS, ec_params_of(algorithm));
  }
  CK_MECHANISM mechanism{rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  Pair pair;
  TRY(call.check(call.module.C_GenerateKeyPair(call.session, &mechanism, open.data(), open.size(), secret.data(),
                                               secret.size(), &pair.open, &pair.secret),
                 "generate a session key"));
  return pair;
}

Result<Bytes> value_of(Pkcs11Call& call, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  Bytes value(1024);
  CK_ATTRIBUTE attribute{type, value.data(), value.size()};
  TRY(call.check(call.module.C_GetAttributeValue(call.session, object, &attribute, 1), "read an attribute"));
  value.resize(std::min<std::size_t>(value.size(), attribute.ulValueLen));
  return value;
}

/// The private object of a key that this run made.
Result<CK_OBJECT_HANDLE> handle_of(Pkcs11Call& call, const KeyInfo& key) {
  TRY_ASSIGN(const auto found, find_objects(call, CKO_PRIVATE_KEY, key.id, key.label));
  if (found.size() == 1) return found.front();
  return Error(Errc::not_found, "keystore.no-key", "the token does not find the key '" + key.label + "'");
}

// --- Secrecy ---

constexpr std::array<CK_ATTRIBUTE_TYPE, 4> k_private_values{CKA_VALUE, CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2};

Result<Finding> tells_no_private_value(Pkcs11Call& call, const KeyInfo& key) {
  TRY_ASSIGN(const CK_OBJECT_HANDLE object, handle_of(call, key));
  for (const CK_ATTRIBUTE_TYPE type : k_private_values) {
    const auto value = value_of(call, object, type);
    if (value && !value->empty()) return fails("it gives out the private value of a sensitive key");
  }
  return Finding{};
}

Result<Finding> stays_sensitive(Pkcs11Call& call, const KeyInfo& key) {
  TRY_ASSIGN(const CK_OBJECT_HANDLE object, handle_of(call, key));
  constexpr std::array<std::pair<CK_ATTRIBUTE_TYPE, bool>, 2> k_lowered{
      {{CKA_EXTRACTABLE, true}, {CKA_SENSITIVE, false}}};
  for (const auto& [type, value] : k_lowered) {  // PKCS#11 2.40 section 4.4, footnotes 11 and 12
    Template wanted;
    wanted.flag(type, value);
    if (call.module.C_SetAttributeValue(call.session, object, wanted.data(), wanted.size()) == CKR_OK) {
      return fails("a key that could not leave can be made one that can");
    }
  }
  return Finding{};
}

Result<Finding> told_truly(const KeyInfo& key) {
  std::string missing;
  const auto want = [&](const char* name, bool set) {
    const auto told = std::ranges::find(key.attributes, name, &TokenAttribute::first);
    if (told != key.attributes.end() && told->second == set) return;
    missing +=
        std::string(missing.empty() ? "" : ", ") + name + (told == key.attributes.end() ? " is not told" : " is wrong");
  };
  want("CKA_LOCAL", true);
  want("CKA_SENSITIVE", true);
  want("CKA_ALWAYS_SENSITIVE", true);
  want("CKA_EXTRACTABLE", false);
  want("CKA_NEVER_EXTRACTABLE", true);
  return missing.empty() ? Finding{} : weak(missing);
}

Result<Finding> is_not_wrapped(Pkcs11Call& call, const KeyInfo& key) {
  TRY_ASSIGN(const CK_OBJECT_HANDLE object, handle_of(call, key));
  Template wanted;
  wanted.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES).number(CKA_VALUE_LEN, 32);
  wanted.flag(CKA_TOKEN, false).flag(CKA_WRAP, true).flag(CKA_ENCRYPT, true);
  CK_MECHANISM generate{CKM_AES_KEY_GEN, nullptr, 0};
  CK_OBJECT_HANDLE aes = 0;
  if (call.module.C_GenerateKey(call.session, &generate, wanted.data(), wanted.size(), &aes) != CKR_OK) {
    return not_tried("the module makes no AES key to wrap with");
  }
  for (const CK_MECHANISM_TYPE type : {CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD}) {
    Bytes wrapped(8192);
    CK_ULONG size = wrapped.size();
    CK_MECHANISM mechanism{type, nullptr, 0};
    if (call.module.C_WrapKey(call.session, &mechanism, aes, object, as_uchar(ByteSpan(wrapped)), &size) == CKR_OK) {
      return fails("a key that cannot leave can be wrapped, and so leave");
    }
  }
  return Finding{};
}

// --- Use ---

Result<Finding> signs_not_for_another_use(Pkcs11Call& call) {
  TRY_ASSIGN(const Pair pair, session_pair(call, KeyAlgorithm::ec_p256, CKA_DERIVE));
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  return refused(call.module.C_SignInit(call.session, &mechanism, pair.secret), "a key without CKA_SIGN signs");
}

Result<Finding> signs_not_as_another_kind(Pkcs11Call& call) {
  TRY_ASSIGN(const Pair pair, session_pair(call, KeyAlgorithm::ec_p256, CKA_SIGN));
  CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
  if (call.module.C_SignInit(call.session, &mechanism, pair.secret) != CKR_OK) return Finding{};
  Bytes digest(32);  // some look at the key only now
  Bytes signature(512);
  CK_ULONG size = signature.size();
  return refused(
      call.module.C_Sign(call.session, as_uchar(ByteSpan(digest)), digest.size(), as_uchar(ByteSpan(signature)), &size),
      "an EC key signs as RSA");
}

Result<Secret> decrypt(Pkcs11Call& call, CK_OBJECT_HANDLE key, const Bytes& sealed, CK_MECHANISM_TYPE hash,
                       CK_ULONG mask) {
  CK_RSA_PKCS_OAEP_PARAMS oaep{};
  oaep.hashAlg = hash;
  oaep.mgf = mask;
  oaep.source = 1;  // CKZ_DATA_SPECIFIED: an empty label
  CK_MECHANISM mechanism{CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep)};
  TRY(call.check(call.module.C_DecryptInit(call.session, &mechanism, key), "decrypt"));
  Bytes input = sealed;
  Secret out(512);
  CK_ULONG size = out.size();
  TRY(call.check(call.module.C_Decrypt(call.session, as_uchar(ByteSpan(input)), input.size(),
                                       as_uchar(out.write(SecretAccess::for_cryptography())), &size),
                 "decrypt"));
  return Secret::copy_of(out.read(SecretAccess::for_cryptography()).first(std::min<std::size_t>(size, out.size())));
}

Result<Finding> decrypts(Run& run, Pkcs11Call& call) {
  TRY_ASSIGN(const Pair pair, session_pair(call, KeyAlgorithm::rsa_2048, CKA_DECRYPT));
  TRY_ASSIGN(const Bytes modulus, value_of(call, pair.open, CKA_MODULUS));
  TRY_ASSIGN(const crypto::PublicKey key, rsa_public_key(modulus, k_exponent));
  const Bytes message = crypto::random_bytes(32);
  TRY_ASSIGN(const Bytes by_sha256, encrypt_oaep(key, message, "SHA256"));
  const auto modern = [&] { return decrypt(call, pair.secret, by_sha256, CKM_SHA256, CKG_MGF1_SHA256); };
  Finding found;
  auto opened = modern();
  Bytes sealed = by_sha256;
  bool old = false;
  if (!opened) {
    TRY_ASSIGN(sealed, encrypt_oaep(key, message, "SHA1"));
    old = true;
    opened = decrypt(call, pair.secret, sealed, CKM_SHA_1, CKG_MGF1_SHA1);
    found = weak("OAEP with SHA-1 only");
  }
  if (!opened) return std::move(opened).error();
  if (!(*opened == Secret::copy_of(message))) return fails("it is not what was encrypted");
  TRY_ASSIGN(found.speed, run.measure([&]() -> Result<void> {
    TRY(decrypt(call, pair.secret, sealed, old ? CKM_SHA_1 : CKM_SHA256, old ? CKG_MGF1_SHA1 : CKG_MGF1_SHA256));
    return {};
  }));
  return found;
}

Result<Finding> derives(Run& run, Pkcs11Call& call) {
  TRY_ASSIGN(const Pair pair, session_pair(call, KeyAlgorithm::ec_p256, CKA_DERIVE));
  TRY_ASSIGN(const Bytes point, value_of(call, pair.open, CKA_EC_POINT));
  TRY_ASSIGN(const crypto::PublicKey key, ec_public_key(ec_params_of(KeyAlgorithm::ec_p256), point));
  TRY_ASSIGN(const Agreement other, agree(key));
  // The uncompressed point is the end of a P-256 SubjectPublicKeyInfo.
  constexpr std::size_t k_point_bytes = 65;
  Bytes peer = to_bytes(ByteView(other.peer.spki_der()).last(k_point_bytes));
  CK_ECDH1_DERIVE_PARAMS params{};
  params.kdf = CKD_NULL;
  params.ulPublicDataLen = peer.size();
  params.pPublicData = as_uchar(ByteSpan(peer));
  CK_MECHANISM mechanism{CKM_ECDH1_DERIVE, &params, sizeof(params)};
  const auto derive = [&]() -> Result<Bytes> {
    Template wanted;
    wanted.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_GENERIC_SECRET).number(CKA_VALUE_LEN, 32);
    wanted.flag(CKA_TOKEN, false).flag(CKA_SENSITIVE, false).flag(CKA_EXTRACTABLE, true);
    CK_OBJECT_HANDLE secret = 0;
    TRY(call.check(
        call.module.C_DeriveKey(call.session, &mechanism, pair.secret, wanted.data(), wanted.size(), &secret),
        "derive"));
    auto value = value_of(call, secret, CKA_VALUE);
    call.module.C_DestroyObject(call.session, secret);
    return value;
  };
  TRY_ASSIGN(const Bytes secret, derive());
  if (!(Secret::copy_of(secret) == other.secret)) return fails("the two sides have two secrets");
  TRY_ASSIGN(const Speed speed, run.measure([&]() -> Result<void> {
    TRY(derive());
    return {};
  }));
  return Finding{.outcome = Conformance::works, .remark = {}, .speed = speed};
}

Result<Finding> makes_random(Run& run, Pkcs11Call& call) {
  std::array<Bytes, 2> draws{Bytes(32), Bytes(32)};
  for (Bytes& draw : draws) {
    TRY(call.check(call.module.C_GenerateRandom(call.session, as_uchar(ByteSpan(draw)), draw.size()), "draw random"));
  }
  if (draws[0] == draws[1] || draws[0] == Bytes(32)) return fails("two draws are the same");
  Bytes some(32);
  TRY_ASSIGN(const Speed speed, run.measure([&] {
    return call.check(call.module.C_GenerateRandom(call.session, as_uchar(ByteSpan(some)), some.size()), "draw random");
  }));
  return Finding{.outcome = Conformance::works, .remark = "32 bytes each", .speed = speed};
}

void check_key(Run& run, Pkcs11Token& token, const KeyInfo& key) {
  const std::string name(crypto::name_of(key.public_key.algorithm()));
  run.row("secrecy", "attributes of " + name + " are true", [&] { return told_truly(key); });
  session_row(run, token, "secrecy", "the private value of " + name + " is not told",
              [&](Pkcs11Call& call) { return tells_no_private_value(call, key); });
  session_row(run, token, "secrecy", name + " cannot be made to leave",
              [&](Pkcs11Call& call) { return stays_sensitive(call, key); });
  session_row(run, token, "secrecy", name + " cannot be wrapped",
              [&](Pkcs11Call& call) { return is_not_wrapped(call, key); });
}

Result<Secret> wrong_secret(std::string_view /*prompt*/) { return Secret::copy_of(to_bytes("0a1b2c3d")); }

}  // namespace

void check_wrong_pin(Run& run) {
  if (!run.uri().starts_with(k_scheme)) return;
  run.row("secrecy", "refuse a wrong PIN", [&]() -> Result<Finding> {
    if (run.options().wrong_pin == WrongPin::spare) return not_tried("it would cost one of the token's few tries");
    TRY_ASSIGN(Pkcs11Uri uri, Pkcs11Uri::parse(std::string_view(run.uri()).substr(k_scheme.size())));
    uri.pin_source.reset();
    uri.pin_value.reset();
    TRY_ASSIGN(const auto token, Pkcs11Token::open(uri, {.ask = wrong_secret}));
    if (!token->describe().passphrase) return not_tried("the token wants no PIN");
    if (token->few_tries_left()) return not_tried("few tries are left before the token locks");
    return refused_for(token->run(Access::read, [](Pkcs11Call&) { return Result<void>(); }), {"keystore.pin-wrong"});
  });
}

void check_wrong_passphrase(Run& run) {
  constexpr std::string_view k_file = "file:";
  if (!run.uri().starts_with(k_file) || run.keys().empty()) return;
  run.row("secrecy", "refuse a wrong passphrase", [&]() -> Result<Finding> {
    TRY_ASSIGN(FileUri uri, FileUri::parse(std::string_view(run.uri()).substr(k_file.size())));
    if (uri.source == FileUri::Source::none) return not_tried("the keys have no passphrase");
    uri.source = FileUri::Source::ask;
    uri.source_name.clear();
    TRY_ASSIGN(const auto store, keystore::open(uri.of_store(), {.ask = wrong_secret}));
    return refused_for(store->signer({.label = run.keys().front().info.label}), {"keystore.passphrase"});
  });
}

void check_pkcs11(Run& run) {
  if (!run.uri().starts_with(k_scheme)) return;
  const auto uri = Pkcs11Uri::parse(std::string_view(run.uri()).substr(k_scheme.size()));
  if (!uri) return;
  const auto token = Pkcs11Token::open(*uri, run.options().open);
  if (!token) return;
  for (const MadeKey& key : run.keys()) {
    if (key.origin == MadeKey::Origin::generated) check_key(run, **token, key.info);
  }
  session_row(run, **token, "secrecy", "a key for another use signs nothing", signs_not_for_another_use);
  session_row(run, **token, "secrecy", "a key signs as its own kind only", signs_not_as_another_kind);
  session_row(run, **token, "use", "decrypt RSA-OAEP with rsa2048",
              [&](Pkcs11Call& call) { return decrypts(run, call); });
  session_row(run, **token, "use", "derive by ECDH with p256", [&](Pkcs11Call& call) { return derives(run, call); });
  session_row(run, **token, "use", "random numbers of the token",
              [&](Pkcs11Call& call) { return makes_random(run, call); });
}

}  // namespace signet::keystore::conformance
