// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "config.hpp"

using namespace signet;

// A configuration that is accepted has what an installer relies on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = updated::parse_config(test::fuzz_input(data, size), SIGNET_SOURCE_DIR "/tests/corpus");
  if (!config) return 0;
  FUZZ_ASSERT(!config->trust.anchors.empty() && config->trust.signers_required >= 1);
  FUZZ_ASSERT(!config->slots[0].empty() && !config->slots[1].empty());
  FUZZ_ASSERT(check_name(config->hardware, "hardware").has_value());
  return 0;
}
