// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/sbom/bom.hpp"

#include "signet/test/fuzz.hpp"

#include "debian.hpp"

using namespace signet;

namespace {

Result<sbom::Bom> read(std::uint8_t kind, std::string_view text) {
  switch (kind % 5) {
    case 0:
      return sbom::read_lock_file("package-lock.json", as_bytes(text));
    case 1:
      return sbom::read_lock_file("Cargo.lock", as_bytes(text));
    case 2:
      return sbom::read_lock_file("requirements.txt", as_bytes(text));
    case 3:
      static_cast<void>(sbom::parse_copyright(text));
      return sbom::parse_dpkg_status(text, sbom::parse_os_release(text));
    default:
      return sbom::read_bom(as_bytes(text));
  }
}

}  // namespace

// First byte: which reader. What is read can be written in both formats and read again, with as many components, and
// differs in nothing from what it then gives.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 100'000) return 0;
  const auto bom = read(data[0], as_text(test::fuzz_input(data, size)).substr(1));
  if (!bom) return 0;
  const std::string written = sbom::write_bom(*bom, sbom::BomFormat::cyclonedx, Instant{});
  const auto again = sbom::read_bom(as_bytes(written));
  FUZZ_ASSERT(again.has_value());
  FUZZ_ASSERT(again->components.size() == sbom::merge(std::span(&*bom, 1)).components.size());
  const std::string twice = sbom::write_bom(*again, sbom::BomFormat::cyclonedx, Instant{});
  const auto third = sbom::read_bom(as_bytes(twice));
  FUZZ_ASSERT(third.has_value() && sbom::diff(*again, *third).empty());
  FUZZ_ASSERT(sbom::read_bom(as_bytes(sbom::write_bom(*bom, sbom::BomFormat::spdx, Instant{}))).has_value());
  return 0;
}
