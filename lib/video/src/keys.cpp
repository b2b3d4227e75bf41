// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "keys.hpp"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <utility>

namespace signet::video {

namespace {

constexpr std::size_t k_keys_max = 8;

std::optional<StreamKey> stream_key(const Result<crypto::PublicKey>& key) {
  if (!key) return std::nullopt;
  auto evp = ossl::to_evp(*key);
  if (!evp) return std::nullopt;
  return StreamKey{.key = *key, .evp = std::shared_ptr<EVP_PKEY>(std::move(*evp))};
}

/// The keys that a SEI brings; what cannot be read is left out, and its signature then has no key.
std::vector<StreamKey> keys_of(const Sei& sei) {
  std::vector<StreamKey> keys;
  std::optional<StreamKey> bare;
  if (!sei.public_key_pem.empty()) bare = stream_key(crypto::PublicKey::from_pem(sei.public_key_pem));
  for (const ChainText& text : sei.chains) {
    auto chain = pki::Certificate::all_from_pem(text.pem);
    if (!chain) continue;
    const bool attests = sei.attestation && !sei.attestation->empty();
    auto key = attests ? std::exchange(bare, std::nullopt) : stream_key(chain->front().public_key());
    if (!key) continue;
    key->chain = std::move(*chain);
    if (attests) key->attestation = sei.attestation;
    key->user_provisioned = text.user_provisioned;
    keys.push_back(std::move(*key));
  }
  if (bare) keys.push_back(std::move(*bare));
  return keys;
}

/// All that a SEI brings of keys, as one text.
std::string text_of(const Sei& sei) {
  std::string text = sei.public_key_pem;
  for (const ChainText& chain : sei.chains) text += (chain.user_provisioned ? "\nuser\n" : "\nfactory\n") + chain.pem;
  if (sei.attestation) text += as_text(*sei.attestation);
  return text;
}

/// ONVIF Media Signing asks for RSA with PSS, Axis Signed Video for PKCS #1 v1.5.
bool holds(const StreamKey& key, Family family, crypto::HashAlgorithm hash, const Digest& digest, ByteView signature) {
  const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key.evp.get(), nullptr));
  const bool is_rsa = EVP_PKEY_is_a(key.evp.get(), "RSA") == 1;
  if (!is_rsa && EVP_PKEY_is_a(key.evp.get(), "EC") != 1) return false;
  bool is_good = ctx != nullptr && EVP_PKEY_verify_init(ctx.get()) == 1;
  if (is_good && is_rsa) {
    const int padding = family == Family::onvif ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    is_good = EVP_PKEY_CTX_set_rsa_padding(ctx.get(), padding) == 1;
    if (padding == RSA_PKCS1_PSS_PADDING) {
      is_good = is_good && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx.get(), RSA_PSS_SALTLEN_AUTO) == 1;
    }
  }
  is_good = is_good && EVP_PKEY_CTX_set_signature_md(ctx.get(), ossl::md_of(hash)) == 1 &&
            EVP_PKEY_verify(ctx.get(), as_uchar(signature), signature.size(), as_uchar(digest.view()),
                            digest.size_bytes) == 1;
  ERR_clear_error();
  return is_good;
}

}  // namespace

std::size_t KeyRing::keep(StreamKey key) {
  const auto known = std::ranges::find(keys_, key.key, &StreamKey::key);
  if (known != keys_.end()) {
    if (known->chain.empty()) {
      known->chain = std::move(key.chain);
      known->attestation = std::move(key.attestation);
      known->user_provisioned = key.user_provisioned;
    }
    return static_cast<std::size_t>(known - keys_.begin());
  }
  if (keys_.size() >= k_keys_max) {
    const auto unused = std::ranges::find(keys_, false, &StreamKey::has_signed);
    if (unused == keys_.end()) return k_keys_max;
    *unused = std::move(key);
    return static_cast<std::size_t>(unused - keys_.begin());
  }
  keys_.push_back(std::move(key));
  return keys_.size() - 1;
}

bool KeyRing::is_by_signer(Family family, crypto::HashAlgorithm hash, const Digest& digest, ByteView signature) const {
  return std::ranges::any_of(
      keys_, [&](const StreamKey& key) { return key.signs_pictures && holds(key, family, hash, digest, signature); });
}

Result<std::size_t> KeyRing::check(const Sei& sei, crypto::HashAlgorithm hash, const Digest& digest) {
  // Signers bring the same key with each SEI; reading it costs more than checking the signature.
  const std::string text = text_of(sei);
  std::vector<StreamKey> brought;
  if (text != known_text_) brought = keys_of(sei);
  const auto is_maker = [&](const StreamKey& key) { return holds(key, sei.family, hash, digest, sei.signature); };
  const auto own = std::ranges::find_if(brought, is_maker);
  const auto known = own == brought.end() ? std::ranges::find_if(keys_, is_maker) : keys_.end();
  if (own == brought.end() && known == keys_.end()) {
    if (brought.empty() && keys_.empty()) {
      return Error(Errc::not_found, "video.no-key", "the stream has not brought the key of this signature");
    }
    return Error(Errc::untrusted, "video.bad-signature", "the signature does not hold");
  }
  std::size_t maker = own == brought.end() ? static_cast<std::size_t>(known - keys_.begin()) : 0;
  const auto own_index = own - brought.begin();
  // The maker of a signature vouches for what it signed: keys that it brought along may sign later SEI.
  for (std::size_t i = 0; i < brought.size(); ++i) {
    const std::size_t index = keep(std::move(brought[i]));
    if (own_index == static_cast<std::ptrdiff_t>(i)) maker = index;
  }
  if (maker >= keys_.size()) return Error(Errc::exhausted, "video.no-key", "more than eight keys in one stream");
  keys_[maker].has_signed = true;
  known_text_ = text;
  return maker;
}

}  // namespace signet::video
