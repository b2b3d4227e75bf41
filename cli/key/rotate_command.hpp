// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"

namespace signet::cli {

/// `signet key rotate`: a new key of a device in the place of an old one, and its certificate with it.
[[nodiscard]] Command rotate_command();

}  // namespace signet::cli
