// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/error.hpp"
#include "signet/core/result.hpp"

#include <string>
#include <utility>

namespace signet::tuf {

/// What a refusal of metadata leads to: nothing that the device's user could put right.
inline constexpr const char* k_ask_publisher = "Nothing was changed. Ask whoever publishes the repository.";

/// Metadata that is not what the specification says.
inline Error malformed(std::string text) {
  return {Errc::invalid_input, "tuf.malformed", std::move(text), k_ask_publisher};
}

/// What a reader of metadata returns: whichever layer found the fault, it is malformed metadata.
template <typename T>
Result<T> as_metadata(Result<T> read) {
  if (read || read.error().reason().starts_with("tuf.")) return read;
  return malformed(read.error().message());
}

/// Metadata that was read, but does not hold.
inline Error untrusted(std::string slug, std::string text) {
  return {Errc::untrusted, "tuf." + std::move(slug), std::move(text), k_ask_publisher};
}

}  // namespace signet::tuf
