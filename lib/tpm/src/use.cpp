// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

namespace signet::tpm {

namespace {

constexpr TPMT_TK_HASHCHECK k_no_ticket{.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL, .digest = {}};

Error wrong_scheme(crypto::SignatureScheme scheme) {
  return {Errc::unsupported, "crypto.scheme",
          "this key of the TPM does not sign " + std::string(crypto::name_of(scheme)),
          "use the scheme that the key was made for"};
}

/// A session that has met a key's policy; none where the key's auth alone opens it.
Result<std::unique_ptr<Transient>> met(Connection& connection, const Policy& policy) {
  if (policy.empty()) return std::unique_ptr<Transient>();
  return play(connection, policy);
}

/// The two sessions of a use whose answer is a secret: what authorises it, and what encrypts the answer.
class SecretUse {
 public:
  static Result<SecretUse> begin(Connection& connection, const Policy& policy) {
    SecretUse use;
    TRY_ASSIGN(use.policy_, met(connection, policy));
    TRY_ASSIGN(use.crypt_, connection.session(0, Crypt::answer));
    return use;
  }
  [[nodiscard]] ESYS_TR authorization() const { return policy_ ? policy_->get() : crypt_; }
  [[nodiscard]] ESYS_TR encryption() const { return policy_ ? crypt_ : ESYS_TR_NONE; }

 private:
  std::unique_ptr<Transient> policy_;
  ESYS_TR crypt_ = ESYS_TR_NONE;
};

/// A secret from the TPM, and no copy of it left behind.
template <typename B>
Secret take(B& answer) {
  Secret out = Secret::copy_of(view(answer));
  wipe(std::as_writable_bytes(area_of(answer)));
  return out;
}

}  // namespace

Result<Bytes> Tpm::sign(const Object& key, crypto::SignatureScheme scheme, ByteView digest) {
  const std::lock_guard lock(connection_->mutex());
  const Public& area = key.public_area();
  const auto hash = crypto::hash_of(scheme);
  if (!area.key || !hash || !crypto::fits(area.key->algorithm(), scheme) || (area.scheme && *area.scheme != scheme)) {
    return wrong_scheme(scheme);
  }
  if (area.has(k_restricted) || !area.has(k_sign)) {
    return Error(Errc::denied, "tpm.restricted", "this key signs only what the TPM itself says");
  }
  if (digest.size() != crypto::digest_size_bytes(*hash)) {
    return Error(Errc::usage, "crypto.digest-size", "the digest does not have the size of the scheme's hash");
  }
  const auto input = must_tpm2b<TPM2B_DIGEST>(digest);
  const TPMT_SIG_SCHEME how = to_tpm(scheme);
  const Object::State& state = *key.state_;
  if (!state.auth.empty() && state.policy.empty()) {
    TPMT_SIGNATURE made{};
    TRY(connection_->run_own(
        "sign", TPM2_CC_Sign, state.handle, area.name, state.auth,
        [&](TSS2_SYS_CONTEXT* sys, TPM2_HANDLE at) {
          return Tss2_Sys_Sign_Prepare(sys, at, &input, &how, &k_no_ticket);
        },
        [&](TSS2_SYS_CONTEXT* sys) { return Tss2_Sys_Sign_Complete(sys, &made); }));
    TRY_ASSIGN(PlainSignature plain, plain_signature(made));
    return std::move(plain.bytes);
  }
  TRY_ASSIGN(const auto policy, met(*connection_, state.policy));
  ESYS_TR session = policy ? policy->get() : ESYS_TR_NONE;
  if (!policy) {
    TRY_ASSIGN(session, connection_->authorization(state.has_auth));
  }
  Owned<TPMT_SIGNATURE> signature;
  TRY(connection_->run("sign", [&](ESYS_CONTEXT* esys) {
    return Esys_Sign(esys, state.handle, session, ESYS_TR_NONE, ESYS_TR_NONE, &input, &how, &k_no_ticket,
                     signature.put());
  }));
  TRY_ASSIGN(PlainSignature plain, plain_signature(*signature));
  return std::move(plain.bytes);
}

Result<Bytes> Tpm::rsa_private(const Object& key, ByteView block) {
  const std::lock_guard lock(connection_->mutex());
  const Public& area = key.public_area();
  if (area.kind != ObjectKind::rsa || area.has(k_restricted) || !area.has(k_sign | k_decrypt)) {
    return Error(Errc::denied, "tpm.restricted", "this key signs digests only");
  }
  TRY_ASSIGN(const auto full, unmarshal<TPMT_PUBLIC>(area.wire, "a public area"));
  const ByteView modulus = view(full.unique.rsa);
  if (block.size() != modulus.size() || !std::ranges::lexicographical_compare(block, modulus)) {
    return Error(Errc::invalid_input, "crypto.block", "a block is as long as the modulus, and smaller");
  }
  TRY_ASSIGN(const auto input, to_tpm2b<TPM2B_PUBLIC_KEY_RSA>(block));
  const TPMT_RSA_DECRYPT how{.scheme = TPM2_ALG_NULL, .details = {}};
  const TPM2B_DATA no_label{};
  // Signatures are no secrets: nothing is encrypted on the way.
  TPM2B_PUBLIC_KEY_RSA made{};
  made.size = sizeof made.buffer;
  const Object::State& state = *key.state_;
  if (state.auth.empty()) return Error(Errc::denied, "tpm.restricted", "this key has no auth of its own");
  TRY_ASSIGN(const auto policy, met(*connection_, state.policy));
  if (policy) {
    Owned<TPM2B_PUBLIC_KEY_RSA> answer;
    TRY(connection_->run("sign", [&](ESYS_CONTEXT* esys) {
      return Esys_RSA_Decrypt(esys, state.handle, policy->get(), ESYS_TR_NONE, ESYS_TR_NONE, &input, &how, &no_label,
                              answer.put());
    }));
    made = *answer;
  } else {
    TRY(connection_->run_own(
        "sign", TPM2_CC_RSA_Decrypt, state.handle, area.name, state.auth,
        [&](TSS2_SYS_CONTEXT* sys, TPM2_HANDLE at) {
          return Tss2_Sys_RSA_Decrypt_Prepare(sys, at, &input, &how, &no_label);
        },
        [&](TSS2_SYS_CONTEXT* sys) { return Tss2_Sys_RSA_Decrypt_Complete(sys, &made); }));
  }
  if (made.size > block.size()) return malformed("a signature");
  Bytes signature(block.size() - made.size);  // zeros in front, which a TPM may leave out
  append(signature, view(made));
  return signature;
}

Result<Secret> Tpm::decrypt(const Object& key, ByteView ciphertext) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto input, to_tpm2b<TPM2B_PUBLIC_KEY_RSA>(ciphertext));
  const TPMT_RSA_DECRYPT how{.scheme = TPM2_ALG_OAEP, .details = {.oaep = {.hashAlg = TPM2_ALG_SHA256}}};
  const TPM2B_DATA no_label{};
  TRY_ASSIGN(const SecretUse with, SecretUse::begin(*connection_, key.state_->policy));
  Owned<TPM2B_PUBLIC_KEY_RSA> message;
  TRY(connection_->run("decrypt", [&](ESYS_CONTEXT* esys) {
    return Esys_RSA_Decrypt(esys, key.state_->handle, with.authorization(), with.encryption(), ESYS_TR_NONE, &input,
                            &how, &no_label, message.put());
  }));
  return take(*message);
}

Result<Secret> Tpm::derive(const Object& key, const crypto::PublicKey& peer) {
  const std::lock_guard lock(connection_->mutex());
  if (!key.public_area().key || key.public_area().key->algorithm() != peer.algorithm() ||
      key.public_area().kind != ObjectKind::ecc) {
    return Error(Errc::unsupported, "tpm.key-unsupported", "the two keys are not on one curve");
  }
  TRY_ASSIGN(const TPMT_PUBLIC other, key_area(peer));
  TPM2B_ECC_POINT point{};
  point.point = other.unique.ecc;
  TRY_ASSIGN(const SecretUse with, SecretUse::begin(*connection_, key.state_->policy));
  Owned<TPM2B_ECC_POINT> shared;
  TRY(connection_->run("agree on a secret", [&](ESYS_CONTEXT* esys) {
    return Esys_ECDH_ZGen(esys, key.state_->handle, with.authorization(), with.encryption(), ESYS_TR_NONE, &point,
                          shared.put());
  }));
  // RFC 8422 and NIST SP 800-56A: the coordinate in the field's full size.
  const std::size_t field_size = other.unique.ecc.x.size;
  Secret padded(field_size);
  TPM2B_ECC_PARAMETER& x = shared->point.x;
  if (x.size > field_size) return malformed("a point");
  std::ranges::copy(view(x), padded.write(SecretAccess::for_cryptography()).last(x.size).begin());
  wipe(std::as_writable_bytes(std::span(&shared->point, 1)));
  return padded;
}

Result<Secret> Tpm::unseal(const Object& sealed, const Policy& policy, const Object* named) {
  const std::lock_guard lock(connection_->mutex());
  Owned<TPM2B_SENSITIVE_DATA> data;
  if (policy.empty()) {
    TRY_ASSIGN(const ESYS_TR session, connection_->session(0, Crypt::answer));
    TRY(connection_->run("unseal", [&](ESYS_CONTEXT* esys) {
      return Esys_Unseal(esys, sealed.state_->handle, session, ESYS_TR_NONE, ESYS_TR_NONE, data.put());
    }));
    return take(*data);
  }
  TRY_ASSIGN(const auto played, play(*connection_, policy, named == nullptr ? ESYS_TR_NONE : named->state_->handle));
  TRY_ASSIGN(const ESYS_TR session, connection_->session(0, Crypt::answer));
  TRY(connection_->run("unseal", [&](ESYS_CONTEXT* esys) {
    return Esys_Unseal(esys, sealed.state_->handle, played->get(), session, ESYS_TR_NONE, data.put());
  }));
  return take(*data);
}

}  // namespace signet::tpm
