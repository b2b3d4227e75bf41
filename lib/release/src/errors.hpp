// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/error.hpp"

#include <string>
#include <utility>

namespace signet::release {

inline constexpr const char* k_ask_vendor = "Nothing was changed. Ask whoever publishes the releases.";

/// Signed, but not what docs/formats/update-repository.md says.
inline Error malformed(std::string text) {
  return {Errc::invalid_input, "release.malformed", std::move(text), k_ask_vendor};
}

}  // namespace signet::release
