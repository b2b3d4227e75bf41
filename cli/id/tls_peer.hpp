// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"
#include "signet/pki.hpp"

#include <string>
#include <vector>

namespace signet::cli::id {

/// The certificates that a TLS server shows, its own first, after a handshake in which it used the key of the first
/// one (TLS 1.2 or 1.3). Whom they belong to is for the caller to judge: a device ID names a serial, not a host.
/// `where` is "https://HOST" or "https://HOST:PORT". Ends within 15 s, the resolution of the host's name included.
/// Reasons: "id.url" (usage), "id.connect" (unavailable: nobody there), "id.timeout" (unavailable: somebody, but silent
/// or slow), "id.no-tls" (invalid_input: something else answers), "id.handshake" (unavailable: refused or broken off),
/// "id.not-its-key" (untrusted: the certificate is a copy), "pki.malformed" (invalid_input).
Result<std::vector<pki::Certificate>> certificates_of(const std::string& where);

}  // namespace signet::cli::id
