// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/vuln/cpe.hpp"

#include "signet/test/fuzz.hpp"

using namespace signet;

// A name that is read is written and read as the same name, and does not lie apart from itself.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto cpe = vuln::Cpe::parse(as_text(test::fuzz_input(data, size)));
  if (!cpe) return 0;
  const std::string written = cpe->to_string();
  if (written.size() > vuln::k_cpe_size_bytes_max) return 0;
  const auto again = vuln::Cpe::parse(written);
  FUZZ_ASSERT(again.has_value() && *again == *cpe && again->to_string() == written);
  FUZZ_ASSERT(cpe->relation_to(*again) != vuln::CpeRelation::disjoint);
  return 0;
}
