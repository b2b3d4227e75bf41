// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "policy_steps.hpp"

#include <variant>

namespace signet::tpm {

namespace {

constexpr auto k_hash = crypto::HashAlgorithm::sha256;

Bytes zeros() { return Bytes(crypto::digest_size_bytes(k_hash)); }

/// What each step does to the digest; the clauses are those of Part 3.
class DigestOf {
 public:
  explicit DigestOf(Bytes before) : digest_(std::move(before)) {}

  Bytes operator()(const PolicyPcr& step) {  // 23.7
    const PcrCondition condition = condition_of(step);
    Bytes more = marshal(condition.selection);
    append(more, condition.digest);
    return extend(TPM2_CC_PolicyPCR, more);
  }
  Bytes operator()(const PolicyNv& step) {  // 23.9
    Bytes more = arguments(step.operand, 0, to_tpm(step.comparison));
    append(more, step.index.name);
    return extend(TPM2_CC_PolicyNV, more);
  }
  Bytes operator()(const PolicyCommand& step) {  // 23.11
    Bytes more;
    append_be32(more, step.command_code);
    return extend(TPM2_CC_PolicyCommandCode, more);
  }
  Bytes operator()(const PolicyCpHash& step) { return extend(TPM2_CC_PolicyCpHash, step.cp_hash); }  // 23.13
  Bytes operator()(const PolicySecret& step) {                                                       // 23.4
    return update(TPM2_CC_PolicySecret, step.entity_name, {});
  }
  Bytes operator()(const PolicyResetCount& step) {  // 23.10
    return extend(TPM2_CC_PolicyCounterTimer, arguments(operand_of(step), k_reset_count_offset, TPM2_EO_EQ));
  }
  Bytes operator()(const PolicyAuthValue& /*step*/) { return extend(TPM2_CC_PolicyAuthValue, {}); }  // 23.17
  Bytes operator()(const PolicyAuthorize& step) {  // 23.16: starts anew
    digest_ = zeros();
    return update(TPM2_CC_PolicyAuthorize, step.key.name, step.policy_ref);
  }

 private:
  [[nodiscard]] Bytes extend(TPM2_CC command, ByteView more) const {
    Bytes message = digest_;
    append_be32(message, command);
    append(message, more);
    return crypto::digest(k_hash, message);
  }
  /// PolicyUpdate() of section 23.2.3.
  [[nodiscard]] Bytes update(TPM2_CC command, ByteView name, ByteView policy_ref) const {
    Bytes message = extend(command, name);
    append(message, policy_ref);
    return crypto::digest(k_hash, message);
  }
  static Bytes arguments(ByteView operand, std::uint16_t offset, TPM2_EO operation) {
    Bytes message = to_bytes(operand);
    append_be16(message, offset);
    append_be16(message, operation);
    return crypto::digest(k_hash, message);
  }

  Bytes digest_;
};

}  // namespace

TPML_PCR_SELECTION select_sha256(const std::vector<unsigned>& pcrs) {
  TPML_PCR_SELECTION out{};
  out.count = 1;
  out.pcrSelections[0].hash = TPM2_ALG_SHA256;
  out.pcrSelections[0].sizeofSelect = 3;
  for (const unsigned pcr : pcrs) {
    ensure(pcr < k_pcrs, "a PCR has a number below 24");
    out.pcrSelections[0].pcrSelect[pcr / 8] |= static_cast<BYTE>(1U << (pcr % 8));
  }
  return out;
}

PcrCondition condition_of(const PolicyPcr& step) {
  std::vector<PcrValue> values = step.values;
  std::ranges::sort(values, {}, &PcrValue::index);
  std::vector<unsigned> indexes;
  Bytes all;
  for (const PcrValue& value : values) {
    ensure(value.bank == k_hash, "policies are over the SHA-256 bank");
    indexes.push_back(value.index);
    append(all, value.value);
  }
  return {.selection = select_sha256(indexes), .digest = crypto::digest(k_hash, all)};
}

TPM2_EO to_tpm(Comparison comparison) {
  switch (comparison) {
    case Comparison::less:
      return TPM2_EO_UNSIGNED_LT;
    case Comparison::less_or_equal:
      return TPM2_EO_UNSIGNED_LE;
    case Comparison::greater:
      return TPM2_EO_UNSIGNED_GT;
    case Comparison::equal:
      break;
  }
  return TPM2_EO_EQ;
}

Bytes operand_of(const PolicyResetCount& step) {
  Bytes operand;
  append_be32(operand, step.reset_count);
  return operand;
}

Bytes digest_of(const Policy& policy) {
  Bytes digest = zeros();
  for (const PolicyStep& step : policy) digest = std::visit(DigestOf(std::move(digest)), step);
  return digest;
}

Bytes approval_message(ByteView approved, ByteView policy_ref) {
  Bytes message = to_bytes(approved);
  append(message, policy_ref);
  return message;
}

Result<Public> external_public(const crypto::PublicKey& key) {
  TRY_ASSIGN(TPMT_PUBLIC area, key_area(key));
  area.objectAttributes = k_user_with_auth | k_sign;
  return Public::parse(marshal(area));
}

}  // namespace signet::tpm
