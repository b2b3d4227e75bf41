// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/version.hpp"

namespace signet {

std::string_view project_version() { return SIGNET_VERSION; }

}  // namespace signet
