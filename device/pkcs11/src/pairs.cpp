// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Key pairs: in the token, or in this process for as long as the session lives.
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "signet/crypto.hpp"

#include "keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::pkcs11 {

namespace {

using crypto::KeyAlgorithm;
using keystore::KeystoredKey;
using keystore::Purpose;

constexpr std::size_t k_label_chars_max = 40;
constexpr std::size_t k_suffix_bytes = 4;
constexpr std::string_view k_usual_exponent("\x01\x00\x01", 3);

/// keystored's own name of a key: what is left of the application's label.
std::string plain_label(const Attributes& attributes) {
  std::string out;
  for (const char c : as_text(bytes_at(attributes, CKA_LABEL)).substr(0, k_label_chars_max)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && !out.empty());
    const bool upper = c >= 'A' && c <= 'Z';
    if (fits) out.push_back(c);
    if (upper) out.push_back(static_cast<char>(c - 'A' + 'a'));
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "p11" : out;
}

/// Runs `make(label)` with the plain label, and with a unique one where that is taken or not allowed.
template <typename Make>
Result<KeystoredKey> make_named(const Attributes& attributes, const Make& make) {
  const std::string label = plain_label(attributes);
  auto made = make(label);
  const bool again =
      !made && (made.error().reason() == "keystore.label-taken" || made.error().reason() == "keystore.label");
  return again ? make(label + "-" + to_hex(crypto::random_bytes(k_suffix_bytes))) : std::move(made);
}

/// In keystored a key has one use; a template that asks for several gets signing, and the object says so.
std::string_view act_of(const Attributes& attributes) {
  if (is_true(attributes, CKA_SIGN, false)) return "sign";
  if (is_true(attributes, CKA_DERIVE, false)) return "derive";
  return is_true(attributes, CKA_DECRYPT, false) ? "decrypt" : "sign";
}

/// What keystored is asked for. What PKCS#11 calls signing with RSA is more than signing digests.
std::string_view use_of(std::string_view act, bool rsa) { return rsa && act == "sign" ? "sign-any" : act; }

/// Whether the token can keep its word: its private keys are sensitive and never leave it.
CK_RV check_token_key(const Attributes& attributes) {
  const bool honest = is_true(attributes, CKA_SENSITIVE, true) && !is_true(attributes, CKA_EXTRACTABLE, false) &&
                      !is_true(attributes, CKA_ALWAYS_AUTHENTICATE, false) &&
                      !is_true(attributes, CKA_SIGN_RECOVER, false);
  return honest ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV algorithm_of(Family family, const Attributes& public_half, KeyAlgorithm& out) {
  if (family == Family::ec_pair) {
    const Curve* const curve = curve_of(bytes_at(public_half, CKA_EC_PARAMS));
    if (curve == nullptr || curve->field_bytes > 48) return CKR_CURVE_NOT_SUPPORTED;
    out = curve->field_bytes == 32 ? KeyAlgorithm::ec_p256 : KeyAlgorithm::ec_p384;
    return CKR_OK;
  }
  const ByteView exponent = bytes_at(public_half, CKA_PUBLIC_EXPONENT);
  if (!exponent.empty() && as_text(exponent) != k_usual_exponent) return CKR_ATTRIBUTE_VALUE_INVALID;
  switch (ulong_at(public_half, CKA_MODULUS_BITS).value_or(0)) {
    case 2048:
      out = KeyAlgorithm::rsa_2048;
      return CKR_OK;
    case 3072:
      out = KeyAlgorithm::rsa_3072;
      return CKR_OK;
    case 4096:
      out = KeyAlgorithm::rsa_4096;
      return CKR_OK;
    default:
      return CKR_KEY_SIZE_RANGE;
  }
}

/// The part of a template that only an application knows.
Attributes given_names(const Attributes& attributes) {
  Attributes out;
  for (const CK_ATTRIBUTE_TYPE type :
       {CKA_LABEL, CKA_ID, CKA_SUBJECT, CKA_START_DATE, CKA_END_DATE, CKA_PRIVATE, CKA_MODIFIABLE}) {
    if (const auto found = attributes.find(type); found != attributes.end()) out.insert(*found);
  }
  set_default(out, CKA_LABEL, {});
  set_default(out, CKA_ID, {});
  return out;
}

/// Takes up a key that keystored has just made: its record, and its objects.
CK_RV adopt(Module& module, const KeystoredKey& key, KeyRecord record, CK_OBJECT_HANDLE& private_out,
            CK_OBJECT_HANDLE* public_out) {
  record.label = key.label;
  record.made_here = true;
  if (const CK_RV kept = module.keep(record); kept != CKR_OK) {
    (void)module.backend().destroy(key);  // without its names the application would never find it again
    return kept;
  }
  private_out = module.add(private_object(key, record), "private:" + key.label);
  if (public_out != nullptr) *public_out = module.add(public_object(key, record), "public:" + key.label);
  return CKR_OK;
}

CK_RV generate_in_token(Module& module, Family family, const Attributes& public_half, const Attributes& private_half,
                        CK_OBJECT_HANDLE& public_out, CK_OBJECT_HANDLE& private_out) {
  CHECK_RV(check_token_key(private_half));
  KeyAlgorithm algorithm{};
  CHECK_RV(algorithm_of(family, public_half, algorithm));
  const std::string_view act = act_of(private_half);
  const Purpose purpose = act == "sign" ? Purpose::tls : Purpose::storage;
  if (act == (family == Family::ec_pair ? "decrypt" : "derive")) return CKR_TEMPLATE_INCONSISTENT;
  const auto made = make_named(private_half, [&](const std::string& label) {
    return module.backend().generate(label, purpose, algorithm, use_of(act, family == Family::rsa_pair));
  });
  if (!made) return rv_of(made.error());
  return adopt(module, *made,
               {.label = {}, .private_half = given_names(private_half), .public_half = given_names(public_half)},
               private_out, &public_out);
}

/// The uses that a pair has if its templates name none.
void set_uses(Attributes& public_half, Attributes& private_half) {
  constexpr std::array k_private{CKA_SIGN, CKA_DECRYPT, CKA_UNWRAP, CKA_DERIVE};
  const bool named = std::ranges::any_of(k_private, [&](auto type) { return private_half.contains(type); });
  set_default(private_half, CKA_SIGN, of_bool(!named));
  set_default(public_half, CKA_VERIFY, of_bool(is_true(private_half, CKA_SIGN, false)));
  set_default(public_half, CKA_ENCRYPT, of_bool(is_true(private_half, CKA_DECRYPT, false)));
  for (const CK_ATTRIBUTE_TYPE type : {CKA_VERIFY_RECOVER, CKA_WRAP, CKA_TRUSTED, CKA_DERIVE})
    set_default(public_half, type, of_bool(false));
}

void set_generated(Attributes& attributes, CK_OBJECT_CLASS object_class, const CK_MECHANISM& mechanism) {
  attributes[CKA_CLASS] = of_ulong(object_class);
  attributes[CKA_LOCAL] = of_bool(true);
  attributes[CKA_KEY_GEN_MECHANISM] = of_ulong(mechanism.mechanism);
  for (const CK_ATTRIBUTE_TYPE type : {CKA_ID, CKA_SUBJECT, CKA_START_DATE, CKA_END_DATE})
    set_default(attributes, type, {});
}

CK_RV generate_in_session(Module& module, const Session& session, const CK_MECHANISM& mechanism, Family family,
                          Attributes public_half, Attributes private_half, CK_OBJECT_HANDLE& public_out,
                          CK_OBJECT_HANDLE& private_out) {
  SoftKey key;
  if (family == Family::ec_pair) CHECK_RV(generate_ec(bytes_at(public_half, CKA_EC_PARAMS), key));
  if (family == Family::rsa_pair) {
    CHECK_RV(generate_rsa(ulong_at(public_half, CKA_MODULUS_BITS).value_or(0),
                          bytes_at(public_half, CKA_PUBLIC_EXPONENT), key));
  }
  set_uses(public_half, private_half);
  set_generated(public_half, CKO_PUBLIC_KEY, mechanism);
  set_generated(private_half, CKO_PRIVATE_KEY, mechanism);
  set_private_defaults(private_half);
  private_half[CKA_ALWAYS_SENSITIVE] = of_bool(is_true(private_half, CKA_SENSITIVE, true));
  private_half[CKA_NEVER_EXTRACTABLE] = of_bool(!is_true(private_half, CKA_EXTRACTABLE, false));
  add_public_numbers(key.get(), CKO_PUBLIC_KEY, public_half);
  add_public_numbers(key.get(), CKO_PRIVATE_KEY, private_half);
  Object made_private;
  made_private.attributes = std::move(private_half);
  made_private.soft = key;
  Object made_public;
  made_public.attributes = std::move(public_half);
  made_public.soft = key;  // only its public half is ever used through this object
  CHECK_RV(place_object(module, session, std::move(made_public), public_out));
  return place_object(module, session, std::move(made_private), private_out);
}

CK_RV check_pair(Family family, const Attributes& public_half, const Attributes& private_half) {
  const CK_KEY_TYPE type = family == Family::ec_pair ? CKK_EC : CKK_RSA;
  for (const Attributes* half : {&public_half, &private_half}) {
    if (ulong_at(*half, CKA_KEY_TYPE).value_or(type) != type) return CKR_TEMPLATE_INCONSISTENT;
    for (const CK_ATTRIBUTE_TYPE each : {CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_KEY_GEN_MECHANISM})
      if (half->contains(each)) return CKR_ATTRIBUTE_READ_ONLY;
  }
  const bool wrong_class = ulong_at(public_half, CKA_CLASS).value_or(CKO_PUBLIC_KEY) != CKO_PUBLIC_KEY ||
                           ulong_at(private_half, CKA_CLASS).value_or(CKO_PRIVATE_KEY) != CKO_PRIVATE_KEY;
  if (wrong_class) return CKR_TEMPLATE_INCONSISTENT;
  const bool whole = public_half.contains(family == Family::ec_pair ? CKA_EC_PARAMS : CKA_MODULUS_BITS);
  return whole ? CKR_OK : CKR_TEMPLATE_INCOMPLETE;
}

}  // namespace

void set_private_defaults(Attributes& attributes) {
  set_default(attributes, CKA_SENSITIVE, of_bool(true));
  for (const CK_ATTRIBUTE_TYPE type : {CKA_EXTRACTABLE, CKA_DECRYPT, CKA_SIGN, CKA_SIGN_RECOVER, CKA_UNWRAP, CKA_DERIVE,
                                       CKA_WRAP_WITH_TRUSTED, CKA_ALWAYS_AUTHENTICATE})
    set_default(attributes, type, of_bool(false));
  set_default(attributes, CKA_SUBJECT, {});
}

CK_RV generate_pair(Module& module, const Session& session, const CK_MECHANISM& mechanism, Attributes public_half,
                    Attributes private_half, CK_OBJECT_HANDLE& public_out, CK_OBJECT_HANDLE& private_out) {
  const Mechanism* const row = find_mechanism(mechanism.mechanism, CKF_GENERATE_KEY_PAIR);
  if (row == nullptr) return CKR_MECHANISM_INVALID;
  if (mechanism.ulParameterLen != 0) return CKR_MECHANISM_PARAM_INVALID;
  CHECK_RV(check_pair(row->family, public_half, private_half));
  const bool in_token = is_true(private_half, CKA_TOKEN, false);
  // Both halves of a key in the token are objects of the token.
  if (in_token) public_half[CKA_TOKEN] = of_bool(true);
  set_common(public_half, false);
  set_common(private_half, true);
  CHECK_RV(module.may_write(session, public_half));
  CHECK_RV(module.may_write(session, private_half));
  if (in_token) return generate_in_token(module, row->family, public_half, private_half, public_out, private_out);
  return generate_in_session(module, session, mechanism, row->family, std::move(public_half), std::move(private_half),
                             public_out, private_out);
}

CK_RV import_pair(Module& module, const SoftKey& key, Attributes given, CK_OBJECT_HANDLE& out) {
  CHECK_RV(check_token_key(given));
  const std::string_view act = act_of(given);
  const Secret pkcs8 = pkcs8_of(key.get());
  if (pkcs8.empty()) return CKR_FUNCTION_FAILED;
  const auto made = make_named(given, [&](const std::string& label) {
    return module.backend().import_key(label, act == "sign" ? Purpose::tls : Purpose::storage,
                                       use_of(act, is_rsa(key.get())), pkcs8);
  });
  if (!made) return rv_of(made.error());
  KeyRecord record{.label = {}, .private_half = given_names(given), .public_half = {}};
  record.public_gone = true;  // whoever imports a pair brings the public key as an object of its own
  return adopt(module, *made, std::move(record), out, nullptr);
}

}  // namespace signet::pkcs11
