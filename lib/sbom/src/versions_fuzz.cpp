// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/sbom/versions.hpp"

#include "signet/test/fuzz.hpp"

using namespace signet;

// First byte: the scheme; then two versions, one a line. Any two have an order, the other way round is its reverse, and
// each is equivalent to itself.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 2 * sbom::k_version_size_bytes_max) return 0;
  const auto scheme = static_cast<sbom::VersionScheme>(data[0] % 18);
  const std::string_view text = as_text(test::fuzz_input(data, size)).substr(1);
  const std::string_view a = text.substr(0, text.find('\n'));
  const std::string_view b = a.size() < text.size() ? text.substr(a.size() + 1) : std::string_view();
  const std::weak_ordering order = sbom::compare_versions(scheme, a, b);
  FUZZ_ASSERT(sbom::compare_versions(scheme, b, a) == (0 <=> order));
  FUZZ_ASSERT(sbom::compare_versions(scheme, a, a) == std::weak_ordering::equivalent);
  FUZZ_ASSERT(sbom::compare_versions(scheme, b, b) == std::weak_ordering::equivalent);
  return 0;
}
