// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "private_path.hpp"

#include "signet/core/bytes.hpp"
#include "signet/core/ids.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace signet::keystore {

Result<void> check_closed(const std::filesystem::path& path, const char* mode) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return errno_error(errno, "examine '" + printable(path.native()) + "'");
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return Error(Errc::denied, "keystore.folder-open-to-others",
                 "'" + printable(path.native()) + "' belongs to somebody else", "Keep keys in a folder of your own.");
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  return Error(Errc::denied, "keystore.folder-open-to-others",
               "'" + printable(path.native()) + "' is open to other users",
               std::string("Close it: chmod ") + mode + " '" + printable(path.native()) + "'");
}

Result<void> check_label(std::string_view label) {
  const auto fits = check_name(label, "label");
  if (fits) return {};
  return Error(Errc::invalid_input, "keystore.label", fits.error().text(), fits.error().hint());
}

}  // namespace signet::keystore
