// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_fuzz)
//
// Many records of CVE have a range in words where a version should stand. Those that can have one meaning only are
// read; the rest is kept as words, which no version matches and which makes the answer "unknown".
#include "signet/sbom/range.hpp"

#include "readers.hpp"

#include <algorithm>
#include <array>

namespace signet::vuln {

namespace {

/// "1.2", "v1.2", "V4.3.8": what a version looks like in a sentence.
bool is_version(std::string_view token) {
  if (token.starts_with('v') || token.starts_with('V')) token.remove_prefix(1);
  return !token.empty() && is_digit(token.front()) && token.size() <= k_name_size_bytes_max;
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

constexpr std::array<std::string_view, 7> k_nothing = {"", "n/a", "na", "unspecified", "-", "unknown", "none"};
constexpr std::array<std::string_view, 4> k_all = {"*", "all", "all versions", "any"};
constexpr std::array<std::string_view, 6> k_down = {"earlier", "prior", "below", "lower", "older", "before"};

/// Words in small letters; comparators stand alone, whatever they were glued to.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == ',' || c == '(' || c == ')') {
      flush();
    } else if (c == '<' || c == '>' || c == '=') {
      if (!word.empty() && (word.back() != '<' && word.back() != '>')) flush();
      word += c;
    } else {
      if (!word.empty() && (word.back() == '<' || word.back() == '>' || word.back() == '=')) flush();
      word += c;
    }
  }
  flush();
  return words;
}

/// What a sentence says of the two ends, or that it was not understood.
class Sentence {
 public:
  Sentence(std::vector<std::string> words, VersionRule rule) : words_(std::move(words)), rule_(std::move(rule)) {}

  std::optional<VersionRule> read() {
    for (std::string& word : words_) word = in_lower_case(word);
    drop_fillers();
    if (read_comparators() || read_downwards() || read_between()) return rule_;
    return std::nullopt;
  }

 private:
  void drop_fillers() {
    std::erase_if(words_, [](const std::string& word) {
      return word == "version" || word == "versions" || word == "all" || word == "and:" || word == "the";
    });
  }

  /// "< 6.9", ">= 1.0 < 2.0", "> 1 and <= 3".
  bool read_comparators() {
    std::size_t at = 0;
    bool has_any = false;
    while (at < words_.size()) {
      if (has_any && words_[at] == "and") ++at;
      if (at + 1 >= words_.size() || !is_version(words_[at + 1])) return false;
      const std::string& sign = words_[at];
      if (sign == "<" || sign == "<=") {
        if (!rule_.to.empty()) return false;
        rule_.to = words_[at + 1];
        rule_.to_included = sign == "<=";
      } else if (sign == ">" || sign == ">=") {
        if (!rule_.from.empty()) return false;
        rule_.from = words_[at + 1];
        rule_.from_excluded = sign == ">";
      } else {
        return false;
      }
      has_any = true;
      at += 2;
    }
    return has_any;
  }

  /// "3.1 and earlier", "3.1 or prior", "before 3.1", "prior to 3.1", "earlier than 3.1".
  bool read_downwards() {
    clear();
    const std::size_t size = words_.size();
    if (size == 3 && is_version(words_[0]) && (words_[1] == "and" || words_[1] == "or") &&
        is_one_of(words_[2], k_down)) {
      rule_.to = words_[0];
      rule_.to_included = true;
      return true;
    }
    const bool has_particle = size == 3 && (words_[1] == "to" || words_[1] == "than");
    if ((size == 2 || has_particle) && is_one_of(words_[0], k_down) && is_version(words_.back())) {
      rule_.to = words_.back();
      return true;
    }
    return false;
  }

  /// "1.0 - 2.0", "from 1.0 through 2.0", "NAME 1.0 to 2.0".
  bool read_between() {
    clear();
    const std::size_t size = words_.size();
    if (size < 3 || !is_version(words_[size - 1]) || !is_version(words_[size - 3])) return false;
    const std::string& middle = words_[size - 2];
    if (middle != "-" && middle != "to" && middle != "through" && middle != "thru") return false;
    for (std::size_t i = 0; i + 3 < size; ++i) {  // words before it may name the product, but hold no number
      if (std::ranges::any_of(words_[i], is_digit)) return false;
    }
    rule_.from = words_[size - 3];
    rule_.to = words_[size - 1];
    rule_.to_included = true;
    return true;
  }

  void clear() {
    rule_.from.clear();
    rule_.to.clear();
    rule_.from_excluded = rule_.to_included = false;
  }

  std::vector<std::string> words_;
  VersionRule rule_;
};

VersionRule exact_rule(std::string_view version) {
  return {.status = Status::affected,
          .kind = VersionRule::Kind::exact,
          .from_excluded = false,
          .to_included = false,
          .scheme = {},
          .from = shortened(version),
          .to = {}};
}

}  // namespace

std::vector<VersionRule> rules_from_words(std::string_view text, Status status, std::string_view scheme) {
  while (text.ends_with(' ') || text.ends_with('\n')) text.remove_suffix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  VersionRule rule{.status = status,
                   .kind = VersionRule::Kind::exact,
                   .from_excluded = false,
                   .to_included = false,
                   .scheme = std::string(scheme),
                   .from = shortened(text),
                   .to = {}};
  const std::string lower = in_lower_case(text.substr(0, k_name_size_bytes_max));
  if (text.size() > k_title_size_bytes_max || is_one_of(lower, k_nothing)) {
    rule.kind = VersionRule::Kind::text;
    return {rule};
  }
  VersionRule range = rule;
  range.kind = VersionRule::Kind::range;
  range.from.clear();
  if (is_one_of(lower, k_all)) return {range};
  if (lower.find_first_of(" <>") == std::string::npos) return {rule};
  if (auto read = Sentence(words_of(text), range).read()) return {std::move(*read)};
  rule.kind = VersionRule::Kind::text;
  return {rule};
}

std::vector<VersionRule> rules_from_range(std::string_view text) {
  const auto range = sbom::VersionRange::canonicalise(text);
  if (!range) return rules_from_words(text.starts_with("vls") ? text.substr(4) : text, Status::affected, {});
  std::vector<VersionRule> rules;
  VersionRule open = exact_rule({});
  open.kind = VersionRule::Kind::range;
  open.scheme = range->scheme();
  bool is_open = range->is_any();
  for (const sbom::VersionConstraint& one : range->constraints()) {
    VersionRule exact = exact_rule(one.version);
    exact.scheme = range->scheme();
    switch (one.comparator) {
      case sbom::Comparator::not_equal:
        exact.status = Status::unknown;  // outside of this product, so this document says nothing of it
        rules.insert(rules.begin(), exact);
        break;
      case sbom::Comparator::equal:
        rules.push_back(exact);
        break;
      case sbom::Comparator::greater:
      case sbom::Comparator::greater_equal:
        open.from = one.version;
        open.from_excluded = one.comparator == sbom::Comparator::greater;
        is_open = true;
        break;
      case sbom::Comparator::less:
      case sbom::Comparator::less_equal:
        open.to = one.version;
        open.to_included = one.comparator == sbom::Comparator::less_equal;
        rules.push_back(open);
        open.from.clear();
        open.to.clear();
        is_open = false;
        break;
    }
  }
  if (is_open) rules.push_back(open);
  return rules;
}

}  // namespace signet::vuln
