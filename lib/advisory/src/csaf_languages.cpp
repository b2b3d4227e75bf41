// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// Languages (CSAF section 6.1.12, 6.1.15, 6.1.28, 6.2.12, 6.2.14, 6.2.15).
#include "csaf.hpp"
#include "embedded.hpp"

#include <algorithm>
#include <unordered_set>

namespace signet::advisory {

namespace {

/// Subtags of IANA's registry by kind: l e s r v g (data/make_tables.py).
const std::map<char, std::unordered_set<std::string_view>>& registry() {
  static const auto k_registry = [] {
    std::map<char, std::unordered_set<std::string_view>> kinds;
    std::string_view text = as_text(embedded("languages.tsv"));
    while (!text.empty()) {
      std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      auto& tags = kinds[line.front()];
      line.remove_prefix(std::min<std::size_t>(line.size(), 2));
      while (!line.empty()) {
        const std::string_view one = line.substr(0, line.find(' '));
        line.remove_prefix(std::min(line.size(), one.size() + 1));
        tags.insert(one);
      }
    }
    return kinds;
  }();
  return k_registry;
}

bool is_known(char kind, std::string_view subtag) { return registry().at(kind).contains(subtag); }

bool is_private_language(std::string_view s) { return s.size() == 3 && s >= "qaa" && s <= "qtz"; }
bool is_private_script(std::string_view s) { return s.size() == 4 && s >= "qaaa" && s <= "qabx"; }
bool is_private_region(std::string_view s) {
  return s.size() == 2 && (s == "aa" || s == "zz" || (s >= "qm" && s <= "qz") || (s >= "xa" && s <= "xz"));
}

/// What a tag of RFC 5646 is made of, judged by the registry.
struct Tag {
  bool is_valid = false;
  bool is_private = false;
};

class TagReader {
 public:
  explicit TagReader(std::string_view tag) : whole_(lower(tag)) {
    std::string_view rest = whole_;
    while (!rest.empty()) {
      parts_.push_back(rest.substr(0, rest.find('-')));
      rest.remove_prefix(std::min(rest.size(), parts_.back().size() + 1));
    }
  }

  Tag read() {
    Tag tag;
    if (is_known('g', whole_)) return {true, false};
    if (!parts_.empty() && parts_[0] == "x") return {parts_.size() > 1, true};
    if (parts_.empty()) return tag;
    const std::string_view language = take();
    tag.is_private = is_private_language(language);
    if (!tag.is_private && !is_known('l', language)) return tag;
    for (int i = 0; i < 3 && peek().size() == 3 && is_letters(peek()); ++i) {
      if (!is_known('e', take())) return {};
    }
    if (peek().size() == 4 && is_letters(peek())) {
      const std::string_view script = take();
      tag.is_private = tag.is_private || is_private_script(script);
      if (!is_private_script(script) && !is_known('s', script)) return {};
    }
    if ((peek().size() == 2 && is_letters(peek())) || (peek().size() == 3 && !is_letters(peek()))) {
      const std::string_view region = take();
      tag.is_private = tag.is_private || is_private_region(region);
      if (!is_private_region(region) && !is_known('r', region)) return {};
    }
    while (peek().size() >= 4) {
      if (!is_known('v', take())) return {};
    }
    while (peek().size() == 1) {
      tag.is_private = tag.is_private || peek() == "x";
      const bool is_x = take() == "x";
      if (peek().empty()) return {};
      while (peek().size() > 1 || (is_x && !peek().empty())) take();
    }
    tag.is_valid = peek().empty();
    return tag;
  }

 private:
  static bool is_letters(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
  }
  [[nodiscard]] std::string_view peek() const { return at_ < parts_.size() ? parts_[at_] : std::string_view(); }
  std::string_view take() { return parts_[at_++]; }

  std::string whole_;
  std::vector<std::string_view> parts_;
  std::size_t at_ = 0;
};

template <typename Each>
void each_language(const Csaf& csaf, Each each) {
  for (const char* name : {"lang", "source_lang"}) {
    const Node& node = csaf.document[name];
    if (node.is_string()) each(node);
  }
}

void unknown_language(Csaf& csaf) {
  each_language(csaf, [&](const Node& node) {
    if (!TagReader(node.text()).read().is_valid) csaf.fail(node, quote(node.text()) + " is no language");
  });
}

void private_language(Csaf& csaf) {
  each_language(csaf, [&](const Node& node) {
    if (TagReader(node.text()).read().is_private) csaf.fail(node, quote(node.text()) + " is for private use");
  });
}

void default_language(Csaf& csaf) {
  each_language(csaf, [&](const Node& node) {
    if (lower(node.text()) == "i-default") csaf.fail(node, "`i-default` is no language");
  });
}

std::string absent(const Node& node) { return node.exists() ? "is there but empty" : "is not there"; }

void translator(Csaf& csaf) {
  const Node& source = csaf.document["source_lang"];
  if (csaf.document["publisher"]["category"].text() == "translator" && source.text().empty()) {
    csaf.fail(csaf.document, "the publisher is a translator, but `source_lang` " + absent(source));
  }
}

void translation(Csaf& csaf) {
  const Node& source = csaf.document["source_lang"];
  if (source.is_string() && lower(source.text()) == lower(csaf.language())) {
    csaf.fail(source, "the document is a translation into its own language");
  }
}

void missing_language(Csaf& csaf) {
  if (csaf.language().empty()) csaf.fail(csaf.document, "`lang` " + absent(csaf.document["lang"]));
}

constexpr std::string_view k_tag = "Use a language tag of RFC 5646: en, de-CH.";

constexpr std::array<CsafTest, 6> k_language_tests{{
    {"6.1.12", k_in_both, Weight::error, unknown_language, k_tag},
    {"6.1.15", k_in_both, Weight::error, translator, "Say from which language it was translated."},
    {"6.1.28", k_in_both, Weight::error, translation, "Leave out `source_lang`."},
    {"6.2.12", k_in_both, Weight::warning, missing_language, k_tag},
    {"6.2.14", k_in_both, Weight::warning, private_language, k_tag},
    {"6.2.15", k_in_both, Weight::warning, default_language, k_tag},
}};

}  // namespace

std::span<const CsafTest> csaf_language_tests() { return k_language_tests; }

}  // namespace signet::advisory
