// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"
#include "signet/test/fuzz.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/updated.hpp"

using namespace signet;

// A boot state that is read is written back the same, and the loader starts only a slot that may be started.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::TempDir folder;
  const ByteView input = test::fuzz_input(data, size);
  FUZZ_ASSERT(os::replace_file(folder / "boot.json", input).has_value());
  FUZZ_ASSERT(os::replace_file(folder / "floor.json", input).has_value());
  const auto floor = updated::file_version_floor(folder / "floor.json");
  if (const auto before = floor->read()) {
    FUZZ_ASSERT(floor->raise(*before, {}).has_value() && *floor->read() == *before);
  }
  const auto control = updated::file_boot_control(folder / "boot.json");
  const auto state = control->load();
  if (!state) return 0;
  FUZZ_ASSERT(control->store(*state).has_value());
  const auto again = control->load();
  FUZZ_ASSERT(again.has_value() && *again == *state);
  if (const auto started = updated::start_device(*control)) {
    const updated::Slot& slot = state->at(*started);
    FUZZ_ASSERT(slot.state == updated::SlotState::good ||
                (slot.state == updated::SlotState::ready && slot.tries_left > 0));
  }
  return 0;
}
