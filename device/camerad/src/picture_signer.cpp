// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "picture_signer.hpp"

#include "units.hpp"

#include <algorithm>
#include <utility>

namespace signet::camerad {

Result<PictureSigner> PictureSigner::make(video::SignOptions options, std::shared_ptr<crypto::Signer> key) {
  const video::Codec codec = options.codec;
  TRY_ASSIGN(video::StreamSigner signer, video::StreamSigner::make(std::move(options), std::move(key)));
  return PictureSigner(codec, std::move(signer));
}

Result<SignedPicture> PictureSigner::sign(const Picture& picture) {
  // A clock that is set back must not make signed times run backwards.
  last_us_ = std::max(last_us_, picture.wall_us);
  std::vector<ByteView> units;
  split_units(picture.bytes, units);
  auto bytes = std::make_shared<Bytes>();
  bytes->reserve(picture.bytes.size() + picture.bytes.size() / 8);
  SignedPicture out{.bytes = bytes,
                    .sei = {},
                    .pts_ns = picture.pts_ns,
                    .dts_ns = picture.dts_ns,
                    .wall_us = last_us_,
                    .begins_gop = picture.begins_gop};
  for (const ByteView unit : units) {
    TRY_ASSIGN(std::vector<Bytes> before, signer_.add(unit, last_us_));
    for (Bytes& sei : before) {
      append_unit(*bytes, sei);
      out.sei.push_back(std::move(sei));
    }
    append_unit(*bytes, unit);
    if (is_unprotected_slice(codec_, unit)) ++slices_unprotected_;
  }
  return out;
}

Result<std::vector<Bytes>> PictureSigner::finish() { return signer_.finish(); }

}  // namespace signet::camerad
