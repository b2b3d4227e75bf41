// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/tuf.hpp"

#include <memory>
#include <string>

namespace signet::test {

/// Fetches from a plain HTTP server by its numeric address or name, one connection a request (HTTP/1.0): enough for the
/// servers that tests start on this machine.
std::unique_ptr<tuf::Fetcher> make_http_fetcher(std::string metadata_url, std::string targets_url);

}  // namespace signet::test
