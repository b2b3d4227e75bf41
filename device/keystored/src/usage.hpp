// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace signet::keystored {

/// What is known of a key's life.
struct KeyLife {
  std::optional<Instant> made = {};  ///< unknown of keys that are older than this record
  std::uint64_t uses = 0;
  std::optional<Instant> last_used = {};
};

/// How often each key was used, in a file (docs/formats/keystored-state.md). Counts are written now and then: a kill
/// takes the last of them back, so they are "at least". Safe to call from several threads.
class Usage {
 public:
  using Keys = std::map<std::string, KeyLife, std::less<>>;

  /// A file that is damaged or not there gives empty counts: they decide nothing.
  explicit Usage(std::filesystem::path file);
  static Result<Keys> parse(ByteView text);
  [[nodiscard]] static Bytes encode(const Keys& keys);

  void made(std::string_view key, Instant now);
  void used(std::string_view key, Instant now);
  void gone(std::string_view key);
  /// A key has another name now.
  void renamed(std::string_view from, std::string_view to);
  [[nodiscard]] KeyLife of(std::string_view key) const;
  /// Writes what has changed.
  Result<void> save();

 private:
  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  Keys keys_;
  bool changed_ = false;
};

}  // namespace signet::keystored
