// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "mp4_front.hpp"

#include "box_writer.hpp"

#include <algorithm>

namespace signet::video {

namespace {

constexpr std::int64_t k_seconds_1904_to_1970 = 2'082'844'800;
constexpr std::uint32_t k_track = 1;
constexpr std::uint32_t k_one = 0x00010000;  // 16.16

struct EntryName {
  std::string_view out_of_band, in_band, configuration;
};
// ISO/IEC 14496-15, 5.4.2 and 8.4.1: another name says that parameter sets stand in samples as well.
EntryName entry_name(Codec codec) {
  switch (codec) {
    case Codec::h264:
      return {"avc1", "avc3", "avcC"};
    case Codec::h265:
      return {"hvc1", "hev1", "hvcC"};
    case Codec::av1:
      break;
  }
  return {"av01", "av01", "av1C"};
}

std::uint64_t seconds_since_1904(const std::optional<Instant>& when) {
  return when
             ? static_cast<std::uint64_t>(std::max<std::int64_t>(when->seconds_since_epoch, 0) + k_seconds_1904_to_1970)
             : 0;
}

void put_matrix(BoxWriter& out) {
  for (const std::uint32_t value : {k_one, 0U, 0U, 0U, k_one, 0U, 0U, 0U, 0x40000000U}) out.u32(value);
}

void put_file_type(BoxWriter& out) {
  out.open("ftyp");
  out.text("iso6");
  out.u32(0);
  out.text("iso6mp41");
  out.close();
}

void put_movie_header(BoxWriter& out, const Mp4Front& front) {
  out.open("mvhd", 1, 0);
  out.u64(seconds_since_1904(front.created));
  out.u64(seconds_since_1904(front.created));
  out.u32(k_mp4_timescale);
  out.u64(0);  // fragments say how long it is
  out.u32(k_one);
  out.u16(0x0100);
  out.zeros(10);
  put_matrix(out);
  out.zeros(24);
  out.u32(k_track + 1);
  out.close();
}

void put_track_header(BoxWriter& out, const Mp4Front& front) {
  out.open("tkhd", 1, 3);  // enabled, in the movie
  out.u64(seconds_since_1904(front.created));
  out.u64(seconds_since_1904(front.created));
  out.u32(k_track);
  out.zeros(4 + 8 + 8 + 8);
  put_matrix(out);
  out.u32(front.width << 16U);
  out.u32(front.height << 16U);
  out.close();
}

/// ISO/IEC 14496-12, 8.6.6: what is before `begin_us` is decoded, but not shown.
void put_edits(BoxWriter& out, std::uint64_t begin_us) {
  if (begin_us == 0) return;
  out.open("edts");
  out.open("elst", 1, 0);
  out.u32(1);
  out.u64(0);  // all that follows
  out.u64(begin_us);
  out.u32(k_one);
  out.close();
  out.close();
}

void put_sample_entry(BoxWriter& out, const Mp4Front& front) {
  const EntryName name = entry_name(front.codec);
  out.open(front.has_sets_in_band ? name.in_band : name.out_of_band);
  out.zeros(6);
  out.u16(1);
  out.zeros(16);
  out.u16(static_cast<std::uint16_t>(front.width));
  out.u16(static_cast<std::uint16_t>(front.height));
  out.u32(72U << 16U);
  out.u32(72U << 16U);
  out.u32(0);
  out.u16(1);
  out.zeros(32);
  out.u16(24);
  out.u16(0xffff);
  out.open(name.configuration);
  out.bytes(front.configuration);
  out.close();
  out.close();
}

void put_sample_table(BoxWriter& out, const Mp4Front& front) {
  out.open("stbl");
  out.open("stsd", 0, 0);
  out.u32(1);
  put_sample_entry(out, front);
  out.close();
  for (const std::string_view table : {"stts", "stsc", "stco"}) {
    out.open(table, 0, 0);
    out.u32(0);
    out.close();
  }
  out.open("stsz", 0, 0);
  out.zeros(8);
  out.close();
  out.close();
}

void put_media(BoxWriter& out, const Mp4Front& front) {
  out.open("mdia");
  out.open("mdhd", 1, 0);
  out.u64(seconds_since_1904(front.created));
  out.u64(seconds_since_1904(front.created));
  out.u32(k_mp4_timescale);
  out.u64(0);
  out.u16(0x55c4);  // "und": of no language
  out.u16(0);
  out.close();
  out.open("hdlr", 0, 0);
  out.u32(0);
  out.text("vide");
  out.zeros(12);
  out.text("Signet");
  out.u8(0);
  out.close();
  out.open("minf");
  out.open("vmhd", 0, 1);
  out.zeros(8);
  out.close();
  out.open("dinf");
  out.open("dref", 0, 0);
  out.u32(1);
  out.open("url ", 0, 1);  // in this file
  out.close();
  out.close();
  out.close();
  put_sample_table(out, front);
  out.close();
  out.close();
}

/// ISO/IEC 14496-12, 8.8.3.1: what a sample depends on.
std::uint32_t flags_of(const Mp4Sample& sample) { return sample.is_sync ? 0x02000000U : 0x01010000U; }

}  // namespace

Bytes write_mp4_front(const Mp4Front& front) {
  BoxWriter out;
  put_file_type(out);
  out.open("moov");
  put_movie_header(out, front);
  out.open("trak");
  put_track_header(out, front);
  put_edits(out, front.begin_us);
  put_media(out, front);
  out.close();
  out.open("mvex");
  out.open("trex", 0, 0);
  out.u32(k_track);
  out.u32(1);
  out.zeros(12);
  out.close();
  out.close();
  out.close();
  return out.take();
}

Bytes write_mp4_fragment(std::uint32_t number, std::uint64_t decode_us, const std::vector<Mp4Sample>& samples) {
  constexpr std::uint32_t k_base_is_moof = 0x020000;
  constexpr std::uint32_t k_offset_duration_size_flags_shift = 0x000f01;
  constexpr std::uint32_t k_box_head_size_bytes = 8;
  BoxWriter out;
  out.open("moof");
  out.open("mfhd", 0, 0);
  out.u32(number);
  out.close();
  out.open("traf");
  out.open("tfhd", 0, k_base_is_moof);
  out.u32(k_track);
  out.close();
  out.open("tfdt", 1, 0);
  out.u64(decode_us);
  out.close();
  out.open("trun", 1, k_offset_duration_size_flags_shift);
  out.u32(static_cast<std::uint32_t>(samples.size()));
  const std::size_t offset_at = out.size();
  out.u32(0);
  std::uint32_t media_size = 0;
  for (const Mp4Sample& sample : samples) {
    out.u32(sample.duration);
    out.u32(sample.size_bytes);
    out.u32(flags_of(sample));
    out.u32(static_cast<std::uint32_t>(sample.shift));
    media_size += sample.size_bytes;
  }
  out.close();
  out.close();
  out.close();
  out.put_at(offset_at, static_cast<std::uint32_t>(out.size()) + k_box_head_size_bytes);
  out.u32(media_size + k_box_head_size_bytes);
  out.text("mdat");
  return out.take();
}

}  // namespace signet::video
