// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/video_signer.hpp"

#include "picture.hpp"

namespace signet::camerad {

/// Signs whole pictures: StreamSigner for access units. A picture is held for as long as one signature takes, and only
/// where a GOP or a part of one has ended before it.
class PictureSigner {
 public:
  static Result<PictureSigner> make(video::SignOptions options, std::shared_ptr<crypto::Signer> key);

  Result<SignedPicture> sign(const Picture& picture);
  /// The SEI that belong behind the last picture, oldest first.
  Result<std::vector<Bytes>> finish();
  /// Slices of kinds that no signature covers (a verifier says so as well), since the start.
  [[nodiscard]] std::uint64_t slices_unprotected() const { return slices_unprotected_; }

 private:
  PictureSigner(video::Codec codec, video::StreamSigner signer) : codec_(codec), signer_(std::move(signer)) {}

  video::Codec codec_;
  video::StreamSigner signer_;
  std::int64_t last_us_ = 0;
  std::uint64_t slices_unprotected_ = 0;
};

}  // namespace signet::camerad
