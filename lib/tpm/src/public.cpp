// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tpm_public_fuzz)
#include "signet/tpm_data.hpp"

#include "tss.hpp"

namespace signet::tpm {

namespace {

std::optional<ObjectKind> kind_of(TPMI_ALG_PUBLIC type) {
  switch (type) {
    case TPM2_ALG_RSA:
      return ObjectKind::rsa;
    case TPM2_ALG_ECC:
      return ObjectKind::ecc;
    case TPM2_ALG_KEYEDHASH:
      return ObjectKind::keyed_hash;
    case TPM2_ALG_SYMCIPHER:
      return ObjectKind::symmetric;
    default:
      return std::nullopt;
  }
}

std::optional<crypto::SignatureScheme> scheme_of(const TPMT_PUBLIC& area) {
  // The schemes of both kinds have the same layout, but other types: each is read as what it is.
  if (area.type == TPM2_ALG_ECC) {
    const TPMT_ECC_SCHEME& scheme = area.parameters.eccDetail.scheme;
    return scheme_from_tpm(scheme.scheme, scheme.details.anySig.hashAlg);
  }
  if (area.type == TPM2_ALG_RSA) {
    const TPMT_RSA_SCHEME& scheme = area.parameters.rsaDetail.scheme;
    return scheme_from_tpm(scheme.scheme, scheme.details.anySig.hashAlg);
  }
  return std::nullopt;
}

}  // namespace

Result<Public> Public::parse(ByteView wire) {
  TRY_ASSIGN(const TPMT_PUBLIC area, unmarshal<TPMT_PUBLIC>(wire, "a public area"));
  const auto kind = kind_of(area.type);
  const auto name_algorithm = hash_from_tpm(area.nameAlg);
  if (!kind || !name_algorithm) return malformed("a public area with a name of SHA-256 or stronger");
  // Part 2, section 9.2: a policy has the size of the name's digest, or is empty.
  const Bytes policy = bytes_of(area.authPolicy);
  if (!policy.empty() && policy.size() != crypto::digest_size_bytes(*name_algorithm)) {
    return malformed("the policy of a public area");
  }
  TRY_ASSIGN(auto key, key_of(area));
  Public out{.wire = to_bytes(wire),
             .name = name_of_wire(*name_algorithm, wire),
             .kind = *kind,
             .name_algorithm = *name_algorithm,
             .attributes = area.objectAttributes,
             .auth_policy = policy,
             .key = std::move(key),
             .scheme = scheme_of(area)};
  if (out.key && out.scheme && !crypto::fits(out.key->algorithm(), *out.scheme)) return malformed("a signing scheme");
  return out;
}

Result<NvPublic> NvPublic::parse(ByteView wire) {
  TRY_ASSIGN(const TPMS_NV_PUBLIC area, unmarshal<TPMS_NV_PUBLIC>(wire, "the public area of an NV index"));
  const auto name_algorithm = hash_from_tpm(area.nameAlg);
  // Part 2, section 7.4: the first byte of an NV index's handle is 01.
  if (!name_algorithm || (area.nvIndex >> 24U) != TPM2_HT_NV_INDEX) return malformed("the public area of an NV index");
  const Bytes policy = bytes_of(area.authPolicy);
  if (!policy.empty() && policy.size() != crypto::digest_size_bytes(*name_algorithm)) {
    return malformed("the policy of an NV index");
  }
  return NvPublic{.index = area.nvIndex,
                  .attributes = area.attributes,
                  .auth_policy = policy,
                  .size_bytes = area.dataSize,
                  .wire = to_bytes(wire),
                  .name = name_of_wire(*name_algorithm, wire)};
}

NvPublic NvPublic::make(std::uint32_t index, std::uint32_t attributes, ByteView auth_policy, std::uint16_t size_bytes) {
  const TPMS_NV_PUBLIC area{.nvIndex = index,
                            .nameAlg = TPM2_ALG_SHA256,
                            .attributes = attributes,
                            .authPolicy = must_tpm2b<TPM2B_DIGEST>(auth_policy),
                            .dataSize = size_bytes};
  auto made = parse(marshal(area));
  ensure(made.has_value(), "an index of our own is well-formed");
  return *std::move(made);
}

}  // namespace signet::tpm
