// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisories/case.hpp"
#include "signet/advisories/clocks.hpp"
#include "signet/advisories/documents.hpp"
#include "signet/advisory/validate.hpp"
#include "signet/test/fuzz.hpp"

#include <optional>

namespace {

using namespace signet;
using namespace signet::advisories;

Publisher example() {
  return {.name = "Example Company",
          .url = "https://example.com",
          .base = "https://example.com/security",
          .prefix = "EXAMPLE",
          .contact = "mailto:psirt@example.com",
          .policy = {},
          .cna_org = "8254265b-2729-46b6-b9e3-3dfca2d5bfca",
          .cna_name = {},
          .csirt = {},
          .contact_until = Instant{1'800'000'000},
          .since = Instant{0}};
}

std::optional<advisory::Kind> kind_of(Form form) {
  switch (form) {
    case Form::csaf20:
      return advisory::Kind::csaf20;
    case Form::csaf21:
      return advisory::Kind::csaf21;
    case Form::cve51:
    case Form::cve52:
      return advisory::Kind::cve;
    case Form::openvex:
      return advisory::Kind::openvex;
    case Form::cyclonedx:
      return advisory::Kind::cyclonedx;
    case Form::osv:
      return advisory::Kind::osv;
    default:
      return std::nullopt;
  }
}

/// A file that is taken is written back the same, and every document that the case becomes is valid.
void judge(const Case& one) {
  static advisory::Validator validator(advisory::Preset::basic);
  const std::string file = one.file();
  const auto again = Case::parse(as_bytes(file));
  FUZZ_ASSERT(again.has_value() && *again == one && again->file() == file);
  static_cast<void>(clocks(one, Instant{1'790'000'000}));
  for (const Form form : all_forms()) {
    const auto text = make_document(one, example(), form);
    if (!text) {
      FUZZ_ASSERT(text.error().code() == Errc::unsupported);
      continue;
    }
    const auto kind = kind_of(form);
    if (!kind) continue;
    const auto report = validator.validate(as_bytes(*text), kind);
    FUZZ_ASSERT(report.has_value() && report->is_valid());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = signet::test::fuzz_input(data, size);
  if (const auto one = Case::parse(input)) judge(*one);
  if (const auto publisher = Publisher::parse(input)) {
    const std::string file = publisher->file();
    FUZZ_ASSERT(Publisher::parse(as_bytes(file)).has_value());
  }
  static_cast<void>(merge_facts({}, input).has_value());
  return 0;
}
