// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "fake_repository_test.hpp"

#include <gtest/gtest.h>

#include <string>

namespace signet::tuf {

/// Noon of a day on which nothing has expired.
inline const Reference k_now{.now = *from_rfc3339("2026-11-22T12:00:00Z")};

/// A client in a folder of its own, and the repository that it follows.
class TufClient : public ::testing::Test {
 protected:
  void start() { ASSERT_OK(Client::init(folder_.path(), repository_.root())); }
  Result<Refreshed> refresh(const Reference& reference = k_now) {
    TRY_ASSIGN(Client client, Client::open(folder_.path()));
    return client.refresh(repository_, reference);
  }
  std::string kept(const std::string& role) {
    const auto bytes = os::read_file(folder_ / (role + ".json"), 1U << 20U);
    return bytes ? std::string(as_text(*bytes)) : std::string();
  }
  Result<std::string> get(const std::string& path) {
    TRY_ASSIGN(Client client, Client::open(folder_.path()));
    TRY(client.refresh(repository_, k_now));
    TRY_ASSIGN(const VerifiedTarget target, client.locate(repository_, path));
    std::string content;
    TRY(client.download(repository_, target, [&](ByteView piece) -> Result<void> {
      content += as_text(piece);
      return {};
    }));
    return content;
  }

  FakeRepository repository_;
  test::TempDir folder_;
};

}  // namespace signet::tuf
