// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/bytes.hpp"
#include "signet/sbom/bom.hpp"

#include "root_files.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace signet::sbom {

namespace {

namespace fs = std::filesystem;

/// Paths that packages list, with folders that are links resolved: merged /usr lists /bin/ls and has /usr/bin/ls.
class Owned {
 public:
  explicit Owned(const fs::path& root) {
    for (const char* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
      std::error_code error;
      if (fs::is_symlink(root / (name + 1), error)) merged_.emplace_back(name);
    }
  }
  void add(std::string_view path) { paths_.insert(resolved(path)); }
  [[nodiscard]] bool has(const std::string& path) const { return paths_.contains(path); }
  [[nodiscard]] std::string resolved(std::string_view path) const {
    for (const std::string& folder : merged_) {
      if (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/') {
        return "/usr" + std::string(path);
      }
    }
    return std::string(path);
  }

 private:
  std::vector<std::string> merged_;
  std::unordered_set<std::string> paths_;
};

/// var/lib/dpkg/diversions: in threes, a path, where it went, and who moved it.
void add_diversions(std::string_view text, Owned& owned) {
  std::vector<std::string_view> lines;
  for_each_line(text, [&](std::string_view line) { lines.push_back(line); });
  for (std::size_t i = 0; i + 2 < lines.size(); i += 3) {
    if (owned.has(owned.resolved(lines[i]))) owned.add(lines[i + 1]);
  }
}

bool is_left_out(const fs::path& relative) {
  constexpr std::array<std::string_view, 5> k_left_out{"dev", "proc", "run", "sys", "tmp"};
  return std::ranges::find(k_left_out, relative.native()) != k_left_out.end();
}

Result<Owned> read_owned(const RootFiles& files) {
  Owned owned(files.root());
  std::error_code error;
  fs::directory_iterator lists(files.root() / "var/lib/dpkg/info", error);
  if (error) {
    return Error(Errc::not_found, "bom.no-packages", "the root file system has no lists of files of dpkg",
                 "They are looked for in var/lib/dpkg/info.");
  }
  for (; !error && lists != fs::directory_iterator(); lists.increment(error)) {
    if (lists->path().extension() != ".list") continue;
    TRY_ASSIGN(const std::string text, files.read("var/lib/dpkg/info/" + lists->path().filename().string()));
    bool is_whole = true;
    for_each_line(text, [&](std::string_view line) {
      is_whole = is_whole && (line.empty() || line.starts_with('/'));
      owned.add(line);
    });
    if (is_whole) continue;
    return Error(Errc::invalid_input, "bom.dpkg",
                 printable(lists->path().filename().string()) + " is no list of files: a line does not begin with '/'",
                 "dpkg's folder info is damaged; reinstall that package.");
  }
  if (const auto diversions = files.read("var/lib/dpkg/diversions")) add_diversions(*diversions, owned);
  return owned;
}

}  // namespace

Result<Coverage> measure_coverage(const fs::path& root, std::size_t unowned_max) {
  TRY_ASSIGN(const RootFiles files, RootFiles::open(root));
  TRY_ASSIGN(const Owned owned, read_owned(files));
  Coverage coverage;
  std::error_code error;
  const std::size_t front = files.root().native().size() - (files.root().native().ends_with('/') ? 1 : 0);
  fs::recursive_directory_iterator walk(files.root(), fs::directory_options::skip_permission_denied, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    std::error_code ignored;
    const std::string path = walk->path().native().substr(front);
    const bool is_link = walk->is_symlink(ignored);
    if (!is_link && walk->is_directory(ignored)) {
      if (is_left_out(path.substr(1))) walk.disable_recursion_pending();
      continue;
    }
    if (!is_link && !walk->is_regular_file(ignored)) continue;
    ++coverage.files;
    if (owned.has(path)) {
      ++coverage.owned;
    } else if (coverage.unowned.size() < unowned_max) {
      coverage.unowned.push_back(path);
    }
  }
  if (error) return errno_error(error.value(), "list the files of " + printable(root.string()));
  std::ranges::sort(coverage.unowned);
  return coverage;
}

}  // namespace signet::sbom
