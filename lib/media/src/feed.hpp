// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/media.hpp"
#include "signet/os/fd.hpp"

namespace signet::media {

/// Bytes that come once, in order.
class Feed {
 public:
  virtual ~Feed() = default;
  /// Waits for some; 0 at the end.
  virtual Result<std::size_t> read(ByteSpan out) = 0;
};

/// Standard input, or another pipe; a stop ends it.
std::unique_ptr<Feed> read_pipe(os::Fd fd, std::function<bool()> is_stopped);

/// A feed as a source that can be read forward. It keeps all from the front until release(), then the last bytes only,
/// since whoever reads an MP4 file in fragments goes back a little.
class ForwardSource : public video::Source {
 public:
  explicit ForwardSource(std::unique_ptr<Feed> feed) : feed_(std::move(feed)) {}
  /// "media.pipe-order" if what is asked for is gone.
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) override;
  /// The front is not needed any longer.
  void release() { is_kept_ = false; }

 private:
  void trim();
  std::unique_ptr<Feed> feed_;
  Bytes kept_;
  std::uint64_t base_ = 0;  // of kept_[0]
  bool is_kept_ = true;
  bool is_over_ = false;
};

/// The rest of `source`, all of it, in a file without name: "media.spool-full".
Result<std::shared_ptr<video::Source>> spool(video::Source& source, std::uint64_t size_bytes_max);

/// A file.
std::shared_ptr<video::Source> read_file(os::Fd fd);

}  // namespace signet::media
