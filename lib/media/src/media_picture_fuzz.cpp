// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "picture.hpp"

using namespace signet;

// Parameter sets are parts of the configuration they were read from, in their order; a size of a JPEG stands in it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = test::fuzz_input(data, size);
  for (const video::Codec codec : {video::Codec::h264, video::Codec::h265, video::Codec::av1}) {
    std::string_view rest = as_text(bytes);
    for (const Bytes& unit : media::parameter_sets_of(codec, bytes)) {
      const std::size_t at = rest.find(as_text(unit));
      FUZZ_ASSERT(at != std::string_view::npos);
      rest.remove_prefix(at + unit.size());
    }
  }
  if (const auto found = media::size_of_jpeg(bytes)) FUZZ_ASSERT(found->first <= 65535 && found->second <= 65535);
  return 0;
}
