// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Clips: what is left of a signed stream when it is cut anywhere. The signature of a part stands behind it, so a clip
// begins with signatures over pictures that are not in it, and ends with pictures whose signature is not.
#include "signet/test/emulator.hpp"
#include "signet/test/expect.hpp"

#include "sei_reader.hpp"
#include "signed_for_test.hpp"
#include "unit.hpp"

#include <gtest/gtest.h>

#include <cctype>

namespace signet::video {

namespace {

constexpr std::size_t k_pictures = 78;  // GOPs of 25: three whole ones, and the beginning of one
constexpr std::size_t k_clip_pictures_max = 30;

struct Mode {
  const char* name;
  Codec codec;
  Profile profile;
  SignOptions options;
  std::size_t step = 1;  ///< a cut at every so many pictures
};

/// An emulator takes ten times as long as a processor, and shows nothing new at most of the cuts.
std::size_t sparse() { return test::emulator() != nullptr ? 9 : 1; }

/// A run of units that one SEI describes, and the signature that vouches for it.
struct Part {
  std::size_t first_unit;
  std::size_t sei_unit;  ///< signed, of this part or of a later one
  bool is_vouched;
};

/// A signed stream, unit by unit, and what is true of it.
struct Stream {
  Codec codec = Codec::h264;
  std::vector<Bytes> units = {};
  std::vector<std::size_t> borders = {};  ///< the first unit of each picture, what stands before its slices included
  std::vector<std::size_t> slices = {};   ///< the first slice of each picture
  std::vector<std::size_t> anchors = {};  ///< the I picture that each picture hangs on
  std::vector<Part> parts = {};
  std::vector<std::size_t> part_of = {};  ///< each picture's
  [[nodiscard]] std::size_t pictures() const { return slices.size(); }
  [[nodiscard]] std::size_t border(std::size_t picture) const {
    return picture < borders.size() ? borders[picture] : units.size();
  }
};

void note_pictures(Stream& stream) {
  std::size_t border = 0;
  std::size_t anchor = 0;
  for (std::size_t i = 0; i < stream.units.size(); ++i) {
    const UnitClass kind = classify(stream.codec, stream.units[i]);
    if (kind.kind != UnitKind::anchor && kind.kind != UnitKind::slice && kind.kind != UnitKind::unprotected) continue;
    if (kind.kind == UnitKind::anchor) anchor = i;
    if (begins_picture(stream.codec, stream.units[i])) {
      stream.borders.push_back(border);
      stream.slices.push_back(i);
      stream.anchors.push_back(anchor);
    }
    border = i + 1;
  }
}

/// Which SEI covers what, by counting as the formats say.
void note_parts(Stream& stream) {
  std::vector<std::size_t> hashed;  // units that take part in lists
  std::size_t next = 0;             // of them, to be covered
  std::vector<std::size_t> part_of_unit(stream.units.size(), 0);
  std::vector<bool> is_signed;
  for (std::size_t i = 0; i < stream.units.size(); ++i) {
    if (const auto sei = summarize_sei(stream.codec, stream.units[i])) {
      if (sei->is_certificate) continue;
      for (std::uint64_t k = 0; k < sei->units; ++k) part_of_unit[hashed.at(next + k)] = stream.parts.size();
      stream.parts.push_back({hashed.at(next), i, false});
      is_signed.push_back(sei->is_signed);
      next += sei->units;
      if (!sei->is_signed) hashed.push_back(i);
      continue;
    }
    const UnitKind kind = classify(stream.codec, stream.units[i]).kind;
    if (kind == UnitKind::anchor || kind == UnitKind::slice || kind == UnitKind::metadata) hashed.push_back(i);
  }
  for (std::size_t k = stream.parts.size(); k-- > 0;) {
    Part& part = stream.parts[k];
    part.is_vouched = is_signed[k] || (k + 1 < stream.parts.size() && stream.parts[k + 1].is_vouched);
    if (!is_signed[k] && part.is_vouched) part.sei_unit = stream.parts[k + 1].sei_unit;
  }
  for (const std::size_t slice : stream.slices) stream.part_of.push_back(part_of_unit[slice]);
}

Stream signed_pictures(const Mode& mode, const Camera& camera) {
  SignOptions options = mode.options;
  options.codec = mode.codec;
  options.profile = mode.profile;
  if (mode.profile == Profile::onvif) options.chain = camera.chain;
  Stream source{.codec = mode.codec};
  auto recording = Recording::open(std::make_shared<MemorySource>(base_stream(mode.codec)), mode.codec);
  while (recording) {
    const auto piece = recording->next();
    if (!piece || !*piece) break;
    source.units.push_back(to_bytes((*piece)->bytes));
  }
  note_pictures(source);
  Bytes bytes;
  for (std::size_t i = 0; i < source.border(k_pictures); ++i) append_unit(bytes, mode.codec, source.units[i]);
  const auto out = sign_stream(bytes, options, camera.key);
  EXPECT_OK(out);
  Stream stream{.codec = mode.codec};
  recording = Recording::open(std::make_shared<MemorySource>(*out), mode.codec);
  while (recording) {
    const auto piece = recording->next();
    if (!piece || !*piece) break;
    stream.units.push_back(to_bytes((*piece)->bytes));
  }
  note_pictures(stream);
  note_parts(stream);
  return stream;
}

struct Judged : public JudgeObserver {
  void on_frame(const FrameReport& frame) override { frames.push_back(frame.verdict); }
  std::vector<FrameVerdict> frames;
  Authenticity authenticity = Authenticity::not_signed;
  std::string findings;
};

/// The units from one to another, one of them perhaps altered.
Judged judge_clip(const Stream& stream, crypto::HashAlgorithm hash, std::size_t from, std::size_t to,
                  std::optional<std::size_t> altered = {}) {
  Judged judged;
  StreamJudge judge(stream.codec, {.now = k_today, .hash = hash, .is_live = true}, &judged);
  for (std::size_t i = from; i < to; ++i) {
    if (i != altered) {
      judge.add({.bytes = stream.units[i]});
      continue;
    }
    Bytes changed = stream.units[i];
    changed[changed.size() - 2] ^= std::byte{0x10};
    judge.add({.bytes = changed});
  }
  const Verdict verdict = std::move(judge).finish();
  judged.authenticity = verdict.authenticity();
  for (const Finding& each : verdict.findings()) judged.findings += "\n  " + each.text;
  return judged;
}

class Cut : public testing::TestWithParam<Mode> {};

/// A picture is authentic if and only if the signature is in the clip that vouches for it, and the picture's part is
/// there in full; a mere cut is never an alteration, and an alteration is never a mere cut.
TEST_P(Cut, P_VIDEO_027_a_mere_cut_is_no_alteration) {
  const Mode& mode = GetParam();
  const Stream stream = signed_pictures(mode, make_camera(crypto::KeyAlgorithm::ec_p256));
  ASSERT_EQ(stream.pictures(), k_pictures);
  std::size_t clips_authentic = 0;
  std::size_t alterations = 0;
  for (std::size_t first = 0; first < k_pictures; first += mode.step * sparse()) {
    for (std::size_t count = 1; count <= k_clip_pictures_max && first + count <= k_pictures; ++count) {
      const std::size_t from = stream.border(first);
      const std::size_t to = stream.border(first + count);
      const Judged judged = judge_clip(stream, mode.options.hash, from, to);
      const std::string where = std::to_string(first) + " + " + std::to_string(count) + judged.findings;
      ASSERT_EQ(judged.frames.size(), count) << where;
      bool any = false;
      for (std::size_t i = 0; i < count; ++i) {
        const Part& part = stream.parts[stream.part_of[first + i]];
        const bool has_key = !mode.options.certificate_sei || first == 0;
        const bool may = has_key && part.is_vouched && part.sei_unit < to;
        const bool must = may && part.first_unit >= from && stream.anchors[first + i] >= from;
        const bool is = judged.frames[i] == FrameVerdict::authentic;
        any = any || is;
        ASSERT_TRUE(is || judged.frames[i] == FrameVerdict::not_covered) << i << " of " << where;
        ASSERT_TRUE(is ? may : !must) << i << " of " << where;
        if (!must || count != k_clip_pictures_max || (first + i) % 3 != 0) continue;
        const Judged spoilt = judge_clip(stream, mode.options.hash, from, to, stream.slices[first + i]);
        ASSERT_EQ(spoilt.authenticity, Authenticity::not_authentic) << i << " altered of " << where << spoilt.findings;
        ASSERT_NE(spoilt.frames[i], FrameVerdict::authentic) << i << " altered of " << where;
        ++alterations;
      }
      ASSERT_EQ(judged.authenticity, any ? Authenticity::authentic : Authenticity::not_signed) << where;
      if (any) ++clips_authentic;
    }
  }
  EXPECT_GT(clips_authentic, 0U);
  EXPECT_GT(alterations, 0U);
}

std::vector<Mode> all_modes() {
  using enum crypto::HashAlgorithm;
  struct Kind {
    const char* name;
    SignOptions options;
    std::size_t step;
  };
  const std::vector<Kind> kinds{
      {"plain", {}, 1},
      {"low_bitrate", {.hash_list = false}, 1},
      {"sha512", {.hash = sha512}, 5},
      {"parts", {.partial_gop_frames_max = 10}, 3},
      {"parts_of_1", {.partial_gop_frames_max = 1}, 7},
      {"low_bitrate_parts", {.hash_list = false, .partial_gop_frames_max = 7}, 3},
      {"every_third_part_low_bitrate", {.hash_list = false, .partial_gop_frames_max = 7, .sign_every = 3}, 3},
      {"every_third_part", {.partial_gop_frames_max = 7, .sign_every = 3}, 3},
      {"certificate_sei", {.hash = sha384, .certificate_sei = true}, 5},
      {"parameters", {.parameter_sets = true}, 7},
  };
  std::vector<Mode> modes;
  for (const auto& [name, options, step] : kinds) {
    for (const Codec codec : {Codec::h264, Codec::h265, Codec::av1}) {
      for (const Profile profile : {Profile::onvif, Profile::axis_v2}) {
        if (codec == Codec::av1 && (profile == Profile::onvif || options.parameter_sets)) continue;
        modes.push_back({name, codec, profile, options, step});
      }
    }
  }
  return modes;
}

std::string name_of_mode(const testing::TestParamInfo<Mode>& info) {
  std::string name = std::string(info.param.name) + "_" + std::string(name_of(info.param.codec)) + "_" +
                     std::string(name_of(info.param.profile));
  std::ranges::replace(name, '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Modes, Cut, testing::ValuesIn(all_modes()), name_of_mode);

class CutVector : public testing::TestWithParam<VectorRow> {};

/// Streams of other signers, the legacy scheme among them: genuine ones stay so, or say nothing.
TEST_P(CutVector, P_VIDEO_027_a_mere_cut_is_no_alteration) {
  const VectorRow& row = GetParam();
  auto recording = Recording::open(std::make_shared<MemorySource>(read_whole(row.path())));
  ASSERT_OK(recording);
  const auto hash = probe_hash(*recording);
  ASSERT_OK(hash);
  recording = Recording::open(std::make_shared<MemorySource>(read_whole(row.path())));
  Stream stream{.codec = recording->codec()};
  while (true) {
    const auto piece = recording->next();
    ASSERT_OK(piece);
    if (!*piece) break;
    if ((*piece)->begins) stream.units.emplace_back();
    append(stream.units.back(), (*piece)->bytes);
  }
  note_pictures(stream);
  const std::size_t step = 3 * sparse();
  for (std::size_t first = 0; first < stream.pictures(); first += step) {
    for (const std::size_t count : {1U, 2U, 8U, 24U, 30U, 70U}) {
      if (first + count > stream.pictures()) continue;
      const Judged judged = judge_clip(stream, hash->value_or(crypto::HashAlgorithm::sha256), stream.border(first),
                                       stream.border(first + count));
      const bool any = std::ranges::count(judged.frames, FrameVerdict::authentic) > 0;
      ASSERT_EQ(judged.authenticity, any ? Authenticity::authentic : Authenticity::not_signed)
          << first << " + " << count << judged.findings;
    }
  }
}

std::vector<VectorRow> genuine_rows() {
  std::vector<VectorRow> rows;
  for (const auto& folder : vector_folders()) {
    for (VectorRow& row : vector_rows(folder)) {
      if (row.authenticity == "authentic" && row.profile != "-") rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string name_of_row(const testing::TestParamInfo<VectorRow>& info) {
  std::string name = info.param.file + "_" + std::to_string(info.index);
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Vectors, CutVector, testing::ValuesIn(genuine_rows()), name_of_row);

}  // namespace

}  // namespace signet::video
