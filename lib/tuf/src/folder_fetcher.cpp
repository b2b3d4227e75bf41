// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"
#include "signet/tuf.hpp"

#include "paths.hpp"

#include <algorithm>

namespace signet::tuf {

namespace {

constexpr std::size_t k_piece_size_bytes = 1U << 16U;

class FolderFetcher : public Fetcher {
 public:
  explicit FolderFetcher(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<Bytes> metadata(const std::string& name, std::uint64_t size_bytes_max) override {
    TRY_ASSIGN(const std::string path, percent_decoded_path(name));
    return os::read_file(folder_ / "metadata" / path, size_bytes_max);
  }

  Result<void> target(const std::string& name, std::uint64_t size_bytes_max, const Sink& sink) override {
    TRY_ASSIGN(const std::string path, percent_decoded_path(name));
    TRY_ASSIGN(const os::Fd fd, os::open_read(folder_ / "targets" / path));
    Bytes buffer(k_piece_size_bytes);
    std::uint64_t done = 0;
    while (done <= size_bytes_max) {  // one byte too many is for the check to see
      TRY_ASSIGN(const std::size_t count, os::read_some(fd, buffer));
      if (count == 0) break;
      done += count;
      TRY(sink(ByteView(buffer).first(count)));
    }
    return {};
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace

std::unique_ptr<Fetcher> make_folder_fetcher(std::filesystem::path folder) {
  return std::make_unique<FolderFetcher>(std::move(folder));
}

}  // namespace signet::tuf
