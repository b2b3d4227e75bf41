// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"
#include "signet/tpm_policy.hpp"

#include <algorithm>

using namespace signet;

// PCRs that are accepted are written in one way, which means the same, and make a policy that a TPM can play.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = Json::parse(test::fuzz_input(data, size), {.size_bytes_max = 1U << 14U, .depth_max = 2});
  if (!json) return 0;
  const auto values = tpm::pcr_values_from(*json);
  if (!values) return 0;
  const Json written = tpm::to_json(*values);
  const auto again = tpm::pcr_values_from(written);
  FUZZ_ASSERT(again.has_value() && tpm::to_json(*again) == written && again->size() == values->size());
  FUZZ_ASSERT(std::ranges::is_sorted(*values, {}, &tpm::PcrValue::index));
  FUZZ_ASSERT(tpm::digest_of(tpm::boot_policy(*values)) == tpm::digest_of(tpm::boot_policy(*again)));
  return 0;
}
