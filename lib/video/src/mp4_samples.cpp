// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_split_fuzz)
#include "mp4_track.hpp"

#include <array>
#include <limits>

namespace signet::video {

namespace {

/// Entries (count, value) that are spread over samples: stts, ctts.
class RunTable {
 public:
  RunTable() = default;
  explicit RunTable(Table table) : table_(std::move(table)) {}
  /// The value of the next sample; 0 behind the end of the table.
  Result<std::uint32_t> next() {
    while (left_ == 0) {
      if (index_ >= table_.count()) return std::uint32_t{0};
      TRY_ASSIGN(const ByteView entry, table_.entry(index_));
      ++index_;
      left_ = get_be32(entry);
      value_ = get_be32(entry.subspan(4));
    }
    --left_;
    return value_;
  }

 private:
  Table table_;
  std::uint64_t index_ = 0;
  std::uint32_t left_ = 0;
  std::uint32_t value_ = 0;
};

/// ISO/IEC 14496-12, 8.6 and 8.7: sizes, chunks and times of samples.
class TableSamples : public SampleReader {
 public:
  static Result<std::unique_ptr<SampleReader>> make(const std::shared_ptr<Source>& source, const Track& track);
  Result<std::optional<Sample>> next() override;

 private:
  static Result<std::optional<Table>> table_of(const std::shared_ptr<Source>& source, const Box& parent,
                                               std::string_view name, std::size_t entry_size_bytes);
  Result<void> enter_chunk();
  Result<std::uint64_t> sample_size();

  Table sizes_, chunks_, runs_;
  RunTable durations_, offsets_;
  std::uint32_t fixed_size_ = 0;
  std::uint64_t samples_ = 0;
  std::uint32_t timescale_ = 1;
  EditList edits_;
  bool is_64_ = false;
  std::uint64_t sample_ = 0;
  std::uint64_t chunk_ = 0;     // the next one
  std::uint64_t run_ = 0;       // of chunks with as many samples each
  std::uint64_t in_chunk_ = 0;  // samples left in the chunk
  std::uint64_t at_ = 0;        // offset of the next sample
  std::int64_t decode_time_ = 0;
};

Result<std::optional<Table>> TableSamples::table_of(const std::shared_ptr<Source>& source, const Box& parent,
                                                    std::string_view name, std::size_t entry_size_bytes) {
  TRY_ASSIGN(const std::optional<Box> box, find_box(*source, parent, name));
  if (!box) return std::optional<Table>();
  TRY_ASSIGN(const Bytes head, read_front(*source, *box, 8));
  const std::uint64_t count = get_be32(ByteView(head).subspan(4));
  if (count * entry_size_bytes > box->end - box->begin - 8) {
    return malformed("a table '" + std::string(name) + "' with more entries than room", box->begin);
  }
  return std::optional(Table(source, box->begin + 8, count, entry_size_bytes));
}

Result<std::unique_ptr<SampleReader>> TableSamples::make(const std::shared_ptr<Source>& source, const Track& track) {
  auto reader = std::make_unique<TableSamples>();
  const Box& parent = track.sample_table;
  reader->timescale_ = track.timescale;
  reader->edits_ = track.edits;
  TRY_ASSIGN(const std::optional<Box> sizes, find_box(*source, parent, "stsz"));
  if (!sizes) return malformed("a track without table of sample sizes", parent.begin);
  TRY_ASSIGN(const Bytes head, read_front(*source, *sizes, 12));
  reader->fixed_size_ = get_be32(ByteView(head).subspan(4));
  reader->samples_ = get_be32(ByteView(head).subspan(8));
  if (reader->fixed_size_ == 0 && reader->samples_ * 4 > sizes->end - sizes->begin - 12) {
    return malformed("a table of sample sizes with more entries than room", sizes->begin);
  }
  reader->sizes_ = Table(source, sizes->begin + 12, reader->samples_, 4);
  TRY_ASSIGN(auto chunks, table_of(source, parent, "stco", 4));
  if (!chunks) {
    TRY_ASSIGN(chunks, table_of(source, parent, "co64", 8));
    reader->is_64_ = true;
  }
  TRY_ASSIGN(auto runs, table_of(source, parent, "stsc", 12));
  if (!chunks || !runs) return malformed("a track without table of chunks", parent.begin);
  reader->chunks_ = std::move(*chunks);
  reader->runs_ = std::move(*runs);
  TRY_ASSIGN(auto durations, table_of(source, parent, "stts", 8));
  if (durations) reader->durations_ = RunTable(std::move(*durations));
  TRY_ASSIGN(auto offsets, table_of(source, parent, "ctts", 8));
  if (offsets) reader->offsets_ = RunTable(std::move(*offsets));
  return std::unique_ptr<SampleReader>(std::move(reader));
}

Result<void> TableSamples::enter_chunk() {
  while (in_chunk_ == 0 && chunk_ < chunks_.count()) {
    TRY_ASSIGN(const ByteView offset, chunks_.entry(chunk_));
    at_ = is_64_ ? get_be64(offset) : get_be32(offset);
    ++chunk_;
    // stsc names the first chunk (from 1) of each run.
    while (run_ + 1 < runs_.count()) {
      TRY_ASSIGN(const ByteView next, runs_.entry(run_ + 1));
      if (get_be32(next) > chunk_) break;
      ++run_;
    }
    if (run_ >= runs_.count()) return {};
    TRY_ASSIGN(const ByteView run, runs_.entry(run_));
    in_chunk_ = get_be32(run.subspan(4));
  }
  return {};
}

Result<std::uint64_t> TableSamples::sample_size() {
  if (fixed_size_ != 0) return std::uint64_t{fixed_size_};
  TRY_ASSIGN(const ByteView entry, sizes_.entry(sample_));
  return std::uint64_t{get_be32(entry)};
}

Result<std::optional<Sample>> TableSamples::next() {
  if (sample_ >= samples_) return std::optional<Sample>();
  TRY(enter_chunk());
  if (in_chunk_ == 0) return std::optional<Sample>();
  TRY_ASSIGN(const std::uint64_t size, sample_size());
  TRY_ASSIGN(const std::uint32_t duration, durations_.next());
  TRY_ASSIGN(const std::uint32_t shift, offsets_.next());
  const auto composition = static_cast<std::int64_t>(static_cast<std::int32_t>(shift));
  const EditList::Place place = edits_.place(decode_time_ + composition, duration, timescale_);
  const Sample sample{at_, size, place.time_us, place.is_presented};
  decode_time_ += duration;
  at_ += size;
  --in_chunk_;
  ++sample_;
  return std::optional(sample);
}

/// ISO/IEC 14496-12, 8.8: movie fragments.
class FragmentSamples : public SampleReader {
 public:
  FragmentSamples(std::shared_ptr<Source> source, const Track& track, const std::optional<Box>& extends,
                  std::uint64_t begin)
      : source_(std::move(source)),
        track_(track),
        extends_(extends),
        top_(*source_, begin, std::numeric_limits<std::uint64_t>::max()) {}
  Result<std::optional<Sample>> next() override;

 private:
  struct Defaults {
    std::uint32_t duration = 0;
    std::uint32_t size = 0;
  };
  Result<std::optional<Box>> next_run();
  Result<void> enter_track_fragment(const Box& box);
  Result<void> enter_run(const Box& box);
  Result<Defaults> movie_defaults();

  std::shared_ptr<Source> source_;
  Track track_;
  std::optional<Box> extends_;
  BoxReader top_;
  std::uint64_t moof_begin_ = 0;
  std::optional<BoxReader> moof_;      // over its track fragments
  std::optional<BoxReader> fragment_;  // over the runs of one
  Defaults defaults_;
  std::optional<Defaults> movie_defaults_;
  std::uint64_t base_ = 0;
  Table run_;
  std::uint64_t in_run_ = 0;
  std::uint32_t run_flags_ = 0;
  std::uint64_t at_ = 0;
  std::int64_t decode_time_ = 0;
};

Result<FragmentSamples::Defaults> FragmentSamples::movie_defaults() {
  if (movie_defaults_) return *movie_defaults_;
  movie_defaults_ = Defaults{};
  if (!extends_) return *movie_defaults_;
  BoxReader reader(*source_, *extends_);
  while (true) {
    TRY_ASSIGN(const std::optional<Box> box, reader.next());
    if (!box) return *movie_defaults_;
    if (box->name() != "trex") continue;
    TRY_ASSIGN(const Bytes bytes, read_front(*source_, *box, 24));
    if (get_be32(ByteView(bytes).subspan(4)) != track_.id) continue;
    movie_defaults_->duration = get_be32(ByteView(bytes).subspan(12));
    movie_defaults_->size = get_be32(ByteView(bytes).subspan(16));
  }
}

Result<void> FragmentSamples::enter_track_fragment(const Box& box) {
  fragment_.reset();
  TRY_ASSIGN(const std::optional<Box> header, find_box(*source_, box, "tfhd"));
  if (!header) return malformed("a track fragment without header", box.begin);
  TRY_ASSIGN(const Bytes front, read_front(*source_, *header, 8));
  if (get_be32(ByteView(front).subspan(4)) != track_.id) return {};
  const std::uint32_t flags = get_be32(front) & 0xff'ffffU;
  const std::size_t size = 8 + ((flags & 1U) != 0 ? 8U : 0U) + ((flags & 2U) != 0 ? 4U : 0U) +
                           ((flags & 8U) != 0 ? 4U : 0U) + ((flags & 0x10U) != 0 ? 4U : 0U);
  TRY_ASSIGN(const Bytes bytes, read_front(*source_, *header, size));
  TRY_ASSIGN(defaults_, movie_defaults());
  std::size_t at = 8;
  base_ = moof_begin_;
  if ((flags & 1U) != 0) {
    base_ = get_be64(ByteView(bytes).subspan(at));
    at += 8;
  }
  if ((flags & 2U) != 0) at += 4;
  if ((flags & 8U) != 0) {
    defaults_.duration = get_be32(ByteView(bytes).subspan(at));
    at += 4;
  }
  if ((flags & 0x10U) != 0) defaults_.size = get_be32(ByteView(bytes).subspan(at));
  at_ = base_;
  TRY_ASSIGN(const std::optional<Box> time, find_box(*source_, box, "tfdt"));
  if (time) {
    TRY_ASSIGN(const Bytes stamp, read_front(*source_, *time, 8));
    decode_time_ = get_be32(ByteView(stamp).subspan(4));
    if (stamp[0] == std::byte{1}) {
      TRY_ASSIGN(const Bytes wide, read_front(*source_, *time, 12));
      decode_time_ = static_cast<std::int64_t>(get_be64(ByteView(wide).subspan(4)) & 0x3fff'ffff'ffff'ffffU);
    }
  }
  fragment_.emplace(*source_, box);
  return {};
}

Result<void> FragmentSamples::enter_run(const Box& box) {
  TRY_ASSIGN(const Bytes front, read_front(*source_, box, 8));
  run_flags_ = get_be32(front) & 0xff'ffffU;
  const std::uint64_t count = get_be32(ByteView(front).subspan(4));
  const std::size_t head = 8 + ((run_flags_ & 1U) != 0 ? 4U : 0U) + ((run_flags_ & 4U) != 0 ? 4U : 0U);
  TRY_ASSIGN(const Bytes bytes, read_front(*source_, box, head));
  if ((run_flags_ & 1U) != 0) {
    at_ = base_ + static_cast<std::uint64_t>(
                      static_cast<std::int64_t>(static_cast<std::int32_t>(get_be32(ByteView(bytes).subspan(8)))));
  }
  std::size_t entry = 0;
  for (const std::uint32_t flag : {0x100U, 0x200U, 0x400U, 0x800U}) entry += (run_flags_ & flag) != 0 ? 4U : 0U;
  if (count * entry > box.end - box.begin - head) return malformed("a run with more samples than room", box.begin);
  if (entry == 0 && defaults_.size == 0 && count > 0) return malformed("a run of samples without a size", box.begin);
  run_ = Table(source_, box.begin + head, count, std::max<std::size_t>(entry, 1));
  in_run_ = 0;
  return {};
}

Result<std::optional<Box>> FragmentSamples::next_run() {
  while (true) {
    if (fragment_) {
      TRY_ASSIGN(const std::optional<Box> run, fragment_->next());
      if (run && run->name() == "trun") return run;
      if (!run) fragment_.reset();
      continue;
    }
    if (moof_) {
      TRY_ASSIGN(const std::optional<Box> box, moof_->next());
      if (!box) moof_.reset();
      if (box && box->name() == "traf") TRY(enter_track_fragment(*box));
      continue;
    }
    const std::uint64_t begin = top_.offset();
    TRY_ASSIGN(const std::optional<Box> box, top_.next());
    if (!box) return std::optional<Box>();
    if (box->name() != "moof") continue;
    moof_begin_ = begin;
    moof_.emplace(*source_, *box);
  }
}

Result<std::optional<Sample>> FragmentSamples::next() {
  while (in_run_ >= run_.count()) {
    TRY_ASSIGN(const std::optional<Box> run, next_run());
    if (!run) return std::optional<Sample>();
    TRY(enter_run(*run));
  }
  std::uint32_t duration = defaults_.duration;
  std::uint32_t size = defaults_.size;
  std::int32_t shift = 0;
  if ((run_flags_ & 0xf00U) != 0) {
    TRY_ASSIGN(ByteView entry, run_.entry(in_run_));
    const auto take = [&](std::uint32_t flag, std::uint32_t otherwise) {
      if ((run_flags_ & flag) == 0) return otherwise;
      const std::uint32_t value = get_be32(entry);
      entry = entry.subspan(4);
      return value;
    };
    duration = take(0x100U, duration);
    size = take(0x200U, size);
    take(0x400U, 0);
    shift = static_cast<std::int32_t>(take(0x800U, 0));
  }
  ++in_run_;
  const EditList::Place place = track_.edits.place(decode_time_ + shift, duration, track_.timescale);
  const Sample sample{at_, size, place.time_us, place.is_presented};
  at_ += size;
  decode_time_ += duration;
  return std::optional(sample);
}

}  // namespace

Result<std::unique_ptr<SampleReader>> read_sample_tables(std::shared_ptr<Source> source, const Track& track) {
  return TableSamples::make(source, track);
}

std::unique_ptr<SampleReader> read_fragments(std::shared_ptr<Source> source, const Track& track,
                                             const std::optional<Box>& movie_extends, std::uint64_t begin) {
  return std::make_unique<FragmentSamples>(std::move(source), track, movie_extends, begin);
}

}  // namespace signet::video
