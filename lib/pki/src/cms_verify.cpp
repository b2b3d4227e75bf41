// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: cms_fuzz)
#include "signet/core/ensure.hpp"

#include "parsed.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>

namespace signet::pki {

namespace {

constexpr std::size_t k_cms_size_bytes_max = 65'536;
constexpr int k_certificates_max = 16;

using OwnedCertificates = std::vector<Certificate>;

Error refused(const char* reason, std::string text) {
  return ossl::take_error(Errc::invalid_input, reason, std::move(text),
                          "Make a detached CMS signature with one signer, in DER.");
}

// RFC 5652 sections 5.1 and 5.3: version 1 names its signer by issuer and serial number, version 3 by key identifier.
// OpenSSL does not look, so another number would be a second spelling of the same signature.
Result<void> check_versions(const der::Element& version, ByteView signers) {
  der::Reader reader(signers);
  der::Reader info(reader.next(der::k_sequence).value_or(der::Element{}).content);
  const auto inner = info.next(der::k_integer);
  if (!inner) return {};  // without a signer; said later
  const std::byte expected = info.next(der::k_sequence) ? std::byte{1} : std::byte{3};
  for (const ByteView number : {version.content, inner->content}) {
    if (number.size() != 1 || number.front() != expected)
      return refused("pki.cms-malformed", "a CMS signature of an unknown version");
  }
  return {};
}

// What stands in SignedData (RFC 5652 section 5.1) besides certificates and signer: OpenSSL passes over certificates of
// other kinds.
Result<void> check_parts(ByteView der) {
  der::Reader outer(der);
  der::Reader info(outer.next(der::k_sequence).value_or(der::Element{}).content);
  if (!info.next(der::k_oid)) return refused("pki.cms-malformed", "not a CMS signature");
  der::Reader wrapped(info.next(der::context(0)).value_or(der::Element{}).content);
  der::Reader data(wrapped.next(der::k_sequence).value_or(der::Element{}).content);
  const auto version = data.next(der::k_integer);
  if (!version || !data.next(der::k_set) || !data.next(der::k_sequence)) {
    return refused("pki.cms-malformed", "not a CMS signature");
  }
  der::Reader certificates(data.next(der::context(0)).value_or(der::Element{}).content);
  while (!certificates.at_end()) {
    if (!certificates.next(der::k_sequence))
      return refused("pki.cms-certificates", "the signature carries certificates of another kind");
  }
  if (data.next(der::context(1))) return refused("pki.cms-certificates", "the signature carries revocation lists");
  return check_versions(*version, data.next(der::k_set).value_or(der::Element{}).content);
}

Result<OwnedCertificates> certificates_of(CMS_ContentInfo* cms) {
  struct FreeAll {
    void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, X509_free); }
  };
  const std::unique_ptr<STACK_OF(X509), FreeAll> stack(CMS_get1_certs(cms));
  const int count = sk_X509_num(stack.get());
  if (count > k_certificates_max)
    return refused("pki.cms-certificates", "the signature carries more than 16 certificates");
  OwnedCertificates certificates;
  for (int i = 0; i < count; ++i) {
    auto certificate = Certificate::from_der(encode<i2d_X509>(sk_X509_value(stack.get(), i)));
    if (!certificate) return refused("pki.cms-malformed", "a certificate in the signature cannot be read");
    if (std::ranges::find(certificates, *certificate) != certificates.end()) {
      return refused("pki.cms-certificates", "the signature carries a certificate twice");
    }
    certificates.push_back(*std::move(certificate));
  }
  return certificates;
}

// The digest is one of SHA-2, and the signature algorithm says the same or nothing (RFC 5754; RFC 3370 section 3.2).
Result<void> check_algorithms(CMS_SignerInfo* info) {
  struct Row {
    int digest;
    int rsa;
    int ecdsa;
  };
  constexpr std::array k_rows{Row{NID_sha256, NID_sha256WithRSAEncryption, NID_ecdsa_with_SHA256},
                              Row{NID_sha384, NID_sha384WithRSAEncryption, NID_ecdsa_with_SHA384},
                              Row{NID_sha512, NID_sha512WithRSAEncryption, NID_ecdsa_with_SHA512}};
  X509_ALGOR* digest = nullptr;
  X509_ALGOR* signature = nullptr;
  CMS_SignerInfo_get0_algs(info, nullptr, nullptr, &digest, &signature);
  const auto* row = std::ranges::find(k_rows, OBJ_obj2nid(digest->algorithm), &Row::digest);
  if (row == k_rows.end())
    return refused("pki.cms-weak", "the signature rests on a digest that is not SHA-256, SHA-384 or SHA-512");
  const int nid = OBJ_obj2nid(signature->algorithm);
  if (nid != row->rsa && nid != row->ecdsa && nid != NID_rsaEncryption) {
    return refused("pki.cms-unsupported", "the signature is of a kind that is not accepted here");
  }
  return {};
}

Result<void> check_attributes(CMS_SignerInfo* info) {
  if (CMS_unsigned_get_attr_count(info) > 0) {
    return refused("pki.cms-unsigned-attributes", "the signature carries attributes that it does not cover");
  }
  // Without signed attributes the content could itself be read as some (RFC 8933 section 2 names the confusion's cure:
  // having them).
  const bool has_both = CMS_signed_get_attr_by_NID(info, NID_pkcs9_contentType, -1) >= 0 &&
                        CMS_signed_get_attr_by_NID(info, NID_pkcs9_messageDigest, -1) >= 0;
  if (!has_both) return refused("pki.cms-no-attributes", "the signature has no signed attributes");
  return {};
}

Result<std::optional<Instant>> signing_time_of(CMS_SignerInfo* info) {
  const int at = CMS_signed_get_attr_by_NID(info, NID_pkcs9_signingTime, -1);
  if (at < 0) return std::optional<Instant>();
  X509_ATTRIBUTE* attribute = CMS_signed_get_attr(info, at);
  const ASN1_TYPE* value = X509_ATTRIBUTE_count(attribute) == 1 ? X509_ATTRIBUTE_get0_type(attribute, 0) : nullptr;
  const bool is_time = value != nullptr && (value->type == V_ASN1_UTCTIME || value->type == V_ASN1_GENERALIZEDTIME);
  if (!is_time) return refused("pki.cms-malformed", "the signing time cannot be read");
  auto time = instant_of(value->value.asn1_string);
  if (!time) return refused("pki.cms-malformed", "the signing time cannot be read");
  return std::optional(*time);
}

Result<ossl::CmsInfo> read(ByteView der) {
  if (der.size() > k_cms_size_bytes_max) return refused("pki.cms-too-large", "a CMS signature of more than 64 KiB");
  auto cms =
      decode<ossl::CmsInfo, d2i_CMS_ContentInfo, i2d_CMS_ContentInfo>(der, k_cms_size_bytes_max, "a CMS signature");
  if (!cms) return refused("pki.cms-malformed", cms.error().text());
  if (OBJ_obj2nid(CMS_get0_type(cms->get())) != NID_pkcs7_signed)
    return refused("pki.cms-malformed", "not a CMS signature");
  return cms;
}

}  // namespace

Result<CmsSigner> cms_verify(ByteView der, ByteView content) {
  TRY_ASSIGN(const ossl::CmsInfo cms, read(der));
  TRY(check_parts(der));
  ASN1_OCTET_STRING** attached = CMS_get0_content(cms.get());
  if (attached == nullptr || *attached != nullptr)
    return refused("pki.cms-attached", "the signature carries content of its own");
  if (OBJ_obj2nid(CMS_get0_eContentType(cms.get())) != NID_pkcs7_data) {
    return refused("pki.cms-malformed", "the signature is over something else than plain data");
  }
  STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms.get());
  if (sk_CMS_SignerInfo_num(signers) < 1) return refused("pki.cms-no-signer", "the file carries no signature");
  if (sk_CMS_SignerInfo_num(signers) > 1)
    return refused("pki.cms-several-signers", "the file carries several signatures");
  CMS_SignerInfo* info = sk_CMS_SignerInfo_value(signers, 0);
  TRY_ASSIGN(OwnedCertificates certificates, certificates_of(cms.get()));
  const auto signer = std::ranges::find_if(certificates, [info](const Certificate& each) {
    return CMS_SignerInfo_cert_cmp(info, each.parsed().x509.get()) == 0;
  });
  if (signer == certificates.end())
    return refused("pki.cms-no-signer", "the signature does not carry its signer's certificate");
  TRY(check_algorithms(info));
  TRY(check_attributes(info));
  TRY_ASSIGN(const auto signing_time, signing_time_of(info));
  CMS_SignerInfo_set1_signer_cert(info, signer->parsed().x509.get());
  const ossl::Bio input = ossl::memory_bio(content);
  constexpr unsigned flags = CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY;  // who the signer is, validate() judges
  if (CMS_verify(cms.get(), nullptr, nullptr, input.get(), nullptr, flags) != 1) {
    return ossl::take_error(Errc::untrusted, "pki.cms-bad-signature", "the signature does not belong to this content",
                            "The content or the signature was altered, or they are of two different files.");
  }
  Certificate who = *signer;
  certificates.erase(signer);
  return CmsSigner{std::move(who), std::move(certificates), signing_time};
}

}  // namespace signet::pki
