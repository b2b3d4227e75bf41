// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signet::cli {

/// How many letters must be added, removed, changed or swapped with their neighbour to get from one word to the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);
/// The known words that a misspelt one may have meant, nearest first, at most three; none if nothing is near.
[[nodiscard]] std::vector<std::string> near_words(std::string_view misspelt, const std::vector<std::string>& known);
/// "Did you mean a, b or c?", or `otherwise` where nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view misspelt, const std::vector<std::string>& known,
                                       std::string otherwise);
/// "a", "a or b", "a, b or c".
[[nodiscard]] std::string any_of(const std::vector<std::string>& words);

}  // namespace signet::cli
