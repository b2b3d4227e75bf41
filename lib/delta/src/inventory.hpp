// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tables.hpp"

namespace signet::delta {

/// The chunk of an old image with this digest, or null.
const Inventory::Entry* find(const Inventory& inventory, const Digest& digest);

}  // namespace signet::delta
