// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "push_splitter.hpp"
#include "vector_files.hpp"

using namespace signet;

namespace {

/// Gives a few bytes at a time, as a slow disk does: the units must not depend on it.
class DrippingSource : public video::Source {
 public:
  explicit DrippingSource(Bytes bytes) : whole_(std::move(bytes)) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) override {
    return whole_.read_at(offset, out.first(std::min<std::size_t>(out.size(), 61)));
  }

 private:
  video::MemorySource whole_;
};

struct Split {
  Bytes digest;
  std::uint64_t units = 0;
  bool has_ended = false;  ///< without error
  video::Container container = video::Container::annexb;
  video::Codec codec = video::Codec::h264;
};

/// Hashes units with their borders, however they are cut into pieces.
class UnitDigest {
 public:
  void add(const video::Piece& piece) {
    FUZZ_ASSERT(piece.bytes.size() <= (std::size_t{1} << 20U));
    if (piece.begins) end_unit();
    if (piece.begins) is_open_ = true;
    if (is_open_) unit_.update(piece.bytes);
  }
  Split finish() {
    end_unit();
    return {.digest = all_.finish(), .units = units_};
  }

 private:
  void end_unit() {
    if (!std::exchange(is_open_, false)) return;
    all_.update(unit_.finish());
    ++units_;
  }

  crypto::Hasher all_{crypto::HashAlgorithm::sha256};
  crypto::Hasher unit_{crypto::HashAlgorithm::sha256};
  std::uint64_t units_ = 0;
  bool is_open_ = false;
};

std::optional<Split> split(std::shared_ptr<video::Source> source) {
  auto recording = video::Recording::open(std::move(source));
  if (!recording) return std::nullopt;
  UnitDigest units;
  bool has_ended = false;
  for (std::size_t pieces = 0; pieces < 20'000; ++pieces) {  // samples of an MP4 file may overlap without end
    const auto piece = recording->next();
    has_ended = piece && !*piece;
    if (!piece || !*piece) break;
    units.add(**piece);
  }
  Split result = units.finish();
  result.has_ended = has_ended;
  result.container = recording->container();
  result.codec = recording->codec();
  return result;
}

/// The same bytes, pushed in chunks of one size.
Split pushed(video::Codec codec, ByteView bytes, std::size_t chunk) {
  video::PushSplitter splitter(codec);
  UnitDigest units;
  const auto sink = [&](const video::Piece& piece) { units.add(piece); };
  bool is_good = true;
  for (std::size_t at = 0; at < bytes.size() && is_good; at += chunk) {
    is_good = splitter.push(bytes.subspan(at, std::min(chunk, bytes.size() - at)), sink).has_value();
  }
  is_good = is_good && splitter.finish(sink).has_value();
  Split result = units.finish();
  result.has_ended = is_good;
  return result;
}

}  // namespace

// Whatever the bytes, splitting ends, and gives the same units however the bytes arrive: read, or pushed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 200'000) return 0;
  const Bytes bytes = to_bytes(test::fuzz_input(data, size));
  const auto whole = split(std::make_shared<video::MemorySource>(bytes));
  const auto dripping = split(std::make_shared<DrippingSource>(bytes));
  FUZZ_ASSERT(whole.has_value() == dripping.has_value());
  if (whole) FUZZ_ASSERT(whole->units == dripping->units && whole->digest == dripping->digest);
  // What is pushed has no container to tell by: any bytes may come, under any codec.
  const std::size_t chunk = size == 0 ? 1 : data[size / 2] + 1 + size / 4096;
  for (const auto codec : {video::Codec::h264, video::Codec::av1}) {
    const Split in_chunks = pushed(codec, bytes, chunk);
    const Split at_once = pushed(codec, bytes, std::max<std::size_t>(size, 1));
    FUZZ_ASSERT(in_chunks.has_ended == at_once.has_ended);
    FUZZ_ASSERT(in_chunks.units == at_once.units && in_chunks.digest == at_once.digest);
    if (!whole || !whole->has_ended || (whole->codec == video::Codec::av1) != (codec == video::Codec::av1)) continue;
    if (whole->container != video::Container::annexb && whole->container != video::Container::obu) continue;
    FUZZ_ASSERT(in_chunks.has_ended && in_chunks.units == whole->units && in_chunks.digest == whole->digest);
  }
  return 0;
}
