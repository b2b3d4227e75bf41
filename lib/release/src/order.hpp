// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/sbom/versions.hpp"

#include <string_view>

namespace signet::release {

/// Whether version `a` comes before `b`.
inline bool older(std::string_view a, std::string_view b) {
  return sbom::compare_versions(sbom::VersionScheme::deb, a, b) < 0;
}

}  // namespace signet::release
