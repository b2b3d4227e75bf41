// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"
#include "signet/video_writer.hpp"

#include "unit.hpp"
#include "vector_files.hpp"

using namespace signet;

namespace {

constexpr std::uint8_t k_temporal_delimiter = 2;

struct Unit {
  Bytes bytes;
  std::optional<std::int64_t> time_us;
};

/// All units of a recording, in one piece each; those before what cannot be read.
std::vector<Unit> units_of(video::Recording& recording) {
  std::vector<Unit> units;
  for (std::size_t pieces = 0; pieces < 20'000; ++pieces) {
    const auto piece = recording.next();
    if (!piece || !*piece) break;
    if ((*piece)->begins) units.push_back({.bytes = {}, .time_us = (*piece)->time_us});
    append(units.back().bytes, (*piece)->bytes);
  }
  return units;
}

bool is_delimiter(video::Codec codec, const Bytes& unit) {
  return codec == video::Codec::av1 && video::classify(codec, unit).type == k_temporal_delimiter;
}

}  // namespace

// Whatever can be written as MP4 is read back unit by unit, in the same order.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 200'000) return 0;
  const auto source = std::make_shared<video::MemorySource>(to_bytes(test::fuzz_input(data, size)));
  auto recording = video::Recording::open(source);
  if (!recording) return 0;
  const video::Codec codec = recording->codec();
  std::vector<Unit> units = units_of(*recording);
  video::Mp4Writer writer({.codec = codec,
                           .configuration = recording->decoder_configuration(),
                           .created = recording->created(),
                           .begins_at_zero = size % 2 == 0});
  Bytes file;
  for (const Unit& unit : units) {
    if (!writer.add(unit.bytes, unit.time_us, file)) return 0;
  }
  if (!writer.finish(file)) return 0;
  auto again = video::Recording::open(std::make_shared<video::MemorySource>(std::move(file)));
  FUZZ_ASSERT(again.has_value() && again->codec() == codec);
  std::erase_if(units, [&](const Unit& unit) { return unit.bytes.empty() || is_delimiter(codec, unit.bytes); });
  const std::vector<Unit> read = units_of(*again);
  FUZZ_ASSERT(read.size() == units.size());
  for (std::size_t i = 0; i < read.size(); ++i) FUZZ_ASSERT(read[i].bytes == units[i].bytes);
  return 0;
}
