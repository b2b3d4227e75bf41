// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tpm_attest_fuzz)
#include "signet/tpm_data.hpp"

#include "ossl.hpp"
#include "tss.hpp"

#include <openssl/rsa.h>

namespace signet::tpm {

namespace {

constexpr TPM2_PT k_state_first = TPM2_PT_PERMANENT;
constexpr UINT32 k_state_count = 2;  // TPM_PT_PERMANENT and TPM_PT_STARTUP_CLEAR, which follows it

Error bad_signature() {
  return {Errc::untrusted, "tpm.bad-signature", "the TPM's statement is not signed by this key",
          "the statement was changed, or it is another TPM's"};
}

/// TPMs salt PSS with as much as fits or with the digest's length, by their age: the salt's length is read from the
/// signature (RFC 8017 section 9.1.2 leaves it to the verifier), everything else is as crypto demands it.
Result<void> verify_pss(const crypto::PublicKey& key, crypto::SignatureScheme scheme, ByteView message,
                        ByteView signature) {
  TRY_ASSIGN(const ossl::EvpPkey evp, ossl::to_evp(key));
  const ossl::EvpMdCtx ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* inner = nullptr;
  ensure(EVP_DigestVerifyInit(ctx.get(), &inner, ossl::md_of(*crypto::hash_of(scheme)), nullptr, evp.get()) == 1,
         "OpenSSL verifies");
  TRY(ossl::apply_scheme(inner, scheme));
  ensure(EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_AUTO) == 1, "OpenSSL finds the salt");
  if (EVP_DigestVerify(ctx.get(), as_uchar(signature), signature.size(), as_uchar(message), message.size()) == 1) {
    return {};
  }
  return ossl::take_error(Errc::untrusted, "crypto.bad-signature", "the signature does not hold");
}

Result<void> check_signature(const Public& signer, const Attestation& attestation) {
  if (!signer.has(k_restricted | k_sign) || signer.has(k_decrypt) || !signer.key || !signer.scheme) {
    return Error(Errc::untrusted, "tpm.not-restricted",
                 "the key that signed is not a restricted signing key, so anybody may have made up what it signed",
                 "ask for a statement signed by the device's attestation key");
  }
  TRY_ASSIGN(const auto raw, unmarshal<TPMT_SIGNATURE>(attestation.signature, "a signature"));
  TRY_ASSIGN(const PlainSignature signature, plain_signature(raw));
  if (signature.scheme != *signer.scheme) return bad_signature();
  using enum crypto::SignatureScheme;
  const bool pss =
      signature.scheme == rsa_pss_sha256 || signature.scheme == rsa_pss_sha384 || signature.scheme == rsa_pss_sha512;
  const auto verified = pss ? verify_pss(*signer.key, signature.scheme, attestation.statement, signature.bytes)
                            : signer.key->verify(signature.scheme, attestation.statement, signature.bytes);
  if (!verified) return bad_signature();
  return {};
}

Error unknown_kind(const std::string& what) {
  return {Errc::unsupported, "tpm.attest-kind", "this kind of TPM statement is not used here: " + what};
}

Result<VerifiedAttest::Body> quoted(const TPMS_QUOTE_INFO& info) {
  Quoted out{.selection = {}, .pcr_digest = bytes_of(info.pcrDigest)};
  for (const TPMS_PCR_SELECTION& bank : std::span(info.pcrSelect.pcrSelections).first(info.pcrSelect.count)) {
    const auto algorithm = hash_from_tpm(bank.hash);
    if (!algorithm) return unknown_kind("a quote of a PCR bank weaker than SHA-256");
    std::vector<unsigned> indexes;
    for (unsigned i = 0; i < bank.sizeofSelect * 8U; ++i) {
      if ((bank.pcrSelect[i / 8] >> (i % 8) & 1) != 0) indexes.push_back(i);
    }
    out.selection.emplace_back(*algorithm, std::move(indexes));
  }
  return VerifiedAttest::Body(std::move(out));
}

Result<VerifiedAttest::Body> body_of(const TPMS_ATTEST& attest) {
  const TPMU_ATTEST& said = attest.attested;
  switch (attest.type) {
    case TPM2_ST_ATTEST_CERTIFY:
      return VerifiedAttest::Body(CertifiedObject{bytes_of(said.certify.name)});
    case TPM2_ST_ATTEST_CREATION:
      return VerifiedAttest::Body(
          CertifiedCreation{bytes_of(said.creation.objectName), bytes_of(said.creation.creationHash)});
    case TPM2_ST_ATTEST_QUOTE:
      return quoted(said.quote);
    case TPM2_ST_ATTEST_NV:
      return VerifiedAttest::Body(
          CertifiedNv{bytes_of(said.nv.indexName), said.nv.offset, bytes_of(said.nv.nvContents)});
    case TPM2_ST_ATTEST_SESSION_AUDIT:
      return VerifiedAttest::Body(
          AuditedSession{said.sessionAudit.exclusiveSession == TPM2_YES, bytes_of(said.sessionAudit.sessionDigest)});
    default:
      return unknown_kind("type " + std::to_string(attest.type));
  }
}

}  // namespace

Result<VerifiedAttest> verify(const Public& signer, const Attestation& attestation) {
  TRY(check_signature(signer, attestation));
  // Part 2, section 6.2: what starts so was made by the TPM; a restricted key signs no foreign digest of such bytes.
  if (attestation.statement.size() < 4 || get_be32(attestation.statement) != TPM2_GENERATED_VALUE) {
    return Error(Errc::untrusted, "tpm.not-generated", "this was signed by a TPM, but not made by it");
  }
  const auto type = attestation.statement.size() < 6 ? 0 : get_be16(ByteView(attestation.statement).subspan(4));
  if (type < TPM2_ST_ATTEST_NV || type > TPM2_ST_ATTEST_CREATION) {
    return unknown_kind("type " + std::to_string(type));
  }
  TRY_ASSIGN(const auto attest, unmarshal<TPMS_ATTEST>(attestation.statement, "a statement"));
  TRY_ASSIGN(auto body, body_of(attest));
  VerifiedAttest out;
  out.body_ = std::move(body);
  out.qualifying_data_ = bytes_of(attest.extraData);
  out.signer_qualified_name_ = bytes_of(attest.qualifiedSigner);
  out.clock_ = {.clock_ms = attest.clockInfo.clock,
                .reset_count = attest.clockInfo.resetCount,
                .restart_count = attest.clockInfo.restartCount,
                .safe = attest.clockInfo.safe == TPM2_YES};
  out.firmware_version_ = attest.firmwareVersion;
  return out;
}

Bytes state_audit_digest(ByteView response) {
  // Part 1, section 31: digest of (zeros || cpHash || rpHash), over commands without handles.
  Bytes command;
  append_be32(command, TPM2_CC_GetCapability);
  append_be32(command, TPM2_CAP_TPM_PROPERTIES);
  append_be32(command, k_state_first);
  append_be32(command, k_state_count);
  Bytes answer;
  append_be32(answer, TPM2_RC_SUCCESS);
  append_be32(answer, TPM2_CC_GetCapability);
  append(answer, response);
  Bytes session(crypto::digest_size_bytes(crypto::HashAlgorithm::sha256));
  append(session, crypto::digest(crypto::HashAlgorithm::sha256, command));
  append(session, crypto::digest(crypto::HashAlgorithm::sha256, answer));
  return crypto::digest(crypto::HashAlgorithm::sha256, session);
}

Result<HierarchyState> parse_hierarchy_state(ByteView response) {
  constexpr std::string_view k_what = "the answer of TPM2_GetCapability";
  if (response.empty() || (response[0] != std::byte{0} && response[0] != std::byte{1})) return malformed(k_what);
  TRY_ASSIGN(const auto data, unmarshal<TPMS_CAPABILITY_DATA>(response.subspan(1), k_what));
  const TPML_TAGGED_TPM_PROPERTY& list = data.data.tpmProperties;
  if (data.capability != TPM2_CAP_TPM_PROPERTIES || list.count != k_state_count ||
      list.tpmProperty[0].property != TPM2_PT_PERMANENT || list.tpmProperty[1].property != TPM2_PT_STARTUP_CLEAR) {
    return malformed(k_what);
  }
  const UINT32 permanent = list.tpmProperty[0].value;
  const UINT32 startup = list.tpmProperty[1].value;
  return HierarchyState{.owner_auth_set = (permanent & TPMA_PERMANENT_OWNERAUTHSET) != 0,
                        .endorsement_auth_set = (permanent & TPMA_PERMANENT_ENDORSEMENTAUTHSET) != 0,
                        .lockout_auth_set = (permanent & TPMA_PERMANENT_LOCKOUTAUTHSET) != 0,
                        .clear_disabled = (permanent & TPMA_PERMANENT_DISABLECLEAR) != 0,
                        .in_lockout = (permanent & TPMA_PERMANENT_INLOCKOUT) != 0,
                        .platform_enabled = (startup & TPMA_STARTUP_CLEAR_PHENABLE) != 0};
}

}  // namespace signet::tpm
