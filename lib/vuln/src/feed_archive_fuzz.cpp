// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "walk.hpp"

#include <array>

using namespace signet;

// First byte: what the archive is called. Whatever is in it, no more is handed out than the bounds allow, and nothing
// under a name that is no document's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 100'000) return 0;
  constexpr std::array<std::string_view, 5> k_names = {"a.zip", "a.tar", "a.tar.gz", "a.json.gz", "a.csv.xz"};
  constexpr std::uint64_t k_bytes_max = 1U << 20U;
  constexpr std::uint64_t k_documents_max = 100;
  vuln::Budget budget({.document_size_bytes_max = k_bytes_max,
                       .total_size_bytes_max = k_bytes_max,
                       .documents_max = k_documents_max,
                       .expansion_max = 100});
  std::uint64_t bytes = 0;
  std::uint64_t documents = 0;
  const auto take = [&](std::string_view name, ByteView content) -> Result<void> {
    FUZZ_ASSERT(vuln::is_document_name(name));
    bytes += content.size();
    ++documents;
    return {};
  };
  const auto read = vuln::read_packed_bytes(k_names[data[0] % k_names.size()], test::fuzz_input(data, size).subspan(1),
                                            0, budget, take);
  FUZZ_ASSERT(bytes <= k_bytes_max && documents <= k_documents_max);
  FUZZ_ASSERT(read.has_value() || read.error().code() != Errc::internal);
  return 0;
}
