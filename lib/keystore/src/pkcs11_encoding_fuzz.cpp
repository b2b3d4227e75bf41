// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "pkcs11_encoding.hpp"

#include "signet/test/fuzz.hpp"

using namespace signet;

// Whatever a token answers, what becomes of it is a key of ours or an error; the first byte is where the answer is
// split in two.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  if (input.empty()) return 0;
  const std::size_t cut = std::to_integer<std::size_t>(input[0]) % input.size();
  const ByteView first = input.subspan(1, cut == 0 ? 0 : cut - 1);
  const ByteView second = input.subspan(cut == 0 ? 1 : cut);
  for (const auto& key : {keystore::ec_public_key(first, second), keystore::rsa_public_key(first, second)}) {
    if (!key) continue;
    const auto again = crypto::PublicKey::from_spki_der(key->spki_der());
    FUZZ_ASSERT(again.has_value() && *again == *key);
  }
  if (const auto der = keystore::ecdsa_to_der(input)) FUZZ_ASSERT(der->size() >= 8 && der->front() == std::byte{0x30});
  return 0;
}
