// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/birth.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// A record that is understood is written so that it means the same, and names the certificates of IDevID and IAK.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto record = birth::Record::parse(test::fuzz_input(data, size));
  if (!record) {
    FUZZ_ASSERT(record.error().reason() == "birth.record");
    return 0;
  }
  FUZZ_ASSERT(record->certificates.contains("idevid") && record->certificates.contains("iak"));
  FUZZ_ASSERT(record->certificates.size() == record->issuer_serials.size());
  const Bytes again = record->encode();
  const auto parsed = birth::Record::parse(again);
  FUZZ_ASSERT(parsed.has_value() && equal(parsed->encode(), again));
  return 0;
}
