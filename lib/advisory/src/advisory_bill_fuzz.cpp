// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisory/validate.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

using namespace signet;
using namespace signet::advisory;

/// Whatever the bytes are: the same verdict twice, in memory that is used again, and every path leads to something.
void judge_twice(ByteView document, std::optional<Kind> kind) {
  static Validator validator;
  const auto first = validator.validate(document, kind);
  const auto second = validator.validate(document, kind);
  if (first.has_value() != second.has_value()) std::abort();
  if (!first) return;
  if (first->is_valid() != second->is_valid() || first->findings.size() != second->findings.size()) std::abort();
  for (const Finding& one : first->findings) {
    if (!one.path.empty() && one.path.front() != '/') std::abort();
    if (one.test.empty() || one.text.empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView document = std::as_bytes(std::span(data, size));
  judge_twice(document, Kind::openvex);
  judge_twice(document, Kind::osv);
  judge_twice(document, Kind::csaf_provider);
  judge_twice(document, std::nullopt);
  return 0;
}
