// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "config.hpp"

using namespace signet;

// A configuration that passes keeps to its bounds, listens on an address, and shows no password.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = camerad::parse_config(test::fuzz_input(data, size), "/etc/signet");
  if (!config) {
    FUZZ_ASSERT(config.error().reason() == "camerad.config");
    return 0;
  }
  FUZZ_ASSERT(config->record.folder.empty() || config->record.folder.is_absolute());
  if (!config->check()) return 0;
  FUZZ_ASSERT(config->rtsp_listen.empty() || camerad::parse_endpoint(config->rtsp_listen).has_value());
  FUZZ_ASSERT(config->queue_pictures_max >= 1 && config->queue_pictures_max <= 1000);
  FUZZ_ASSERT(config->record.keep_size_bytes >= 1U << 20U);
  const std::string shown = camerad::without_credentials(config->source);
  const std::size_t host = shown.find("://");
  FUZZ_ASSERT(host == std::string::npos || shown.substr(0, shown.find('/', host + 3)).find('@') == std::string::npos);
  return 0;
}
