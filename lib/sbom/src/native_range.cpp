// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: range_fuzz)
#include "native_range.hpp"

#include "signet/core/bytes.hpp"

#include "orders.hpp"
#include "percent.hpp"

#include <algorithm>

namespace signet::sbom {

namespace {

using enum Comparator;
using Constraints = std::vector<VersionConstraint>;

Error bad_native(std::string_view text) {
  return {Errc::invalid_input, "range.native", "'" + printable(text, 60) + "' is no range of this ecosystem",
          "Write it as the ecosystem's own tools take it."};
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The numbers of a version up to its label: "1.2.3-rc1" gives 1, 2, 3. An x or * stands for "any".
struct Numbers {
  std::vector<std::string> given;
  bool has_wildcard = false;
  std::string_view label;  // with its dash

  [[nodiscard]] std::string upto(std::size_t count) const {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += (i == 0 ? "" : ".") + (i < given.size() ? given[i] : std::string("0"));
    }
    return text;
  }
};

/// Adds one to a number of any length.
std::string incremented(std::string digits) {
  for (std::size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return digits;
    }
    digits[i] = '0';
  }
  return "1" + digits;
}

std::optional<Numbers> numbers_of(std::string_view text) {
  Numbers numbers;
  const std::size_t end = text.find_first_of("-+");
  numbers.label = end == std::string_view::npos ? std::string_view() : text.substr(end);
  std::string_view main = text.substr(0, end);
  while (!main.empty()) {
    const std::string_view part = take_until(main, '.');
    if (part == "x" || part == "X" || part == "*") {
      numbers.has_wildcard = true;
    } else if (is_number(part) && !numbers.has_wildcard) {
      numbers.given.emplace_back(part);
    } else {
      return std::nullopt;
    }
  }
  if (numbers.given.empty() && !numbers.has_wildcard) return std::nullopt;
  return numbers;
}

/// The first version behind all that share the first `count` numbers: 1.2 of 1.2.3, raised, gives 1.3, with zeros.
std::string raised(const Numbers& numbers, std::size_t count, std::size_t size) {
  Numbers next;
  next.given.assign(numbers.given.begin(), numbers.given.begin() + static_cast<std::ptrdiff_t>(count));
  next.given.back() = incremented(next.given.back());
  return next.upto(std::max(size, count));
}

/// How many numbers a caret keeps: up to the first that is not 0.
std::size_t kept_by_caret(const Numbers& numbers) {
  for (std::size_t i = 0; i < numbers.given.size(); ++i) {
    if (!without_zeros(numbers.given[i]).empty()) return i + 1;
  }
  return numbers.given.size();
}

std::string_view without_v(std::string_view text) {
  if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
  return text;
}

/// node-semver's ranges as the VERS suite maps them: a wildcard means its whole series, whatever stands before it.
Result<void> add_npm(Constraints& to, std::string_view token) {
  const bool tilde = token.starts_with('~');
  const bool caret = token.starts_with('^');
  if (tilde || caret) token.remove_prefix(token.starts_with("~>") ? 2 : 1);
  std::optional<Comparator> comparator = take_comparator(token);
  token = without_v(trimmed(token));
  const std::optional<Numbers> numbers = numbers_of(token);
  if (!numbers || ((tilde || caret) && numbers->given.empty())) return bad_native(token);
  const std::string label(numbers->label);
  const std::size_t size = numbers->given.size();
  if (caret) {
    to.push_back({greater_equal, numbers->upto(3) + label});
    to.push_back({less, raised(*numbers, kept_by_caret(*numbers), 3)});
  } else if (tilde) {
    to.push_back({greater_equal, numbers->upto(3) + label});
    const bool is_first_of_series = size == 3 && without_zeros(numbers->given[2]).empty();
    if (label.starts_with('-') && is_first_of_series) {  // the suite keeps to the release that is being made
      to.push_back({less, numbers->upto(3)});
      to.push_back({greater_equal, numbers->upto(3)});
      to.push_back({less, raised(*numbers, 3, 3)});
    } else {
      to.push_back({less, raised(*numbers, std::min<std::size_t>(size, 2), 3)});
    }
  } else if (numbers->has_wildcard && size > 0) {
    to.push_back({greater_equal, numbers->upto(3)});
    to.push_back({less, raised(*numbers, std::min<std::size_t>(size, 2), 3)});
  } else if (numbers->has_wildcard) {
    to.push_back({greater_equal, "0.0.0"});
  } else {
    to.push_back({comparator.value_or(equal), (size < 3 ? numbers->upto(3) : numbers->upto(size)) + label});
  }
  return {};
}

/// Cargo: as npm, but a bare version means what a caret means.
Result<void> add_cargo(Constraints& to, std::string_view token) {
  const bool is_bare = !token.empty() && is_digit(token.front()) && token.find('*') == std::string_view::npos;
  return is_bare ? add_npm(to, "^" + std::string(token)) : add_npm(to, token);
}

Result<void> add_conan(Constraints& to, std::string_view token) {
  if (token.empty()) return {};
  if (token == "*" || token == "*-") {
    to.push_back({greater_equal, "0.0.0"});
    return {};
  }
  const bool tilde = token.starts_with('~');
  const bool caret = token.starts_with('^');
  if (tilde || caret) token.remove_prefix(1);
  const std::optional<Comparator> comparator = take_comparator(token);
  if (token.ends_with('-')) token.remove_suffix(1);  // "pre-releases as well": the order says so already
  if (token.empty()) return bad_native(token);
  if (!tilde && !caret) {
    to.push_back({comparator.value_or(equal), std::string(token)});
    return {};
  }
  const std::optional<Numbers> numbers = numbers_of(token);
  if (!numbers || numbers->given.empty()) return bad_native(token);
  const std::size_t kept = caret ? kept_by_caret(*numbers) : std::min<std::size_t>(numbers->given.size(), 2);
  to.push_back({greater_equal, std::string(token)});
  to.push_back({less, raised(*numbers, kept, kept) + "-"});
  return {};
}

/// PEP 440 version specifiers; also RubyGems', which differ in the sign of "compatible" alone, and plain comparators.
Result<void> add_specifier(Constraints& to, std::string_view token) {
  const bool compatible = token.starts_with("~=") || token.starts_with("~>");
  if (compatible) token.remove_prefix(2);
  const bool verbatim = token.starts_with("===");
  if (verbatim) token.remove_prefix(3);
  const std::optional<Comparator> comparator = take_comparator(token);
  token = trimmed(token);
  if (token.empty()) return bad_native(token);
  if (compatible) {
    const std::string_view main = token.substr(0, token.find_first_not_of("0123456789."));
    const std::optional<Numbers> numbers = numbers_of(main.ends_with('.') ? main.substr(0, main.size() - 1) : main);
    if (!numbers || numbers->given.empty()) return bad_native(token);
    const std::size_t kept = std::max<std::size_t>(numbers->given.size(), 2) - 1;
    to.push_back({greater_equal, std::string(token)});
    to.push_back({less, raised(*numbers, kept, kept)});
  } else if (token.ends_with(".*") && !verbatim) {
    const std::optional<Numbers> numbers = numbers_of(token.substr(0, token.size() - 2));
    if (!numbers || numbers->given.empty()) return bad_native(token);
    const std::size_t size = numbers->given.size();
    const bool excludes = comparator == not_equal;
    to.push_back({excludes ? less : greater_equal, numbers->upto(size)});
    to.push_back({excludes ? greater_equal : less, raised(*numbers, size, size)});
  } else {
    to.push_back({comparator.value_or(equal), std::string(token)});
  }
  return {};
}

/// Even second numbers are stable series, which end with the next one; odd ones are the main line.
Result<void> add_nginx(Constraints& to, std::string_view token) {
  const std::size_t dash = token.find('-');
  if (dash != std::string_view::npos) {
    to.push_back({greater_equal, std::string(trimmed(token.substr(0, dash)))});
    to.push_back({less_equal, std::string(trimmed(token.substr(dash + 1)))});
    return {};
  }
  const bool onwards = token.ends_with('+');
  if (onwards) token.remove_suffix(1);
  const std::optional<Numbers> numbers = numbers_of(token);
  if (!numbers || numbers->has_wildcard) return bad_native(token);
  to.push_back({onwards ? greater_equal : equal, std::string(token)});
  const bool is_stable = numbers->given.size() > 1 && (numbers->given[1].back() - '0') % 2 == 0;
  if (onwards && is_stable) to.push_back({less, raised(*numbers, 2, 3)});
  return {};
}

/// "[1.0,2.0)", "(,1.0]", "[1.5]", several behind each other; a bare version means "this or later".
Result<Constraints> parse_intervals(std::string_view text) {
  Constraints all;
  text = trimmed(text);
  while (!text.empty()) {
    if (text.front() == ',') {
      text = trimmed(text.substr(1));
      continue;
    }
    const bool closed_left = text.front() == '[';
    if (!closed_left && text.front() != '(') {
      all.push_back({greater_equal, std::string(trimmed(take_until(text, ',')))});
      continue;
    }
    const std::size_t end = text.find_first_of("])");
    if (end == std::string_view::npos) return bad_native(text);
    const bool closed_right = text[end] == ']';
    std::string_view inside = text.substr(1, end - 1);
    const std::size_t comma = inside.find(',');
    const std::string_view low = trimmed(inside.substr(0, comma));
    const std::string_view high = comma == std::string_view::npos ? low : trimmed(inside.substr(comma + 1));
    text = trimmed(text.substr(end + 1));
    if (!text.empty() && text.find_first_of(",[(") != 0) return bad_native(text);
    if (comma == std::string_view::npos) {
      if (low.empty() || !closed_left || !closed_right) return bad_native(inside);
      all.push_back({equal, std::string(low)});
      continue;
    }
    if (!low.empty()) all.push_back({closed_left ? greater_equal : greater, std::string(low)});
    if (!high.empty()) all.push_back({closed_right ? less_equal : less, std::string(high)});
  }
  return all;
}

using AddToken = Result<void> (*)(Constraints&, std::string_view);

/// Tokens between blanks and "||"; a comparator may stand apart from its version, and "A - B" is an interval.
Result<Constraints> parse_words(std::string_view text, AddToken add) {
  Constraints all;
  while (true) {
    const std::size_t bars = text.find("||");
    std::string_view part = trimmed(text.substr(0, bars));
    if (part.find(" - ") != std::string_view::npos) {
      const std::size_t dash = part.find(" - ");
      Constraints ends;
      TRY(add(ends, trimmed(part.substr(0, dash))));
      TRY(add(ends, trimmed(part.substr(dash + 3))));
      all.push_back({greater_equal, ends.front().version});
      all.push_back({less_equal, ends.back().version});
      part = {};
    }
    while (!part.empty()) {
      const std::size_t signs = part.find_first_not_of("<>=!~^ \t");
      std::size_t end = signs == std::string_view::npos ? part.size() : part.find_first_of(" \t,", signs);
      if (end == std::string_view::npos) end = part.size();
      std::string token;
      for (const char c : part.substr(0, end)) {
        if (!is_blank(c)) token += c;
      }
      TRY(add(all, token));
      part = trimmed(part.substr(end));
      if (part.starts_with(',')) part = trimmed(part.substr(1));
    }
    if (bars == std::string_view::npos) return all;
    text = text.substr(bars + 2);
  }
}

Result<Constraints> parse_list(std::string_view text, AddToken add) {
  Constraints all;
  while (!text.empty()) {
    const std::string_view token = trimmed(take_until(text, ','));
    if (!token.empty()) TRY(add(all, token));
  }
  return all;
}

/// Conan's options follow a comma: "*, include_prerelease=True".
std::string_view without_options(std::string_view text) { return text.substr(0, text.find(',')); }

Result<Constraints> parse_by_scheme(std::string_view scheme, VersionScheme order, std::string_view text) {
  if (scheme == "npm") return parse_words(text, add_npm);
  if (scheme == "cargo" || scheme == "crates.io") return parse_words(text, add_cargo);
  if (order == VersionScheme::conan) return parse_words(without_options(text), add_conan);
  if (scheme == "nginx") return parse_list(text, add_nginx);
  if (order == VersionScheme::maven || order == VersionScheme::nuget) return parse_intervals(text);
  return parse_list(text, add_specifier);
}

}  // namespace

std::optional<Comparator> take_comparator(std::string_view& text) {
  struct Sign {
    std::string_view text;
    Comparator comparator;
  };
  for (const auto& [sign, comparator] : {Sign{">=", greater_equal}, Sign{"<=", less_equal}, Sign{"!=", not_equal},
                                         Sign{"==", equal}, Sign{">", greater}, Sign{"<", less}, Sign{"=", equal}}) {
    if (!text.starts_with(sign)) continue;
    text = trimmed(text.substr(sign.size()));
    return comparator;
  }
  return std::nullopt;
}

Result<NativeRange> parse_native(std::string_view scheme, VersionScheme order, std::string_view text) {
  NativeRange range;
  if (trimmed(text) == "*" && order != VersionScheme::conan) {
    range.is_any = true;
    return range;
  }
  TRY_ASSIGN(range.constraints, parse_by_scheme(scheme, order, text));
  for (const VersionConstraint& one : range.constraints) {
    if (!is_plain_text(one.version)) return bad_native(text);
    TRY(check_version(order, one.version));
  }
  return range;
}

}  // namespace signet::sbom
