// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine.hpp"
#include "picture_order.hpp"

#include <deque>

namespace signet::video {

/// Notices pictures of an open GOP (RASL, RADL) that were taken out. No signature covers them, so that they leave no
/// gap in any list; but the signed pictures around them are numbered in the order in which they are shown.
class OrderWatch {
 public:
  explicit OrderWatch(FindingSink& findings) : findings_(findings) {}

  /// A picture of H.265: where it is shown, and whether leading pictures may follow it (CRA).
  void add(const OrderKey& key, bool is_cra, std::uint64_t frame, std::uint64_t unit);
  /// A unit's signature holds, by this engine.
  void verified(Engine& engine, const Item& item);
  /// Pictures that are gone, of those within the signed span.
  [[nodiscard]] std::uint64_t absent() const { return absent_; }

 private:
  /// A CRA picture whose leading pictures come.
  struct Open {
    std::int64_t count = 0;
    std::uint64_t frame = 0;
    std::uint64_t unit = 0;
    std::uint64_t expected = 0;  ///< leading pictures, by the numbers before it
    std::uint64_t seen = 0;
  };
  struct Gap {
    std::uint64_t frame = 0;
    std::uint64_t unit = 0;
    std::uint64_t pictures = 0;
  };

  [[nodiscard]] std::uint64_t leading_pictures(std::int64_t count);
  void close();

  FindingSink& findings_;
  std::uint64_t run_ = 0;
  std::vector<std::int64_t> counts_;  ///< of the pictures since the last I picture, from its own on
  std::optional<Open> open_;
  std::deque<Gap> gaps_;  ///< that no verified picture has confirmed yet
  std::uint64_t absent_ = 0;
};

}  // namespace signet::video
