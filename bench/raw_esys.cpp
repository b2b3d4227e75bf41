// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "raw_esys.hpp"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include <cstdio>
#include <cstdlib>

namespace {

constexpr TPMT_SYM_DEF k_aes_128_cfb{.algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
constexpr TPM2B_AUTH k_auth{.size = 32, .buffer = {1, 2, 3}};

void must(TSS2_RC rc, const char* what) {
  if (rc == TSS2_RC_SUCCESS) return;
  std::fprintf(stderr, "bench_keystore: %s: 0x%x\n", what, rc);
  std::exit(1);
}

TPM2B_PUBLIC p256(TPMA_OBJECT attributes) {
  TPM2B_PUBLIC out{};
  out.publicArea.type = TPM2_ALG_ECC;
  out.publicArea.nameAlg = TPM2_ALG_SHA256;
  out.publicArea.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | attributes;
  TPMS_ECC_PARMS& parameters = out.publicArea.parameters.eccDetail;
  parameters.curveID = TPM2_ECC_NIST_P256;
  parameters.symmetric.algorithm = TPM2_ALG_NULL;
  parameters.scheme.scheme = TPM2_ALG_NULL;
  parameters.kdf.scheme = TPM2_ALG_NULL;
  return out;
}

}  // namespace

struct RawEsys::State {
  TSS2_TCTI_CONTEXT* tcti = nullptr;
  ESYS_CONTEXT* esys = nullptr;
  ESYS_TR parent = ESYS_TR_NONE;
  ESYS_TR key = ESYS_TR_NONE;
  ESYS_TR session = ESYS_TR_NONE;
};

RawEsys::RawEsys(const std::string& tcti) : state_(std::make_unique<State>()) {
  State& s = *state_;
  must(Tss2_TctiLdr_Initialize(tcti.c_str(), &s.tcti), "connect");
  must(Esys_Initialize(&s.esys, s.tcti, nullptr), "initialize");
  TPM2B_PUBLIC storage = p256(TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT);
  storage.publicArea.parameters.eccDetail.symmetric = {
      .algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
  TPM2B_SENSITIVE_CREATE sensitive{};
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION no_pcrs{};
  must(Esys_CreatePrimary(s.esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
                          &storage, &outside, &no_pcrs, &s.parent, nullptr, nullptr, nullptr, nullptr),
       "make a parent");
  must(Esys_StartAuthSession(s.esys, s.parent, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr,
                             TPM2_SE_HMAC, &k_aes_128_cfb, TPM2_ALG_SHA256, &s.session),
       "start a session");
  must(Esys_TRSess_SetAttributes(s.esys, s.session, TPMA_SESSION_CONTINUESESSION, 0xff), "keep the session");
  const TPM2B_PUBLIC wanted = p256(TPMA_OBJECT_SIGN_ENCRYPT);
  sensitive.sensitive.userAuth = k_auth;
  TPM2B_PRIVATE* private_area = nullptr;
  TPM2B_PUBLIC* public_area = nullptr;
  must(Esys_Create(s.esys, s.parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &wanted, &outside,
                   &no_pcrs, &private_area, &public_area, nullptr, nullptr, nullptr),
       "make a key");
  must(Esys_Load(s.esys, s.parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, private_area, public_area, &s.key),
       "load the key");
  Esys_Free(private_area);
  Esys_Free(public_area);
  must(Esys_TR_SetAuth(s.esys, s.key, &k_auth), "set the auth");
}

RawEsys::~RawEsys() {
  for (const ESYS_TR each : {state_->key, state_->session, state_->parent}) (void)Esys_FlushContext(state_->esys, each);
  Esys_Finalize(&state_->esys);
  Tss2_TctiLdr_Finalize(&state_->tcti);
}

void RawEsys::sign() {
  constexpr TPM2B_DIGEST k_digest{.size = 32, .buffer = {7, 7, 7}};
  constexpr TPMT_SIG_SCHEME k_scheme{.scheme = TPM2_ALG_ECDSA, .details = {.ecdsa = {.hashAlg = TPM2_ALG_SHA256}}};
  constexpr TPMT_TK_HASHCHECK k_no_ticket{.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL, .digest = {}};
  TPMT_SIGNATURE* signature = nullptr;
  must(Esys_Sign(state_->esys, state_->key, state_->session, ESYS_TR_NONE, ESYS_TR_NONE, &k_digest, &k_scheme,
                 &k_no_ticket, &signature),
       "sign");
  Esys_Free(signature);
}
