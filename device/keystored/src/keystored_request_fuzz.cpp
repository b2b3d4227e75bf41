// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystored.hpp"
#include "signet/keystored_service.hpp"
#include "signet/test/fuzz.hpp"
#include "signet/test/temp_dir.hpp"

#include <memory>

/// The whole service over a TPM that cannot be reached: whatever is asked, the answer is one that a client understands,
/// and a stranger learns nothing but that he is one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signet;
  static const test::TempDir folder;
  static const std::unique_ptr<keystored::Service> service = [] {
    auto opened =
        keystored::Service::open({.tcti = "swtpm:path=/nonexistent/tpm", .state = folder / "state", .allow_uids = {}});
    FUZZ_ASSERT(opened.has_value());
    return std::move(*opened);
  }();
  const ByteView input = test::fuzz_input(data, size);
  const Bytes answer = service->answer({.pid = 1, .uid = 0, .gid = 0}, input);
  const auto parsed = keystore::parse_answer(answer);
  FUZZ_ASSERT(parsed.has_value() || parsed.error().reason() != "keystored.answer");
  const auto refused = keystore::parse_answer(service->answer({.pid = 1, .uid = 65534, .gid = 65534}, input));
  FUZZ_ASSERT(!refused.has_value() && refused.error().reason() == "keystored.peer");
  return 0;
}
