// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: versions_fuzz)
#include "orders.hpp"

#include <array>
#include <utility>

namespace signet::sbom {

namespace {

constexpr std::weak_ordering k_same = std::weak_ordering::equivalent;
constexpr std::weak_ordering k_less = std::weak_ordering::less;
constexpr std::weak_ordering k_greater = std::weak_ordering::greater;

/// deb-version(7): the tilde before everything, even the end; letters before the rest.
int weight(std::string_view text) {
  if (text.empty() || is_digit(text.front())) return 0;
  if (text.front() == '~') return -1;
  const int code = static_cast<unsigned char>(text.front());
  return is_letter(text.front()) ? code : code + 256;
}

std::weak_ordering compare_deb_part(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !is_digit(a.front())) || (!b.empty() && !is_digit(b.front()))) {
      if (weight(a) != weight(b)) return weight(a) <=> weight(b);
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
    const std::weak_ordering order = compare_numbers(take_digits(a), take_digits(b));
    if (order != k_same) return order;
  }
  return k_same;
}

struct Evr {
  std::string_view epoch;
  std::string_view version;
  std::string_view release;
  bool has_release = false;
};

/// EPOCH:VERSION-RELEASE; the epoch is digits only, the release follows the last dash.
Evr split_evr(std::string_view text) {
  Evr evr;
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && is_number(text.substr(0, colon))) {
    evr.epoch = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const std::size_t dash = text.rfind('-');
  evr.has_release = dash != std::string_view::npos;
  if (evr.has_release) evr.release = text.substr(dash + 1);
  evr.version = text.substr(0, dash);
  return evr;
}

bool is_rpm_letter(char c) { return is_letter(c) || is_digit(c); }

/// Takes a run of digits from both or of letters from both, as `a` begins.
std::pair<std::string_view, std::string_view> take_runs(std::string_view& a, std::string_view& b) {
  const bool digits = is_digit(a.front());
  const auto wanted = [&](char c) { return digits ? is_digit(c) : is_letter(c); };
  const std::string_view x = take_while(a, wanted);
  return {x, take_while(b, wanted)};
}

/// The rule of rpmvercmp(), as its manual rpm-version(7) states it.
std::weak_ordering compare_rpm_part(std::string_view a, std::string_view b) {
  const auto is_noise = [](char c) { return !is_rpm_letter(c) && c != '~' && c != '^'; };
  while (!a.empty() || !b.empty()) {
    take_while(a, is_noise);
    take_while(b, is_noise);
    const bool tilde_a = a.starts_with('~');
    const bool tilde_b = b.starts_with('~');
    if (tilde_a != tilde_b) return tilde_a ? k_less : k_greater;
    const bool caret_a = a.starts_with('^');
    const bool caret_b = b.starts_with('^');
    // A caret is later than the end and earlier than anything else.
    if (caret_a != caret_b) return caret_a ? (b.empty() ? k_greater : k_less) : (a.empty() ? k_less : k_greater);
    if (tilde_a || caret_a) {
      a.remove_prefix(1);
      b.remove_prefix(1);
      continue;
    }
    if (a.empty() || b.empty()) break;
    const bool digits = is_digit(a.front());
    const auto [x, y] = take_runs(a, b);
    if (y.empty()) return digits ? k_greater : k_less;
    const std::weak_ordering order = digits ? compare_numbers(x, y) : compare_text(x, y);
    if (order != k_same) return order;
  }
  return !a.empty() <=> !b.empty();
}

/// vercmp(8) of pacman, which left rpm's rule before it learned tilde and caret.
std::weak_ordering compare_alpm_part(std::string_view a, std::string_view b) {
  const auto is_noise = [](char c) { return !is_rpm_letter(c); };
  while (!a.empty() && !b.empty()) {
    const std::size_t noise_a = take_while(a, is_noise).size();
    const std::size_t noise_b = take_while(b, is_noise).size();
    if (a.empty() || b.empty()) break;
    if (noise_a != noise_b) return noise_a <=> noise_b;
    const bool digits = is_digit(a.front());
    const auto [x, y] = take_runs(a, b);
    if (y.empty()) return digits ? k_greater : k_less;
    const std::weak_ordering order = digits ? compare_numbers(x, y) : compare_text(x, y);
    if (order != k_same) return order;
  }
  if (a.empty() && b.empty()) return k_same;
  // What is left over is later, unless it begins with a letter: 1.0 follows 1.0rc, and 1.0.1 follows 1.0.
  if (a.empty()) return is_letter(b.front()) ? k_greater : k_less;
  return is_letter(a.front()) ? k_less : k_greater;
}

/// One token of an apk version: of which kind, and its value in two parts, compared in this order.
enum class ApkKind : std::uint8_t { digit_or_zero, digit, letter, suffix, suffix_number, hash, revision, end, invalid };

struct ApkToken {
  int rank = 0;
  std::string_view text;
};

class ApkReader {
 public:
  explicit ApkReader(std::string_view text) : text_(text) {}

  [[nodiscard]] ApkKind kind() const { return kind_; }

  /// Whether what comes makes the version earlier than where it ends: a suffix such as _rc, or what is none of apk's.
  [[nodiscard]] bool is_earlier() const {
    if (kind_ == ApkKind::digit_or_zero) return !text_.empty() && is_letter(text_.front());
    return kind_ == ApkKind::invalid || (kind_ == ApkKind::suffix && ApkReader(*this).take().rank <= 0);
  }

  /// The value of the token at hand; then kind() is that of the next one.
  ApkToken take() {
    ApkToken token;
    switch (kind_) {
      case ApkKind::digit_or_zero:
        if (text_.starts_with('0')) {  // behind the first dot, leading zeros are a fraction's
          token.rank = -static_cast<int>(take_while(text_, [](char c) { return c == '0'; }).size());
          kind_ = text_.empty() ? ApkKind::end : ApkKind::digit;
          return token;
        }
        [[fallthrough]];
      case ApkKind::digit:
      case ApkKind::suffix_number:
      case ApkKind::revision:
        token.text = take_digits(text_);
        break;
      case ApkKind::letter:
        token.rank = text_.front();
        text_.remove_prefix(1);
        break;
      case ApkKind::suffix:
        token.rank = take_suffix();
        if (token.rank == 0) kind_ = ApkKind::invalid;
        break;
      case ApkKind::hash:
        take_while(text_, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
        break;
      case ApkKind::end:
      case ApkKind::invalid:
        return token;
    }
    if (kind_ != ApkKind::invalid) next();
    return token;
  }

 private:
  int take_suffix() {
    constexpr std::array<std::string_view, 9> k_suffixes{"alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"};
    for (std::size_t i = 0; i < k_suffixes.size(); ++i) {
      const std::string_view rest = text_.substr(std::min(text_.size(), k_suffixes[i].size()));
      if (!text_.starts_with(k_suffixes[i]) || (!rest.empty() && is_lower(rest.front()))) continue;
      text_ = rest;
      return i < 4 ? static_cast<int>(i) - 4 : static_cast<int>(i) - 3;
    }
    return 0;
  }

  void next() {
    const ApkKind before = kind_;
    if (text_.empty()) {
      kind_ = ApkKind::end;
      return;
    }
    const char c = text_.front();
    const bool after_number = before == ApkKind::digit || before == ApkKind::digit_or_zero;
    if (after_number && is_lower(c)) {
      kind_ = ApkKind::letter;
    } else if (before == ApkKind::letter && is_digit(c)) {
      kind_ = ApkKind::digit;
    } else if (before == ApkKind::suffix && is_digit(c)) {
      kind_ = ApkKind::suffix_number;
    } else if (c == '.' && (after_number || before == ApkKind::letter)) {
      kind_ = ApkKind::digit_or_zero;
      text_.remove_prefix(1);
    } else if (c == '_' && before < ApkKind::hash) {
      kind_ = ApkKind::suffix;
      text_.remove_prefix(1);
    } else if (c == '~' && before < ApkKind::hash) {
      kind_ = ApkKind::hash;
      text_.remove_prefix(1);
    } else if (text_.starts_with("-r") && before < ApkKind::revision && (text_.size() == 2 || !is_lower(text_[2]))) {
      kind_ = ApkKind::revision;
      text_.remove_prefix(2);
    } else {
      kind_ = ApkKind::invalid;
    }
  }

  std::string_view text_;
  ApkKind kind_ = ApkKind::digit;
};

std::weak_ordering compare_tokens(const ApkToken& a, const ApkToken& b) {
  return a.rank != b.rank ? a.rank <=> b.rank : compare_numbers(a.text, b.text);
}

/// Without what the package manager names in front: an epoch.
std::weak_ordering compare_epochs(const Evr& a, const Evr& b) { return compare_numbers(a.epoch, b.epoch); }

}  // namespace

std::weak_ordering compare_deb(std::string_view a, std::string_view b) {
  const Evr x = split_evr(a);
  const Evr y = split_evr(b);
  std::weak_ordering order = compare_epochs(x, y);
  if (order == k_same) order = compare_deb_part(x.version, y.version);
  return order != k_same ? order : compare_deb_part(x.release, y.release);
}

std::weak_ordering compare_rpm(std::string_view a, std::string_view b) {
  const Evr x = split_evr(a);
  const Evr y = split_evr(b);
  std::weak_ordering order = compare_epochs(x, y);
  if (order == k_same) order = compare_rpm_part(x.version, y.version);
  if (order == k_same && x.has_release != y.has_release) return x.has_release <=> y.has_release;
  return order != k_same ? order : compare_rpm_part(x.release, y.release);
}

std::weak_ordering compare_alpm(std::string_view a, std::string_view b) {
  const Evr x = split_evr(a);
  const Evr y = split_evr(b);
  std::weak_ordering order = compare_epochs(x, y);
  if (order == k_same) order = compare_alpm_part(x.version, y.version);
  if (order != k_same || !x.has_release || !y.has_release) return order;
  return compare_alpm_part(x.release, y.release);
}

std::weak_ordering compare_apk(std::string_view a, std::string_view b) {
  ApkReader x(a);
  ApkReader y(b);
  while (x.kind() == y.kind() && x.kind() < ApkKind::end) {
    const ApkToken left = x.take();
    const ApkToken right = y.take();
    const std::weak_ordering order = compare_tokens(left, right);
    if (order != k_same) return order;
  }
  if (x.kind() == y.kind()) return k_same;
  // All before is the same. The one that goes on is later, unless it goes on to a version that is still being made.
  if (x.is_earlier() != y.is_earlier()) return x.is_earlier() ? k_less : k_greater;
  return y.kind() <=> x.kind();
}

}  // namespace signet::sbom
