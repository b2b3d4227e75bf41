// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/sbom/range.hpp"

#include "signet/test/fuzz.hpp"

using namespace signet;

// A range that is read has one canonical form, which reads as the same range; so has one from an ecosystem's notation
// (first line: the ecosystem). A version that the range names as a bound is in it, or not, as the bound says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view text = as_text(test::fuzz_input(data, size));
  const std::size_t line = text.find('\n');
  const auto range = line == std::string_view::npos
                         ? sbom::VersionRange::canonicalise(text)
                         : sbom::VersionRange::from_native(text.substr(0, line), text.substr(line + 1));
  if (!range) return 0;
  const std::string canonical = range->to_string();
  const auto again = sbom::VersionRange::canonicalise(canonical);
  FUZZ_ASSERT(again.has_value() || canonical.size() > sbom::k_range_size_bytes_max);
  if (!again) return 0;
  FUZZ_ASSERT(again->constraints() == range->constraints() || range->is_any());
  for (const sbom::VersionConstraint& one : range->constraints()) {
    const bool is_in = range->contains(one.version);
    FUZZ_ASSERT(is_in == again->contains(one.version));
    if (range->constraints().size() > 1) continue;
    const bool holds_bound = one.comparator == sbom::Comparator::equal ||
                             one.comparator == sbom::Comparator::less_equal ||
                             one.comparator == sbom::Comparator::greater_equal;
    FUZZ_ASSERT(is_in == holds_bound);
  }
  return 0;
}
