// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/sbom/purl.hpp"

#include "signet/test/fuzz.hpp"

using namespace signet;

// What is read has one canonical form, which reads as the same package.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto purl = sbom::Purl::canonicalise(as_text(test::fuzz_input(data, size)));
  if (!purl) return 0;
  const std::string canonical = purl->to_string();
  if (canonical.size() > sbom::k_purl_size_bytes_max) return 0;
  const auto again = sbom::Purl::parse(canonical);
  FUZZ_ASSERT(again.has_value());
  FUZZ_ASSERT(*again == *purl && again->to_string() == canonical);
  return 0;
}
