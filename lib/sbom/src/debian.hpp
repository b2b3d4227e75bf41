// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/sbom/bom.hpp"

namespace signet::sbom {

/// From os-release(5).
struct Distribution {
  std::string id;
  std::string version;
  std::string name;
};

Distribution parse_os_release(std::string_view text);
Result<Bom> parse_dpkg_status(std::string_view status, const Distribution& distribution);

/// The licences that a machine-readable debian/copyright names (DEP-5), each once, sorted; none of any other text.
std::vector<std::string> parse_copyright(std::string_view text);

}  // namespace signet::sbom
