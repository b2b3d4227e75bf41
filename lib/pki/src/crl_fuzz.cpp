// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/pki.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// A list that is read is written as it stood and says the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  const auto from_der = pki::Crl::from_der(input);
  if (from_der) FUZZ_ASSERT(equal(from_der->der(), input));
  for (const auto& crl : {from_der, pki::Crl::from_pem(as_text(input))}) {
    if (!crl) continue;
    const auto again = pki::Crl::from_pem(crl->pem());
    FUZZ_ASSERT(again.has_value() && again->der() == crl->der() && again->number() == crl->number());
    FUZZ_ASSERT(again->revoked().size() == crl->revoked().size() && again->next_update() == crl->next_update());
    FUZZ_ASSERT(again->issuer() == crl->issuer());
  }
  return 0;
}
