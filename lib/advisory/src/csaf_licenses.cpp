// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// The document's licence (CSAF 2.1 section 6.1.54, 6.1.55, 6.2.43 to 6.2.46, 6.3.17).
#include "csaf.hpp"
#include "embedded.hpp"

#include <algorithm>
#include <unordered_map>

namespace signet::advisory {

namespace {

constexpr std::string_view k_scancode = "LicenseRef-scancode-";

/// What the lists say of an identifier: licences.tsv.
struct Listed {
  bool is_listed = false;
  bool is_deprecated = false;
};

Listed listed(std::string_view id) {
  static const auto k_table = [] {
    std::unordered_map<std::string, bool> table;  // small letters -> deprecated
    std::string_view text = as_text(embedded("licenses.tsv"));
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      const bool is_scancode = line[0] == 's' || line[0] == 'S';
      table.emplace(lower((is_scancode ? std::string(k_scancode) : "") + std::string(line.substr(2))),
                    line[0] == 'L' || line[0] == 'S');
    }
    return table;
  }();
  const auto found = k_table.find(lower(id));
  if (found == k_table.end()) return {};
  return {true, found->second};
}

/// SPDX 3.0.1 annex B, without DocumentRef (CSAF 2.1 section 3.2.2.6).
class ExpressionReader {
 public:
  explicit ExpressionReader(std::string_view text) {
    std::string word;
    const auto end_word = [&] {
      if (!word.empty()) words_.push_back(std::exchange(word, ""));
    };
    for (const char c : text) {
      if (c == ' ' || c == '(' || c == ')') {
        end_word();
        if (c != ' ') words_.emplace_back(1, c);
      } else {
        word += c;
      }
    }
    end_word();
  }

  [[nodiscard]] bool is_valid() {
    at_ = 0;
    ids_.clear();
    return compound(0) && at_ == words_.size();
  }
  /// Of licences and exceptions, without "+".
  [[nodiscard]] const std::vector<std::string>& ids() const { return ids_; }

 private:
  [[nodiscard]] std::string_view peek() const { return at_ < words_.size() ? std::string_view(words_[at_]) : ""; }

  bool is_word(std::string_view upper) {
    if (peek() != upper && peek() != lower(upper)) return false;
    ++at_;
    return true;
  }

  static bool is_id(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    });
  }

  bool identifier(std::string_view reference_prefix, bool may_grow) {
    std::string_view text = peek();
    if (text.empty() || is_operator(text)) return false;
    const bool is_reference = lower(text).starts_with(lower(reference_prefix));
    if (is_reference && (!text.starts_with(reference_prefix) || text.size() == reference_prefix.size())) return false;
    if (may_grow && !is_reference && text.ends_with('+')) text.remove_suffix(1);
    if (!is_id(text)) return false;
    ids_.emplace_back(text);
    ++at_;
    return true;
  }

  static bool is_operator(std::string_view text) {
    const std::string small = lower(text);
    return small == "and" || small == "or" || small == "with" || text == "(" || text == ")";
  }

  bool simple(int depth) {
    constexpr int k_depth_max = 50;
    if (peek() == "(") {
      ++at_;
      if (depth > k_depth_max || !compound(depth + 1) || peek() != ")") return false;
      ++at_;
      return true;
    }
    if (!identifier("LicenseRef-", true)) return false;
    return !is_word("WITH") || identifier("AdditionRef-", false);
  }

  bool compound(int depth) {
    if (!simple(depth)) return false;
    while (is_word("AND") || is_word("OR")) {
      if (!simple(depth)) return false;
    }
    return true;
  }

  std::vector<std::string> words_;
  std::vector<std::string> ids_;
  std::size_t at_ = 0;
};

const Node& expression_of(const Csaf& csaf) { return csaf.document["license_expression"]; }

std::vector<std::string> ids_of(const Csaf& csaf) {
  ExpressionReader reader(expression_of(csaf).text());
  return reader.is_valid() ? reader.ids() : std::vector<std::string>();
}

/// What must be in the lists, and is not: not a licence that somebody wrote himself.
bool is_claimed(std::string_view id) {
  return id.starts_with(k_scancode) || (!id.starts_with("LicenseRef-") && !id.starts_with("AdditionRef-"));
}

bool needs_text(const Csaf& csaf) {
  const auto ids = ids_of(csaf);
  return std::ranges::any_of(ids, [](const std::string& id) { return !is_claimed(id); });
}

void bad_expression(Csaf& csaf) {
  const Node& node = expression_of(csaf);
  if (node.is_string() && !ExpressionReader(node.text()).is_valid())
    csaf.fail(node, quote(node.text()) + " is no licence expression of SPDX");
}

void need_text(Csaf& csaf, std::string_view title) {
  std::size_t count = 0;
  const Node* wrong = nullptr;
  for (const Node& note : csaf.document["notes"].items()) {
    if (note["title"].text() != title) continue;
    ++count;
    if (note["category"].text() != "legal_disclaimer") wrong = &note["category"];
  }
  if (wrong != nullptr || count != 1) {
    csaf.fail(
        wrong != nullptr ? *wrong : csaf.document,
        "there must be one note " + quote(title) + " of the category `legal_disclaimer` with the text of the licence");
  }
}

void license_text(Csaf& csaf) {
  if (csaf.is_english() && needs_text(csaf)) need_text(csaf, "License");
}

void foreign_license_text(Csaf& csaf) {
  if (csaf.is_english() || !needs_text(csaf)) return;
  if (lower(csaf.language()).substr(0, 2) == "de") {
    need_text(csaf, "Lizenz");
  } else {
    csaf.note(csaf.document["lang"], "no translation of the term \"License\" is known: not tested");
  }
}

void no_license(Csaf& csaf) {
  const Node& node = expression_of(csaf);
  if (node.text().empty()) {
    csaf.fail(csaf.document,
              std::string("`license_expression` ") + (node.exists() ? "is there but empty" : "is not there"));
  }
}

void deprecated_license(Csaf& csaf) {
  for (const std::string& id : ids_of(csaf)) {
    if (listed(id).is_deprecated) csaf.fail(expression_of(csaf), quote(id) + " is deprecated");
  }
}

void unknown_license(Csaf& csaf) {
  for (const std::string& id : ids_of(csaf)) {
    if (is_claimed(id) && !listed(id).is_listed)
      csaf.fail(expression_of(csaf), quote(id) + " is in no list of licences");
  }
}

void unregistered_license(Csaf& csaf) {
  for (const std::string& id : ids_of(csaf)) {
    if (!listed(id).is_listed)
      csaf.fail(expression_of(csaf), quote(id) + " is neither of SPDX nor of ScanCode LicenseDB");
  }
}

constexpr std::string_view k_list = "Take an identifier of spdx.org/licenses.";
constexpr std::string_view k_text = "Write such a note.";

constexpr std::array<CsafTest, 7> k_license_tests{{
    {"6.1.54", k_in_21, Weight::error, bad_expression, "Write one, such as CC-BY-4.0, without the licence's text."},
    {"6.1.55", k_in_21, Weight::error, license_text, k_text},
    {"6.2.43", k_in_21, Weight::warning, no_license, k_list},
    {"6.2.44", k_in_21, Weight::warning, deprecated_license, k_list},
    {"6.2.45", k_in_21, Weight::warning, unknown_license, k_list},
    {"6.2.46", k_in_21, Weight::warning, foreign_license_text, k_text},
    {"6.3.17", k_in_21, Weight::note, unregistered_license, k_list},
}};

}  // namespace

std::span<const CsafTest> csaf_license_tests() { return k_license_tests; }

}  // namespace signet::advisory
