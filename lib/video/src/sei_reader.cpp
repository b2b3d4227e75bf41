// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_sei_fuzz)
#include "sei_reader.hpp"

#include "signet/video_recording.hpp"

#include "byte_reader.hpp"
#include "tlv.hpp"

#include <algorithm>
#include <array>

namespace signet::video {

namespace {

constexpr std::array k_onvif_uuid{std::byte{0x00}, std::byte{0x5b}, std::byte{0xc9}, std::byte{0x3f},
                                  std::byte{0x2d}, std::byte{0x71}, std::byte{0x5e}, std::byte{0x95},
                                  std::byte{0xad}, std::byte{0xa4}, std::byte{0x79}, std::byte{0x6f},
                                  std::byte{0x90}, std::byte{0x87}, std::byte{0x7a}, std::byte{0x6f}};
constexpr std::string_view k_axis_uuid = "Signed Video...0";
constexpr std::size_t k_envelope_size_bytes_max = 4096;  // NAL header, payload type and size, UUID: far less
constexpr std::byte k_stop{0x80};

Error broken(std::string_view what) { return {Errc::invalid_input, "video.sei-broken", std::string(what)}; }

/// Where things stand in a SEI or metadata OBU.
struct Envelope {
  Family family;
  std::size_t tags_at;  // of the flags byte
  std::size_t end;      // of the payload; the stop byte follows
};

std::optional<Family> family_at(ByteView bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < k_uuid_size_bytes) return std::nullopt;
  const ByteView uuid = bytes.subspan(at, k_uuid_size_bytes);
  for (const Family family : {Family::onvif, Family::axis}) {
    if (equal(uuid, uuid_of(family))) return family;
  }
  return std::nullopt;
}

/// H.264 7.3.2.3, H.265 7.3.5: payload type 5 (user_data_unregistered) as the first message.
std::optional<Envelope> open_sei(Codec codec, ByteView bytes) {
  std::size_t at = codec == Codec::h264 ? 1 : 2;
  if (bytes.size() < at + 2 || bytes[at] != std::byte{5}) return std::nullopt;
  ++at;
  std::size_t size = 0;
  while (at < bytes.size() && bytes[at] == std::byte{0xff}) {
    size += 255;
    ++at;
  }
  if (at >= bytes.size()) return std::nullopt;
  size += std::to_integer<std::size_t>(bytes[at++]);
  const auto family = family_at(bytes, at);
  if (!family) return std::nullopt;
  return Envelope{*family, at + k_uuid_size_bytes, at + size};
}

/// Axis: a metadata OBU of the private type 25 whose payload begins with a byte 80 and the UUID.
std::optional<Envelope> open_obu(ByteView unit) {
  if (unit.empty() || unit[0] != std::byte{0x2a}) return std::nullopt;  // no extension, with a size field
  const auto size = leb128_at(unit.subspan(1));
  if (!size) return std::nullopt;
  const std::size_t at = 1 + size->size_bytes;
  if (unit.size() - at != size->value || size->value < 3) return std::nullopt;
  if (unit[at] != std::byte{0x19} || unit[at + 1] != k_stop) return std::nullopt;
  const auto family = family_at(unit, at + 2);
  if (family != Family::axis) return std::nullopt;
  return Envelope{*family, at + 2 + k_uuid_size_bytes, unit.size() - 1};
}

bool fits(const Envelope& envelope, ByteView bytes) {
  return envelope.end > envelope.tags_at && envelope.end < bytes.size() && bytes[envelope.end] == k_stop &&
         std::ranges::all_of(bytes.subspan(envelope.end + 1), [](std::byte each) { return each == std::byte{0}; });
}

struct Opened {
  Envelope envelope;
  Bytes plain;                      // without emulation prevention, if there was any
  std::vector<std::uint32_t> ends;  // of each plain byte in the unit; empty if the unit was not escaped
};

Result<Opened> open_unit(Codec codec, ByteView unit) {
  if (unit.size() > k_sei_size_bytes_max) return broken("larger than 256 KiB");
  if (codec == Codec::av1) {
    const auto envelope = open_obu(unit);
    if (!envelope || !fits(*envelope, unit)) return broken("the OBU does not end where its payload does");
    return Opened{*envelope, to_bytes(unit), {}};
  }
  Opened opened{};
  opened.plain = unescape(unit, &opened.ends);
  if (const auto envelope = open_sei(codec, opened.plain); envelope && fits(*envelope, opened.plain)) {
    opened.envelope = *envelope;
    return opened;
  }
  // Signers are known that do not escape. Taken by an MP4 length, such a SEI is whole nevertheless.
  if (const auto envelope = open_sei(codec, unit); envelope && fits(*envelope, unit)) {
    return Opened{*envelope, to_bytes(unit), {}};
  }
  return broken("its payload does not end where its size says; cut short, or written without emulation prevention");
}

/// What is hashed: from the unit's header up to the signature tag, in escaped form if the signer says so. An emulation
/// prevention byte directly before the tag belongs to the tag.
Bytes document_of(const Opened& opened, ByteView unit, std::size_t signature_at, bool escaped) {
  if (!escaped || opened.ends.empty()) return to_bytes(ByteView(opened.plain).first(signature_at));
  return to_bytes(unit.first(opened.ends[signature_at - 1]));
}

void read_flags(Sei& sei, std::uint8_t flags, bool& hashes_escaped) {
  if (sei.family == Family::onvif) {
    sei.is_certificate = (flags & 0x80U) != 0;
    hashes_escaped = (flags & 0x40U) != 0;
    return;
  }
  hashes_escaped = (flags & 0x80U) != 0;
  sei.is_certificate = (flags & 0x40U) != 0;
  const bool is_current = (flags & 0x70U) != 0;
  sei.profile = is_current ? Profile::axis_v2 : Profile::axis_legacy;
}

}  // namespace

ByteView uuid_of(Family family) { return family == Family::onvif ? ByteView(k_onvif_uuid) : as_bytes(k_axis_uuid); }

Bytes unescape(ByteView escaped, std::vector<std::uint32_t>* ends) {
  Bytes plain;
  plain.reserve(escaped.size());
  if (ends != nullptr) ends->reserve(escaped.size());
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (zeros >= 2 && escaped[i] == std::byte{3}) {
      zeros = 0;
      continue;
    }
    zeros = escaped[i] == std::byte{0} ? zeros + 1 : 0;
    plain.push_back(escaped[i]);
    if (ends != nullptr) ends->push_back(static_cast<std::uint32_t>(i + 1));
  }
  return plain;
}

std::optional<Family> family_of(Codec codec, ByteView unit) {
  if (codec == Codec::av1) {
    const auto envelope = open_obu(unit);
    return envelope ? std::optional(envelope->family) : std::nullopt;
  }
  const ByteView front = unit.first(std::min(unit.size(), k_envelope_size_bytes_max));
  for (const Bytes& bytes : {unescape(front), to_bytes(front)}) {
    if (const auto envelope = open_sei(codec, bytes)) return envelope->family;
  }
  return std::nullopt;
}

Result<Sei> parse_sei(Codec codec, ByteView unit, crypto::HashAlgorithm list_hash) {
  TRY_ASSIGN(const Opened opened, open_unit(codec, unit));
  Sei sei;
  sei.family = opened.envelope.family;
  sei.was_escaped = codec == Codec::av1 || !opened.ends.empty();
  bool hashes_escaped = false;
  read_flags(sei, std::to_integer<std::uint8_t>(opened.plain[opened.envelope.tags_at]), hashes_escaped);
  const std::size_t first_tag = opened.envelope.tags_at + 1;
  const ByteView tags = ByteView(opened.plain).subspan(first_tag, opened.envelope.end - first_tag);
  TRY_ASSIGN(const std::optional<std::size_t> signature_at, read_tags(tags, list_hash, sei));
  if (!signature_at) return sei;
  sei.is_signed = true;
  sei.document = document_of(opened, unit, first_tag + *signature_at, hashes_escaped);
  return sei;
}

std::optional<SeiSummary> summarize_sei(Codec codec, ByteView unit) {
  const auto family = family_of(codec, unit);
  if (!family) return std::nullopt;
  SeiSummary summary;
  const auto sei = parse_sei(codec, unit, crypto::HashAlgorithm::sha256);
  if (!sei) {
    summary.profile = *family == Family::onvif ? Profile::onvif : Profile::axis_v2;
    summary.problem = sei.error().text();
    return summary;
  }
  summary.profile = *family == Family::onvif ? Profile::onvif : sei->profile;
  summary.is_signed = sei->is_signed;
  summary.is_certificate = sei->is_certificate;
  summary.has_hash_list = sei->hash_list.has_value();
  summary.signer_version = sei->signer_version;
  if (sei->general) {
    summary.is_partial = sei->general->partial.value_or(false);
    summary.counter = sei->general->counter;
    summary.units = sei->hash_list ? sei->hash_list->size() : sei->general->units;
  }
  return summary;
}

}  // namespace signet::video
