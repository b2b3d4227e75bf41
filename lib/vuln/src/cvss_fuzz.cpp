// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/vuln/cvss.hpp"

#include "signet/test/fuzz.hpp"

using namespace signet;

// A vector that is read has scores within bounds and a canonical form with the same scores.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto vector = vuln::CvssVector::parse(as_text(test::fuzz_input(data, size)));
  if (!vector) return 0;
  const vuln::CvssScores scores = vector->scores();
  FUZZ_ASSERT(scores.overall_tenths <= 100 && scores.base_tenths <= 100);
  const auto again = vuln::CvssVector::parse(vector->canonical());
  FUZZ_ASSERT(again.has_value() && *again == *vector);
  FUZZ_ASSERT(again->scores().overall_tenths == scores.overall_tenths);
  FUZZ_ASSERT(again->canonical() == vector->canonical());
  return 0;
}
