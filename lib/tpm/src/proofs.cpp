// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"
#include "policy_steps.hpp"

namespace signet::tpm {

namespace {

constexpr TPMT_SIG_SCHEME k_own_scheme{.scheme = TPM2_ALG_NULL, .details = {}};
constexpr TPMT_SYM_DEF k_no_encryption{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};

/// What a TPM gives as proof.
struct Said {
  Owned<TPM2B_ATTEST> statement;
  Owned<TPMT_SIGNATURE> signature;
  [[nodiscard]] Attestation take() const { return {bytes_of(*statement), marshal(*signature)}; }
};

}  // namespace

Result<Attestation> Tpm::certify(const Object& object, const Object& signer, ByteView qualifying_data) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto data, to_tpm2b<TPM2B_DATA>(qualifying_data));
  TRY_ASSIGN(const ESYS_TR one, connection_->authorization(object.state_->has_auth, 0));
  TRY_ASSIGN(const ESYS_TR two, connection_->authorization(signer.state_->has_auth, 1));
  Said said;
  TRY(connection_->run("certify an object", [&](ESYS_CONTEXT* esys) {
    return Esys_Certify(esys, object.state_->handle, signer.state_->handle, one, two, ESYS_TR_NONE, &data,
                        &k_own_scheme, said.statement.put(), said.signature.put());
  }));
  return said.take();
}

Result<Attestation> Tpm::certify_creation(const Primary& primary, const Object& signer, ByteView qualifying_data) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto data, to_tpm2b<TPM2B_DATA>(qualifying_data));
  TRY_ASSIGN(const auto hash, to_tpm2b<TPM2B_DIGEST>(primary.creation_hash));
  TRY_ASSIGN(const auto ticket, unmarshal<TPMT_TK_CREATION>(primary.creation_ticket, "a creation ticket"));
  TRY_ASSIGN(const ESYS_TR session, connection_->authorization(signer.state_->has_auth));
  Said said;
  TRY(connection_->run("certify a creation", [&](ESYS_CONTEXT* esys) {
    return Esys_CertifyCreation(esys, signer.state_->handle, primary.object.state_->handle, session, ESYS_TR_NONE,
                                ESYS_TR_NONE, &data, &hash, &k_own_scheme, &ticket, said.statement.put(),
                                said.signature.put());
  }));
  return said.take();
}

Result<std::pair<Attestation, std::vector<PcrValue>>> Tpm::quote(const Object& signer,
                                                                 const std::vector<unsigned>& pcrs,
                                                                 ByteView qualifying_data) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto data, to_tpm2b<TPM2B_DATA>(qualifying_data));
  TRY_ASSIGN(const ESYS_TR session, connection_->authorization(signer.state_->has_auth));
  for (int tries = 0; tries < 3; ++tries) {
    TRY_ASSIGN(auto values, read_pcrs(pcrs));
    const PcrCondition condition = condition_of({values});
    Said said;
    TRY(connection_->run("quote PCRs", [&](ESYS_CONTEXT* esys) {
      return Esys_Quote(esys, signer.state_->handle, session, ESYS_TR_NONE, ESYS_TR_NONE, &data, &k_own_scheme,
                        &condition.selection, said.statement.put(), said.signature.put());
    }));
    TRY_ASSIGN(const auto attest, unmarshal<TPMS_ATTEST>(view(*said.statement), "a statement"));
    // The digest is in the hash of the signer's scheme; with another than SHA-256, the reader compares.
    const ByteView quoted = view(attest.attested.quote.pcrDigest);
    if (quoted.size() != condition.digest.size() || equal(quoted, condition.digest)) {
      return std::pair(said.take(), std::move(values));
    }
  }
  return Error(Errc::unavailable, "tpm.pcr-changed", "PCRs change faster than they can be quoted", "try again");
}

Result<Attestation> Tpm::certify_nv(std::uint32_t index, const Object& signer, ByteView qualifying_data) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto data, to_tpm2b<TPM2B_DATA>(qualifying_data));
  TRY_ASSIGN(const NvPublic area, nv_public(index));
  TRY_ASSIGN(const auto known, Adopted::make(*connection_, index, "find an index"));
  TRY_ASSIGN(const ESYS_TR session, connection_->authorization(signer.state_->has_auth));
  Said said;
  TRY(connection_->run("certify an index", [&](ESYS_CONTEXT* esys) {
    return Esys_NV_Certify(esys, signer.state_->handle, known->get(), known->get(), session, ESYS_TR_PASSWORD,
                           ESYS_TR_NONE, &data, &k_own_scheme, area.size_bytes, 0, said.statement.put(),
                           said.signature.put());
  }));
  return said.take();
}

Result<std::pair<Bytes, Attestation>> Tpm::certify_state(const Object& signer, const Secret& endorsement_auth,
                                                         ByteView qualifying_data) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto data, to_tpm2b<TPM2B_DATA>(qualifying_data));
  ESYS_TR handle = ESYS_TR_NONE;
  connection_->drop_own();
  TRY(connection_->run("start an audit session", [&](ESYS_CONTEXT* esys) {
    return Esys_StartAuthSession(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr,
                                 TPM2_SE_HMAC, &k_no_encryption, TPM2_ALG_SHA256, &handle);
  }));
  const Transient audit(*connection_, handle);
  TRY(connection_->run("set up an audit session", [&](ESYS_CONTEXT* esys) {
    return Esys_TRSess_SetAttributes(esys, audit.get(), TPMA_SESSION_AUDIT | TPMA_SESSION_CONTINUESESSION, 0xff);
  }));
  TPMI_YES_NO more = TPM2_NO;
  Owned<TPMS_CAPABILITY_DATA> capability;
  TRY(connection_->run("read the hierarchies", [&](ESYS_CONTEXT* esys) {
    return Esys_GetCapability(esys, audit.get(), ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES, TPM2_PT_PERMANENT,
                              2, &more, capability.put());
  }));
  Bytes response{std::byte{more}};
  append(response, marshal(*capability));
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, ESYS_TR_RH_ENDORSEMENT, endorsement_auth));
  TRY_ASSIGN(const ESYS_TR session, connection_->authorization(signer.state_->has_auth, 1));
  Said said;
  TRY(connection_->run("certify the hierarchies", [&](ESYS_CONTEXT* esys) {
    return Esys_GetSessionAuditDigest(esys, ESYS_TR_RH_ENDORSEMENT, signer.state_->handle, audit.get(), held->session(),
                                      session, ESYS_TR_NONE, &data, &k_own_scheme, said.statement.put(),
                                      said.signature.put());
  }));
  return std::pair(std::move(response), said.take());
}

Result<Secret> Tpm::activate_credential(const Object& key, const Object& ek, const Secret& endorsement_auth,
                                        const Credential& credential) {
  const std::lock_guard lock(connection_->mutex());
  if (key.public_area().has(k_admin_with_policy)) {
    return Error(Errc::unsupported, "tpm.admin-policy", "this key is not for opening credentials, by its template",
                 "use a key made for attesting, and have it certify the other's creation");
  }
  TRY_ASSIGN(const auto blob, to_tpm2b<TPM2B_ID_OBJECT>(credential.blob));
  TRY_ASSIGN(const auto secret, to_tpm2b<TPM2B_ENCRYPTED_SECRET>(credential.secret));
  // EK Credential Profile, annex B: the low range opens with policy A (PolicySecret of the hierarchy), the high range
  // with its empty auth.
  std::unique_ptr<Transient> policy;
  if (!ek.public_area().has(k_user_with_auth)) {
    TRY_ASSIGN(policy, play(*connection_, {}));
    TRY_ASSIGN(const auto held, WithAuth::make(*connection_, ESYS_TR_RH_ENDORSEMENT, endorsement_auth));
    const TPM2B_NONCE nothing{};
    const TPM2B_DIGEST no_hash{};
    TRY(connection_->run("show the endorsement auth", [&](ESYS_CONTEXT* esys) {
      return Esys_PolicySecret(esys, ESYS_TR_RH_ENDORSEMENT, policy->get(), held->session(), ESYS_TR_NONE, ESYS_TR_NONE,
                               &nothing, &no_hash, &nothing, 0, nullptr, nullptr);
    }));
  }
  TRY_ASSIGN(const ESYS_TR session, connection_->session(0, Crypt::answer));
  Owned<TPM2B_DIGEST> opened;
  TRY(connection_->run("open a credential", [&](ESYS_CONTEXT* esys) {
    return Esys_ActivateCredential(esys, key.state_->handle, ek.state_->handle, session,
                                   policy == nullptr ? ESYS_TR_PASSWORD : policy->get(), ESYS_TR_NONE, &blob, &secret,
                                   opened.put());
  }));
  Secret out = Secret::copy_of(view(*opened));
  wipe(std::as_writable_bytes(area_of(*opened)));
  return out;
}

}  // namespace signet::tpm
