// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"
#include "signet/tpm_policy.hpp"

using namespace signet;

// What is read is read the same after it was written; and whether a signature holds does not depend on the spelling.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto approval = tpm::FloorApproval::parse(test::fuzz_input(data, size));
  if (!approval) return 0;
  const auto again = tpm::FloorApproval::parse(approval->encode());
  FUZZ_ASSERT(again.has_value() && again->encode() == approval->encode());
  FUZZ_ASSERT(again->check().has_value() == approval->check().has_value());
  if (approval->check()) {
    tpm::FloorApproval other = *approval;
    other.value ^= 1U;
    FUZZ_ASSERT(!other.check().has_value());
  }
  return 0;
}
