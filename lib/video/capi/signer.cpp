// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/video_signer.hpp"

#include "capi.hpp"
#include "ossl.hpp"

#include <openssl/pem.h>

using namespace signet;
using namespace signet::video;
using namespace signet::video::capi;

namespace {

constexpr std::size_t k_signature_size_bytes_max = 1024;

/// A key of the caller's, wherever it lives.
class CallbackSigner : public crypto::Signer {
 public:
  CallbackSigner(crypto::PublicKey key, signet_video_sign_fn sign_with, void* user)
      : key_(std::move(key)), sign_(sign_with), user_(user) {}
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return key_; }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme, ByteView input) override {
    Bytes signature(k_signature_size_bytes_max);
    std::size_t size = signature.size();
    if (sign_(user_, as_uchar(input), input.size(), as_uchar(ByteSpan(signature)), &size) != 0 ||
        size > signature.size()) {
      return Error(Errc::denied, "video.sign", "the caller's key did not sign");
    }
    signature.resize(size);
    return signature;
  }

 private:
  crypto::PublicKey key_;
  signet_video_sign_fn sign_;
  void* user_;
};

/// A key in a PEM file, for tests and trials: products keep theirs in hardware, behind the callback.
class PemSigner : public crypto::Signer {
 public:
  static Result<std::shared_ptr<crypto::Signer>> open(const std::string& path) {
    const ossl::Bio file(BIO_new_file(path.c_str(), "r"));
    const auto no_passphrase = [](char*, int, int, void*) { return 0; };
    ossl::EvpPkey key(file ? PEM_read_bio_PrivateKey(file.get(), nullptr, no_passphrase, nullptr) : nullptr);
    if (key == nullptr) {
      return ossl::take_error(Errc::denied, "video.key-file", "the key file cannot be read",
                              "It must be a private key in PEM without passphrase.");
    }
    TRY_ASSIGN(crypto::PublicKey public_key, ossl::from_evp(key.get()));
    return std::shared_ptr<crypto::Signer>(new PemSigner(std::move(key), std::move(public_key)));
  }
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return public_key_; }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme scheme, ByteView input) override {
    const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key_.get(), nullptr));
    Bytes signature(k_signature_size_bytes_max);
    std::size_t size = signature.size();
    bool is_good = ctx != nullptr && EVP_PKEY_sign_init(ctx.get()) == 1;
    if (is_good) TRY(ossl::apply_scheme(ctx.get(), scheme));
    is_good =
        is_good && EVP_PKEY_sign(ctx.get(), as_uchar(ByteSpan(signature)), &size, as_uchar(input), input.size()) == 1;
    if (!is_good) return ossl::take_error(Errc::denied, "video.sign", "the key did not sign");
    signature.resize(size);
    return signature;
  }

 private:
  PemSigner(ossl::EvpPkey key, crypto::PublicKey public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}
  ossl::EvpPkey key_;
  crypto::PublicKey public_key_;
};

std::string text_of(const char* text) { return text == nullptr ? std::string() : std::string(text); }

Result<SignOptions> sign_options(const signet_video_sign_options& given) {
  SignOptions options;
  TRY_ASSIGN(options.codec, codec_of(given.codec));
  if (given.format != SIGNET_VIDEO_FORMAT_ONVIF && given.format != SIGNET_VIDEO_FORMAT_AXIS_V2) {
    return usage("an unknown format");
  }
  options.profile = given.format == SIGNET_VIDEO_FORMAT_ONVIF ? Profile::onvif : Profile::axis_v2;
  if (given.hash_bits != 0 && given.hash_bits != 256 && given.hash_bits != 384 && given.hash_bits != 512) {
    return usage("an unknown hash");
  }
  if (given.hash_bits == 384) options.hash = crypto::HashAlgorithm::sha384;
  if (given.hash_bits == 512) options.hash = crypto::HashAlgorithm::sha512;
  if (given.partial_gop_frames_max != 0) options.partial_gop_frames_max = given.partial_gop_frames_max;
  if (given.sign_every != 0) options.sign_every = given.sign_every;
  options.hash_list = given.low_bitrate == 0;
  options.certificate_sei = given.certificate_sei != 0;
  options.parameter_sets = given.sign_parameters != 0;
  options.hash_list_entries_max = given.hash_list_entries_max;
  TRY_ASSIGN(options.chain, certificates_of(given.chain_pem, given.chain_pem_size));
  options.device = {.manufacturer = text_of(given.manufacturer),
                    .hardware = text_of(given.hardware),
                    .firmware = text_of(given.firmware),
                    .serial = text_of(given.serial),
                    .address = text_of(given.address),
                    .signer_version = {}};
  return options;
}

Result<std::shared_ptr<crypto::Signer>> key_of(const signet_video_sign_options& given, const SignOptions& options) {
  constexpr std::string_view k_file = "file:";
  if ((given.key_uri == nullptr) == (given.sign == nullptr))
    return usage("either a key's URI or a function that signs");
  if (given.key_uri != nullptr) {
    const std::string_view uri(given.key_uri);
    if (!uri.starts_with(k_file)) return usage("a key's URI that does not begin with file:");
    return PemSigner::open(std::string(uri.substr(k_file.size())));
  }
  if (given.public_key_pem == nullptr && options.chain.empty()) return usage("neither public key nor certificate");
  TRY_ASSIGN(crypto::PublicKey key, given.public_key_pem != nullptr ? crypto::PublicKey::from_pem(given.public_key_pem)
                                                                    : options.chain.front().public_key());
  return std::shared_ptr<crypto::Signer>(std::make_shared<CallbackSigner>(std::move(key), given.sign, given.sign_user));
}

Result<void> emit_all(const std::vector<Bytes>& units, signet_video_emit_fn emit, void* user) {
  if (!units.empty() && emit == nullptr) return usage("no function that takes signatures");
  for (const Bytes& each : units) emit(user, as_uchar(each), each.size());
  return {};
}

}  // namespace

struct signet_video_signer {
  StreamSigner signer;
  bool is_open = true;
};

SIGNET_VIDEO_EXPORT signet_video_status signet_video_signer_open(const signet_video_sign_options* options,
                                                                 signet_video_signer** signer,
                                                                 signet_video_error* error) {
  return guarded(error, [&]() -> Result<void> {
    if (options == nullptr || signer == nullptr) return usage("no options, or no place for the signer");
    *signer = nullptr;
    const signet_video_sign_options given = adopt(options);
    TRY_ASSIGN(const SignOptions made, sign_options(given));
    TRY_ASSIGN(const std::shared_ptr<crypto::Signer> key, key_of(given, made));
    TRY_ASSIGN(StreamSigner stream, StreamSigner::make(made, key));
    *signer = new signet_video_signer{std::move(stream)};
    return {};
  });
}

SIGNET_VIDEO_EXPORT signet_video_status signet_video_signer_add(signet_video_signer* signer, const void* unit,
                                                                size_t size, int64_t time_us, signet_video_emit_fn emit,
                                                                void* user, signet_video_error* error) {
  return guarded(error, [&]() -> Result<void> {
    if (signer == nullptr || unit == nullptr || !signer->is_open) return usage("no unit, or no signer that goes on");
    signer->is_open = false;
    TRY_ASSIGN(const std::vector<Bytes> before, signer->signer.add(view_of(unit, size), time_us));
    TRY(emit_all(before, emit, user));
    signer->is_open = true;
    return {};
  });
}

SIGNET_VIDEO_EXPORT signet_video_status signet_video_signer_finish(signet_video_signer* signer,
                                                                   signet_video_emit_fn emit, void* user,
                                                                   signet_video_error* error) {
  return guarded(error, [&]() -> Result<void> {
    if (signer == nullptr || !signer->is_open) return usage("no signer that goes on");
    signer->is_open = false;
    TRY_ASSIGN(const std::vector<Bytes> rest, signer->signer.finish());
    return emit_all(rest, emit, user);
  });
}

SIGNET_VIDEO_EXPORT void signet_video_signer_free(signet_video_signer* signer) { delete signer; }
