// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/error.hpp"

#include "signet/core/ensure.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace signet {

namespace {

constexpr std::array k_errc_table{
    ErrcInfo{Errc::internal, "internal", 1, 500, LogLevel::error, "a fault in Signet itself: please report it"},
    ErrcInfo{Errc::usage, "usage", 2, 400, LogLevel::info, "the command line makes no sense"},
    ErrcInfo{Errc::invalid_input, "invalid_input", 3, 400, LogLevel::info,
             "malformed, of the wrong type or out of bounds"},
    ErrcInfo{Errc::untrusted, "untrusted", 4, 403, LogLevel::warning, "a signature, a chain or a proof does not hold"},
    ErrcInfo{Errc::expired, "expired", 5, 403, LogLevel::warning, "was valid once, is no longer"},
    ErrcInfo{Errc::rollback, "rollback", 6, 409, LogLevel::warning, "older than what was accepted before"},
    ErrcInfo{Errc::incompatible, "incompatible", 7, 422, LogLevel::warning, "genuine, but not for this device"},
    ErrcInfo{Errc::not_found, "not_found", 8, 404, LogLevel::info, "the named thing does not exist"},
    ErrcInfo{Errc::conflict, "conflict", 9, 409, LogLevel::info, "exists already, or another process is at work on it"},
    ErrcInfo{Errc::denied, "denied", 10, 403, LogLevel::warning, "the caller may not do this"},
    ErrcInfo{Errc::unsupported, "unsupported", 11, 501, LogLevel::info, "the back end cannot do this"},
    ErrcInfo{Errc::unavailable, "unavailable", 12, 503, LogLevel::warning, "not now: try again later"},
    ErrcInfo{Errc::io, "io", 13, 500, LogLevel::error, "the operating system could not read or write"},
    ErrcInfo{Errc::exhausted, "exhausted", 14, 507, LogLevel::error, "a disk, a limit or a quota is full"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < k_errc_table.size(); ++i) {
    if (static_cast<std::size_t>(k_errc_table[i].code) != i) return false;
  }
  return k_errc_table.size() == static_cast<std::size_t>(Errc::exhausted) + 1;
}
static_assert(in_order(), "one row for each Errc, in its order");

}  // namespace

const ErrcInfo& errc_info(Errc code) { return k_errc_table.at(static_cast<std::size_t>(code)); }

std::span<const ErrcInfo> errc_table() { return k_errc_table; }

Error::Error(Errc code, std::string reason, std::string text, std::string hint)
    : code_(code), reason_(std::move(reason)), text_(std::move(text)), hint_(std::move(hint)) {}

Error::Error(const Error& other) = default;
Error::Error(Error&& other) noexcept = default;
Error& Error::operator=(const Error& other) = default;
Error& Error::operator=(Error&& other) noexcept = default;
Error::~Error() = default;

Error Error::with_context(std::string doing) && {
  context_.push_back(std::move(doing));
  return std::move(*this);
}

std::string Error::message() const {
  std::string line;
  for (auto it = context_.rbegin(); it != context_.rend(); ++it) {
    line += *it;
    line += ": ";
  }
  return line + text_;
}

namespace {

struct ErrnoRow {
  int value;
  Errc code;
  std::string_view reason;
  std::string_view hint;
};

constexpr std::array k_errno_table{
    ErrnoRow{ENOENT, Errc::not_found, "os.not-found", "Check the path."},
    ErrnoRow{ENOTDIR, Errc::not_found, "os.not-a-folder", "A part of the path is a file; check the path."},
    ErrnoRow{EISDIR, Errc::invalid_input, "os.is-a-folder", "Name a file, not a folder."},
    ErrnoRow{EACCES, Errc::denied, "os.denied", "Check the owner and the mode of the file and its folder."},
    ErrnoRow{EPERM, Errc::denied, "os.denied", "This needs more rights than the program has."},
    ErrnoRow{EROFS, Errc::denied, "os.read-only", "The file system is mounted read-only; name a writable place."},
    ErrnoRow{EEXIST, Errc::conflict, "os.exists", "Remove it first, or choose another name."},
    ErrnoRow{ENOSPC, Errc::exhausted, "os.disk-full", "Free some space and try again; nothing was changed."},
    ErrnoRow{EDQUOT, Errc::exhausted, "os.disk-full", "The quota is used up; free some space and try again."},
    ErrnoRow{EFBIG, Errc::exhausted, "os.file-too-big",
             "The file would pass the size limit of the process or the disk."},
    ErrnoRow{EMFILE, Errc::exhausted, "os.too-many-files", "Raise the limit of open files (ulimit -n)."},
    ErrnoRow{EBUSY, Errc::conflict, "os.busy", "Another program uses it; wait or stop that program."},
    ErrnoRow{EAGAIN, Errc::unavailable, "os.busy", "Try again in a moment."},
    ErrnoRow{ECONNREFUSED, Errc::unavailable, "os.refused", "Is the service running?"},
    ErrnoRow{ELOOP, Errc::invalid_input, "os.symlink", "A symbolic link stands where none is allowed."},
};

}  // namespace

Error errno_error(int errno_value, std::string_view doing) {
  std::string text = "cannot " + std::string(doing) + ": " + std::generic_category().message(errno_value);
  for (const ErrnoRow& row : k_errno_table) {
    if (row.value == errno_value) return {row.code, std::string(row.reason), std::move(text), std::string(row.hint)};
  }
  return {Errc::io, "os.io", std::move(text), "Check the disk and the system log."};
}

void broken_invariant(std::string_view what, const std::source_location& where) {
  std::fprintf(stderr, "signet: broken invariant: %.*s (%s:%u)\n", static_cast<int>(what.size()), what.data(),
               where.file_name(), static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace signet
