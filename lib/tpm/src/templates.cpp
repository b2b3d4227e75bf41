// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "templates.hpp"

namespace signet::tpm {

namespace {

using enum crypto::HashAlgorithm;

Bytes hex(std::string_view text) {
  auto bytes = from_hex(text);
  ensure(bytes.has_value(), "a constant is hexadecimal");
  return *std::move(bytes);
}

TPMT_PUBLIC ecc_area(TPM2_ECC_CURVE curve, crypto::HashAlgorithm name_algorithm) {
  TPMT_PUBLIC area{};
  area.type = TPM2_ALG_ECC;
  area.nameAlg = to_tpm(name_algorithm);
  TPMS_ECC_PARMS& ecc = area.parameters.eccDetail;
  ecc.symmetric.algorithm = TPM2_ALG_NULL;
  ecc.scheme.scheme = TPM2_ALG_NULL;
  ecc.curveID = curve;
  ecc.kdf.scheme = TPM2_ALG_NULL;
  return area;
}

TPMT_PUBLIC rsa_area(UINT16 bits) {
  TPMT_PUBLIC area{};
  area.type = TPM2_ALG_RSA;
  area.nameAlg = TPM2_ALG_SHA256;
  TPMS_RSA_PARMS& rsa = area.parameters.rsaDetail;
  rsa.symmetric.algorithm = TPM2_ALG_NULL;
  rsa.scheme.scheme = TPM2_ALG_NULL;
  rsa.keyBits = bits;
  return area;
}

void set_aes(TPMT_PUBLIC& area, UINT16 bits) {
  TPMT_SYM_DEF_OBJECT& symmetric =
      area.type == TPM2_ALG_RSA ? area.parameters.rsaDetail.symmetric : area.parameters.eccDetail.symmetric;
  symmetric.algorithm = TPM2_ALG_AES;
  symmetric.keyBits.aes = bits;
  symmetric.mode.aes = TPM2_ALG_CFB;
}

/// What IDevID and IAK share (section 7.3.4, table 19).
TPMT_PUBLIC devid_area(DevidTemplate which, std::string_view unique) {
  TPMT_PUBLIC area = which == DevidTemplate::h1_rsa2048 ? rsa_area(2048)
                     : which == DevidTemplate::h2_p256  ? ecc_area(TPM2_ECC_NIST_P256, sha256)
                                                        : ecc_area(TPM2_ECC_NIST_P384, sha384);
  area.objectAttributes =
      k_fixed_tpm | k_fixed_parent | k_sensitive_data_origin | k_user_with_auth | k_admin_with_policy | k_sign;
  if (area.type == TPM2_ALG_RSA) {
    area.unique.rsa = must_tpm2b<TPM2B_PUBLIC_KEY_RSA>(as_bytes(unique));
    return area;
  }
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
  area.parameters.eccDetail.scheme.details.ecdsa.hashAlg = area.nameAlg;
  area.unique.ecc.x = must_tpm2b<TPM2B_ECC_PARAMETER>(as_bytes(unique));
  area.unique.ecc.y = area.unique.ecc.x;
  return area;
}

TemplateFit compare(TPMT_PUBLIC wanted, const Public& area) {
  const auto is = unmarshal<TPMT_PUBLIC>(area.wire, "a public area");
  if (!is) return TemplateFit::differs;
  wanted.unique = is->unique;
  // Of another type, the unique field may not even marshal: the type is compared first.
  return wanted.type == is->type && marshal(wanted) == area.wire ? TemplateFit::fits : TemplateFit::differs;
}

constexpr EkTemplate k_ek_templates[] = {
    {0x01c00016, crypto::KeyAlgorithm::ec_p384, true},   {0x01c00014, crypto::KeyAlgorithm::ec_p256, true},
    {0x01c0000a, crypto::KeyAlgorithm::ec_p256, false},  {0x01c00012, crypto::KeyAlgorithm::rsa_2048, true},
    {0x01c00002, crypto::KeyAlgorithm::rsa_2048, false}, {0x01c0001c, crypto::KeyAlgorithm::rsa_3072, true}};

}  // namespace

std::string_view name_of(DevidTemplate which) {
  constexpr std::string_view k_names[] = {"H-1", "H-2", "H-3"};
  return k_names[static_cast<std::size_t>(which)];
}

TPMT_PUBLIC idevid_template(DevidTemplate which) {
  TPMT_PUBLIC area = devid_area(which, "IDEVID");
  area.authPolicy = must_tpm2b<TPM2B_DIGEST>(
      hex(which == DevidTemplate::h3_p384 ? "4db1aa836d0b5615df6ee53a40ef70c61c217f4303d446959259"
                                            "72bc927006cfa5cbdf6dc18c4dbe329b2f1542c3dd33"
                                          : "ad6b3a2284fd698a0710bf5cc1b9bdf15e2532e3f601fa4b93a6a8fa8de579ea"));
  return area;
}

TPMT_PUBLIC iak_template(DevidTemplate which) {
  TPMT_PUBLIC area = devid_area(which, "IAK");
  area.objectAttributes |= k_restricted;
  area.authPolicy = must_tpm2b<TPM2B_DIGEST>(
      hex(which == DevidTemplate::h3_p384 ? "129d94ebf84556652c6eef43bbb757512ac87e52be7b349ca6ce"
                                            "4d826f749fcf672f51716c5cbb605f313bf345aab312"
                                          : "5437182326e414fca797d5f174615a1641f61255797c3a2b22c21d120b2d1e07"));
  if (area.type == TPM2_ALG_RSA) {
    // A restricted signing key must have a scheme; peers take PSS.
    area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_RSAPSS;
    area.parameters.rsaDetail.scheme.details.rsapss.hashAlg = TPM2_ALG_SHA256;
  }
  return area;
}

TPMT_PUBLIC storage_template(std::string_view label, StorageKind kind) {
  TPMT_PUBLIC area = kind == StorageKind::rsa2048 ? rsa_area(2048) : ecc_area(TPM2_ECC_NIST_P256, sha256);
  area.objectAttributes =
      k_fixed_tpm | k_fixed_parent | k_sensitive_data_origin | k_user_with_auth | k_no_da | k_restricted | k_decrypt;
  set_aes(area, 128);
  const Bytes unique = crypto::digest(sha256, as_bytes(label));
  if (kind == StorageKind::rsa2048) {
    area.unique.rsa = must_tpm2b<TPM2B_PUBLIC_KEY_RSA>(unique);
  } else {
    area.unique.ecc.x = must_tpm2b<TPM2B_ECC_PARAMETER>(unique);
  }
  return area;
}

std::span<const EkTemplate> ek_templates() { return k_ek_templates; }

TPMT_PUBLIC ek_template(const EkTemplate& which) {
  const bool p384 = which.algorithm == crypto::KeyAlgorithm::ec_p384;
  const bool rsa =
      which.algorithm == crypto::KeyAlgorithm::rsa_2048 || which.algorithm == crypto::KeyAlgorithm::rsa_3072;
  TPMT_PUBLIC area = rsa    ? rsa_area(which.algorithm == crypto::KeyAlgorithm::rsa_2048 ? 2048 : 3072)
                     : p384 ? ecc_area(TPM2_ECC_NIST_P384, sha384)
                            : ecc_area(TPM2_ECC_NIST_P256, sha256);
  if (which.algorithm == crypto::KeyAlgorithm::rsa_3072) area.nameAlg = TPM2_ALG_SHA384;
  const bool strong = area.nameAlg == TPM2_ALG_SHA384;
  set_aes(area, strong ? 256 : 128);
  area.objectAttributes =
      k_fixed_tpm | k_fixed_parent | k_sensitive_data_origin | k_admin_with_policy | k_restricted | k_decrypt;
  if (which.high) {
    area.objectAttributes |= k_user_with_auth;
    area.authPolicy = must_tpm2b<TPM2B_DIGEST>(
        hex(strong ? "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12"
                   : "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0"));
    return area;
  }
  area.authPolicy = must_tpm2b<TPM2B_DIGEST>(hex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"));
  if (rsa) {
    area.unique.rsa = must_tpm2b<TPM2B_PUBLIC_KEY_RSA>(Bytes(256));
  } else {
    area.unique.ecc.x = must_tpm2b<TPM2B_ECC_PARAMETER>(Bytes(32));
    area.unique.ecc.y = area.unique.ecc.x;
  }
  return area;
}

Result<TPMT_PUBLIC> key_template(crypto::KeyAlgorithm algorithm) {
  switch (algorithm) {
    case crypto::KeyAlgorithm::ec_p256:
      return ecc_area(TPM2_ECC_NIST_P256, sha256);
    case crypto::KeyAlgorithm::ec_p384:
      return ecc_area(TPM2_ECC_NIST_P384, sha256);
    case crypto::KeyAlgorithm::rsa_2048:
      return rsa_area(2048);
    case crypto::KeyAlgorithm::rsa_3072:
      return rsa_area(3072);
    default:
      return Error(Errc::unsupported, "tpm.key-unsupported",
                   "no " + std::string(crypto::name_of(algorithm)) + " keys are made in a TPM",
                   "use p256, p384, rsa2048 or rsa3072");
  }
}

TemplateFit fits_iak(DevidTemplate which, const Public& area) { return compare(iak_template(which), area); }
TemplateFit fits_idevid(DevidTemplate which, const Public& area) { return compare(idevid_template(which), area); }

}  // namespace signet::tpm
