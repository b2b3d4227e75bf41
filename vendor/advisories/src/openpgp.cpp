// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "openpgp.hpp"

#include <gpgme.h>

#include <algorithm>

namespace signet::advisories {

namespace {

using Context = std::unique_ptr<gpgme_context, decltype([](gpgme_ctx_t context) { ::gpgme_release(context); })>;
using Data = std::unique_ptr<gpgme_data, decltype([](gpgme_data_t data) { ::gpgme_data_release(data); })>;
using Key = std::unique_ptr<_gpgme_key, decltype([](gpgme_key_t key) { ::gpgme_key_unref(key); })>;

Data data_of(ByteView bytes) {
  gpgme_data_t data = nullptr;
  if (::gpgme_data_new_from_mem(&data, reinterpret_cast<const char*>(bytes.data()), bytes.size(), 0) != 0) return {};
  return Data(data);
}

Data new_data() {
  gpgme_data_t data = nullptr;
  if (::gpgme_data_new(&data) != 0) return {};
  return Data(data);
}

/// What was written into it.
std::string text_of(Data data) {
  std::size_t size = 0;
  char* memory = ::gpgme_data_release_and_get_mem(data.release(), &size);
  std::string text = memory == nullptr ? std::string() : std::string(memory, size);
  ::gpgme_free(memory);
  return text;
}

Error unavailable(gpgme_error_t code) {
  return {Errc::unavailable, "openpgp.unavailable", "GnuPG cannot be used: " + printable(::gpgme_strerror(code)),
          "Install the packages gpg and gpg-agent, and look at the folder that --openpgp-home names."};
}

bool is_fingerprint(std::string_view text) {
  constexpr std::size_t k_digits_min = 40;
  return text.size() >= k_digits_min && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

}  // namespace

struct OpenPgpSigner::Impl {
  Context context;
  Key key;
  std::string fingerprint;
};

OpenPgpSigner::OpenPgpSigner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OpenPgpSigner::OpenPgpSigner(OpenPgpSigner&&) noexcept = default;
OpenPgpSigner& OpenPgpSigner::operator=(OpenPgpSigner&&) noexcept = default;
OpenPgpSigner::~OpenPgpSigner() = default;

const std::string& OpenPgpSigner::fingerprint() const { return impl_->fingerprint; }

Result<OpenPgpSigner> OpenPgpSigner::open(const OpenPgpKey& wanted) {
  const auto no_key = [&](const std::string& why) {
    return Error(Errc::not_found, "openpgp.key",
                 "the OpenPGP key " + printable(wanted.fingerprint, 80) + " cannot sign: " + why,
                 "`gpg --list-secret-keys --with-colons` shows the fingerprints of your keys.");
  };
  if (!is_fingerprint(wanted.fingerprint)) return no_key("this is no whole fingerprint");
  auto impl = std::make_unique<Impl>();
  ::gpgme_check_version(nullptr);
  gpgme_ctx_t context = nullptr;
  gpgme_error_t code = ::gpgme_new(&context);
  impl->context.reset(context);
  if (code == 0) code = ::gpgme_set_protocol(context, GPGME_PROTOCOL_OpenPGP);
  const std::string home = wanted.home.string();
  if (code == 0 && !home.empty()) {
    code = ::gpgme_ctx_set_engine_info(context, GPGME_PROTOCOL_OpenPGP, nullptr, home.c_str());
  }
  if (code != 0) return unavailable(code);
  ::gpgme_set_armor(context, 1);
  gpgme_key_t key = nullptr;
  code = ::gpgme_get_key(context, wanted.fingerprint.c_str(), &key, 1);
  impl->key.reset(key);
  if (::gpgme_err_code(code) == GPG_ERR_INV_ENGINE) return unavailable(code);
  if (code != 0 || key == nullptr) return no_key("there is no such secret key");
  if (key->can_sign == 0 || key->revoked != 0 || key->expired != 0 || key->disabled != 0) {
    return no_key("it is revoked, expired, or not for signing");
  }
  code = ::gpgme_signers_add(context, key);
  if (code != 0) return unavailable(code);
  impl->fingerprint = key->subkeys != nullptr && key->subkeys->fpr != nullptr ? key->subkeys->fpr : "";
  return OpenPgpSigner(std::move(impl));
}

Result<std::string> OpenPgpSigner::sign(ByteView document) {
  const Data plain = data_of(document);
  Data signature = new_data();
  const gpgme_error_t code = ::gpgme_op_sign(impl_->context.get(), plain.get(), signature.get(), GPGME_SIG_MODE_DETACH);
  if (code == 0) return text_of(std::move(signature));
  return Error(Errc::unavailable, "openpgp.sign", "GnuPG did not sign: " + printable(::gpgme_strerror(code)),
               "Is gpg-agent able to ask for the passphrase (GPG_TTY, pinentry), and the token plugged in?");
}

Result<void> OpenPgpSigner::check(ByteView document, ByteView signature) {
  const Data signed_data = data_of(document);
  const Data signature_data = data_of(signature);
  gpgme_ctx_t context = impl_->context.get();
  const gpgme_error_t code = ::gpgme_op_verify(context, signature_data.get(), signed_data.get(), nullptr);
  const auto* result = code == 0 ? ::gpgme_op_verify_result(context) : nullptr;
  for (const auto* one = result == nullptr ? nullptr : result->signatures; one != nullptr; one = one->next) {
    if (::gpgme_err_code(one->status) != GPG_ERR_NO_ERROR || one->fpr == nullptr) continue;
    for (const auto* part = impl_->key->subkeys; part != nullptr; part = part->next) {
      if (part->fpr != nullptr && std::string_view(part->fpr) == one->fpr) return {};
    }
  }
  return Error(Errc::untrusted, "openpgp.signature", "the signature is not one of this key over this document",
               "Sign anew.");
}

Result<std::string> OpenPgpSigner::public_key() {
  Data out = new_data();
  const gpgme_error_t code =
      ::gpgme_op_export(impl_->context.get(), impl_->fingerprint.c_str(), GPGME_EXPORT_MODE_MINIMAL, out.get());
  if (code != 0) return unavailable(code);
  return text_of(std::move(out));
}

}  // namespace signet::advisories
