// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace signet::station {

/// The live page on loopback: HTTP/1.1, nothing but reading, its changes as server-sent events.
class Page {
 public:
  /// `address` is "127.0.0.1:PORT" or "[::1]:PORT", port 0 for any; others are "station.page-not-local" (usage), since
  /// whoever reaches the page may read it. `show` gives what stands in it as JSON, from any thread.
  static Result<std::unique_ptr<Page>> open(const std::string& address, std::function<std::string()> show);
  ~Page();
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct State;
  explicit Page(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The files of the page, as the program carries them; empty for an unknown path.
struct PageFile {
  std::string_view path;
  std::string_view type;
  std::string_view content;
};
[[nodiscard]] const PageFile* page_file(std::string_view path);

}  // namespace signet::station
