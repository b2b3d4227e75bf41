// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "suggest.hpp"

#include <algorithm>
#include <utility>

namespace signet::cli {

// Damerau-Levenshtein in its restricted form (optimal string alignment): swapped neighbours are the commonest slip.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  constexpr std::size_t k_size_max = 64;  // no command is longer, and the time grows with the product
  a = a.substr(0, k_size_max);
  b = b.substr(0, k_size_max);
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t k = 0; k <= b.size(); ++k) cost[0][k] = k;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t k = 1; k <= b.size(); ++k) {
      const std::size_t change = cost[i - 1][k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1);
      cost[i][k] = std::min({cost[i - 1][k] + 1, cost[i][k - 1] + 1, change});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
        cost[i][k] = std::min(cost[i][k], cost[i - 2][k - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::vector<std::string> near_words(std::string_view misspelt, const std::vector<std::string>& known) {
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const std::string& word : known) {
    const bool begins = misspelt.size() >= 2 && word.starts_with(misspelt);
    const std::size_t distance = begins ? 1 : edit_distance(misspelt, word);
    if (distance <= std::max<std::size_t>(1, word.size() / 3)) found.emplace_back(distance, word);
  }
  std::ranges::sort(found);  // the nearest first, then by name
  std::vector<std::string> words;
  for (auto& [distance, word] : found) {
    if (words.size() < 3) words.push_back(std::move(word));
  }
  return words;
}

std::string any_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::string did_you_mean(std::string_view misspelt, const std::vector<std::string>& known, std::string otherwise) {
  const auto words = near_words(misspelt, known);
  return words.empty() ? std::move(otherwise) : "Did you mean " + any_of(words) + "?";
}

}  // namespace signet::cli
