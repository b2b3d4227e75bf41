// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "video/report.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What verdicts mean, in words for people who have never seen the inside of a video file. All forms of the report say
/// the same.
namespace signet::cli::video_cli {

/// "1 picture", "25 pictures".
[[nodiscard]] std::string count_of(std::uint64_t count, const std::string& what);
/// "1,234 bytes", "12.3 MB".
[[nodiscard]] std::string size_text(std::uint64_t size_bytes);
/// "0:00:05.160".
[[nodiscard]] std::string clock_text(std::int64_t time_us);

/// How much a verdict matters where one cell stands for several: the greatest is shown.
[[nodiscard]] int weight_of(video::GopVerdict verdict);

/// The answer in a word or three: "AUTHENTIC", "NOT AUTHENTIC".
[[nodiscard]] std::string answer_word(video::Authenticity authenticity);
/// The answer in one sentence, which holds its numbers.
[[nodiscard]] std::string answer_sentence(const video::Verdict& verdict);

/// "trusted", "no trust anchor given", ...
[[nodiscard]] std::string provenance_word(video::Provenance provenance);
/// Whose key it is and how that is known, in one or two sentences.
[[nodiscard]] std::string provenance_sentence(const video::ProvenanceReport& report);
/// When it was recorded, and where that is known from.
[[nodiscard]] std::string time_sentence(const video::ProvenanceReport& report);
/// In which hardware the key lies, as far as anybody attests it.
[[nodiscard]] std::string hardware_sentence(const video::Verdict& verdict);

/// "altered picture data", ...
[[nodiscard]] std::string_view finding_title(video::FindingKind kind);
/// What such a finding means to somebody who has to judge the recording.
[[nodiscard]] std::string_view finding_meaning(video::FindingKind kind);
/// Whether it casts no doubt on a picture.
[[nodiscard]] bool is_remark(video::FindingKind kind);

/// The device's own signed account, in order; empty values left out.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> device_rows(const video::Device& device);

/// A stretch of pictures outside the signed span.
struct Uncovered {
  std::string_view where;  ///< "before", "after", "within"
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::optional<std::int64_t> from_us = {};
  std::optional<std::int64_t> to_us = {};
};
[[nodiscard]] std::vector<Uncovered> uncovered_of(const Report& report);
/// What got lost on the way into a capture; empty where it is none, or nothing was lost.
[[nodiscard]] std::string transport_sentence(const FileFacts& facts);
/// What the format covers in no stream at all, one sentence each.
[[nodiscard]] std::vector<std::string> never_covered(const video::Coverage& coverage);

}  // namespace signet::cli::video_cli
