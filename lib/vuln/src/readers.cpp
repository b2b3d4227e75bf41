// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_fuzz)
#include "readers.hpp"

#include "signet/sbom/purl.hpp"
#include "signet/vuln/cpe.hpp"
#include "signet/vuln/cvss.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace signet::vuln {

namespace {

struct Codename {
  std::string_view name;
  std::string_view number;
};

// Of Debian, www.debian.org/releases. Others have their number in their name already.
constexpr std::array<Codename, 9> k_codenames = {{{"stretch", "9"},
                                                  {"buster", "10"},
                                                  {"bullseye", "11"},
                                                  {"bookworm", "12"},
                                                  {"trixie", "13"},
                                                  {"forky", "14"},
                                                  {"duke", "15"},
                                                  {"sid", "sid"},
                                                  {"unstable", "sid"}}};

constexpr std::array<Codename, 9> k_severity_words = {{{"critical", "CRITICAL"},
                                                       {"important", "HIGH"},
                                                       {"high", "HIGH"},
                                                       {"moderate", "MEDIUM"},
                                                       {"medium", "MEDIUM"},
                                                       {"low", "LOW"},
                                                       {"negligible", "LOW"},
                                                       {"unimportant", "LOW"},
                                                       {"none", "NONE"}}};

}  // namespace

std::string_view name_of(Status status) {
  switch (status) {
    case Status::affected:
      return "affected";
    case Status::not_affected:
      return "not_affected";
    case Status::fixed:
      return "fixed";
    case Status::under_investigation:
      return "under_investigation";
    case Status::unknown:
      break;
  }
  return "unknown";
}

std::string_view name_of(DocumentKind kind) {
  constexpr std::array<std::string_view, 8> k_names = {"cve",       "osv",    "csaf", "openvex",
                                                       "cyclonedx", "debian", "kev",  "epss"};
  const auto number = static_cast<std::size_t>(kind);
  return number < k_names.size() ? k_names[number] : "unknown";
}

bool is_cve_id(std::string_view text) {
  constexpr std::size_t k_prefix = 9;  // "CVE-2024-"
  if (text.size() < k_prefix + 4 || text.size() > k_prefix + 19 || !text.starts_with("CVE-") || text[8] != '-') {
    return false;
  }
  return std::ranges::all_of(text.substr(4, 4), is_digit) && std::ranges::all_of(text.substr(k_prefix), is_digit);
}

std::string shortened(std::string_view text, std::size_t size_bytes_max) {
  if (text.size() <= size_bytes_max) return std::string(text);
  std::size_t end = size_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

void take_vector(Advisory& advisory, std::string_view vector) {
  if (!advisory.cvss.empty()) return;
  const auto parsed = CvssVector::parse(vector);
  if (!parsed) return;
  advisory.cvss = std::string(vector);
  advisory.score_tenths = parsed->scores().overall_tenths;
  advisory.severity = std::string(name_of(severity_of(parsed->version(), advisory.score_tenths)));
}

void take_severity(Advisory& advisory, std::string_view word) {
  if (!advisory.severity.empty()) return;
  const std::string lower = in_lower_case(word);
  for (const auto& [name, severity] : k_severity_words) {
    if (name == lower) advisory.severity = std::string(severity);
  }
}

std::string release_number(std::string_view release) {
  for (const std::string_view prefix : {"debian-", "ubuntu-", "rhel-", "alpine-", "v"}) {
    if (release.size() > prefix.size() && release.starts_with(prefix)) release.remove_prefix(prefix.size());
  }
  for (const auto& [name, number] : k_codenames) {
    if (release == name) return std::string(number);
  }
  return std::string(release);
}

std::optional<ProductName> purl_product(const sbom::Purl& purl) {
  ProductName product{
      .kind = ProductName::Kind::purl, .text = {}, .vendor = {}, .release = release_number(purl.qualifier("distro"))};
  sbom::PurlParts parts = purl.parts();
  parts.qualifiers.clear();
  parts.subpath.clear();
  const auto bare = sbom::Purl::build(std::move(parts));
  if (!bare) return std::nullopt;
  product.text = bare->to_string();
  if (product.text.size() > k_name_size_bytes_max) return std::nullopt;
  return product;
}

std::optional<ProductName> purl_product(std::string_view text) {
  const auto purl = sbom::Purl::canonicalise(text);
  return purl ? purl_product(*purl) : std::nullopt;
}

std::optional<ProductName> package_product(std::string_view type, std::string_view name) {
  sbom::PurlParts parts{
      .type = std::string(type), .name_space = {}, .name = {}, .version = {}, .qualifiers = {}, .subpath = {}};
  const std::size_t cut = type == "maven" ? name.find(':') : name.rfind('/');
  if (type == "deb" || type == "rpm" || type == "apk") {
    const std::size_t space = name.find('/');
    if (space == std::string_view::npos) return std::nullopt;
    parts.name_space = std::string(name.substr(0, space));
    parts.name = std::string(name.substr(space + 1));
  } else if (cut == std::string_view::npos) {
    parts.name = std::string(name);
  } else {
    parts.name_space = std::string(name.substr(0, cut));
    parts.name = std::string(name.substr(cut + 1));
  }
  const auto purl = sbom::Purl::build(std::move(parts));
  return purl ? purl_product(*purl) : std::nullopt;
}

std::optional<ProductName> cpe_product(std::string_view text) {
  if (text.size() > k_name_size_bytes_max) return std::nullopt;
  const auto cpe = Cpe::parse(text);
  if (!cpe || cpe->value(Cpe::product).kind != CpeValue::Kind::text) return std::nullopt;
  return ProductName{.kind = ProductName::Kind::cpe, .text = cpe->to_string(), .vendor = {}, .release = {}};
}

}  // namespace signet::vuln
