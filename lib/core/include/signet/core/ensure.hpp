// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <source_location>
#include <string_view>

namespace signet {

/// Ends the program with a message on standard error; used through ensure().
[[noreturn]] void broken_invariant(std::string_view what, const std::source_location& where);

/// States what must hold whatever the input is. A violation is a fault of ours, so going on would be worse than
/// stopping. Never used on input: that returns an Error.
inline void ensure(bool holds, std::string_view what,
                   const std::source_location& where = std::source_location::current()) {
  if (!holds) [[unlikely]] {
    broken_invariant(what, where);
  }
}

}  // namespace signet
