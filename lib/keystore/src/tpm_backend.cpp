// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Back end `tpm:`: this machine's TPM, used directly, for machines where no signet-keystored holds it.
#include "signet/tpm_keystore.hpp"

#include "backend.hpp"
#include "tpm_uri.hpp"

#include <sys/stat.h>

#include <cstdlib>

namespace signet::keystore {

namespace {

constexpr std::string_view k_tcti_default = "device:/dev/tpmrm0";
/// Makes the parent one of many that the owner hierarchy may have.
constexpr std::string_view k_parent_label = "signet storage 1";

std::string tcti_of(const TpmUri& uri) {
  if (!uri.tcti.empty()) return uri.tcti;
  const char* value = std::getenv("SIGNET_TCTI");
  return value != nullptr && *value != '\0' ? std::string(value) : std::string(k_tcti_default);
}

/// A TSS writes its commands into whatever file it is told is a device.
Result<void> check_device(std::string_view tcti) {
  constexpr std::string_view k_device = "device:";
  if (!tcti.starts_with(k_device)) return {};
  const std::string path(tcti.substr(k_device.size()));
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return Error(Errc::unavailable, "tpm.connect", "there is no TPM at '" + printable(path) + "'",
                 "Does this machine have one? Another is named by tcti=TCTI in the URI, or by SIGNET_TCTI.");
  }
  if (S_ISCHR(status.st_mode)) return {};
  return Error(Errc::usage, "keystore.tcti", "'" + printable(path) + "' is no TPM device",
               "The kernel's is /dev/tpmrm0.");
}

Result<TpmRoot> open_root(const TpmUri& uri) {
  const std::string tcti = tcti_of(uri);
  TRY(check_device(tcti));
  Secret owner_auth;
  if (!uri.owner_auth_file.empty()) {
    TRY_ASSIGN(owner_auth, secret_line_of(uri.owner_auth_file));
  }
  TRY_ASSIGN(auto tpm, tpm::Tpm::connect(tcti));
  TRY_ASSIGN(tpm::Object parent, tpm->create_storage_primary(tpm::Hierarchy::owner, owner_auth, k_parent_label));
  return TpmRoot{.tpm = std::move(tpm), .parent = std::make_shared<const tpm::Object>(std::move(parent))};
}

}  // namespace

Result<Opened> open_tpm(std::string_view rest, const Options& /*options*/) {
  TRY_ASSIGN(TpmUri uri, TpmUri::parse(rest));
  KeySelector selector{.label = uri.label};
  TRY_ASSIGN(auto store, TpmKeystore::open({.folder = uri.folder,
                                            .open_root = [uri] { return open_root(uri); },
                                            .uri_of = [uri](std::string_view label) { return uri.of_key(label); },
                                            .generated_for = uri.purpose.value_or(Purpose::tls)}));
  return Opened{std::move(store), std::move(selector)};
}

}  // namespace signet::keystore
