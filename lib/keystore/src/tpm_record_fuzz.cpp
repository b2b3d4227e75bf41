// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "tpm_record.hpp"

#include "signet/test/fuzz.hpp"

using namespace signet;

// A record that is accepted is written in one way, which means the same and is of our version.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  if (const auto record = keystore::TpmRecord::parse(input)) {
    const Secret text = record->text();
    FUZZ_ASSERT(record->version < keystore::k_record_version || text == Secret::copy_of(input));
    const auto again = keystore::TpmRecord::parse(text.read(SecretAccess::for_export()));
    const auto written = record->boot_state.empty() ? keystore::k_record_version : keystore::k_record_version_bound;
    FUZZ_ASSERT(again.has_value() && again->version == written &&
                again->boot_state.size() == record->boot_state.size() && again->label == record->label &&
                again->purpose == record->purpose && again->use == record->use && again->area == record->area &&
                again->private_area == record->private_area && again->auth == record->auth &&
                again->parent_name == record->parent_name);
  }
  if (const auto sealed = keystore::SealedBlob::parse(input)) FUZZ_ASSERT(equal(sealed->encode(), input));
  return 0;
}
