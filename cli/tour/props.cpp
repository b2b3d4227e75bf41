// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "props.hpp"

#include "signet/core/bytes.hpp"
#include "signet/crypto.hpp"
#include "signet/os/file.hpp"
#include "signet/os/process.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

namespace signet::cli::tour {

namespace {

constexpr std::uint64_t k_bundle_bytes_max = 1ULL << 30U;

Result<std::string> run_tool(const std::vector<std::string>& command, ByteView input = {}) {
  TRY_ASSIGN(os::ProcessResult result, os::run(command, input));
  if (result.exit_code == 0) return std::move(result.out);
  return Error(Errc::unavailable, "tour.tool", "'" + command.front() + "' failed: " + printable(result.err, 300),
               "Is its Debian package installed? ./run installs what the tour needs.");
}

/// What a small root needs; all of it is on every Debian machine.
constexpr std::array k_packages{"base-files", "base-passwd", "bash",     "coreutils",   "dash",         "libc6",
                                "libtinfo6",  "libacl1",     "libattr1", "libselinux1", "libpcre2-8-0", "libgmp10",
                                "sed",        "grep",        "login",    "util-linux",  "hostname",     "ncurses-base"};

/// The files of those packages, one a line. Packages still name /bin/sh where /bin is a link to /usr/bin, so each name
/// is brought to where the file really is.
Result<std::string> list_files() {
  std::vector<std::string> command{"dpkg-query", "--listfiles"};
  for (const char* package : k_packages) command.emplace_back(package);
  TRY_ASSIGN(const os::ProcessResult listed,
             os::run(command));  // a package that is missing is only named on standard error
  constexpr std::array<std::string_view, 3> k_left_out{"/usr/share/doc", "/usr/share/man", "/usr/share/locale"};
  std::set<std::string> files;
  std::istringstream lines(listed.out);
  for (std::string line; std::getline(lines, line);) {
    const bool left_out =
        std::ranges::any_of(k_left_out, [&](std::string_view folder) { return line.starts_with(folder); });
    std::error_code missing;
    const std::filesystem::path path(line);
    const auto folder = std::filesystem::canonical(path.parent_path(), missing);
    if (left_out || !path.has_filename() || missing || !std::filesystem::exists(std::filesystem::symlink_status(path)))
      continue;
    files.insert((folder / path.filename()).string());
  }
  std::string all;
  for (const std::string& file : files) all += file + "\n";
  if (all.empty())
    return Error(Errc::unavailable, "tour.packages", "no installed Debian packages were found",
                 "The tour needs a Debian machine.");
  return all;
}

}  // namespace

Result<void> make_root_image(const std::filesystem::path& folder, const std::string& version,
                             const std::filesystem::path& image) {
  TRY(os::make_folders(folder));
  TRY_ASSIGN(const std::string files, list_files());
  const std::string archive = folder.string() + ".tar";
  TRY(run_tool({"tar", "--create", "--file", archive, "--no-recursion", "--ignore-failed-read", "--files-from=-",
                "--warning=none"},
               as_bytes(files)));
  TRY(run_tool({"tar", "--extract", "--file", archive, "--directory", folder.string(), "--no-same-owner"}));
  TRY(os::remove_file(archive));
  TRY(os::make_folders(folder / "etc"));
  TRY(os::replace_file(folder / "etc/os-release",
                       as_bytes("ID=cam-a\nNAME=\"Camera A\"\nVERSION_ID=" + version + "\n")));
  TRY(run_tool({"mkfs.erofs", "-zlz4", "-T0", "-U00000000-0000-0000-0000-000000000000", "--all-root", "--quiet",
                image.string(), folder.string()}));
  return {};
}

Result<void> flip_byte(const std::filesystem::path& file) {
  TRY_ASSIGN(Bytes bytes, os::read_file(file, k_bundle_bytes_max));
  ensure(!bytes.empty(), "flip_byte: a file with bytes");
  bytes[bytes.size() / 2] ^= std::byte{1};
  return os::replace_file(file, bytes);
}

Result<void> forge_payload(const std::filesystem::path& bundle, const std::filesystem::path& forged) {
  TRY_ASSIGN(const Bytes bytes, os::read_file(bundle, k_bundle_bytes_max));
  TRY(os::replace_file(forged, bytes));
  return flip_byte(forged);
}

Result<void> forge_security_version(const std::filesystem::path& bundle, const std::filesystem::path& forged) {
  TRY_ASSIGN(Bytes bytes, os::read_file(bundle, k_bundle_bytes_max));
  // Where things stand is public: docs/formats/firmware-bundle.md.
  constexpr std::size_t k_header_bytes = 64, k_digest_at = 32;
  constexpr std::string_view k_member = "\"security_version\": ";
  const std::size_t at = as_text(bytes).find(k_member);
  if (at == std::string_view::npos) return Error(Errc::internal, "tour.forge", "the manifest has no security version");
  bytes[at + k_member.size()] = std::byte{'9'};
  const std::size_t body = std::size_t{get_be32(ByteView(bytes).subspan(12))} + get_be32(ByteView(bytes).subspan(16));
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(ByteView(bytes).first(k_digest_at));
  hasher.update(ByteView(bytes).subspan(k_header_bytes, body));
  std::ranges::copy(hasher.finish(), bytes.begin() + k_digest_at);
  return os::replace_file(forged, bytes);
}

Result<void> cut_in_half(const std::filesystem::path& bundle, const std::filesystem::path& cut) {
  TRY_ASSIGN(const Bytes bytes, os::read_file(bundle, k_bundle_bytes_max));
  return os::replace_file(cut, ByteView(bytes).first(bytes.size() / 2));
}

}  // namespace signet::cli::tour
