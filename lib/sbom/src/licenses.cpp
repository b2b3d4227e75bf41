// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "bom_documents.hpp"
#include "orders.hpp"

#include <algorithm>
#include <array>

namespace signet::sbom {

namespace {

struct Known {
  std::string_view found;  // in small letters
  std::string_view spdx;
};

// Debian's short names (DEP-5) that mean exactly one licence of the SPDX list, and identifiers of that list.
constexpr std::array<Known, 52> k_known{{{"agpl-3", "AGPL-3.0-only"},
                                         {"agpl-3+", "AGPL-3.0-or-later"},
                                         {"apache-2.0", "Apache-2.0"},
                                         {"artistic", "Artistic-1.0-Perl"},
                                         {"artistic-2.0", "Artistic-2.0"},
                                         {"bsd-2-clause", "BSD-2-Clause"},
                                         {"bsd-3-clause", "BSD-3-Clause"},
                                         {"bsd-4-clause", "BSD-4-Clause"},
                                         {"bsl-1.0", "BSL-1.0"},
                                         {"cc0-1.0", "CC0-1.0"},
                                         {"cc-by-3.0", "CC-BY-3.0"},
                                         {"cc-by-4.0", "CC-BY-4.0"},
                                         {"cc-by-sa-3.0", "CC-BY-SA-3.0"},
                                         {"cc-by-sa-4.0", "CC-BY-SA-4.0"},
                                         {"curl", "curl"},
                                         {"epl-2.0", "EPL-2.0"},
                                         {"expat", "MIT"},
                                         {"gfdl-1.3", "GFDL-1.3-only"},
                                         {"gfdl-1.3+", "GFDL-1.3-or-later"},
                                         {"gpl-1", "GPL-1.0-only"},
                                         {"gpl-1+", "GPL-1.0-or-later"},
                                         {"gpl-2", "GPL-2.0-only"},
                                         {"gpl-2+", "GPL-2.0-or-later"},
                                         {"gpl-2.0", "GPL-2.0-only"},
                                         {"gpl-2.0+", "GPL-2.0-or-later"},
                                         {"gpl-2.0-only", "GPL-2.0-only"},
                                         {"gpl-2.0-or-later", "GPL-2.0-or-later"},
                                         {"gpl-3", "GPL-3.0-only"},
                                         {"gpl-3+", "GPL-3.0-or-later"},
                                         {"gpl-3.0", "GPL-3.0-only"},
                                         {"gpl-3.0+", "GPL-3.0-or-later"},
                                         {"gpl-3.0-only", "GPL-3.0-only"},
                                         {"gpl-3.0-or-later", "GPL-3.0-or-later"},
                                         {"isc", "ISC"},
                                         {"lgpl-2", "LGPL-2.0-only"},
                                         {"lgpl-2+", "LGPL-2.0-or-later"},
                                         {"lgpl-2.1", "LGPL-2.1-only"},
                                         {"lgpl-2.1+", "LGPL-2.1-or-later"},
                                         {"lgpl-2.1-only", "LGPL-2.1-only"},
                                         {"lgpl-2.1-or-later", "LGPL-2.1-or-later"},
                                         {"lgpl-3", "LGPL-3.0-only"},
                                         {"lgpl-3+", "LGPL-3.0-or-later"},
                                         {"mit", "MIT"},
                                         {"mpl-1.1", "MPL-1.1"},
                                         {"mpl-2.0", "MPL-2.0"},
                                         {"openssl", "OpenSSL"},
                                         {"psf-2", "PSF-2.0"},
                                         {"unicode-dfs-2016", "Unicode-DFS-2016"},
                                         {"unlicense", "Unlicense"},
                                         {"w3c", "W3C"},
                                         {"zlib", "Zlib"},
                                         {"zpl-2.1", "ZPL-2.1"}}};

}  // namespace

std::string spdx_license(std::string_view found) {
  const auto at = std::ranges::find_if(
      k_known, [&](const Known& one) { return compare_folded(one.found, found) == std::weak_ordering::equivalent; });
  return at == k_known.end() ? std::string() : std::string(at->spdx);
}

}  // namespace signet::sbom
