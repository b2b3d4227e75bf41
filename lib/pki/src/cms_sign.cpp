// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ensure.hpp"

#include "parsed.hpp"

#include <set>

namespace signet::pki {

namespace {

Result<void> check_key(const crypto::Signer& key, const Certificate& signer) {
  if (key.public_key().algorithm() == crypto::KeyAlgorithm::ed25519) {
    return Error(Errc::unsupported, "pki.cms-ed25519", "CMS signatures cannot be made with an Ed25519 key",
                 "Use a P-256, P-384 or RSA key.");
  }
  const auto certified = signer.public_key();
  if (!certified || !(*certified == key.public_key())) {
    return Error(Errc::usage, "pki.key-mismatch", "the certificate '" + signer.subject() + "' belongs to another key",
                 "Give the certificate that was issued for this key.");
  }
  return {};
}

Result<void> add_certificates(CMS_ContentInfo* cms, const Certificate& signer, std::span<const Certificate> chain) {
  std::set<Bytes> added{signer.der()};
  for (const Certificate& each : chain) {
    if (!added.insert(each.der()).second) continue;
    if (CMS_add1_cert(cms, each.parsed().x509.get()) != 1) {
      return ossl::take_error(Errc::internal, "pki.cms", "a certificate could not be added to a signature");
    }
  }
  return {};
}

}  // namespace

Result<Bytes> cms_sign(const std::shared_ptr<crypto::Signer>& key, const Certificate& signer,
                       std::span<const Certificate> chain, ByteView content) {
  ensure(key != nullptr, "cms_sign: a key");
  TRY(check_key(*key, signer));
  TRY_ASSIGN(const ossl::EvpPkey evp, ossl::signing_key(key));
  const auto hash = crypto::hash_of(crypto::default_scheme(key->public_key().algorithm()));
  constexpr unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL;
  const ossl::CmsInfo cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, flags));
  if (cms == nullptr ||
      CMS_add1_signer(cms.get(), signer.parsed().x509.get(), evp.get(), ossl::md_of(*hash), flags) == nullptr) {
    return ossl::take_error(Errc::internal, "pki.cms", "a signature could not be prepared");
  }
  TRY(add_certificates(cms.get(), signer, chain));
  const ossl::Bio input = ossl::memory_bio(content);
  if (CMS_final(cms.get(), input.get(), nullptr, flags) != 1) {
    return ossl::take_error(Errc::unavailable, "pki.cms-sign", "the key did not sign");
  }
  Bytes der = encode<i2d_CMS_ContentInfo>(cms.get());
  // A signature leaves only if it holds: a failing token is found here and not by a device in the field.
  TRY(cms_verify(der, content).context("check the signature just made"));
  return der;
}

}  // namespace signet::pki
