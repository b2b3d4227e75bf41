// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_split_fuzz)
#include "sei_reader.hpp"
#include "splitter.hpp"
#include "unit.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::video {

namespace {

constexpr std::size_t k_sniff_size_bytes = 256U * 1024U;
constexpr std::uint64_t k_probe_size_bytes_max = 64U << 20U;

bool looks_like_mp4(ByteView front) {
  constexpr std::array<std::string_view, 8> k_first_boxes{"ftyp", "styp", "moov", "mdat",
                                                          "free", "skip", "wide", "sidx"};
  return front.size() >= 8 && std::ranges::find(k_first_boxes, as_text(front.subspan(4, 4))) != k_first_boxes.end();
}

/// A temporal delimiter without content, or a sequence header, with size fields: how AV1 streams begin (AV1 7.5).
bool looks_like_obus(ByteView front) {
  if (front.size() < 3) return false;
  const auto first = std::to_integer<unsigned>(front[0]);
  return (first == 0x12 && front[1] == std::byte{0}) || first == 0x0a;
}

bool looks_like_annexb(ByteView front) {
  std::size_t zeros = 0;
  while (zeros < front.size() && front[zeros] == std::byte{0}) ++zeros;
  return zeros >= 2 && zeros < front.size() && front[zeros] == std::byte{1};
}

Result<Opened> open_by_content(Window& window, const std::shared_ptr<Source>& source, std::optional<Codec> codec) {
  TRY_ASSIGN(const ByteView front, window.at(0, k_sniff_size_bytes));
  if (front.size() >= 4 && as_text(front.first(4)) == "DKIF") {
    TRY_ASSIGN(auto splitter, make_ivf_splitter(window));
    return Opened{.container = Container::ivf, .codec = Codec::av1, .splitter = std::move(splitter)};
  }
  if (looks_like_mp4(front)) return open_mp4(window, source);
  if (codec != Codec::av1 && looks_like_annexb(front)) {
    const auto guessed = codec ? codec : codec_of_annexb(front);
    if (guessed) return Opened{.container = Container::annexb, .codec = *guessed, .splitter = make_annexb_splitter()};
  }
  if (codec == Codec::av1 || looks_like_obus(front)) {
    return Opened{.container = Container::obu, .codec = Codec::av1, .splitter = make_obu_splitter()};
  }
  return Error(Errc::invalid_input, "video.unknown-container", "this is no recording that can be read",
               "Understood are MP4, H.264 and H.265 byte streams, AV1 OBU streams and IVF. Take others apart without "
               "re-encoding: ffmpeg -i IN -c copy OUT.mp4");
}

/// Units that come from outside the library.
class ForeignUnits : public Splitter {
 public:
  explicit ForeignUnits(std::unique_ptr<UnitReader> units) : units_(std::move(units)) {}
  Result<std::optional<Piece>> next(Window& /*window*/) override { return units_->next(); }
  [[nodiscard]] std::uint64_t offset() const override { return units_->offset(); }

 private:
  std::unique_ptr<UnitReader> units_;
};

}  // namespace

Error malformed(const std::string& what, std::uint64_t offset) {
  return {Errc::invalid_input, "video.malformed",
          "the recording cannot be read any further: " + what + " at offset " + std::to_string(offset),
          "The file is damaged or cut off; keep it as it is, and ask for another copy."};
}

class Recording::Impl {
 public:
  Impl(Window from, Opened found) : window(std::move(from)), opened(std::move(found)) {}
  Window window;
  Opened opened;
};

Recording::Recording(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recording::Recording(Recording&&) noexcept = default;
Recording& Recording::operator=(Recording&&) noexcept = default;
Recording::~Recording() = default;

Result<Recording> Recording::open(std::shared_ptr<Source> source, std::optional<Codec> codec) {
  Window window(source);
  TRY_ASSIGN(Opened opened, open_by_content(window, source, codec));
  return Recording(std::make_unique<Impl>(std::move(window), std::move(opened)));
}

Recording Recording::from_units(Container container, Codec codec, std::unique_ptr<UnitReader> units) {
  Opened opened{.container = container, .codec = codec, .splitter = std::make_unique<ForeignUnits>(std::move(units))};
  return Recording(std::make_unique<Impl>(Window(nullptr), std::move(opened)));
}

Container Recording::container() const { return impl_->opened.container; }
void Recording::came_in(Container container) { impl_->opened.container = container; }
Codec Recording::codec() const { return impl_->opened.codec; }
std::optional<Instant> Recording::created() const { return impl_->opened.created; }
const Bytes& Recording::decoder_configuration() const { return impl_->opened.configuration; }
std::uint64_t Recording::offset() const { return impl_->opened.splitter->offset(); }
Result<std::optional<Piece>> Recording::next() { return impl_->opened.splitter->next(impl_->window); }

Result<std::optional<crypto::HashAlgorithm>> probe_hash(Recording& recording) {
  using Hash = crypto::HashAlgorithm;
  std::uint64_t seen = 0;
  while (seen < k_probe_size_bytes_max) {
    TRY_ASSIGN(const std::optional<Piece> piece, recording.next());
    if (!piece) break;
    seen += piece->bytes.size();
    if (!piece->begins || !piece->ends || piece->bytes.empty()) continue;
    const UnitKind kind = classify(recording.codec(), piece->bytes).kind;
    if (kind != UnitKind::sei && kind != UnitKind::metadata) continue;
    if (!family_of(recording.codec(), piece->bytes)) continue;
    const auto sei = parse_sei(recording.codec(), piece->bytes, Hash::sha256);
    if (sei && sei->hash) return std::optional(*sei->hash);
  }
  return std::optional<Hash>();
}

}  // namespace signet::video
