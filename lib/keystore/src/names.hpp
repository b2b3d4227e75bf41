// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/keystore.hpp"

#include <optional>
#include <string_view>

/// The way back from the names that stores print.
namespace signet::keystore {

/// Nothing where no value has that name.
inline std::optional<Protection> protection_from(std::string_view name) {
  for (const auto value : {Protection::hardware, Protection::token, Protection::software}) {
    if (name_of(value) == name) return value;
  }
  return std::nullopt;
}

/// Nothing where no value has that name.
inline std::optional<Extractable> extractable_from(std::string_view name) {
  for (const auto value : {Extractable::never, Extractable::no, Extractable::yes}) {
    if (name_of(value) == name) return value;
  }
  return std::nullopt;
}

}  // namespace signet::keystore
