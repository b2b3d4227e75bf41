// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/sbom/bom.hpp"

namespace signet::sbom {

/// A bill ready to be written: sorted, equal components joined, refs that are the same whatever they were before.
Bom normalized(const Bom& bom);

/// The SPDX identifier or expression for a licence as it was found; empty if there is none that is known.
std::string spdx_license(std::string_view found);

/// A UUID made of the SHA-256 of `content` (RFC 9562, version 8).
std::string content_uuid(std::string_view content);

/// Text of a member, or empty.
std::string text_at(const Json& json, std::string_view name);

Result<Bom> read_cyclonedx(const Json& document);
Result<Bom> read_spdx(const Json& document);
/// Whether a document says that it is SPDX 3 in JSON-LD.
bool is_spdx3(const Json& document);
Result<Bom> read_spdx3(const Json& document);
std::string write_cyclonedx(const Bom& normal, Instant created);
std::string write_spdx(const Bom& normal, Instant created);

}  // namespace signet::sbom
