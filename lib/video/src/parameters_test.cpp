// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "parameters.hpp"

#include "signet/test/expect.hpp"
#include "signet/video_writer.hpp"

#include "configuration.hpp"
#include "signed_for_test.hpp"
#include "unit.hpp"

#include <gtest/gtest.h>

namespace signet::video {

namespace {

std::vector<Bytes> units_of(const Bytes& stream, Codec codec) {
  std::vector<Bytes> units;
  auto recording = Recording::open(std::make_shared<MemorySource>(stream), codec);
  while (recording) {
    const auto piece = recording->next();
    if (!piece || !*piece) break;
    units.push_back(to_bytes((*piece)->bytes));
  }
  return units;
}

Bytes stream_of(const std::vector<Bytes>& units, Codec codec) {
  Bytes stream;
  for (const Bytes& unit : units) append_unit(stream, codec, unit);
  return stream;
}

struct Format {
  Codec codec;
  Profile profile;
};
class Parameters : public testing::TestWithParam<Format> {
 public:
  void SetUp() override { units_ = signed_units(base_stream(codec()), camera_); }
  [[nodiscard]] std::vector<Bytes> signed_units(const Bytes& stream, const Camera& camera) const {
    SignOptions options{.codec = codec(), .profile = GetParam().profile, .parameter_sets = true};
    if (options.profile == Profile::onvif) options.chain = camera.chain;
    const auto signed_stream = sign_stream(stream, options, camera.key);
    EXPECT_OK(signed_stream);
    return signed_stream ? units_of(*signed_stream, codec()) : std::vector<Bytes>();
  }
  [[nodiscard]] Codec codec() const { return GetParam().codec; }
  [[nodiscard]] bool is_statement(const Bytes& unit) const { return is_parameter_statement(codec(), unit); }
  [[nodiscard]] bool is_set(const Bytes& unit) const { return classify(codec(), unit).kind == UnitKind::parameter_set; }
  /// The unit of its kind with this number, from 0.
  Bytes& nth(bool (Parameters::*is)(const Bytes&) const, std::size_t n) {
    for (Bytes& unit : units_) {
      if ((this->*is)(unit) && n-- == 0) return unit;
    }
    ADD_FAILURE() << "no such unit";
    return units_.front();
  }
  [[nodiscard]] Verdict judged() const {
    auto verdict = judge_bytes(stream_of(units_, codec()), {camera_.root});
    EXPECT_OK(verdict);
    return *std::move(verdict);
  }

  /// The same with parameter sets outside the stream, as MP4 has them; those in the stream stay or are taken out.
  enum class InStream { stay, go };
  [[nodiscard]] Verdict judged_with(const std::vector<Bytes>& sets, InStream others = InStream::go) const {
    JudgeOptions options{.now = k_today};
    if (!sets.empty()) {
      auto configuration = make_configuration(codec(), sets);
      EXPECT_OK(configuration);
      options.configuration = *std::move(configuration);
    }
    StreamJudge judge(codec(), std::move(options));
    for (const Bytes& unit : units_) {
      if (others == InStream::stay || !is_set(unit)) judge.add({.bytes = unit});
    }
    return std::move(judge).finish();
  }
  [[nodiscard]] std::vector<Bytes> first_sets() const {
    std::vector<Bytes> sets;
    for (const Bytes& unit : units_) {
      if (classify(codec(), unit).kind == UnitKind::anchor) break;
      if (is_set(unit)) sets.push_back(unit);
    }
    return sets;
  }

  Camera camera_ = make_camera(crypto::KeyAlgorithm::ec_p256);
  std::vector<Bytes> units_;
};

TEST_P(Parameters, P_VIDEO_028_they_are_covered_in_every_gop) {
  const Verdict verdict = judged();
  EXPECT_EQ(verdict.authenticity(), Authenticity::authentic);
  EXPECT_TRUE(verdict.coverage().parameters_covered);
  EXPECT_EQ(verdict.coverage().gops_with_parameters, 8U);
  EXPECT_EQ(verdict.coverage().foreign_sei, judge_bytes(base_stream(codec()))->coverage().foreign_sei);
}

TEST_P(Parameters, P_VIDEO_028_altered_ones_are_not_authentic) {
  for (const std::size_t which : {0U, 1U, 5U}) {
    SetUp();
    Bytes& set = nth(&Parameters::is_set, which);
    set[set.size() / 2] ^= std::byte{0x04};
    const Verdict verdict = judged();
    EXPECT_EQ(verdict.authenticity(), Authenticity::not_authentic) << which;
    EXPECT_FALSE(verdict.coverage().parameters_covered) << which;
    EXPECT_TRUE(verdict.first_bad_gop().has_value()) << which;
  }
}

TEST_P(Parameters, P_VIDEO_028_a_set_that_slips_in_is_not_authentic) {
  Bytes added = nth(&Parameters::is_set, 1);
  added[added.size() / 2] ^= std::byte{0x04};
  std::size_t frames = 0;
  std::size_t at = 0;
  while (frames < 40) frames += std::size_t{begins_picture(codec(), units_[at++])};  // in the middle of the second GOP
  units_.insert(units_.begin() + static_cast<std::ptrdiff_t>(at), added);
  const Verdict verdict = judged();
  EXPECT_EQ(verdict.authenticity(), Authenticity::not_authentic);
  EXPECT_EQ(verdict.first_bad_gop(), 1U);
}

TEST_P(Parameters, P_VIDEO_028_without_statements_they_are_not_covered) {
  const auto first = std::ranges::find_if(units_, [&](const Bytes& unit) { return is_statement(unit); });
  ASSERT_NE(first, units_.end());
  const Bytes statement = *first;
  std::erase_if(units_, [&](const Bytes& unit) { return is_statement(unit); });
  Verdict verdict = judged();
  EXPECT_EQ(verdict.authenticity(), Authenticity::authentic);
  EXPECT_FALSE(verdict.coverage().parameters_covered);
  EXPECT_EQ(verdict.coverage().gops_with_parameters, 0U);
  // One of another GOP says nothing of this one.
  const auto second = std::ranges::find_if(units_.begin() + 20, units_.end(), [&](const Bytes& unit) {
    return classify(codec(), unit).kind == UnitKind::anchor;
  });
  ASSERT_NE(second, units_.end());
  units_.insert(second, statement);
  verdict = judged();
  EXPECT_EQ(verdict.authenticity(), Authenticity::authentic);
  EXPECT_EQ(verdict.coverage().gops_with_parameters, 0U);
}

TEST_P(Parameters, P_VIDEO_028_an_altered_statement_never_covers) {
  const Bytes whole = nth(&Parameters::is_statement, 1);
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    SetUp();
    nth(&Parameters::is_statement, 1)[at] ^= std::byte{0x01};
    const Verdict verdict = judged();
    EXPECT_FALSE(verdict.coverage().parameters_covered) << at;
    EXPECT_LT(verdict.coverage().gops_with_parameters, 8U) << at;
  }
}

TEST_P(Parameters, P_VIDEO_028_sets_of_two_gops_that_change_places_are_not_authentic) {
  // Two picture parameter sets with the same number, each for a GOP of its own.
  const auto is_pps = [&](const Bytes& unit) {
    return classify(codec(), unit).type == (codec() == Codec::h264 ? 8 : 34);
  };
  const auto both = [&] {
    const auto first = std::ranges::find_if(units_, is_pps);
    return std::pair(first, std::find_if(first + 1, units_.end(), is_pps));
  };
  units_ = units_of(base_stream(codec()), codec());
  ASSERT_NE(both().second, units_.end());
  both().second->back() ^= std::byte{0x10};
  units_ = signed_units(stream_of(units_, codec()), camera_);
  EXPECT_TRUE(judged().coverage().parameters_covered);
  std::swap(*both().first, *both().second);
  const Verdict verdict = judged();
  EXPECT_EQ(verdict.authenticity(), Authenticity::not_authentic);
  EXPECT_EQ(verdict.first_bad_gop(), 0U);
  EXPECT_EQ(verdict.coverage().gops_with_parameters, 6U);
}

TEST_P(Parameters, P_VIDEO_028_a_statement_of_another_camera_is_refused) {
  // The same pictures, so that the statement names the right one.
  const Camera other = make_camera(crypto::KeyAlgorithm::ec_p256);
  const std::vector<Bytes> theirs = signed_units(base_stream(codec()), other);
  nth(&Parameters::is_statement, 0) =
      *std::ranges::find_if(theirs, [&](const Bytes& unit) { return is_statement(unit); });
  const Verdict verdict = judged();
  EXPECT_EQ(verdict.authenticity(), Authenticity::not_authentic);
  EXPECT_EQ(verdict.first_bad_gop(), 0U);
}

TEST_P(Parameters, P_VIDEO_028_those_outside_the_stream_are_judged_as_well) {
  std::vector<Bytes> sets = first_sets();
  EXPECT_TRUE(judged_with(sets).coverage().parameters_covered);
  sets.back().back() ^= std::byte{0x01};
  const Verdict altered = judged_with(sets);
  EXPECT_EQ(altered.authenticity(), Authenticity::not_authentic);
  EXPECT_FALSE(altered.coverage().parameters_covered);
  // Where no parameter set is anywhere, nobody knows by what a player decodes.
  const Verdict none = judged_with({});
  EXPECT_EQ(none.authenticity(), Authenticity::authentic);
  EXPECT_FALSE(none.coverage().parameters_covered);
}

TEST_P(Parameters, P_VIDEO_028_those_outside_the_stream_are_judged_where_the_stream_repeats_them) {
  const std::vector<Bytes> whole = first_sets();
  EXPECT_TRUE(judged_with(whole, InStream::stay).coverage().parameters_covered);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::vector<Bytes> sets = whole;
    sets[i][sets[i].size() - 2] ^= std::byte{0x04};
    const Verdict verdict = judged_with(sets, InStream::stay);
    EXPECT_EQ(verdict.authenticity(), Authenticity::not_authentic) << i;
    EXPECT_EQ(verdict.first_bad_gop(), 0U) << i;
    EXPECT_FALSE(verdict.coverage().parameters_covered) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Parameters,
                         testing::Values(Format{Codec::h264, Profile::onvif}, Format{Codec::h265, Profile::onvif},
                                         Format{Codec::h264, Profile::axis_v2}, Format{Codec::h265, Profile::axis_v2}));

TEST(ParameterSets, a_configuration_stays_unless_the_stream_replaces_a_set_of_it) {
  for (const Codec codec : {Codec::h264, Codec::h265}) {
    std::vector<Bytes> sets;
    for (const Bytes& unit : units_of(base_stream(codec), codec)) {
      if (classify(codec, unit).kind == UnitKind::anchor) break;
      if (classify(codec, unit).kind == UnitKind::parameter_set) sets.push_back(unit);
    }
    const auto made = renewed_configuration(codec, {}, sets);
    ASSERT_OK(made);
    EXPECT_EQ(parameter_sets_in(codec, *made), sets);
    Bytes given = *made;
    given[1] ^= std::byte{0x01};  // something that only its writer knows
    EXPECT_EQ(*renewed_configuration(codec, given, sets), given);
    EXPECT_EQ(*renewed_configuration(codec, given, {}), given);
    std::vector<Bytes> others = sets;
    others.back().back() ^= std::byte{0x10};
    EXPECT_EQ(parameter_sets_in(codec, *renewed_configuration(codec, given, {others.back()})), others);
    std::vector<Bytes> both = sets;
    both.push_back(others.back());
    EXPECT_EQ(parameter_sets_in(codec, *renewed_configuration(codec, {}, both)), others);
  }
}

TEST(ParameterSets, have_the_numbers_of_their_own_syntax) {
  const auto id = [](Codec codec, std::initializer_list<unsigned> values) {
    Bytes unit;
    for (const unsigned value : values) unit.push_back(static_cast<std::byte>(value));
    return parameter_set_id(codec, unit);
  };
  EXPECT_EQ(id(Codec::h264, {0x67, 0x42, 0xc0, 0x1e, 0x80}), 0U);
  EXPECT_EQ(id(Codec::h264, {0x67, 0x42, 0x00, 0x1e, 0x40}), 1U);
  EXPECT_EQ(id(Codec::h264, {0x68, 0x60}), 2U);
  EXPECT_EQ(id(Codec::h264, {0x68, 0x28}), 4U);
  EXPECT_EQ(id(Codec::h265, {0x40, 0x01, 0x3c}), 3U) << "vps: four bits";
  EXPECT_EQ(id(Codec::h265, {0x44, 0x01, 0x40}), 1U) << "pps";
  // sps without sub-layers: the number stands behind 12 bytes of profile, tier
  // and level; 03 is an escape
  EXPECT_EQ(id(Codec::h265, {0x42, 0x01, 0x01, 0x01, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x3c, 0x40}), 1U);
  EXPECT_EQ(id(Codec::h264, {0x68}), 255U) << "cut off";
}

}  // namespace

}  // namespace signet::video
