// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "own_session.hpp"

#include "ossl.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <span>

namespace signet::tpm {

namespace {

constexpr std::size_t k_digest_bytes = 32;
constexpr TPMA_SESSION k_attributes = TPMA_SESSION_CONTINUESESSION;

Bytes digest_of(ByteView bytes) { return crypto::digest(crypto::HashAlgorithm::sha256, bytes); }

/// Part 1, section 19.6.5: over the parameters, the newer nonce, the older one, and the session's attributes.
Bytes hmac_of(const Secret& auth, Bytes parameters, ByteView newer, ByteView older, TPMA_SESSION attributes) {
  append(parameters, newer);
  append(parameters, older);
  parameters.push_back(static_cast<std::byte>(attributes));
  ByteView key = auth.read(SecretAccess::for_cryptography());
  while (!key.empty() && key.back() == std::byte{0}) key = key.first(key.size() - 1);  // as TPMs do (section 17.6.4.3)
  Bytes out(k_digest_bytes);
  unsigned size = 0;
  ensure(HMAC(EVP_sha256(), as_uchar(key), static_cast<int>(key.size()), as_uchar(ByteView(parameters)),
              parameters.size(), as_uchar(ByteSpan(out)), &size) != nullptr &&
             size == k_digest_bytes,
         "OpenSSL computes an HMAC");
  return out;
}

}  // namespace

TSS2_RC OwnSession::open(ESYS_CONTEXT* esys) {
  TSS2_SYS_CONTEXT* sys = nullptr;
  const TSS2_RC found = Esys_GetSysContext(esys, &sys);
  if (found != TSS2_RC_SUCCESS) return found;
  const auto nonce = must_tpm2b<TPM2B_NONCE>(crypto::random_bytes(k_digest_bytes));
  const TPM2B_ENCRYPTED_SECRET no_salt{};
  const TPMT_SYM_DEF no_encryption{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
  TPM2B_NONCE answer{};
  answer.size = sizeof answer.buffer;
  const TSS2_RC rc = Tss2_Sys_StartAuthSession(sys, TPM2_RH_NULL, TPM2_RH_NULL, nullptr, &nonce, &no_salt, TPM2_SE_HMAC,
                                               &no_encryption, TPM2_ALG_SHA256, &handle_, &answer, nullptr);
  if (rc == TSS2_RC_SUCCESS) {
    nonce_tpm_ = bytes_of(answer);
  } else {
    handle_ = 0;
  }
  return rc;
}

void OwnSession::close(ESYS_CONTEXT* esys) noexcept {
  TSS2_SYS_CONTEXT* sys = nullptr;
  if (is_open() && Esys_GetSysContext(esys, &sys) == TSS2_RC_SUCCESS) (void)Tss2_Sys_FlushContext(sys, handle_);
  forget();
}

TSS2_RC OwnSession::authorise(TSS2_SYS_CONTEXT* sys, TPM2_CC code, const Authorised& key) {
  std::size_t size = 0;
  const std::uint8_t* parameters = nullptr;
  const TSS2_RC rc = Tss2_Sys_GetCpBuffer(sys, &size, &parameters);
  if (rc != TSS2_RC_SUCCESS) return rc;
  Bytes command;
  append_be32(command, code);
  append(command, key.name);
  append(command, std::as_bytes(std::span(parameters, size)));
  nonce_caller_ = crypto::random_bytes(k_digest_bytes);
  const Bytes hmac = hmac_of(key.auth, digest_of(command), nonce_caller_, nonce_tpm_, k_attributes);
  TSS2L_SYS_AUTH_COMMAND auths{};
  auths.count = 1;
  auths.auths[0].sessionHandle = handle_;
  auths.auths[0].nonce = must_tpm2b<TPM2B_NONCE>(nonce_caller_);
  auths.auths[0].sessionAttributes = k_attributes;
  auths.auths[0].hmac = must_tpm2b<TPM2B_AUTH>(hmac);
  return Tss2_Sys_SetCmdAuths(sys, &auths);
}

TSS2_RC OwnSession::check(TSS2_SYS_CONTEXT* sys, TPM2_CC code, const Authorised& key) {
  TSS2L_SYS_AUTH_RESPONSE auths{};
  auths.count = 1;
  TSS2_RC rc = Tss2_Sys_GetRspAuths(sys, &auths);
  if (rc != TSS2_RC_SUCCESS) return rc;
  std::size_t size = 0;
  const std::uint8_t* parameters = nullptr;
  rc = Tss2_Sys_GetRpBuffer(sys, &size, &parameters);
  if (rc != TSS2_RC_SUCCESS) return rc;
  const TPMS_AUTH_RESPONSE& said = auths.auths[0];
  Bytes answer;
  append_be32(answer, TPM2_RC_SUCCESS);
  append_be32(answer, code);
  append(answer, std::as_bytes(std::span(parameters, size)));
  Bytes nonce = bytes_of(said.nonce);
  const Bytes hmac = hmac_of(key.auth, digest_of(answer), nonce, nonce_caller_, said.sessionAttributes);
  const bool holds = auths.count == 1 && said.hmac.size == hmac.size() &&
                     CRYPTO_memcmp(said.hmac.buffer, hmac.data(), hmac.size()) == 0;
  if (!holds) return TSS2_ESYS_RC_RSP_AUTH_FAILED;
  nonce_tpm_ = std::move(nonce);
  return TSS2_RC_SUCCESS;
}

}  // namespace signet::tpm
