// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: pkcs11_calls_fuzz)
#include "operations.hpp"

#include <openssl/err.h>

#include <cstring>
#include <utility>

namespace signet::pkcs11 {

namespace {

constexpr CK_ULONG k_block = 16;
constexpr std::size_t k_buffered_bytes_max = 64U << 20U;  // GCM gives nothing out before the tag has been checked
constexpr int k_piece_max = 1 << 30;

CK_RV quietly(CK_RV code) {
  ERR_clear_error();
  return code;
}

const EVP_CIPHER* cipher_of(Family family, std::size_t key_bytes) {
  const bool small = key_bytes == 16;
  const bool middle = key_bytes == 24;
  switch (family) {
    case Family::aes_ecb:
      return small ? EVP_aes_128_ecb() : middle ? EVP_aes_192_ecb() : EVP_aes_256_ecb();
    case Family::aes_cbc:
    case Family::aes_cbc_pad:
      return small ? EVP_aes_128_cbc() : middle ? EVP_aes_192_cbc() : EVP_aes_256_cbc();
    case Family::aes_ctr:
      return small ? EVP_aes_128_ctr() : middle ? EVP_aes_192_ctr() : EVP_aes_256_ctr();
    default:
      return small ? EVP_aes_128_gcm() : middle ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
  }
}

bool is_blockwise(Family family) { return family == Family::aes_ecb || family == Family::aes_cbc; }

}  // namespace

CK_RV CipherOperation::begin(const CK_MECHANISM& mechanism, ObjectPtr key, CK_FLAGS use,
                             std::optional<CipherOperation>& out) {
  CipherOperation made;
  made.mechanism_ = find_mechanism(mechanism.mechanism, use);
  if (made.mechanism_ == nullptr) return CKR_MECHANISM_INVALID;
  made.encrypts_ = use == CKF_ENCRYPT;
  const bool oaep = made.mechanism_->family == Family::rsa_oaep;
  const CK_OBJECT_CLASS wanted = !oaep ? CKO_SECRET_KEY : made.encrypts_ ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY;
  if (key->object_class() != wanted || key->key_type() != (oaep ? CKK_RSA : CKK_AES)) return CKR_KEY_TYPE_INCONSISTENT;
  if (oaep ? key->soft == nullptr : key->secret == nullptr) return CKR_KEY_TYPE_INCONSISTENT;
  if (!key->is(made.encrypts_ ? CKA_ENCRYPT : CKA_DECRYPT)) return CKR_KEY_FUNCTION_NOT_PERMITTED;
  made.key_ = std::move(key);
  CHECK_RV(made.take_parameters(mechanism));
  out = std::move(made);
  return CKR_OK;
}

CK_RV CipherOperation::take_parameters(const CK_MECHANISM& mechanism) {
  const auto take = [&](auto& into) {
    if (mechanism.pParameter == nullptr || mechanism.ulParameterLen != sizeof into) return CKR_MECHANISM_PARAM_INVALID;
    std::memcpy(&into, mechanism.pParameter, sizeof into);
    return CKR_OK;
  };
  switch (mechanism_->family) {
    case Family::rsa_oaep: {
      CK_RSA_PKCS_OAEP_PARAMS given;
      CHECK_RV(take(given));
      oaep_hash_ = hash_of(given.hashAlg);
      const bool plain = given.source == 0 || (given.source == CKZ_DATA_SPECIFIED && given.ulSourceDataLen == 0);
      const bool same = (given.hashAlg == CKM_SHA256 && given.mgf == CKG_MGF1_SHA256) ||
                        (!key_->in_token() && given.hashAlg == CKM_SHA_1 && given.mgf == CKG_MGF1_SHA1);
      return plain && same ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
    }
    case Family::aes_ecb:
      return mechanism.ulParameterLen == 0 ? start_aes({}) : CKR_MECHANISM_PARAM_INVALID;
    case Family::aes_ctr: {
      CK_AES_CTR_PARAMS given;
      CHECK_RV(take(given));
      if (given.ulCounterBits == 0 || given.ulCounterBits > 128) return CKR_MECHANISM_PARAM_INVALID;
      return start_aes(std::as_bytes(std::span(given.cb)));
    }
    case Family::aes_gcm: {
      CK_GCM_PARAMS given;
      CHECK_RV(take(given));
      ByteView iv;
      ByteView associated;
      if (view_of(given.pIv, given.ulIvLen, iv) != CKR_OK || view_of(given.pAAD, given.ulAADLen, associated) != CKR_OK)
        return CKR_MECHANISM_PARAM_INVALID;
      const bool sound = !iv.empty() && iv.size() <= 256 && associated.size() <= k_buffered_bytes_max &&
                         given.ulTagBits % 8 == 0 && given.ulTagBits >= 96 && given.ulTagBits <= 128;
      if (!sound) return CKR_MECHANISM_PARAM_INVALID;
      iv_ = to_bytes(iv);
      associated_ = to_bytes(associated);
      tag_bytes_ = given.ulTagBits / 8;
      return CKR_OK;
    }
    default: {
      ByteView iv;
      if (view_of(mechanism.pParameter, mechanism.ulParameterLen, iv) != CKR_OK || iv.size() != k_block)
        return CKR_MECHANISM_PARAM_INVALID;
      return start_aes(iv);
    }
  }
}

CK_RV CipherOperation::start_aes(ByteView iv) {
  ctx_.reset(EVP_CIPHER_CTX_new());
  const ByteView value = key_->secret->read(SecretAccess::for_cryptography());
  const EVP_CIPHER* const cipher = cipher_of(mechanism_->family, value.size());
  if (EVP_CipherInit_ex(ctx_.get(), cipher, nullptr, as_uchar(value), iv.empty() ? nullptr : as_uchar(iv),
                        encrypts_ ? 1 : 0) != 1)
    return quietly(CKR_FUNCTION_FAILED);
  EVP_CIPHER_CTX_set_padding(ctx_.get(), mechanism_->family == Family::aes_cbc_pad ? 1 : 0);
  return CKR_OK;
}

CK_ULONG CipherOperation::bound(CK_ULONG in_size) const {
  if (mechanism_->family == Family::rsa_oaep) return signature_bytes(key_->soft.get());
  if (ctx_ == nullptr) return data_.size() + in_size + (encrypts_ ? tag_bytes_ : 0);
  if (mechanism_->family == Family::aes_ctr) return in_size;
  const CK_ULONG whole = (size_in_ % k_block + in_size) / k_block * k_block;
  return mechanism_->family == Family::aes_cbc_pad ? whole + k_block : whole;
}

CK_RV CipherOperation::update(ByteView in, Bytes& out) {
  if (ctx_ == nullptr) {
    const std::size_t room = k_buffered_bytes_max - data_.size();
    if (in.size() > room) return encrypts_ ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
    append(data_, in);
    return CKR_OK;
  }
  if (in.size() > static_cast<std::size_t>(k_piece_max)) return CKR_DATA_LEN_RANGE;
  const std::size_t before = out.size();
  out.resize(before + in.size() + k_block);
  int made = 0;
  if (EVP_CipherUpdate(ctx_.get(), as_uchar(ByteSpan(out)) + before, &made, as_uchar(in),
                       static_cast<int>(in.size())) != 1)
    return quietly(CKR_FUNCTION_FAILED);
  out.resize(before + static_cast<std::size_t>(made));
  size_in_ += in.size();
  return CKR_OK;
}

CK_RV CipherOperation::finish(Backend& backend, Bytes& out) {
  if (mechanism_->family == Family::rsa_oaep) return finish_oaep(backend, out);
  if (mechanism_->family == Family::aes_gcm) return finish_gcm(out);
  const bool padded = mechanism_->family == Family::aes_cbc_pad;
  if (size_in_ % k_block != 0 && (is_blockwise(mechanism_->family) || (padded && !encrypts_)))
    return encrypts_ ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
  const std::size_t before = out.size();
  out.resize(before + k_block);
  int made = 0;
  if (EVP_CipherFinal_ex(ctx_.get(), as_uchar(ByteSpan(out)) + before, &made) != 1)
    return quietly(CKR_ENCRYPTED_DATA_INVALID);
  out.resize(before + static_cast<std::size_t>(made));
  return CKR_OK;
}

CK_RV CipherOperation::finish_gcm(Bytes& out) {
  if (!encrypts_ && data_.size() < tag_bytes_) return CKR_ENCRYPTED_DATA_LEN_RANGE;
  CHECK_RV(start_aes({}));
  const ByteView value = key_->secret->read(SecretAccess::for_cryptography());
  const std::size_t size = encrypts_ ? data_.size() : data_.size() - tag_bytes_;
  int made = 0;
  out.resize(size + tag_bytes_);
  unsigned char* const to = as_uchar(ByteSpan(out));
  const bool ready =
      EVP_CIPHER_CTX_ctrl(ctx_.get(), EVP_CTRL_GCM_SET_IVLEN, static_cast<int>(iv_.size()), nullptr) == 1 &&
      EVP_CipherInit_ex(ctx_.get(), nullptr, nullptr, as_uchar(value), as_uchar(ByteView(iv_)), encrypts_ ? 1 : 0) ==
          1 &&
      EVP_CipherUpdate(ctx_.get(), nullptr, &made, as_uchar(ByteView(associated_)),
                       static_cast<int>(associated_.size())) == 1 &&
      EVP_CipherUpdate(ctx_.get(), to, &made, as_uchar(ByteView(data_)), static_cast<int>(size)) == 1;
  if (!ready) return quietly(CKR_FUNCTION_FAILED);
  const int tag_size = static_cast<int>(tag_bytes_);
  if (!encrypts_ && EVP_CIPHER_CTX_ctrl(ctx_.get(), EVP_CTRL_GCM_SET_TAG, tag_size, data_.data() + size) != 1)
    return quietly(CKR_FUNCTION_FAILED);
  if (EVP_CipherFinal_ex(ctx_.get(), to + made, &made) != 1) {
    wipe(ByteSpan(out));
    out.clear();
    return quietly(CKR_ENCRYPTED_DATA_INVALID);
  }
  if (encrypts_ && EVP_CIPHER_CTX_ctrl(ctx_.get(), EVP_CTRL_GCM_GET_TAG, tag_size, to + size) != 1)
    return quietly(CKR_FUNCTION_FAILED);
  out.resize(encrypts_ ? size + tag_bytes_ : size);
  return CKR_OK;
}

CK_RV CipherOperation::finish_oaep(Backend& backend, Bytes& out) {
  if (!encrypts_ && data_.size() != signature_bytes(key_->soft.get())) return CKR_ENCRYPTED_DATA_LEN_RANGE;
  if (!key_->in_token()) return soft_oaep(key_->soft.get(), encrypts_, oaep_hash_, data_, out);
  const auto plain = backend.decrypt(*key_->key, data_);
  if (!plain) return rv_of(plain.error());
  out = to_bytes(plain->read(SecretAccess::for_export()));
  return CKR_OK;
}

}  // namespace signet::pkcs11
