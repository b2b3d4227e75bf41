// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_sei_fuzz)
#include "parameters.hpp"

#include "bit_reader.hpp"
#include "byte_reader.hpp"
#include "sei_reader.hpp"
#include "sei_writer.hpp"

#include <algorithm>
#include <array>

namespace signet::video {

namespace {

constexpr std::array k_uuid{std::byte{0x8d}, std::byte{0x1c}, std::byte{0x5a}, std::byte{0x3e},
                            std::byte{0x62}, std::byte{0xf0}, std::byte{0x4b}, std::byte{0x97},
                            std::byte{0xa8}, std::byte{0x15}, std::byte{0x7e}, std::byte{0xc4},
                            std::byte{0x29}, std::byte{0xd6}, std::byte{0x83}, std::byte{0x5f}};
constexpr std::uint8_t k_version = 1;
constexpr std::size_t k_set_digest_size_bytes = 32;
constexpr std::size_t k_statement_size_bytes_max = 8192;
constexpr std::size_t k_signature_size_bytes_max = 1024;
constexpr std::byte k_stop{0x80};

Error broken(std::string_view what) { return {Errc::invalid_input, "video.sei-broken", std::string(what)}; }

/// H.265 7.3.2.2: the number stands behind profile_tier_level (7.3.3).
std::uint32_t h265_sps_id(BitReader& bits) {
  constexpr unsigned k_profile_bits = 88;
  constexpr unsigned k_level_bits = 8;
  bits.skip(4);
  const std::uint32_t sub_layers = bits.bits(3);
  bits.skip(1 + k_profile_bits + k_level_bits);
  unsigned more = 0;
  for (std::uint32_t i = 0; i < sub_layers; ++i) {
    if (bits.flag()) more += k_profile_bits;
    if (bits.flag()) more += k_level_bits;
  }
  if (sub_layers > 0) bits.skip(2 * (8 - sub_layers));
  bits.skip(more);
  return bits.ue();
}

/// NAL header and payload type.
ByteView head_of(Codec codec) {
  static constexpr std::array k_h264{std::byte{0x06}, std::byte{5}};
  static constexpr std::array k_h265{std::byte{0x4e}, std::byte{0x01}, std::byte{5}};
  return codec == Codec::h264 ? ByteView(k_h264) : ByteView(k_h265);
}

/// Where the UUID stands: behind the NAL header, payload type 5 and the size. None of it is ever escaped.
std::optional<std::size_t> uuid_at(Codec codec, ByteView unit) {
  const ByteView head = head_of(codec);
  if (codec == Codec::av1 || unit.size() < head.size() || !equal(unit.first(head.size()), head)) return std::nullopt;
  std::size_t at = head.size();
  while (at < unit.size() && unit[at] == std::byte{0xff}) ++at;
  ++at;
  if (at > unit.size() || unit.size() - at < k_uuid.size()) return std::nullopt;
  return equal(unit.subspan(at, k_uuid.size()), k_uuid) ? std::optional(at) : std::nullopt;
}

Result<void> read_fields(ByteReader& reader, ParameterStatement& statement) {
  if (reader.u8() != k_version) return broken("a statement of an unknown version");
  const std::uint8_t family = reader.u8();
  if (family > static_cast<std::uint8_t>(Family::axis)) return broken("a statement of an unknown format");
  statement.family = static_cast<Family>(family);
  const std::size_t anchor_size = reader.u8();
  if (anchor_size < 32 || anchor_size > 64) return broken("a statement about a hash of a wrong size");
  statement.anchor = Digest::of(reader.take(anchor_size));
  const std::size_t count = reader.u8();
  if (count > k_parameter_sets_max) return broken("a statement about too many parameter sets");
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t kind = reader.u8();
    const std::uint8_t id = reader.u8();
    statement.sets.push_back({kind, id, Digest::of(reader.take(k_set_digest_size_bytes))});
  }
  if (reader.failed()) return broken("a statement that is cut off");
  return {};
}

}  // namespace

std::uint8_t parameter_set_id(Codec codec, ByteView unit) {
  constexpr std::uint8_t k_unknown = 255;
  constexpr std::size_t k_size_bytes_max = 128;  // more than stands before any number
  const std::size_t header = codec == Codec::h264 ? 1 : 2;
  if (codec == Codec::av1) return 0;
  if (unit.size() < header) return k_unknown;
  const auto first = std::to_integer<unsigned>(unit[0]);
  const unsigned type = codec == Codec::h264 ? first & 0x1fU : first >> 1U & 0x3fU;
  BitReader bits = BitReader::of_nal(unit.subspan(header, std::min(unit.size() - header, k_size_bytes_max)));
  std::uint32_t number = 0;
  if (codec == Codec::h265 && type == 32) {  // VPS, 7.3.2.1
    number = bits.bits(4);
  } else if (codec == Codec::h265 && type == 33) {
    number = h265_sps_id(bits);
  } else {
    if (codec == Codec::h264 && (type == 7 || type == 15)) bits.skip(24);  // SPS, 7.3.2.1.1: behind profile and level
    number = bits.ue();
  }
  return bits.failed() || number >= k_unknown ? k_unknown : static_cast<std::uint8_t>(number);
}

bool put_in_force(std::vector<ParameterSet>& sets, const ParameterSet& set) {
  const auto same =
      std::ranges::find_if(sets, [&](const ParameterSet& each) { return each.kind == set.kind && each.id == set.id; });
  if (same != sets.end()) {
    if (*same == set) return false;
    *same = set;
    return true;
  }
  sets.push_back(set);
  return true;
}

bool is_parameter_statement(Codec codec, ByteView unit) { return uuid_at(codec, unit).has_value(); }

Result<ParameterStatement> parse_parameter_statement(Codec codec, ByteView unit) {
  const auto at = uuid_at(codec, unit);
  if (!at || unit.size() > k_statement_size_bytes_max) return broken("no statement about parameter sets");
  std::size_t size = 0;
  for (std::size_t i = head_of(codec).size(); i < *at; ++i) size += std::to_integer<std::size_t>(unit[i]);
  const Bytes plain = unescape(unit);
  if (plain.size() != *at + size + 1 || plain.back() != k_stop) {
    return broken("a statement that does not end where its size says");
  }
  const ByteView payload = ByteView(plain).subspan(*at, size);
  ParameterStatement statement;
  ByteReader reader(payload.subspan(k_uuid.size()));
  TRY(read_fields(reader, statement));
  statement.document = to_bytes(payload.first(payload.size() - reader.left()));
  const std::size_t signature_size = reader.u16();
  if (reader.failed() || signature_size == 0 || signature_size > k_signature_size_bytes_max ||
      signature_size != reader.left()) {
    return broken("a statement with a signature of a wrong length");
  }
  statement.signature = to_bytes(reader.rest());
  return statement;
}

Result<Bytes> write_parameter_statement(Codec codec, Family family, const Digest& anchor,
                                        std::span<const ParameterSet> sets, crypto::Signer& key,
                                        crypto::SignatureScheme scheme) {
  Bytes payload = to_bytes(k_uuid);
  const auto put = [&payload](std::size_t value) { payload.push_back(static_cast<std::byte>(value)); };
  put(k_version);
  put(static_cast<std::size_t>(family));
  put(anchor.size_bytes);
  append(payload, anchor.view());
  put(sets.size());
  for (const ParameterSet& set : sets) {
    put(set.kind);
    put(set.id);
    append(payload, set.digest.view());
  }
  TRY_ASSIGN(const Bytes signature, key.sign(scheme, payload));
  put(signature.size() >> 8U);
  put(signature.size() & 0xffU);
  append(payload, signature);
  Bytes plain = to_bytes(head_of(codec));
  std::size_t size = payload.size();
  for (; size >= 255; size -= 255) plain.push_back(std::byte{255});
  plain.push_back(static_cast<std::byte>(size));
  append(plain, payload);
  plain.push_back(k_stop);
  return escape(plain);
}

}  // namespace signet::video
