// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <cstdint>
#include <functional>

namespace signet::delta {

/// Bytes of the new file: first `copied` that resemble the old file from `old_at` on, then `literal` that do not.
struct Step {
  std::size_t old_at = 0;
  std::size_t copied = 0;
  std::size_t literal = 0;
};

/// How one file becomes another, in the manner of bsdiff (Percival 2003): copies may differ in single bytes, since
/// recompiled code differs from before in addresses above all. Old positions are looked up by a hash of 8 bytes instead
/// of a suffix array: an eighth of the time for a little more size. Steps fill `fresh` front to back.
void match(ByteView old, ByteView fresh, const std::function<void(const Step&)>& emit);

}  // namespace signet::delta
