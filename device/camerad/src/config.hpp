// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/camerad.hpp"

#include <optional>

namespace signet::camerad {

/// Config::load() without the file; relative paths are below `folder`.
Result<Config> parse_config(ByteView text, const std::filesystem::path& folder);

/// Where a server listens.
struct Endpoint {
  std::string address;  ///< numeric, without brackets
  std::uint16_t port = 0;
  [[nodiscard]] std::string url_host() const;                ///< "127.0.0.1", "[::1]"
  [[nodiscard]] std::optional<std::string> warning() const;  ///< why others than this device can look
};
/// "127.0.0.1:8554", "[::1]:0".
Result<Endpoint> parse_endpoint(const std::string& text);

}  // namespace signet::camerad
