// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "canonical.hpp"
#include "metadata.hpp"
#include "repository_state.hpp"

using namespace signet;
using namespace signet::tuf;

namespace {

constexpr std::uint64_t k_size_bytes_max = 64U << 10U;

/// Nothing signs what was not understood: with no key, no threshold is ever met.
template <typename Role>
void check_unsigned(const Envelope& envelope) {
  const auto role = Role::parse(envelope);
  if (!role) return;
  FUZZ_ASSERT(role->version > 0);
  FUZZ_ASSERT(!check_threshold(envelope.canonical, envelope.signatures, RoleKeys{}, "fuzz"));
}

}  // namespace

// The bytes that are signed have one meaning: canonical JSON reads back as the same value and writes as the same bytes,
// and a file that is written anew is signed over the same bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto envelope = Envelope::parse(signet::test::fuzz_input(data, size), k_size_bytes_max);
  if (!envelope) return 0;
  FUZZ_ASSERT(envelope->signatures.size() <= k_signatures_max);
  const Document document{envelope->signed_part, envelope->signatures};
  const auto again = document.envelope();
  FUZZ_ASSERT(again && again->canonical == envelope->canonical);
  check_unsigned<Root>(*envelope);
  check_unsigned<Timestamp>(*envelope);
  check_unsigned<Snapshot>(*envelope);
  check_unsigned<Targets>(*envelope);
  return 0;
}
