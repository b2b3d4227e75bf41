// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: versions_fuzz)
#include "orders.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace signet::sbom {

namespace {

constexpr std::weak_ordering k_same = std::weak_ordering::equivalent;
constexpr std::weak_ordering k_less = std::weak_ordering::less;
constexpr std::weak_ordering k_greater = std::weak_ordering::greater;

/// What a version consists of (Maven's ComparableVersion): numbers, words, and lists of them. A dash, and each change
/// between digits and letters, opens a list within the list.
struct Item {
  enum class Kind : std::uint8_t { number, word, list, nothing };

  Kind kind = Kind::nothing;
  std::string text;         // of a number without leading zeros, of a word in small letters with aliases resolved
  std::vector<Item> items;  // of a list
};

const Item k_nothing;

std::weak_ordering reversed(std::weak_ordering order) { return 0 <=> order; }

/// Known words by rank; others come behind all of them, in the order of the alphabet.
std::size_t rank_of(std::string_view word) {
  constexpr std::array<std::string_view, 7> k_words{"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"};
  std::size_t rank = 0;
  while (rank < k_words.size() && k_words[rank] != word) ++rank;
  return rank;
}

std::weak_ordering compare_words(std::string_view a, std::string_view b) {
  const std::size_t x = rank_of(a);
  const std::size_t y = rank_of(b);
  return x != y || x < rank_of("-") ? x <=> y : compare_text(a, b);
}

Item number(std::string_view digits) {
  return {.kind = Item::Kind::number, .text = std::string(without_zeros(digits)), .items = {}};
}

Item word(std::string_view text, bool before_digit) {
  std::string value;
  for (const char c : text) value += to_lower(c);
  if (before_digit && value == "a") value = "alpha";
  if (before_digit && value == "b") value = "beta";
  if (before_digit && value == "m") value = "milestone";
  if (value == "ga" || value == "final" || value == "release") value.clear();
  if (value == "cr") value = "rc";
  return {.kind = Item::Kind::word, .text = std::move(value), .items = {}};
}

bool is_null(const Item& item) { return item.text.empty() && item.items.empty(); }

/// Trailing nulls of a list say nothing, also those in front of a list within it.
void normalize(Item& list) {
  for (std::size_t i = list.items.size(); i-- > 0;) {
    if (is_null(list.items[i])) {
      list.items.erase(list.items.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (list.items[i].kind != Item::Kind::list) {
      break;
    }
  }
}

/// Lists nest at their ends only, so a version is a row of flat lists, folded from the last one up.
class Parser {
 public:
  Item parse(std::string_view text) {
    std::size_t start = 0;
    bool digits = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '.' || c == '-') {
        add(i == start ? number("0") : item(text.substr(start, i - start), digits, false));
        start = i + 1;
        if (c == '-') open();
      } else if (i > start && is_digit(c) != digits) {
        add(item(text.substr(start, i - start), digits, is_digit(c)));
        start = i;
        open();
      }
      digits = is_digit(c);
    }
    if (text.size() > start) add(item(text.substr(start), digits, false));
    return fold();
  }

 private:
  static Item item(std::string_view text, bool digits, bool before_digit) {
    return digits ? number(text) : word(text, before_digit);
  }
  void add(Item one) { lists_.back().items.push_back(std::move(one)); }
  void open() { lists_.push_back({.kind = Item::Kind::list, .text = {}, .items = {}}); }
  Item fold() {
    while (lists_.size() > 1) {
      normalize(lists_.back());
      Item inner = std::move(lists_.back());
      lists_.pop_back();
      // Where nothing but a list is left in a list, the words in between were null: 1-ga-1 is 1-1.
      const bool is_wrapper = inner.items.size() == 1 && inner.items.front().kind == Item::Kind::list;
      add(is_wrapper ? Item(inner.items.front()) : std::move(inner));
    }
    normalize(lists_.back());
    return std::move(lists_.back());
  }

  std::vector<Item> lists_{{.kind = Item::Kind::list, .text = {}, .items = {}}};
};

std::weak_ordering compare(const Item& a, const Item& b);

std::weak_ordering compare_to_nothing(const Item& item) {
  if (item.kind == Item::Kind::number) return item.text.empty() ? k_same : k_greater;
  if (item.kind == Item::Kind::word) return compare_words(item.text, "");
  for (const Item& one : item.items) {
    const std::weak_ordering order = compare_to_nothing(one);
    if (order != k_same) return order;
  }
  return k_same;
}

std::weak_ordering compare_lists(const Item& a, const Item& b) {
  for (std::size_t i = 0; i < a.items.size() || i < b.items.size(); ++i) {
    const Item& x = i < a.items.size() ? a.items[i] : k_nothing;
    const Item& y = i < b.items.size() ? b.items[i] : k_nothing;
    const std::weak_ordering order = compare(x, y);
    if (order != k_same) return order;
  }
  return k_same;
}

std::weak_ordering compare(const Item& a, const Item& b) {
  using enum Item::Kind;
  if (a.kind == nothing && b.kind == nothing) return k_same;
  if (b.kind == nothing) return compare_to_nothing(a);
  if (a.kind == nothing) return reversed(compare_to_nothing(b));
  if (a.kind == b.kind) {
    if (a.kind == number) return compare_numbers(a.text, b.text);
    return a.kind == word ? compare_words(a.text, b.text) : compare_lists(a, b);
  }
  // 1.1 is later than 1-sp and 1-1; 1.any is earlier than 1-1.
  if (a.kind == number) return k_greater;
  if (b.kind == number) return k_less;
  return a.kind == word ? k_less : k_greater;
}

}  // namespace

std::weak_ordering compare_maven(std::string_view a, std::string_view b) {
  return compare(Parser().parse(a), Parser().parse(b));
}

}  // namespace signet::sbom
