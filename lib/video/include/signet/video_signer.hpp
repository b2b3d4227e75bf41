// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/crypto.hpp"
#include "signet/pki.hpp"
#include "signet/video.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace signet::video {

/// Whether a unit opens a new picture (AV1: is the shown frame of its temporal unit).
[[nodiscard]] bool begins_picture(Codec codec, ByteView unit);

/// How a stream is signed.
struct SignOptions {
  Codec codec = Codec::h264;
  Profile profile = Profile::onvif;  ///< or axis_v2
  crypto::HashAlgorithm hash = crypto::HashAlgorithm::sha256;
  bool hash_list = true;                       ///< false: low bitrate; losses can then not be located
  std::uint32_t partial_gop_frames_max = 150;  ///< a longer GOP is signed in parts; 1 to 600
  std::uint32_t hash_list_entries_max = 0;     ///< a part whose list is full ends; 8 to 900; 0: what fits in a SEI
  std::uint32_t sign_every = 1;                ///< of so many parts one is signed, the others through it; 1 to 60
  bool certificate_sei = false;                ///< certificates (Axis: key) once, in front, instead of in each SEI
  bool parameter_sets = false;                 ///< H.264, H.265: sign them too, in SEI of our own, twice the signatures
  std::vector<pki::Certificate> chain = {};    ///< leaf first, without the root; ONVIF demands it
  bool user_provisioned = false;               ///< ONVIF: whose key it is
  Device device = {};
};

/// Takes the units of a stream in decoding order and says which SEI (or metadata OBU) stands before each. The SEI of a
/// part stands one slice after its end; it is escaped, and its hash list never overflows.
class StreamSigner {
 public:
  /// "video.sign-options" (usage), "pki.key-mismatch" if the chain's leaf is of another key.
  static Result<StreamSigner> make(SignOptions options, std::shared_ptr<crypto::Signer> key);
  StreamSigner(StreamSigner&&) noexcept;
  StreamSigner& operator=(StreamSigner&&) noexcept;
  ~StreamSigner();

  /// A whole unit and its wall-clock time (Unix, microseconds). The result is what to write before it; often empty.
  Result<std::vector<Bytes>> add(ByteView unit, std::int64_t time_us);
  /// Signs what is left; the result belongs at the end.
  Result<std::vector<Bytes>> finish();

 private:
  class Impl;
  explicit StreamSigner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::video
