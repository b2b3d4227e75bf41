// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: vuln_index_fuzz)
#include "versions_match.hpp"

#include "signet/core/bytes.hpp"

#include "readers.hpp"

#include <array>

namespace signet::vuln {

namespace {

/// By which order two versions are compared. `generic` is for versions whose document names no order that is known:
/// numbers by value, words by letter, "-rc1" and the like before what they lead to, "1.0" the same as "1.0.0".
struct Order {
  std::string_view name;
  std::optional<sbom::VersionScheme> scheme;
  bool is_known = true;
};

std::string generic_form(std::string_view version) {
  if (version.starts_with('v') || version.starts_with('V')) version.remove_prefix(1);
  std::string form = in_lower_case(version);
  for (const std::string_view word : {"-alpha", "-beta", "-rc", "-pre", "-dev", "_alpha", "_beta", "_rc", "_pre"}) {
    const std::size_t at = form.find(word);
    if (at != std::string::npos) form[at] = '~';
  }
  const std::size_t label = form.find_first_not_of("0123456789.");
  std::string numbers = form.substr(0, label);
  while (numbers.ends_with(".0")) numbers.resize(numbers.size() - 2);
  return numbers + (label == std::string::npos ? "" : form.substr(label));
}

std::weak_ordering compare(const Order& order, std::string_view a, std::string_view b) {
  if (order.scheme) return sbom::compare_versions(*order.scheme, a, b);
  return sbom::compare_versions(sbom::VersionScheme::deb, generic_form(a), generic_form(b));
}

/// The order of a rule: the one it names if that can be, else the version's own, else the generic one.
Order order_of(const VersionRule& rule, const JudgedVersion& version) {
  const std::string named = in_lower_case(rule.scheme);
  if (named == "git") return {.name = "git", .scheme = {}, .is_known = false};
  const bool is_custom = named.empty() || named == "custom";
  if (!is_custom && named != "semver") {
    const auto scheme = sbom::version_scheme(named == "python" ? "pypi" : named);
    // A package manager's order is for its own versions, not for those of upstream.
    const bool is_package = scheme && (*scheme == sbom::VersionScheme::deb || *scheme == sbom::VersionScheme::rpm ||
                                       *scheme == sbom::VersionScheme::apk);
    if (scheme && (!is_package || version.scheme == *scheme)) {
      return {.name = sbom::name_of(*scheme), .scheme = *scheme, .is_known = true};
    }
  }
  if (version.scheme) return {.name = sbom::name_of(*version.scheme), .scheme = *version.scheme, .is_known = true};
  return {.name = "generic", .scheme = std::nullopt, .is_known = true};
}

std::string shown(std::string_view text) { return printable(text, 80); }

bool holds(const VersionRule& rule, const Order& order, std::string_view version) {
  if (rule.kind == VersionRule::Kind::exact) {
    return rule.from == version ||
           (order.is_known && compare(order, version, rule.from) == std::weak_ordering::equivalent);
  }
  if (!rule.from.empty()) {
    const auto from = compare(order, version, rule.from);
    if (from == std::weak_ordering::less || (rule.from_excluded && from == std::weak_ordering::equivalent))
      return false;
  }
  if (rule.to.empty()) return true;
  if (rule.to.ends_with(".*")) {  // "5.4.*": all of that series, as records of the Linux kernel write it
    const std::string_view series = std::string_view(rule.to).substr(0, rule.to.size() - 2);
    return compare(order, version, series) != std::weak_ordering::greater ||
           (version.size() > series.size() && version.starts_with(series) && version[series.size()] == '.');
  }
  const auto to = compare(order, version, rule.to);
  return to == std::weak_ordering::less || (rule.to_included && to == std::weak_ordering::equivalent);
}

std::string because_of(const VersionRule& rule, const Order& order, std::string_view version) {
  const std::string order_text = " (order " + std::string(order.name) + ")";
  std::string text = "version " + shown(version);
  if (rule.kind == VersionRule::Kind::exact) return text + " is listed as " + std::string(name_of(rule.status));
  if (rule.from.empty() && rule.to.empty()) return "every version is " + std::string(name_of(rule.status));
  text += " is " + std::string(name_of(rule.status)) + ": ";
  if (!rule.from.empty()) text += (rule.from_excluded ? "after " : "from ") + shown(rule.from);
  if (!rule.from.empty() && !rule.to.empty()) text += " ";
  if (!rule.to.empty()) text += (rule.to_included ? "up to " : "before ") + shown(rule.to);
  return text + order_text;
}

void apply_condition(const Statement& statement, Judgement& judgement) {
  if (statement.condition.empty() || judgement.status != Status::affected) return;
  judgement.status = Status::unknown;
  judgement.because += "; " + statement.condition;
}

}  // namespace

Judgement judge(const Statement& statement, const JudgedVersion& version) {
  Judgement judgement{.status = statement.otherwise,
                      .because = {},
                      .fixed_in = {},
                      .is_exact = false,
                      .says_nothing = false,
                      .is_readable = true};
  const VersionRule* unreadable = nullptr;
  for (const VersionRule& rule : statement.rules) {
    const Order order = order_of(rule, version);
    const bool is_words = rule.kind == VersionRule::Kind::text;
    if (is_words || version.text.empty() || (rule.kind == VersionRule::Kind::range && !order.is_known)) {
      if (rule.status == Status::affected && unreadable == nullptr) unreadable = &rule;
      continue;
    }
    if (!holds(rule, order, version.text)) {
      // The end of a range that the version is past: the version that repaired it.
      if (rule.status == Status::affected && !rule.to.empty() && !rule.to_included) judgement.fixed_in = rule.to;
      continue;
    }
    judgement.status = rule.status;
    judgement.because = because_of(rule, order, version.text);
    judgement.is_exact = rule.kind == VersionRule::Kind::exact;
    judgement.fixed_in = rule.status == Status::affected && !rule.to_included ? rule.to : std::string();
    apply_condition(statement, judgement);
    return judgement;
  }
  if (version.text.empty() && !statement.rules.empty()) {
    judgement.is_readable = false;
    judgement.status = Status::unknown;
    judgement.because = "the bill does not say which version it is";
  } else if (unreadable != nullptr) {
    judgement.is_readable = false;
    judgement.status = Status::unknown;
    judgement.because = unreadable->from.empty() ? "the document names no version"
                                                 : "no program can tell what the document means by version '" +
                                                       shown(unreadable->from) + "'";
  } else if (statement.rules.empty()) {
    judgement.because = "every version is " + std::string(name_of(statement.otherwise));
  } else {
    judgement.says_nothing = statement.only_listed;
    judgement.because = "version " + shown(version.text) + " is in none of " + std::to_string(statement.rules.size()) +
                        " entries; all others are " + std::string(name_of(statement.otherwise));
  }
  apply_condition(statement, judgement);
  return judgement;
}

std::string upstream_version(std::string_view purl_type, std::string_view version) {
  const bool is_deb = purl_type == "deb";
  if (!is_deb && purl_type != "rpm" && purl_type != "apk") return std::string(version);
  const std::size_t colon = version.find(':');
  if (colon != std::string_view::npos) version.remove_prefix(colon + 1);
  version = version.substr(0, version.rfind('-'));
  const std::size_t really = version.find("+really");
  if (really != std::string_view::npos) version.remove_prefix(really + 7);
  constexpr std::array<std::string_view, 8> k_repacked = {"+dfsg", "+ds", "~dfsg",   "~ds",
                                                          ".dfsg", ".ds", "+repack", "+deb"};
  for (const std::string_view mark : k_repacked) version = version.substr(0, version.find(mark));
  return std::string(version);
}

}  // namespace signet::vuln
