// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace signet {

/// The version of this build, "MAJOR.MINOR.PATCH".
[[nodiscard]] std::string_view project_version();

}  // namespace signet
