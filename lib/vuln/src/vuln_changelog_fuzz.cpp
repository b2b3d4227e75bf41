// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"
#include "signet/vuln/match.hpp"

#include "readers.hpp"

using namespace signet;

// What is read is a CVE at a version, and stands so in the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(test::fuzz_input(data, size));
  for (const vuln::ChangelogFix& fix : vuln::read_changelog(text)) {
    FUZZ_ASSERT(vuln::is_cve_id(fix.cve) && !fix.version.empty());
    FUZZ_ASSERT(text.find(fix.cve) != std::string_view::npos && text.find(fix.version) != std::string_view::npos);
  }
  return 0;
}
