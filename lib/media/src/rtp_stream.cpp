// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: media_rtp_fuzz)
#include "signet/os/fd.hpp"

#include "capture.hpp"
#include "rtp.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

namespace signet::media {

namespace {

using video::Codec;

constexpr std::array k_codecs{Codec::h264, Codec::h265, Codec::av1};
constexpr std::uint64_t k_look_size_bytes_max = 32U << 20U;
constexpr std::size_t k_candidates_max = 256;
constexpr std::uint64_t k_packets_min = 2;

/// What tells one RTP stream from another.
struct StreamId {
  std::string flow;
  std::uint32_t ssrc = 0;
  unsigned payload_type = 0;
  auto operator<=>(const StreamId&) const = default;
};

struct Candidate {
  std::uint64_t packets = 0;
  std::uint64_t in_order = 0;
  std::uint16_t last = 0;
  std::array<std::uint64_t, k_codecs.size()> possible{};
  std::array<std::uint64_t, k_codecs.size()> sure{};

  void add(const RtpPacket& packet) {
    const auto step = static_cast<std::uint16_t>(packet.sequence - last);
    if (packets > 0 && step > 0 && step < 100) ++in_order;
    last = packet.sequence;
    ++packets;
    for (std::size_t i = 0; i < k_codecs.size(); ++i) {
      const Likeness likeness = likeness_of(k_codecs[i], packet.payload);
      if (likeness != Likeness::no) ++possible[i];
      if (likeness == Likeness::sure) ++sure[i];
    }
  }
  [[nodiscard]] bool is_stream() const { return packets >= k_packets_min && in_order * 2 >= packets - 1; }
  /// What it carries by its payloads; `is_sure` if there is no other way to read them.
  [[nodiscard]] std::optional<std::pair<Codec, bool>> codec() const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < k_codecs.size(); ++i) {
      if (possible[i] * 10 < packets * 9) continue;
      if (k_codecs[i] == Codec::av1 && sure[i] == 0) continue;  // too little to go by
      if (!best || std::tie(sure[i], possible[i]) > std::tie(sure[*best], possible[*best])) best = i;
    }
    if (!best) return std::nullopt;
    return std::pair(k_codecs[*best], sure[*best] > 0);
  }
};

using Candidates = std::map<StreamId, Candidate>;

Result<Candidates> look(const std::shared_ptr<video::Source>& source) {
  Capture capture(source);
  Candidates candidates;
  while (capture.offset() < k_look_size_bytes_max) {
    TRY_ASSIGN(const std::optional<Datagram> datagram, capture.next());
    if (!datagram) break;
    const auto packet = parse_rtp(datagram->payload);
    if (!packet) continue;
    const StreamId id{datagram->flow, packet->ssrc, packet->payload_type};
    const auto found = candidates.find(id);
    if (found != candidates.end()) {
      found->second.add(*packet);
    } else if (candidates.size() < k_candidates_max) {
      candidates[id].add(*packet);
    }
  }
  return candidates;
}

struct Chosen {
  StreamId id;
  Codec codec = Codec::h264;
  std::uint64_t others = 0;
};

/// The stream with the most packets among those that are video for sure, else among those that may be.
Result<Chosen> choose(const Candidates& candidates, const std::map<unsigned, Codec>& types,
                      std::optional<Codec> codec) {
  std::optional<Chosen> best;
  std::pair<bool, std::uint64_t> best_rank;
  std::uint64_t videos = 0;
  for (const auto& [id, candidate] : candidates) {
    const auto named = types.find(id.payload_type);
    auto guess = candidate.codec();
    if (!types.empty()) guess = named != types.end() ? std::optional(std::pair(named->second, true)) : std::nullopt;
    if (!candidate.is_stream() || !guess) continue;
    if (codec && types.empty() && guess->first != *codec) continue;
    ++videos;
    const std::pair rank(guess->second, candidate.packets);
    if (best && rank <= best_rank) continue;
    best = Chosen{.id = id, .codec = codec.value_or(guess->first)};
    best_rank = rank;
  }
  if (!best) {
    return Error(Errc::invalid_input, "media.no-stream", "no RTP stream with video was found in the capture",
                 "Encrypted streams (SRTP) and RTP over TCP cannot be read. --sdp or --codec say what a stream holds.");
  }
  best->others = videos - 1;
  return *best;
}

class RtpUnits : public video::UnitReader {
 public:
  RtpUnits(std::shared_ptr<video::Source> source, Chosen chosen, std::shared_ptr<Transport> transport)
      : capture_(std::move(source)),
        chosen_(std::move(chosen)),
        transport_(transport),
        order_(transport),
        units_(chosen_.codec, transport) {}
  Result<std::optional<video::Piece>> next() override;
  [[nodiscard]] std::uint64_t offset() const override { return capture_.offset(); }

 private:
  Result<void> advance();
  void tell_time(std::uint32_t timestamp);

  Capture capture_;
  Chosen chosen_;
  std::shared_ptr<Transport> transport_;
  Reorder order_;
  Depacketizer units_;
  bool is_over_ = false;
  RtpUnit unit_;
  std::size_t given_ = 0;  // of unit_
  std::optional<std::uint32_t> last_timestamp_;
  std::int64_t ticks_ = 0;
};

/// RTP time from the first picture on; all these payload formats tick at 90 kHz.
void RtpUnits::tell_time(std::uint32_t timestamp) {
  if (last_timestamp_) ticks_ += static_cast<std::int32_t>(timestamp - *last_timestamp_);
  last_timestamp_ = timestamp;
}

Result<void> RtpUnits::advance() {
  TRY_ASSIGN(const std::optional<Datagram> datagram, capture_.next());
  if (!datagram) {
    is_over_ = true;
    order_.finish();
  } else {
    const auto packet = parse_rtp(datagram->payload);
    if (packet && StreamId{datagram->flow, packet->ssrc, packet->payload_type} == chosen_.id) {
      order_.add(*packet, datagram->time_us);
    }
  }
  while (const auto item = order_.take()) units_.add(*item);
  if (!is_over_) return {};
  units_.finish();
  transport_->packets_unread += capture_.packets_cut();
  return {};
}

Result<std::optional<video::Piece>> RtpUnits::next() {
  constexpr std::size_t k_piece_size_bytes_max = 1U << 20U;
  if (given_ == unit_.bytes.size()) {
    std::optional<RtpUnit> unit = units_.take();
    while (!unit && !is_over_) {
      TRY(advance());
      unit = units_.take();
    }
    if (!unit) return std::optional<video::Piece>();
    unit_ = std::move(*unit);
    given_ = 0;
    tell_time(unit_.timestamp);
  }
  video::Piece piece;
  piece.begins = given_ == 0;
  piece.bytes = ByteView(unit_.bytes).subspan(given_, std::min(k_piece_size_bytes_max, unit_.bytes.size() - given_));
  given_ += piece.bytes.size();
  piece.ends = given_ == unit_.bytes.size();
  piece.time_us = ticks_ * 100 / 9;
  return std::optional(piece);
}

}  // namespace

std::map<unsigned, Codec> payload_types_of(std::string_view sdp) {
  constexpr std::string_view k_attribute = "a=rtpmap:";
  constexpr std::array<std::pair<std::string_view, Codec>, 3> k_names{
      std::pair{"H264/", Codec::h264}, std::pair{"H265/", Codec::h265}, std::pair{"AV1/", Codec::av1}};
  std::map<unsigned, Codec> types;
  while (!sdp.empty()) {
    const std::size_t end = std::min(sdp.find('\n'), sdp.size());
    std::string_view line = sdp.substr(0, end);
    sdp.remove_prefix(std::min(end + 1, sdp.size()));
    if (!line.starts_with(k_attribute)) continue;
    line.remove_prefix(k_attribute.size());
    unsigned type = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), type);
    if (parsed.ec != std::errc() || type > 127) continue;
    std::string name(parsed.ptr, line.data() + line.size());
    name.erase(0, name.find_first_not_of(' '));
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    for (const auto& [prefix, codec] : k_names) {
      if (name.starts_with(prefix)) types[type] = codec;
    }
  }
  return types;
}

Result<RtpStream> open_capture(const std::shared_ptr<video::Source>& source, const OpenOptions& options) {
  std::map<unsigned, Codec> types;
  if (options.sdp) {
    constexpr std::size_t k_sdp_size_bytes_max = 64U * 1024U;
    TRY_ASSIGN(const os::Fd fd, os::open_read(*options.sdp));
    Bytes text(k_sdp_size_bytes_max);
    TRY_ASSIGN(const std::size_t size, os::read_some(fd, text));
    types = payload_types_of(as_text(ByteView(text).first(size)));
    if (types.empty()) {
      return Error(Errc::invalid_input, "media.sdp", "the session description names no H.264, H.265 or AV1 stream",
                   "It needs a line such as: a=rtpmap:96 H264/90000");
    }
  }
  TRY_ASSIGN(const Candidates candidates, look(source));
  TRY_ASSIGN(const Chosen chosen, choose(candidates, types, options.codec));
  auto transport = std::make_shared<Transport>();
  transport->streams_other = chosen.others;
  return RtpStream{
      .codec = chosen.codec, .units = std::make_unique<RtpUnits>(source, chosen, transport), .transport = transport};
}

}  // namespace signet::media
