// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "parsed.hpp"

#include <optional>
#include <string_view>

/// The parts of a certificate that only devices have.
namespace signet::pki {

/// Adds hardwareModuleName (RFC 4108 section 5) to a subjectAltName; "pki.order" (usage) for what is no object
/// identifier.
Result<void> add_hardware_module(GENERAL_NAMES* names, const HardwareModule& module);
/// The only hardwareModuleName of a subjectAltName, if it can be read.
[[nodiscard]] std::optional<HardwareModule> hardware_module_of(const GENERAL_NAMES* names);
/// Adds certificatePolicies of a profile: dotted object identifiers, comma separated.
void add_policies(X509* x509, std::string_view policies);
/// Dotted text of an object identifier; empty for one of more than 127 characters.
[[nodiscard]] std::string dotted(const ASN1_OBJECT* object);

}  // namespace signet::pki
