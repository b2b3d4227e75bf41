// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stage.hpp"

#include <string>

/// The vendor's token, and what several chapters do with it.
namespace signet::cli::tour {

inline const std::string k_module = "module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:pin";
inline const std::string k_token = "pkcs11:token=vendor?" + k_module;

/// A key in the vendor's token.
inline std::string vendor_key(const std::string& label) {
  return "pkcs11:token=vendor;object=" + label + "?" + k_module;
}

/// Makes a key in the token and has an authority certify it; the file is LABEL.pem. Not shown.
Result<void> certify_quietly(Stage& stage, const std::string& label, const std::string& name,
                             const std::string& profile, const std::string& authority,
                             const std::string& authority_key);

}  // namespace signet::cli::tour
