// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_fuzz)
//
// Whole lists in one file: Debian's security tracker (security-tracker.debian.org/tracker/data/json), CISA's catalogue
// of known exploited vulnerabilities, FIRST's EPSS (CSV).
#include "readers.hpp"

#include <algorithm>
#include <array>

namespace signet::vuln {

namespace {

bool is_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && lenient_instant(text) != Instant{};
}

Statement tracker_statement(std::string_view package, std::string_view release, JsonNode node) {
  Statement statement;
  if (auto product = package_product("deb", "debian/" + std::string(package))) {
    product->release = release_number(release);
    statement.products.push_back(std::move(*product));
  }
  const std::string_view state = node.text("status");
  const std::string_view fixed = node.text("fixed_version");
  statement.note = shortened(node.text("nodsa_reason").empty() ? node.text("nodsa") : node.text("nodsa_reason"));
  if (state == "resolved" && fixed == "0") {  // never vulnerable in this release
    statement.otherwise = Status::not_affected;
  } else if (state == "resolved" && !fixed.empty()) {
    statement.otherwise = Status::fixed;
    statement.rules.push_back({.status = Status::affected,
                               .kind = VersionRule::Kind::range,
                               .from_excluded = false,
                               .to_included = false,
                               .scheme = "deb",
                               .from = {},
                               .to = shortened(fixed)});
  } else if (state == "open") {
    statement.otherwise = Status::affected;
  }
  return statement;
}

std::string_view take_field(std::string_view& line) {
  const std::size_t comma = line.find(',');
  const std::string_view field = line.substr(0, comma);
  line = comma == std::string_view::npos ? std::string_view() : line.substr(comma + 1);
  return field;
}

/// "0.00043" in millionths; digits beyond the sixth are cut off. Nothing if it is no number from 0 to 1.
std::optional<std::uint32_t> millionths(std::string_view text) {
  constexpr std::uint32_t k_one = 1'000'000;
  if (text.empty() || text.size() > 24 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  std::uint32_t value = text[0] == '1' ? k_one : 0;
  if (text.size() == 1) return value;
  if (text[1] != '.' || text.size() < 3) return std::nullopt;
  std::uint32_t unit = k_one / 10;
  for (const char c : text.substr(2)) {
    if (c < '0' || c > '9') return std::nullopt;
    value += unit * static_cast<std::uint32_t>(c - '0');
    unit /= 10;
  }
  return value <= k_one ? std::optional(value) : std::nullopt;
}

Error bad_epss(std::size_t line, const std::string& what) {
  return {Errc::invalid_input, "feed.epss", "line " + std::to_string(line) + " of the EPSS file " + what,
          "Fetch it again: epss.cyentia.com or first.org/epss."};
}

}  // namespace

bool is_debian_tracker(JsonNode root) {
  bool is_first = true;
  bool is_tracker = false;
  root.each_named([&](std::string_view, JsonNode package) {
    if (!std::exchange(is_first, false)) return;
    bool is_one = package.size() > 0;
    package.each_named([&](std::string_view id, JsonNode entry) {
      is_one = is_one && (id.starts_with("CVE-") || id.starts_with("TEMP-")) && entry["releases"].is_object();
    });
    is_tracker = is_one;
  });
  return is_tracker;
}

Result<void> read_debian_tracker(JsonNode root, FeedContent& out) {
  bool is_bad = false;
  root.each_named([&](std::string_view package, JsonNode entries) {
    Document document{.kind = DocumentKind::debian,
                      .id = shortened(package),
                      .publisher = "Debian",
                      .is_vendor = true,
                      .modified = {},
                      .advisories = {}};
    entries.each_named([&](std::string_view id, JsonNode entry) {
      is_bad = is_bad || !entry["releases"].is_object();
      if (!is_cve_id(id)) return;  // TEMP-… change their names from day to day
      Advisory advisory;
      advisory.id = std::string(id);
      advisory.title = shortened(entry.text("description"));
      entry["releases"].each_named([&](std::string_view release, JsonNode node) {
        Statement statement = tracker_statement(package, release, node);
        if (!statement.products.empty()) advisory.statements.push_back(std::move(statement));
      });
      document.advisories.push_back(std::move(advisory));
    });
    out.documents.push_back(std::move(document));
  });
  if (is_bad) {
    return Error(Errc::invalid_input, "feed.debian", "an entry of Debian's tracker has no releases",
                 "Fetch it again from security-tracker.debian.org/tracker/data/json.");
  }
  return {};
}

Result<void> read_kev(JsonNode root, FeedContent& out) {
  bool is_bad = false;
  root["vulnerabilities"].each([&](JsonNode node) {
    const std::string_view id = node.text("cveID");
    is_bad = is_bad || !is_cve_id(id) || !is_date(node.text("dateAdded"));
    out.kev.push_back({.id = std::string(id.substr(0, 32)),
                       .added = std::string(node.text("dateAdded").substr(0, 10)),
                       .due = is_date(node.text("dueDate")) ? std::string(node.text("dueDate")) : std::string(),
                       .in_ransomware = node.text("knownRansomwareCampaignUse") == "Known"});
  });
  if (is_bad || out.kev.empty()) {
    return Error(Errc::invalid_input, "feed.kev", "the catalogue has an entry without a CVE and the date it was added",
                 "Fetch it again from cisa.gov/known-exploited-vulnerabilities-catalog.");
  }
  return {};
}

Result<void> read_epss(std::string_view text, FeedContent& out) {
  std::size_t number = 0;
  bool has_header = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    if (!std::exchange(has_header, true)) {
      if (!line.starts_with("cve,epss")) return bad_epss(number, "does not name the columns cve,epss,percentile");
      continue;
    }
    const std::string_view id = take_field(line);
    const auto probability = millionths(take_field(line));
    const auto percentile = millionths(take_field(line));
    if (!is_cve_id(id) || !probability || !percentile)
      return bad_epss(number, "is no CVE with two numbers from 0 to 1");
    out.epss.push_back({.id = std::string(id), .probability_ppm = *probability, .percentile_ppm = *percentile});
  }
  if (out.epss.empty()) return bad_epss(number, "is the last one, and there was no CVE");
  return {};
}

}  // namespace signet::vuln
