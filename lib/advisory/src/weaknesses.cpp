// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "weaknesses.hpp"

#include "signet/advisory/weakness.hpp"

#include "embedded.hpp"
#include "formats.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_map>
#include <vector>

namespace signet::advisory {

namespace {

std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return front;
}

std::size_t to_number(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// cwe.tsv: the releases with their days, then for each weakness its runs FIRST-LAST|FLAGS|NAME.
class Table {
 public:
  Table() {
    std::string_view text = as_text(embedded("cwe.tsv"));
    std::string_view head = take_until(text, '\n');
    while (!head.empty()) {
      std::string_view one = take_until(head, '\t');
      const std::string_view release = take_until(one, '=');
      const auto day = parse_moment(std::string(one) + "T00:00:00Z");
      releases_.push_back({release, day ? day->seconds : 0});
    }
    while (!text.empty()) {
      std::string_view line = take_until(text, '\n');
      const std::string_view number = take_until(line, '\t');
      runs_.emplace(number, line);
    }
  }

  [[nodiscard]] std::optional<std::size_t> release(std::string_view name) const {
    for (std::size_t i = 0; i < releases_.size(); ++i) {
      if (releases_[i].name == name) return i;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string_view release_at(std::int64_t seconds) const {
    std::string_view latest;
    for (const Release& one : releases_) {
      if (one.seconds <= seconds) latest = one.name;
    }
    return latest;
  }

  /// Calls `each` with first, last and what holds, until it returns true.
  template <typename Each>
  void runs_of(std::string_view id, Each each) const {
    if (!id.starts_with("CWE-")) return;
    const auto found = runs_.find(id.substr(4));
    if (found == runs_.end()) return;
    std::string_view line = found->second;
    while (!line.empty()) {
      std::string_view run = take_until(line, '\t');
      const std::size_t first = to_number(take_until(run, '-'));
      const std::size_t last = to_number(take_until(run, '|'));
      const std::string_view flags = take_until(run, '|');
      if (each(first, last, Weakness{run, flags[0] == 'D', flags[1]})) return;
    }
  }

 private:
  struct Release {
    std::string_view name;
    std::int64_t seconds;
  };
  std::vector<Release> releases_;
  std::unordered_map<std::string_view, std::string_view> runs_;
};

const Table& table() {
  static const Table k_table;
  return k_table;
}

}  // namespace

bool is_cwe_release(std::string_view release) { return table().release(release).has_value(); }

std::optional<Weakness> weakness_in(std::string_view id, std::string_view release) {
  const auto number = table().release(release);
  std::optional<Weakness> found;
  if (!number) return found;
  table().runs_of(id, [&](std::size_t first, std::size_t last, const Weakness& one) {
    if (first <= *number && *number <= last) found = one;
    return found.has_value();
  });
  return found;
}

bool is_weakness_name(std::string_view id, std::string_view name) {
  bool found = false;
  table().runs_of(id, [&](std::size_t, std::size_t, const Weakness& one) { return found = one.name == name; });
  return found;
}

std::optional<Weakness> newest_weakness(std::string_view id) {
  std::optional<Weakness> found;
  table().runs_of(id, [&](std::size_t, std::size_t, const Weakness& one) {
    found = one;
    return false;
  });
  return found;
}

std::string_view cwe_release_at(std::int64_t seconds_since_epoch) { return table().release_at(seconds_since_epoch); }

std::optional<KnownWeakness> known_weakness(std::string_view id, Instant at) {
  const std::string_view release = cwe_release_at(at.seconds_since_epoch);
  const auto found = weakness_in(id, release);
  if (!found) return std::nullopt;
  return KnownWeakness{.name = std::string(found->name),
                       .release = std::string(release),
                       .is_for_mapping = !found->is_deprecated && found->usage != 'P'};
}

}  // namespace signet::advisory
