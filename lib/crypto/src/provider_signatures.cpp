// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Signatures of the provider: a Signer makes them, the public half checks them.
#include "provider_context.hpp"

#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace signet::ossl::provider {

namespace {

using crypto::SignatureScheme;

SignContext& context_of(void* context) { return *static_cast<SignContext*>(context); }

template <Kind kind>
void* new_context(void* /*provider*/, const char* /*properties*/) noexcept {
  return new SignContext{.kind = kind, .salt_bytes = RSA_PSS_SALTLEN_DIGEST};
}

void free_context(void* context) noexcept { delete static_cast<SignContext*>(context); }

void* dup_context(void* from) noexcept {
  const SignContext& old = context_of(from);
  auto copy = std::make_unique<SignContext>(SignContext{.kind = old.kind,
                                                        .signer = old.signer,
                                                        .public_half = another(old.public_half),
                                                        .hash = old.hash,
                                                        .mgf1_hash = old.mgf1_hash,
                                                        .pss = old.pss,
                                                        .salt_bytes = old.salt_bytes});
  if (old.hasher != nullptr) {
    copy->hasher.reset(EVP_MD_CTX_new());
    if (EVP_MD_CTX_copy_ex(copy->hasher.get(), old.hasher.get()) != 1) return nullptr;
  }
  return copy.release();
}

/// Takes the key; without one a context is used again with the key it has.
int begin(SignContext& context, const void* key, const OSSL_PARAM params[]) {
  if (key != nullptr) {
    const auto& data = *static_cast<const KeyData*>(key);
    context.signer = data.signer;
    context.public_half = another(data.public_half);
  }
  return context.public_half == nullptr ? 0 : set_context_params(&context, params);
}

int begin_signing(SignContext& context, const void* key, const OSSL_PARAM params[]) {
  if (begin(context, key, params) != 1) return 0;
  if (context.signer != nullptr) return 1;
  return refuse(
      Error(Errc::usage, "crypto.no-private-key", "only the public half of this key is here, so it cannot sign"));
}

/// Hands a signature out by OpenSSL's custom: without a buffer only its greatest size is asked for.
template <typename Make>
int give(const SignContext& context, unsigned char* to, std::size_t* size, std::size_t room, Make make) {
  if (to == nullptr) {
    *size = static_cast<std::size_t>(std::max(EVP_PKEY_get_size(context.public_half.get()), 0));
    return 1;
  }
  Result<Bytes> signature = make();
  if (!signature) return refuse(std::move(signature).error());
  if (signature->size() > room)
    return refuse(Error(Errc::internal, "crypto.signature-size", "a signature is larger than its buffer"));
  std::memcpy(to, signature->data(), signature->size());
  *size = signature->size();
  return 1;
}

/// Takes the hash that was named, or the key's own.
int choose_hash(SignContext& context, const char* name) {
  if (name != nullptr && *name != '\0') {
    auto hash = hash_named(name);
    if (!hash) return refuse(std::move(hash).error());
    context.hash = *hash;
  }
  if (context.hash) return 1;
  std::array<char, 32> usual{};
  if (EVP_PKEY_get_default_digest_name(context.public_half.get(), usual.data(), usual.size()) <= 0) return 0;
  auto hash = hash_named(usual.data());
  if (!hash) return refuse(std::move(hash).error());
  context.hash = *hash;
  return 1;
}

int begin_digest(SignContext& context, const char* hash_name) {
  if (context.kind == Kind::ed25519) {
    if (hash_name == nullptr || *hash_name == '\0') return 1;
    return refuse(Error(Errc::usage, "crypto.scheme", "Ed25519 signs messages, not digests", "Leave the hash out."));
  }
  if (choose_hash(context, hash_name) != 1) return 0;
  context.hasher.reset(EVP_MD_CTX_new());
  return EVP_DigestInit_ex2(context.hasher.get(), md_of(*context.hash), nullptr);
}

int update(void* of, const unsigned char* data, std::size_t size) noexcept {
  const SignContext& context = context_of(of);
  return context.hasher == nullptr ? 0 : EVP_DigestUpdate(context.hasher.get(), data, size);
}

Result<Bytes> finish_digest(const SignContext& context) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (context.hasher == nullptr || EVP_DigestFinal_ex(context.hasher.get(), digest.data(), &size) != 1) {
    return Error(Errc::internal, "crypto.sign", "a digest could not be finished");
  }
  return to_bytes(std::as_bytes(std::span(digest).first(size)));
}

// --- Signing: the Signer does it ---

int sign_init(void* of, void* key, const OSSL_PARAM params[]) noexcept {
  return begin_signing(context_of(of), key, params) == 1 ? choose_hash(context_of(of), nullptr) : 0;
}

int sign(void* of, unsigned char* to, std::size_t* size, std::size_t room, const unsigned char* digest,
         std::size_t digest_size) noexcept {
  const SignContext& context = context_of(of);
  return give(context, to, size, room, [&]() -> Result<Bytes> {
    TRY_ASSIGN(const SignatureScheme scheme, scheme_of(context));
    return context.signer->sign_digest(scheme, std::as_bytes(std::span(digest, digest_size)));
  });
}

int digest_sign_init(void* of, const char* hash_name, void* key, const OSSL_PARAM params[]) noexcept {
  SignContext& context = context_of(of);
  return begin_signing(context, key, params) == 1 ? begin_digest(context, hash_name) : 0;
}

int digest_sign_final(void* of, unsigned char* to, std::size_t* size, std::size_t room) noexcept {
  const SignContext& context = context_of(of);
  return give(context, to, size, room, [&]() -> Result<Bytes> {
    TRY_ASSIGN(const SignatureScheme scheme, scheme_of(context));
    TRY_ASSIGN(const Bytes digest, finish_digest(context));
    return context.signer->sign_digest(scheme, digest);
  });
}

int sign_message(void* of, unsigned char* to, std::size_t* size, std::size_t room, const unsigned char* message,
                 std::size_t message_size) noexcept {
  const SignContext& context = context_of(of);
  return give(context, to, size, room, [&]() -> Result<Bytes> {
    TRY_ASSIGN(const SignatureScheme scheme, scheme_of(context));
    return context.signer->sign(scheme, std::as_bytes(std::span(message, message_size)));
  });
}

// --- Verifying: the public half does it, in its own provider (a fresh certificate still holds our key) ---

int verify_init(void* of, void* key, const OSSL_PARAM params[]) noexcept {
  return begin(context_of(of), key, params) == 1 ? choose_hash(context_of(of), nullptr) : 0;
}

int verify(void* of, const unsigned char* signature, std::size_t signature_size, const unsigned char* digest,
           std::size_t digest_size) noexcept {
  const SignContext& context = context_of(of);
  const EvpPkeyCtx ctx(EVP_PKEY_CTX_new(context.public_half.get(), nullptr));
  bool ready = context.hash && EVP_PKEY_verify_init(ctx.get()) == 1;
  if (context.kind == Kind::rsa) {
    ready =
        ready && EVP_PKEY_CTX_set_rsa_padding(ctx.get(), context.pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1;
  }
  ready = ready && EVP_PKEY_CTX_set_signature_md(ctx.get(), md_of(*context.hash)) == 1;
  if (context.pss) {
    ready = ready && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx.get(), context.salt_bytes) == 1 &&
            EVP_PKEY_CTX_set_rsa_mgf1_md(ctx.get(), md_of(context.mgf1_hash.value_or(*context.hash))) == 1;
  }
  return ready && EVP_PKEY_verify(ctx.get(), signature, signature_size, digest, digest_size) == 1 ? 1 : 0;
}

int digest_verify_init(void* of, const char* hash_name, void* key, const OSSL_PARAM params[]) noexcept {
  SignContext& context = context_of(of);
  return begin(context, key, params) == 1 ? begin_digest(context, hash_name) : 0;
}

int digest_verify_final(void* of, const unsigned char* signature, std::size_t signature_size) noexcept {
  const auto digest = finish_digest(context_of(of));
  return digest ? verify(of, signature, signature_size, as_uchar(ByteView(*digest)), digest->size()) : 0;
}

int verify_message(void* of, const unsigned char* signature, std::size_t signature_size, const unsigned char* message,
                   std::size_t message_size) noexcept {
  const EvpMdCtx ctx(EVP_MD_CTX_new());
  const bool ready = EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, context_of(of).public_half.get()) == 1;
  return ready && EVP_DigestVerify(ctx.get(), signature, signature_size, message, message_size) == 1 ? 1 : 0;
}

template <Kind kind, typename... More>
auto table(More... more) {
  return std::array{entry(OSSL_FUNC_SIGNATURE_NEWCTX, new_context<kind>),
                    entry(OSSL_FUNC_SIGNATURE_FREECTX, free_context),
                    entry(OSSL_FUNC_SIGNATURE_DUPCTX, dup_context),
                    entry(OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, get_context_params),
                    entry(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, gettable_context_params),
                    entry(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, set_context_params),
                    entry(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, settable_context_params),
                    entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, digest_sign_init),
                    entry(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, digest_verify_init),
                    more...,
                    k_dispatch_end};
}

template <Kind kind>
const OSSL_DISPATCH* over_digests() {
  static const auto k_functions =
      table<kind>(entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, update),
                  entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, digest_sign_final),
                  entry(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, update),
                  entry(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, digest_verify_final),
                  entry(OSSL_FUNC_SIGNATURE_SIGN_INIT, sign_init), entry(OSSL_FUNC_SIGNATURE_SIGN, sign),
                  entry(OSSL_FUNC_SIGNATURE_VERIFY_INIT, verify_init), entry(OSSL_FUNC_SIGNATURE_VERIFY, verify));
  return k_functions.data();
}

const OSSL_DISPATCH* over_messages() {
  static const auto k_functions = table<Kind::ed25519>(entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, sign_message),
                                                       entry(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, verify_message));
  return k_functions.data();
}

}  // namespace

const char* signature_name(Kind kind) {
  constexpr std::array<const char*, 3> k_names{"SIGNET-ECDSA", "SIGNET-RSA", "SIGNET-ED25519"};
  return k_names.at(static_cast<std::size_t>(kind));
}

const OSSL_ALGORITHM* signature_algorithms() {
  static const std::array k_algorithms{
      OSSL_ALGORITHM{signature_name(Kind::ec), k_ours, over_digests<Kind::ec>(), "ECDSA by a key store"},
      OSSL_ALGORITHM{signature_name(Kind::rsa), k_ours, over_digests<Kind::rsa>(), "RSA by a key store"},
      OSSL_ALGORITHM{signature_name(Kind::ed25519), k_ours, over_messages(), "Ed25519 by a key store"},
      OSSL_ALGORITHM{nullptr, nullptr, nullptr, nullptr}};
  return k_algorithms.data();
}

}  // namespace signet::ossl::provider
