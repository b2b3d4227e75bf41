// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "rsa_block.hpp"

#include "signet/test/fuzz.hpp"

using namespace signet;

// Padding that is there is found around any data; a block that ends like none of the paddings is never taken for one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  const auto padding = keystore::padding_of(input);
  if (padding == keystore::BlockPadding::pkcs1) FUZZ_ASSERT(input[0] == std::byte{0} && input[1] == std::byte{1});
  if (padding == keystore::BlockPadding::pss) FUZZ_ASSERT(input[input.size() - 1] == std::byte{0xbc});
  Bytes padded{std::byte{0}, std::byte{1}};
  padded.resize(128, std::byte{0xff});
  padded.push_back(std::byte{0});
  append(padded, input);
  FUZZ_ASSERT(keystore::padding_of(padded) == keystore::BlockPadding::pkcs1);
  return 0;
}
