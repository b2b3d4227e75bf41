// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/pki.hpp"

#include <string>
#include <string_view>

/// An endorsement certificate as makers write it (TCG EK Credential Profile 2.5, section 3.2).
namespace signet::attest {

/// Without the zeros (or ones, of erased NV) with which an NV index larger than its certificate is filled up.
[[nodiscard]] ByteView without_padding(ByteView der);

/// "attest.ek-usage" (untrusted) if the certificate does not say that it is an endorsement key's: an end entity with
/// the usage tcg-kp-EKCertificate, whose key may decrypt or agree on keys.
Result<void> check_ek_usage(const pki::Certificate& certificate);

/// Manufacturer, model and version (2.23.133.2.1 to .3) from a directoryName of subjectAltName, or from the subject;
/// safe to print, joined by spaces, empty where there is none.
[[nodiscard]] std::string model_of(const pki::Certificate& certificate);

}  // namespace signet::attest
