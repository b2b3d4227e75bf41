// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: cvss_fuzz)
#include "signet/vuln/cvss.hpp"

#include "signet/core/bytes.hpp"

#include "cvss_tables.hpp"

#include <algorithm>

namespace signet::vuln {

namespace {

constexpr std::uint8_t k_unset = 0xff;

Error bad(std::string_view reason, std::string text, std::string hint) {
  return {Errc::invalid_input, "cvss." + std::string(reason), std::move(text), std::move(hint)};
}

Error unknown_version(std::string_view text) {
  return bad(
      "version", "'" + printable(text, 40) + "' does not begin as a CVSS vector does",
      "Begin with CVSS:4.0/, CVSS:3.1/ or CVSS:3.0/; a vector of CVSS v2 begins with a metric, as in AV:N/AC:L.");
}

Result<CvssVersion> take_version(std::string_view& text) {
  struct Prefix {
    std::string_view text;
    CvssVersion version;
  };
  constexpr std::array<Prefix, 3> k_prefixes{
      {{"CVSS:3.1/", CvssVersion::v3_1}, {"CVSS:4.0/", CvssVersion::v4_0}, {"CVSS:3.0/", CvssVersion::v3_0}}};
  for (const Prefix& prefix : k_prefixes) {
    if (!text.starts_with(prefix.text)) continue;
    text.remove_prefix(prefix.text.size());
    return prefix.version;
  }
  if (text.starts_with("CVSS:") || text.find(':') == std::string_view::npos) return unknown_version(text);
  return CvssVersion::v2;
}

Error bad_value(const MetricInfo& metric, std::string_view code) {
  std::string choices;
  for (const ValueInfo& value : metric.values) choices += (choices.empty() ? "" : ", ") + std::string(value.code);
  return bad("value", "'" + printable(code, 20) + "' is no value of " + std::string(metric.key),
             "It is one of " + choices + ".");
}

/// Metrics mostly come in the standard's order, so the search begins behind the one before.
std::size_t find_metric(std::span<const MetricInfo> metrics, std::string_view key, std::size_t expected) {
  for (std::size_t tried = 0; tried < metrics.size(); ++tried) {
    const std::size_t at = expected + tried < metrics.size() ? expected + tried : expected + tried - metrics.size();
    if (metrics[at].key == key) return at;
  }
  return metrics.size();
}

Result<std::uint8_t> value_of(const MetricInfo& metric, std::string_view code) {
  for (std::size_t i = 0; i < metric.values.size(); ++i) {
    if (metric.values[i].code == code) return static_cast<std::uint8_t>(i);
  }
  return bad_value(metric, code);
}

std::string_view name_of_group(MetricGroup group) {
  constexpr std::array<std::string_view, 5> k_names{"base", "temporal", "threat", "environmental", "supplemental"};
  return k_names[static_cast<std::size_t>(group)];
}

}  // namespace

std::string_view name_of(CvssVersion version) {
  constexpr std::array<std::string_view, 4> k_names{"2.0", "3.0", "3.1", "4.0"};
  return k_names[static_cast<std::size_t>(version)];
}

std::string_view name_of(Severity severity) {
  constexpr std::array<std::string_view, 5> k_names{"NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL"};
  return k_names[static_cast<std::size_t>(severity)];
}

Severity severity_of(CvssVersion version, unsigned score_tenths) {
  if (version == CvssVersion::v2 && score_tenths < 40) return Severity::low;
  if (version == CvssVersion::v2 && score_tenths >= 70) return Severity::high;
  if (score_tenths == 0) return Severity::none;
  if (score_tenths < 40) return Severity::low;
  if (score_tenths < 70) return Severity::medium;
  return score_tenths < 90 ? Severity::high : Severity::critical;
}

std::string score_text(unsigned score_tenths) {
  return std::to_string(score_tenths / 10) + "." + std::to_string(score_tenths % 10);
}

Result<CvssVector> CvssVector::parse(std::string_view text) {
  if (text.size() > k_cvss_size_bytes_max) {
    return bad("too-long", "the vector is longer than " + std::to_string(k_cvss_size_bytes_max) + " bytes",
               "Give one vector.");
  }
  TRY_ASSIGN(const CvssVersion version, take_version(text));
  const std::span<const MetricInfo> metrics = metrics_of(version);
  Values values;
  values.fill(k_unset);
  for (std::size_t expected = 0;;) {
    const std::size_t slash = text.find('/');
    const std::string_view part = text.substr(0, slash);
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) {
      return bad("syntax", "'" + printable(part, 20) + "' is not METRIC:VALUE", "Write metrics as in AV:N/AC:L.");
    }
    const std::size_t at = find_metric(metrics, part.substr(0, colon), expected);
    if (at == metrics.size()) {
      return bad(
          "metric",
          "CVSS " + std::string(name_of(version)) + " has no metric '" + printable(part.substr(0, colon), 20) + "'",
          "Metrics are case-sensitive; check the version in front.");
    }
    const MetricInfo& metric = metrics[at];
    if (values[at] != k_unset) {
      return bad("duplicate", "the metric " + std::string(metric.key) + " is given twice", "Keep one of them.");
    }
    // v4.0 section 7: all metrics stand in the order of Table 23; every other order is invalid.
    if (version == CvssVersion::v4_0 && at < expected) {
      return bad("order", "the metric " + std::string(metric.key) + " stands too late",
                 "CVSS v4.0 demands the order of its Table 23: AV, AC, AT, PR, UI, VC, ...");
    }
    TRY_ASSIGN(values[at], value_of(metric, part.substr(colon + 1)));
    expected = at + 1;
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash + 1);
  }
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (values[i] != k_unset) continue;
    if (metrics[i].group == MetricGroup::base) {
      return bad("missing", "the base metric " + std::string(metrics[i].key) + " is missing",
                 "Every vector has all base metrics.");
    }
    values[i] = 0;  // not defined
  }
  std::fill(values.begin() + static_cast<std::ptrdiff_t>(metrics.size()), values.end(), std::uint8_t{0});
  return CvssVector(version, values);
}

CvssScores CvssVector::scores() const {
  switch (version_) {
    case CvssVersion::v2:
      return score_v2(values_);
    case CvssVersion::v3_0:
      return score_v3(values_, false);
    case CvssVersion::v3_1:
      return score_v3(values_, true);
    case CvssVersion::v4_0:
      break;
  }
  return score_v4(values_);
}

std::string_view CvssVector::code_of(std::string_view metric) const {
  const std::span<const MetricInfo> metrics = metrics_of(version_);
  const std::size_t at = find_metric(metrics, metric, 0);
  return at == metrics.size() ? std::string_view() : metrics[at].values[values_[at]].code;
}

std::vector<CvssMetric> CvssVector::explain() const {
  std::vector<CvssMetric> all;
  const std::span<const MetricInfo> metrics = metrics_of(version_);
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const MetricInfo& metric = metrics[i];
    if (metric.group != MetricGroup::base && values_[i] == 0) continue;
    const ValueInfo& value = metric.values[values_[i]];
    all.push_back({metric.key, metric.title, value.code, value.title, name_of_group(metric.group)});
  }
  return all;
}

std::string CvssVector::canonical() const {
  std::string text;
  if (version_ != CvssVersion::v2) text = "CVSS:" + std::string(name_of(version_));
  for (const CvssMetric& metric : explain()) {
    if (!text.empty()) text += '/';
    text.append(metric.key).append(":").append(metric.code);
  }
  return text;
}

std::string CvssVector::macro_vector() const {
  if (version_ != CvssVersion::v4_0) return {};
  std::string digits;
  for (const std::uint8_t digit : macro_vector_of(values_)) digits += static_cast<char>('0' + digit);
  return digits;
}

}  // namespace signet::vuln
