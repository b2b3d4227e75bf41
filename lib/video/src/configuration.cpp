// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_mp4_fuzz)
#include "configuration.hpp"

#include "signet/video_writer.hpp"

#include "box_writer.hpp"
#include "byte_reader.hpp"
#include "parameters.hpp"
#include "unit.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace signet::video {

namespace {

constexpr std::size_t k_set_size_bytes_max = 65'535;
constexpr std::size_t k_sets_max = 31;

unsigned type_of(Codec codec, ByteView unit) {
  const unsigned head = unit.empty() ? 0U : std::to_integer<unsigned>(unit[0]);
  return codec == Codec::h264 ? head & 0x1fU : head >> 1U & 0x3fU;
}

/// All sets of one kind; as many as a record can name.
std::vector<Bytes> of_type(Codec codec, const std::vector<Bytes>& sets, unsigned type) {
  std::vector<Bytes> found;
  for (const Bytes& set : sets) {
    if (type_of(codec, set) == type && found.size() < k_sets_max) found.push_back(set);
  }
  return found;
}

void put_sets(BoxWriter& out, const std::vector<Bytes>& sets) {
  for (const Bytes& set : sets) {
    out.u16(static_cast<std::uint16_t>(set.size()));
    out.bytes(set);
  }
}

Bytes make_avcc(const Sequence& sequence, const std::vector<Bytes>& sets) {
  const std::vector<Bytes> sequences = of_type(Codec::h264, sets, 7);
  const std::vector<Bytes> pictures = of_type(Codec::h264, sets, 8);
  BoxWriter out;
  out.u8(1);
  out.bytes(sequence.profile);
  out.u8(0xff);
  out.u8(static_cast<std::uint8_t>(0xe0U | sequences.size()));
  put_sets(out, sequences);
  out.u8(static_cast<std::uint8_t>(pictures.size()));
  put_sets(out, pictures);
  constexpr std::array k_with_format{std::byte{100}, std::byte{110}, std::byte{122}, std::byte{144}};
  if (std::ranges::find(k_with_format, sequence.profile[0]) == k_with_format.end()) return out.take();
  const std::vector<Bytes> extensions = of_type(Codec::h264, sets, 13);
  out.u8(static_cast<std::uint8_t>(0xfcU | sequence.chroma_format));
  out.u8(static_cast<std::uint8_t>(0xf8U | (sequence.luma_bits - 8)));
  out.u8(static_cast<std::uint8_t>(0xf8U | (sequence.chroma_bits - 8)));
  out.u8(static_cast<std::uint8_t>(extensions.size()));
  put_sets(out, extensions);
  return out.take();
}

Bytes make_hvcc(const Sequence& sequence, const std::vector<Bytes>& sets) {
  constexpr std::array k_kinds{32U, 33U, 34U};
  BoxWriter out;
  out.u8(1);
  out.bytes(sequence.profile);
  out.u16(0xf000);  // no word on spatial segmentation and parallelism
  out.u8(0xfc);
  out.u8(static_cast<std::uint8_t>(0xfcU | sequence.chroma_format));
  out.u8(static_cast<std::uint8_t>(0xf8U | (sequence.luma_bits - 8)));
  out.u8(static_cast<std::uint8_t>(0xf8U | (sequence.chroma_bits - 8)));
  out.u16(0);
  out.u8(static_cast<std::uint8_t>(sequence.layers << 3U | (sequence.layers_nest ? 4U : 0U) | 3U));
  out.u8(k_kinds.size());
  for (const unsigned kind : k_kinds) {
    const std::vector<Bytes> found = of_type(Codec::h265, sets, kind);
    out.u8(static_cast<std::uint8_t>(kind));  // more of them may stand in the stream
    out.u16(static_cast<std::uint16_t>(found.size()));
    put_sets(out, found);
  }
  return out.take();
}

std::vector<Bytes> take_units(ByteReader& from, std::size_t count) {
  std::vector<Bytes> units;
  for (std::size_t i = 0; i < count && !from.failed(); ++i) {
    const ByteView unit = from.take(from.u16());
    if (!unit.empty()) units.push_back(to_bytes(unit));
  }
  return units;
}

}  // namespace

Result<Bytes> make_configuration(Codec codec, const std::vector<Bytes>& sets) {
  const auto first = std::ranges::find_if(sets, [&](const Bytes& set) { return is_sequence(codec, set); });
  const auto sequence = first == sets.end() ? std::nullopt : read_sequence(codec, *first);
  const bool fits = std::ranges::all_of(sets, [](const Bytes& set) { return set.size() <= k_set_size_bytes_max; });
  if (!sequence || !fits) {
    return Error(Errc::invalid_input, "video.mp4-parameters",
                 "no MP4 file can be made: the stream does not begin with parameter sets that can be read",
                 "Write a stream without container: name it NAME.h264, NAME.h265 or NAME.obu.");
  }
  switch (codec) {
    case Codec::h264:
      return make_avcc(*sequence, sets);
    case Codec::h265:
      return make_hvcc(*sequence, sets);
    case Codec::av1:
      break;
  }
  Bytes record{std::byte{0x81}, sequence->profile[0], sequence->profile[1], std::byte{0}};
  append(record, *first);
  return record;
}

Result<Bytes> renewed_configuration(Codec codec, Bytes given, const std::vector<Bytes>& in_stream) {
  std::vector<Bytes> sets = parameter_sets_in(codec, given);
  const bool is_new = sets.empty();
  if (codec == Codec::av1 && !is_new) return given;  // one sequence header may be written in two ways
  bool is_replaced = false;
  for (const Bytes& set : in_stream) {
    const auto same = std::ranges::find_if(sets, [&](const Bytes& each) {
      return classify(codec, each).type == classify(codec, set).type &&
             parameter_set_id(codec, each) == parameter_set_id(codec, set);
    });
    if (same == sets.end()) {
      sets.push_back(set);
    } else if (!equal(*same, set)) {
      *same = set;
      is_replaced = true;
    }
  }
  return is_new || is_replaced ? make_configuration(codec, sets) : given;
}

Bytes with_four_byte_lengths(Codec codec, Bytes configuration) {
  const std::size_t at = codec == Codec::h264 ? 4 : 21;
  if (codec != Codec::av1 && at < configuration.size()) configuration[at] |= std::byte{3};
  return configuration;
}

std::vector<Bytes> parameter_sets_in(Codec codec, ByteView configuration) {
  ByteReader from(configuration);
  std::vector<Bytes> units;
  switch (codec) {
    case Codec::h264:
      from.take(5);
      units = take_units(from, from.u8() & 0x1fU);
      std::ranges::move(take_units(from, from.u8()), std::back_inserter(units));
      break;
    case Codec::h265:
      from.take(22);
      for (unsigned left = from.u8(); left > 0 && !from.failed(); --left) {
        from.take(1);
        std::ranges::move(take_units(from, from.u16()), std::back_inserter(units));
      }
      break;
    case Codec::av1:
      from.take(4);
      if (from.left() > 0) units.push_back(to_bytes(from.rest()));
      break;
  }
  return units;
}

}  // namespace signet::video
