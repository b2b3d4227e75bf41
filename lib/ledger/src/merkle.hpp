// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ledger.hpp"

#include <functional>

namespace signet::ledger {

/// The hash of the complete subtree over [index << level, (index + 1) << level).
using NodeSource = std::function<Result<Hash>(unsigned level, std::uint64_t index)>;

/// The hash of the entries [start, end), where start is aligned as in a subtree of the tree (RFC 9162 section 2.1.1).
Result<Hash> range_hash(const NodeSource& nodes, std::uint64_t start, std::uint64_t end);
/// RFC 9162 section 2.1.3.1; index < size.
Result<Proof> inclusion_path(const NodeSource& nodes, std::uint64_t index, std::uint64_t size);
/// RFC 9162 section 2.1.4.1; 0 < old_size <= size.
Result<Proof> consistency_path(const NodeSource& nodes, std::uint64_t old_size, std::uint64_t size);

/// The largest power of two that is smaller than `size`, which is at least 2.
[[nodiscard]] std::uint64_t split_point(std::uint64_t size);

}  // namespace signet::ledger
