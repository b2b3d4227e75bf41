// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/crypto.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// A key that is read has one spelling, in DER as in PEM, and never accepts a signature of no bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  for (const auto& key : {crypto::PublicKey::from_spki_der(input), crypto::PublicKey::from_pem(as_text(input))}) {
    if (!key) continue;
    const auto from_der = crypto::PublicKey::from_spki_der(key->spki_der());
    FUZZ_ASSERT(from_der.has_value() && *from_der == *key);
    const auto from_pem = crypto::PublicKey::from_pem(key->pem());
    FUZZ_ASSERT(from_pem.has_value() && *from_pem == *key);
    FUZZ_ASSERT(!key->verify(crypto::default_scheme(key->algorithm()), input, {}).has_value());
  }
  return 0;
}
