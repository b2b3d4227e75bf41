// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "openpgp.hpp"

#include "signet/os/file.hpp"

#include <gpgme.h>

#include <cstdlib>
#include <string>

namespace signet::vuln {

namespace {

constexpr std::uint64_t k_keys_size_bytes_max = 4U << 20U;

using Context = std::unique_ptr<gpgme_context, decltype([](gpgme_ctx_t context) { ::gpgme_release(context); })>;
using Data = std::unique_ptr<gpgme_data, decltype([](gpgme_data_t data) { ::gpgme_data_release(data); })>;

Data data_of(ByteView bytes) {
  gpgme_data_t data = nullptr;
  if (::gpgme_data_new_from_mem(&data, reinterpret_cast<const char*>(bytes.data()), bytes.size(), 0) != 0) return {};
  return Data(data);
}

Error unavailable(gpgme_error_t code) {
  return {Errc::unavailable, "openpgp.unavailable", "GnuPG cannot be used: " + printable(::gpgme_strerror(code)),
          "Install the package gpg."};
}

}  // namespace

struct OpenPgpKeys::Impl {
  ~Impl() {
    context.reset();
    std::error_code ignored;
    std::filesystem::remove_all(home, ignored);
  }
  std::filesystem::path home;
  Context context;
};

OpenPgpKeys::OpenPgpKeys(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OpenPgpKeys::OpenPgpKeys(OpenPgpKeys&&) noexcept = default;
OpenPgpKeys& OpenPgpKeys::operator=(OpenPgpKeys&&) noexcept = default;
OpenPgpKeys::~OpenPgpKeys() = default;

Result<OpenPgpKeys> OpenPgpKeys::load(const std::filesystem::path& file) {
  TRY_ASSIGN(const Bytes keys, os::read_file(file, k_keys_size_bytes_max));
  std::string folder = (std::filesystem::temp_directory_path() / "signet-openpgp-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return errno_error(errno, "make a folder for OpenPGP keys");
  auto impl = std::make_unique<Impl>();
  impl->home = folder;
  ::gpgme_check_version(nullptr);
  gpgme_ctx_t context = nullptr;
  gpgme_error_t code = ::gpgme_new(&context);
  impl->context.reset(context);
  if (code == 0) code = ::gpgme_set_protocol(context, GPGME_PROTOCOL_OpenPGP);
  if (code == 0) code = ::gpgme_ctx_set_engine_info(context, GPGME_PROTOCOL_OpenPGP, nullptr, folder.c_str());
  if (code != 0) return unavailable(code);
  const Data data = data_of(keys);
  code = ::gpgme_op_import(context, data.get());
  const auto* imported = ::gpgme_op_import_result(context);
  if (::gpgme_err_code(code) == GPG_ERR_INV_ENGINE) return unavailable(code);
  if (code != 0 || imported == nullptr || imported->considered == 0) {
    return Error(Errc::invalid_input, "openpgp.keys", printable(file.string()) + " has no OpenPGP public key",
                 "Give the publisher's key as it stands in provider-metadata.json.");
  }
  return OpenPgpKeys(std::move(impl));
}

Result<void> OpenPgpKeys::check(ByteView document, ByteView signature) {
  const auto refuse = [](const std::string& why) {
    return Error(Errc::untrusted, "feed.signature", "the OpenPGP signature does not hold: " + why,
                 "Do not use the document; ask its publisher, and check the keys that you gave.");
  };
  const Data signed_data = data_of(document);
  const Data signature_data = data_of(signature);
  gpgme_ctx_t context = impl_->context.get();
  const gpgme_error_t code = ::gpgme_op_verify(context, signature_data.get(), signed_data.get(), nullptr);
  const auto* result = ::gpgme_op_verify_result(context);
  if (code != 0 || result == nullptr) return refuse(printable(::gpgme_strerror(code)));
  std::string why = "there is none";
  for (const auto* one = result->signatures; one != nullptr; one = one->next) {
    if (::gpgme_err_code(one->status) == GPG_ERR_NO_ERROR) return {};
    why = printable(::gpgme_strerror(one->status));
  }
  return refuse(why);
}

}  // namespace signet::vuln
