// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"
#include "policy_steps.hpp"

#include <variant>

namespace signet::tpm {

namespace {

constexpr TPMT_SYM_DEF k_no_encryption{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};

/// What a step compares does not hold: the TPM has several codes for it, the user one reason.
Result<void> as_policy(Result<void> done) {
  if (done || done.error().reason() == "tpm.gone" || done.error().reason() == "tpm.lockout" ||
      done.error().reason() == "tpm.auth" || done.error().reason() == "tpm.no-space") {
    return done;
  }
  return Error(Errc::denied, "tpm.policy", done.error().text(), "what the policy demands does not hold on this device");
}

/// Each step as a command of the TPM.
class Player {
 public:
  Player(Connection& connection, ESYS_TR session, ESYS_TR named)
      : connection_(connection), session_(session), named_(named) {}

  Result<void> operator()(const PolicyPcr& step) {
    const PcrCondition condition = condition_of(step);
    const auto digest = must_tpm2b<TPM2B_DIGEST>(condition.digest);
    return connection_.run("compare PCRs", [&](ESYS_CONTEXT* esys) {
      return Esys_PolicyPCR(esys, session_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest, &condition.selection);
    });
  }

  Result<void> operator()(const PolicyNv& step) {
    TRY_ASSIGN(const auto operand, to_tpm2b<TPM2B_OPERAND>(step.operand));
    TRY_ASSIGN(const auto index, Adopted::make(connection_, step.index.index, "find the index of a policy"));
    return connection_.run("compare an index", [&](ESYS_CONTEXT* esys) {
      return Esys_PolicyNV(esys, index->get(), index->get(), session_, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                           &operand, 0, to_tpm(step.comparison));
    });
  }

  Result<void> operator()(const PolicyCommand& step) {
    return connection_.run("name the command", [&](ESYS_CONTEXT* esys) {
      return Esys_PolicyCommandCode(esys, session_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, step.command_code);
    });
  }

  Result<void> operator()(const PolicyCpHash& step) {
    TRY_ASSIGN(const auto hash, to_tpm2b<TPM2B_DIGEST>(step.cp_hash));
    return connection_.run("name the parameters", [&](ESYS_CONTEXT* esys) {
      return Esys_PolicyCpHash(esys, session_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &hash);
    });
  }

  Result<void> operator()(const PolicySecret& step) {
    if (named_ != ESYS_TR_NONE) return secret(named_, true);
    TRY_ASSIGN(const auto entity, Adopted::make(connection_, step.handle, "find the entity of a policy"));
    return secret(entity->get(), false);
  }

  Result<void> operator()(const PolicyResetCount& step) {
    TRY_ASSIGN(const auto operand, to_tpm2b<TPM2B_OPERAND>(operand_of(step)));
    return connection_.run("compare the power cycle", [&](ESYS_CONTEXT* esys) {
      return Esys_PolicyCounterTimer(esys, session_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &operand,
                                     k_reset_count_offset, TPM2_EO_EQ);
    });
  }

  Result<void> operator()(const PolicyAuthValue& /*step*/) {
    return connection_.run("ask for the key's auth as well", [&](ESYS_CONTEXT* esys) {
      return Esys_PolicyAuthValue(esys, session_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE);
    });
  }

  Result<void> operator()(const PolicyAuthorize& step) {
    TRY_ASSIGN(const auto approved, to_tpm2b<TPM2B_DIGEST>(step.approved));
    TRY_ASSIGN(const auto policy_ref, to_tpm2b<TPM2B_NONCE>(step.policy_ref));
    TRY_ASSIGN(const auto name, to_tpm2b<TPM2B_NAME>(step.key.name));
    Owned<TPMT_TK_VERIFIED> ticket;
    TRY(check_approval(step, ticket));
    return connection_.run("use an approval", [&](ESYS_CONTEXT* esys) {
      return Esys_PolicyAuthorize(esys, session_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &approved, &policy_ref,
                                  &name, &*ticket);
    });
  }

 private:
  Result<void> secret(ESYS_TR entity, bool has_auth) {
    const TPM2B_NONCE nothing{};
    const TPM2B_DIGEST no_hash{};
    TRY_ASSIGN(const ESYS_TR authorization, connection_.authorization(has_auth));
    return connection_.run("show that an auth is known", [&](ESYS_CONTEXT* esys) {
      return Esys_PolicySecret(esys, entity, session_, authorization, ESYS_TR_NONE, ESYS_TR_NONE, &nothing, &no_hash,
                               &nothing, 0, nullptr, nullptr);
    });
  }

  /// The TPM itself checks the signature; the key leaves at once, since slots are few.
  Result<void> check_approval(const PolicyAuthorize& step, Owned<TPMT_TK_VERIFIED>& ticket) {
    TPM2B_PUBLIC key{};
    TRY_ASSIGN(key.publicArea, unmarshal<TPMT_PUBLIC>(step.key.wire, "a public area"));
    TRY_ASSIGN(const auto signature, tpm_signature(step.scheme, step.signature));
    const auto digest = must_tpm2b<TPM2B_DIGEST>(
        crypto::digest(step.key.name_algorithm, approval_message(step.approved, step.policy_ref)));
    ESYS_TR handle = ESYS_TR_NONE;
    TRY(connection_.run("load the approving key", [&](ESYS_CONTEXT* esys) {
      return Esys_LoadExternal(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr, &key, ESYS_TR_RH_OWNER,
                               &handle);
    }));
    const Transient loaded(connection_, handle);
    return connection_.run("check an approval", [&](ESYS_CONTEXT* esys) {
      return Esys_VerifySignature(esys, loaded.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest, &signature,
                                  ticket.put());
    });
  }

  Connection& connection_;
  ESYS_TR session_;
  ESYS_TR named_;
};

}  // namespace

Result<std::unique_ptr<Transient>> play(Connection& connection, const Policy& policy, ESYS_TR named) {
  ESYS_TR handle = ESYS_TR_NONE;
  connection.drop_own();
  TRY(connection.run("start a policy session", [&](ESYS_CONTEXT* esys) {
    return Esys_StartAuthSession(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr,
                                 TPM2_SE_POLICY, &k_no_encryption, TPM2_ALG_SHA256, &handle);
  }));
  auto session = std::make_unique<Transient>(connection, handle);
  for (const PolicyStep& step : policy) TRY(as_policy(std::visit(Player(connection, handle, named), step)));
  return session;
}

}  // namespace signet::tpm
