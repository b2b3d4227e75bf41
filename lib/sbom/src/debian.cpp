// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: bom_fuzz)
#include "debian.hpp"

#include "signet/core/bytes.hpp"
#include "signet/sbom/purl.hpp"

#include "orders.hpp"
#include "root_files.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace signet::sbom {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The fields of a paragraph that matter here; continued lines of other fields are skipped.
struct Paragraph {
  std::string_view package, status, version, architecture, maintainer, source, depends, pre_depends, provides;

  std::string_view* field(std::string_view name) {
    if (name == "Package") return &package;
    if (name == "Status") return &status;
    if (name == "Version") return &version;
    if (name == "Architecture") return &architecture;
    if (name == "Maintainer") return &maintainer;
    if (name == "Source") return &source;
    if (name == "Depends") return &depends;
    if (name == "Pre-Depends") return &pre_depends;
    return name == "Provides" ? &provides : nullptr;
  }
};

Paragraph read_paragraph(std::string_view text) {
  Paragraph paragraph;
  for_each_line(text, [&](std::string_view line) {
    if (line.starts_with(' ') || line.starts_with('\t')) return;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    if (std::string_view* field = paragraph.field(line.substr(0, colon))) *field = trimmed(line.substr(colon + 1));
  });
  return paragraph;
}

/// Calls `take` with each name in "a (>= 1) | b, c:any".
template <typename Take>
void for_each_name(std::string_view list, Take take) {
  while (!list.empty()) {
    std::string_view group = take_until(list, ',');
    while (!group.empty()) {
      const std::string_view one = trimmed(take_until(group, '|'));
      const std::string_view name = one.substr(0, one.find_first_of(" (:["));
      if (!name.empty()) take(name);
    }
  }
}

/// "Name <address>" without the address.
std::string person(std::string_view text) { return std::string(trimmed(text.substr(0, text.find('<')))); }

/// "SOURCE (VERSION)"; a version that is not given is the package's.
std::string source_of(const Paragraph& paragraph) {
  if (paragraph.source.empty()) return std::string(paragraph.package) + "@" + std::string(paragraph.version);
  const std::size_t open = paragraph.source.find('(');
  const std::string name(trimmed(paragraph.source.substr(0, open)));
  if (open == std::string_view::npos) return name + "@" + std::string(paragraph.version);
  const std::size_t close = paragraph.source.find(')', open);
  return name + "@" + std::string(trimmed(paragraph.source.substr(open + 1, close - open - 1)));
}

std::string purl_of(const Paragraph& paragraph, const Distribution& distribution) {
  PurlParts parts{.type = "deb",
                  .name_space = distribution.id,
                  .name = std::string(paragraph.package),
                  .version = std::string(paragraph.version),
                  .qualifiers = {{"arch", std::string(paragraph.architecture)}},
                  .subpath = {}};
  if (!distribution.version.empty())
    parts.qualifiers.emplace_back("distro", distribution.id + "-" + distribution.version);
  const auto purl = Purl::build(std::move(parts));
  return purl ? purl->to_string() : std::string();
}

std::string unquoted(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
    value = value.substr(1, value.size() - 2);
  }
  return std::string(value);
}

}  // namespace

Distribution parse_os_release(std::string_view text) {
  Distribution distribution;
  for_each_line(text, [&](std::string_view line) {
    if (line.starts_with("ID=")) distribution.id = unquoted(line.substr(3));
    if (line.starts_with("VERSION_ID=")) distribution.version = unquoted(line.substr(11));
    if (line.starts_with("PRETTY_NAME=")) distribution.name = unquoted(line.substr(12));
  });
  if (distribution.id.empty()) distribution.id = "debian";
  return distribution;
}

Result<Bom> parse_dpkg_status(std::string_view status, const Distribution& distribution) {
  Bom bom{.name = distribution.id, .version = distribution.version, .components = {}};
  std::vector<Paragraph> paragraphs;
  std::unordered_map<std::string_view, std::vector<std::string>> refs;  // by name and by what is provided
  while (!status.empty()) {
    const std::size_t end = status.find("\n\n");
    const std::string_view text = status.substr(0, end);
    const Paragraph paragraph = read_paragraph(text);
    status = end == std::string_view::npos ? std::string_view() : status.substr(end + 2);
    if (paragraph.package.empty() && text.find_first_not_of(" \t\n") != std::string_view::npos) {
      return Error(Errc::invalid_input, "bom.dpkg", "a paragraph of the dpkg status file names no package",
                   "The dpkg status file is damaged; restore it from /var/backups.");
    }
    if (paragraph.package.empty() || !paragraph.status.ends_with(" installed")) continue;
    if (paragraph.version.empty() || bom.components.size() >= k_bom_components_max) {
      return Error(Errc::invalid_input, "bom.dpkg", "the package " + printable(paragraph.package) + " has no version",
                   "The dpkg status file is damaged; restore it from /var/backups.");
    }
    Component component{.ref = std::string(paragraph.package) + ":" + std::string(paragraph.architecture),
                        .name = std::string(paragraph.package),
                        .version = std::string(paragraph.version),
                        .purl = purl_of(paragraph, distribution),
                        .cpe = {},
                        .supplier = person(paragraph.maintainer),
                        .source = source_of(paragraph),
                        .licenses = {},
                        .hashes = {},
                        .depends_on = {}};
    refs[paragraph.package].push_back(component.ref);
    for_each_name(paragraph.provides, [&](std::string_view name) { refs[name].push_back(component.ref); });
    bom.components.push_back(std::move(component));
    paragraphs.push_back(paragraph);
  }
  for (std::size_t i = 0; i < paragraphs.size(); ++i) {
    std::set<std::string> wanted;
    const auto add = [&](std::string_view name) {
      const auto found = refs.find(name);
      if (found == refs.end()) return;
      const std::string same = std::string(name) + ":" + std::string(paragraphs[i].architecture);
      const bool has_same = std::ranges::find(found->second, same) != found->second.end();
      wanted.insert(has_same ? same : found->second.front());
    };
    for_each_name(paragraphs[i].depends, add);
    for_each_name(paragraphs[i].pre_depends, add);
    wanted.erase(bom.components[i].ref);
    bom.components[i].depends_on.assign(wanted.begin(), wanted.end());
  }
  return bom;
}

std::vector<std::string> parse_copyright(std::string_view text) {
  std::set<std::string> licenses;
  const std::string_view first = text.substr(0, text.find('\n'));
  if (first.find("copyright-format") == std::string_view::npos && !first.starts_with("Format")) return {};
  for_each_line(text, [&](std::string_view line) {
    constexpr std::size_t k_name_size_bytes_max = 200;
    if (!line.starts_with("License:")) return;
    const std::string_view name = trimmed(line.substr(8));
    if (!name.empty() && name.size() <= k_name_size_bytes_max) licenses.emplace(name);
  });
  return {licenses.begin(), licenses.end()};
}

Result<Bom> read_debian_root(const std::filesystem::path& root) {
  TRY_ASSIGN(const RootFiles files, RootFiles::open(root));
  const auto status = files.read("var/lib/dpkg/status");
  if (!status) {
    return Error(Errc::not_found, "bom.no-packages", "the root file system has no list of packages of dpkg",
                 "It is looked for in var/lib/dpkg/status.");
  }
  auto os_release = files.read("usr/lib/os-release");
  if (!os_release) os_release = files.read("etc/os-release");
  const Distribution distribution = parse_os_release(os_release ? *os_release : std::string());
  TRY_ASSIGN(Bom bom, parse_dpkg_status(*status, distribution));
  for (Component& component : bom.components) {
    const auto copyright = files.read("usr/share/doc/" + component.name + "/copyright");
    if (copyright) component.licenses = parse_copyright(*copyright);
  }
  return bom;
}

}  // namespace signet::sbom
