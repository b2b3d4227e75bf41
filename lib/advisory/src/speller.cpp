// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisory/validate.hpp"

#include <hunspell/hunspell.hxx>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace signet::advisory {

namespace {

using Words = std::optional<std::vector<std::string>>;

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'' || static_cast<unsigned char>(c) >= 0x80;
}

/// Words that are names of things: with digits beside them, in capitals throughout, with capitals inside, of links.
bool is_prose(std::string_view word) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  return word.size() > 1 && std::ranges::none_of(word.substr(1), is_upper);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t blank = std::min(text.find_first_of(" \t\n\r", i), text.size());
    const std::string_view token = text.substr(i, blank - i);
    i = blank + 1;
    const bool is_plain = token.find_first_of("0123456789_@/\\<>=:.") == std::string_view::npos ||
                          token.find_first_of("0123456789_@/\\<>=.") + 1 == token.size() || token.ends_with(':');
    if (!is_plain || token.find("://") != std::string_view::npos) continue;
    for (std::size_t at = 0; at < token.size();) {
      while (at < token.size() && !is_word_byte(token[at])) ++at;
      std::size_t end = at;
      while (end < token.size() && is_word_byte(token[end])) ++end;
      std::string_view word = token.substr(at, end - at);
      while (word.starts_with('\'')) word.remove_prefix(1);
      while (word.ends_with('\'')) word.remove_suffix(1);
      if (is_prose(word)) words.push_back(word);
      at = end;
    }
  }
  return words;
}

class Speller {
 public:
  explicit Speller(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {
    folders_.emplace_back("/usr/share/hunspell");
  }

  Words check(std::string_view language, std::string_view text) {
    Hunspell* dictionary = find(std::string(language));
    if (dictionary == nullptr) return std::nullopt;
    std::set<std::string> wrong;
    for (const std::string_view word : words_of(text)) {
      const std::string one(word);
      if (!dictionary->spell(one)) wrong.insert(one);
    }
    return std::vector<std::string>(wrong.begin(), wrong.end());
  }

 private:
  Hunspell* find(const std::string& language) {
    const auto known = dictionaries_.find(language);
    if (known != dictionaries_.end()) return known->second.get();
    return (dictionaries_[language] = open(language)).get();
  }

  /// "en-US" is en_US.dic; "en" is the first that begins so, with en_US before others.
  std::unique_ptr<Hunspell> open(std::string language) {
    if (language.empty() || !std::ranges::all_of(language, [](char c) { return is_word_byte(c) || c == '-'; }))
      return nullptr;
    std::ranges::replace(language, '-', '_');
    for (const auto& folder : folders_) {
      for (const std::string& name :
           {language, language + "_US", language + "_DE", language.substr(0, language.find('_')) + "_US"}) {
        const bool is_of_language = name.substr(0, 2) == language.substr(0, 2);
        const auto dictionary = folder / (name + ".dic");
        std::error_code failed;
        if (is_of_language && std::filesystem::exists(dictionary, failed)) {
          return std::make_unique<Hunspell>((folder / (name + ".aff")).c_str(), dictionary.c_str());
        }
      }
    }
    return nullptr;
  }

  std::vector<std::filesystem::path> folders_;
  std::map<std::string, std::unique_ptr<Hunspell>> dictionaries_;
};

}  // namespace

std::function<Words(std::string_view, std::string_view)> hunspell(std::vector<std::filesystem::path> folders) {
  auto speller = std::make_shared<Speller>(std::move(folders));
  return [speller](std::string_view language, std::string_view text) { return speller->check(language, text); };
}

namespace {

constexpr std::array<std::string_view, 8> k_modals{"must", "should", "can", "could", "may", "might", "will", "shall"};

bool is_small(std::string_view word) {
  return std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
}

/// "must followed": what happens to a thing needs "be".
bool lacks_be(std::string_view modal, std::string_view verb) {
  return std::ranges::find(k_modals, modal) != k_modals.end() && is_small(verb) && verb.size() > 4 &&
         verb.ends_with("ed") && verb != "need" && verb != "speed" && verb != "proceed" && verb != "exceed" &&
         verb != "succeed" && verb != "embed";
}

/// "a products.": at the end of a clause, a noun that ends in s is a plural, but for a few endings.
bool is_plural_after_a(std::string_view article, std::string_view noun) {
  const bool ends_clause = noun.ends_with('.') || noun.ends_with(',') || noun.ends_with(';');
  if (article != "a" || !ends_clause) return false;
  noun.remove_suffix(1);
  return is_small(noun) && noun.ends_with('s') && !noun.ends_with("ss") && !noun.ends_with("us") &&
         !noun.ends_with("is") && !noun.ends_with("ns") && !noun.ends_with("ies");
}

Words english_faults(std::string_view language, std::string_view text) {
  if (language.substr(0, 2) != "en") return std::nullopt;
  std::vector<std::string> faults;
  std::string_view before;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find_first_of(" \n\t"));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (lacks_be(before, word) || is_plural_after_a(before, word))
      faults.push_back(std::string(before) + " " + std::string(word));
    if (!word.empty()) before = word;
  }
  return faults;
}

}  // namespace

std::function<Words(std::string_view, std::string_view)> english_grammar() { return english_faults; }

}  // namespace signet::advisory
