// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: vuln_changelog_fuzz)
#include "signet/os/file.hpp"
#include "signet/vuln/match.hpp"

#include "readers.hpp"
#include "walk.hpp"

#include <algorithm>
#include <map>
#include <mutex>

namespace signet::vuln {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_packed_size_bytes_max = 16U << 20U;
constexpr std::uint64_t k_changelog_size_bytes_max = 64U << 20U;

/// "curl (7.88.1-10+deb12u5) bookworm-security; urgency=high" (deb-changelog(5)): the version, or empty.
std::string_view version_of_heading(std::string_view line) {
  if (line.empty() || line.front() == ' ' || line.front() == '\t') return {};
  const std::size_t open = line.find(" (");
  const std::size_t close = line.find(')', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos || line.find(';', close) == line.npos)
    return {};
  return line.substr(open + 2, close - open - 2);
}

/// Calls `take` with each identifier of CVE in a line.
template <typename Take>
void for_each_cve(std::string_view line, Take take) {
  for (std::size_t at = line.find("CVE-"); at != std::string_view::npos; at = line.find("CVE-", at + 4)) {
    std::size_t end = at + 4;
    while (end < line.size() && (is_digit(line[end]) || line[end] == '-')) ++end;
    std::string_view id = line.substr(at, end - at);
    while (id.ends_with('-')) id.remove_suffix(1);
    if (is_cve_id(id)) take(id);
  }
}

}  // namespace

std::vector<ChangelogFix> read_changelog(std::string_view text) {
  std::vector<ChangelogFix> fixes;
  std::string_view version;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::string_view heading = version_of_heading(line);
    if (!heading.empty()) {
      version = heading;
      continue;
    }
    if (version.empty()) continue;
    const std::string lower = in_lower_case(line);
    if (lower.find("revert") != std::string::npos || lower.find("not fix") != std::string::npos) continue;
    for_each_cve(line, [&](std::string_view id) { fixes.push_back({std::string(id), std::string(version)}); });
  }
  return fixes;
}

class PackageHistory::Impl {
 public:
  explicit Impl(fs::path root) : root_(std::move(root)) {}

  std::optional<std::string> find(const std::string& package, std::string_view cve) {
    const std::lock_guard lock(mutex_);
    auto known = fixes_.find(package);
    if (known == fixes_.end()) known = fixes_.emplace(package, load(package)).first;
    const auto found = known->second.find(cve);
    return found == known->second.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  using Fixes = std::map<std::string, std::string, std::less<>>;

  /// A file of the root; one that a link takes out of it reads as missing.
  [[nodiscard]] std::optional<Bytes> read(const fs::path& path) const {
    std::error_code error;
    const fs::path real = fs::canonical(root_ / path, error);
    if (error || !fs::is_regular_file(real, error)) return std::nullopt;
    const auto [end, ignored] = std::mismatch(root_.begin(), root_.end(), real.begin(), real.end());
    if (end != root_.end() && !end->empty()) return std::nullopt;
    auto bytes = os::read_file(real, k_packed_size_bytes_max);
    return bytes ? std::optional(*std::move(bytes)) : std::nullopt;
  }

  [[nodiscard]] Fixes load(const std::string& package) const {
    Fixes fixes;
    if (package.find('/') != std::string::npos || package.starts_with('.')) return fixes;
    // The second is that of packages whose maintainer is upstream too (Debian Policy 12.7).
    for (const char* name : {"changelog.Debian.gz", "changelog.gz"}) {
      const auto packed = read(fs::path("usr/share/doc") / package / name);
      if (!packed) continue;
      const auto text = unpack_bytes(*packed, k_changelog_size_bytes_max);
      if (!text) continue;
      // Newest first: a CVE that was named twice was really mended the last time.
      for (const ChangelogFix& fix : read_changelog(*text)) fixes.emplace(fix.cve, fix.version);
      break;
    }
    return fixes;
  }

  fs::path root_;  // without links
  std::mutex mutex_;
  std::map<std::string, Fixes> fixes_;  // by package
};

PackageHistory::PackageHistory(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PackageHistory::PackageHistory(PackageHistory&&) noexcept = default;
PackageHistory& PackageHistory::operator=(PackageHistory&&) noexcept = default;
PackageHistory::~PackageHistory() = default;

Result<PackageHistory> PackageHistory::open(const std::filesystem::path& root) {
  std::error_code error;
  fs::path real = fs::canonical(root, error);
  if (error || !fs::is_directory(real, error)) {
    return Error(Errc::not_found, "bom.no-root", "there is no folder " + printable(root.string()),
                 "Name the folder that holds the root file system: a mounted image, or / for this machine.");
  }
  return PackageHistory(std::make_unique<Impl>(std::move(real)));
}

std::optional<std::string> PackageHistory::fixed_in(const sbom::Component& component, std::string_view cve) const {
  return impl_->find(component.name, cve);
}

}  // namespace signet::vuln
