// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/delta.hpp"

#include <optional>
#include <string>
#include <vector>

/// As much of erofs as a maker of updates needs: which bytes of an uncompressed image belong to which file.
namespace signet::delta::erofs {

/// Bytes of one file or directory that stand in whole blocks; a tail that is inlined is left out.
struct Extent {
  std::string path;  ///< absolute; of a directory with a slash at its end
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t modified = 0;  ///< in seconds since 1970, as the image says
};

/// Extents in the order of the image, none overlapping the one before; nothing if this is no erofs image or one that
/// holds compressed files. What is malformed is left out: an update that is made without a file is larger, not wrong.
std::optional<std::vector<Extent>> extents(ImageReader& image);

}  // namespace signet::delta::erofs
