// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/pki.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// A request that is read is written as it stood, proves possession again, and breaks when its last byte (of the
// signature) changes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  const auto from_der = pki::Request::from_der(input);
  if (from_der) FUZZ_ASSERT(equal(from_der->der(), input));
  for (const auto& request : {from_der, pki::Request::from_pem(as_text(input))}) {
    if (!request) continue;
    const auto again = pki::Request::from_pem(request->pem());
    FUZZ_ASSERT(again.has_value() && again->der() == request->der() && again->public_key() == request->public_key());
    Bytes altered = request->der();
    altered.back() ^= std::byte{1};
    FUZZ_ASSERT(!pki::Request::from_der(altered).has_value());
    (void)request->subject();
  }
  const auto subject = pki::Subject::parse(as_text(input));
  if (subject) FUZZ_ASSERT(*subject != pki::Subject{});
  return 0;
}
