// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/sbom/purl.hpp"

namespace signet::sbom {

/// Whether the definition of a type names this qualifier.
bool defines_qualifier(std::string_view type, std::string_view key);

/// What the definition of the type demands: case and spelling are put right, what is missing or prohibited is an error.
/// A type without a definition has no rules.
Result<void> apply_type_rules(PurlParts& parts);

}  // namespace signet::sbom
