// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace signet::media {

/// What a child that parses hostile bytes may use.
struct Confinement {
  bool may_network = false;
  std::uint64_t memory_bytes = std::uint64_t{2} << 30U;  ///< address space
  std::uint64_t cpu_seconds = 600;
};

/// Walls around a child, raised between fork and exec: no privileges, no network but where it is the child's work, no
/// file to write, no other process to touch, bounded memory and processor time; it dies with its parent. Where the
/// kernel has Landlock it reads programs and libraries only.
class Sandbox {
 public:
  /// Prepares everything that needs memory, before fork.
  explicit Sandbox(const Confinement& confinement);
  /// Called in the child, which must end if it returns false. Calls nothing that is unsafe after fork.
  [[nodiscard]] bool enter() const noexcept;

 private:
  Confinement confinement_;
  std::vector<sock_filter> filter_;
};

}  // namespace signet::media
