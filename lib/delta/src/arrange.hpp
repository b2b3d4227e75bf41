// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/delta.hpp"

#include "erofs.hpp"
#include "tables.hpp"

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

/// In which order a store holds its chunks: what an older image is likely to lack stands in front and together, so that
/// a device needs few ranges.
namespace signet::delta {

/// How likely it is that an older image lacks a piece; what is greater is likelier.
struct Age {
  std::int64_t modified = 0;  ///< when its file was
  bool code = false;          ///< whether its file is compiled: that changes with each build, unlike text and pictures

  friend auto operator<=>(const Age&, const Age&) = default;
};

/// The ages of an image's pieces, as the times of its files say. An image that is no erofs is of one age throughout.
class Ages {
 public:
  static Ages of(ImageReader& image);
  /// Offsets must ascend from call to call. What belongs to no file (inodes, directories) changes with every release.
  Age at(std::uint64_t offset);

 private:
  struct File {
    Range range;
    Age age;
  };
  std::vector<File> files_;
  std::size_t next_ = 0;
};

/// Chunks that stand together in a store, in the order of the image.
struct Batch {
  std::vector<std::uint32_t> chunks;
  std::size_t holders = 0;  ///< how many of the releases before have them
  Age age = {};             ///< of all of them
  std::uint64_t size_bytes = 0;
};
/// First what none of the releases before has, then what fewer of them have; each newest first. `ages` is by chunk.
std::vector<Batch> arrange(const std::vector<Chunk>& chunks, const std::vector<Age>& ages,
                           std::span<const Index> since);

}  // namespace signet::delta
