// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/release.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;
using namespace signet::release;

// Terms that are read are written as they were read; a description of tracks comes back the same; and no catalogue
// makes the way to the newest release endless, or leads below the floor.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ProductId product = *ProductId::parse("cam-a");
  const ByteView input = signet::test::fuzz_input(data, size);
  if (const auto tracks = parse_lifecycle(input, product)) {
    const auto again = parse_lifecycle(as_bytes(lifecycle_json(product, *tracks).dump()), product);
    FUZZ_ASSERT(again && *again == *tracks);
  }
  const auto json = Json::parse(input);
  if (!json) return 0;
  Catalogue catalogue{.product = "cam-a", .releases = {}, .tracks = {}};
  for (const Json& custom : json->elements()) {
    const auto release = parse_release("cam-a/x.bundle", 1, custom);
    if (!release) continue;
    FUZZ_ASSERT(check(release->terms).has_value());
    catalogue.releases.push_back(*release);
  }
  for (const Release& runs : catalogue.releases) {
    if (runs.tracks.empty() || runs.hardware.empty()) continue;
    const Installed installed{
        .hardware = runs.hardware.front(), .version = runs.version, .version_floor = runs.security_version};
    const auto answer = decide(catalogue, installed, {.track = runs.tracks.front(), .downgrade = true}, Instant{});
    FUZZ_ASSERT(answer && answer->standing != Standing::nothing);
    FUZZ_ASSERT(answer->way.size() <= catalogue.releases.size());
    for (const Release& step : answer->way) FUZZ_ASSERT(step.security_version >= installed.version_floor);
    FUZZ_ASSERT(answer->way.empty() || answer->way.back() == *answer->newest);
  }
  return 0;
}
