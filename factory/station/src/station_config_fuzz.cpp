// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "config.hpp"

using namespace signet;

// A configuration that is accepted says where units are and which TPMs are genuine, and keeps to its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = station::parse_config(test::fuzz_input(data, size), "/etc/signet");
  if (!config) {
    FUZZ_ASSERT(config.error().reason() == "station.config");
    return 0;
  }
  FUZZ_ASSERT(!config->listen.empty() || !config->serial.empty());
  FUZZ_ASSERT(!config->tpm_makers.empty());
  FUZZ_ASSERT(config->state.is_absolute() && config->ledger_folder.is_absolute() && config->ca_folder.is_absolute());
  FUZZ_ASSERT(config->units_parallel >= 1 && config->units_parallel <= 64);
  FUZZ_ASSERT(config->timeout.count() >= 1 && config->failures_of_trust_max >= 1);
  return 0;
}
