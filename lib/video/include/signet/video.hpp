// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/crypto.hpp"
#include "signet/pki.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Signed video: ONVIF Media Signing (25.12, 26.06) for H.264 and H.265, and Axis Signed Video (v2 for H.264, H.265 and
/// AV1; v1.x is read only). Streams in constant memory; neither ffmpeg nor GStreamer is behind it.
namespace signet::video {

/// How pictures are coded.
enum class Codec : std::uint8_t { h264, h265, av1 };
/// What units are wrapped in.
enum class Container : std::uint8_t { annexb, mp4, obu, ivf, matroska, mpegts, rtp, rtsp };
/// A signature format.
enum class Profile : std::uint8_t { onvif, axis_v2, axis_legacy };
/// "h264", "h265", "av1"; "annexb", "mp4", "obu", "ivf", ...; "onvif", "axis-v2", "axis-legacy".
[[nodiscard]] std::string_view name_of(Codec codec);
[[nodiscard]] std::string_view name_of(Container container);
[[nodiscard]] std::string_view name_of(Profile profile);

/// A NAL unit (without start code and trailing zero bytes) or an OBU (with its header); in one piece unless it is
/// larger than 1 MiB.
struct Piece {
  ByteView bytes;  ///< until the next call
  bool begins = true;
  bool ends = true;
  std::optional<std::int64_t> time_us = {};  ///< presentation time where the container says so
  bool is_presented = true;                  ///< else a player decodes it at most: cut away by an edit list of MP4
};

/// Over the signed span: from the first to the last picture whose signature holds.
enum class Authenticity : std::uint8_t {
  not_signed,
  authentic,
  authentic_with_missing,  ///< what is there is genuine; pictures between are gone
  partly_unprotected,      ///< coded slices within the span that no signature covers
  not_authentic,
};
/// Whose key it is, judged at the recording time.
enum class Provenance : std::uint8_t {
  none,       ///< nothing is signed
  untrusted,  ///< bare key, chain to another root, not valid at the recording time
  no_anchor,  ///< a chain is there, but no trust anchor was given
  expired_today_valid_at_recording,
  attested,  ///< a device's attestation vouches for the key, by a chain to an anchor
  trusted,
};
enum class FrameVerdict : std::uint8_t { authentic, unprotected, not_authentic, not_covered };
enum class GopVerdict : std::uint8_t {
  authentic,
  authentic_with_missing,
  partly_unprotected,
  not_authentic,
  not_covered,
};
/// "not_signed", "authentic_with_missing", ...; "none" is "-".
[[nodiscard]] std::string_view name_of(Authenticity authenticity);
[[nodiscard]] std::string_view name_of(Provenance provenance);
[[nodiscard]] std::string_view name_of(FrameVerdict verdict);
[[nodiscard]] std::string_view name_of(GopVerdict verdict);

/// What was found; all but the last three cast doubt on pictures or on a signature.
enum class FindingKind : std::uint8_t {
  altered,              ///< a unit stands where another was signed
  added,                ///< a unit that was not signed, or not here
  missing,              ///< signed units that are not here
  section_mismatch,     ///< a part without hash list does not have its signed hash
  signature_invalid,    ///< a signature that does not hold
  signature_missing,    ///< pictures within the span whose signature is not there
  gops_missing,         ///< whole signed parts are not here
  replayed,             ///< signed parts out of their order
  key_changed,          ///< another key than before
  unprotected_slice,    ///< a coded slice of a kind that no signature covers
  unprotected_missing,  ///< pictures of such a kind that are not here, by the numbers of those around them
  malformed_sei,        ///< a signature SEI that cannot be read; often one that was not escaped
  signer_defect,        ///< the signer broke its own format, without doubt on the pictures
  no_key,               ///< a signature whose key is not in the stream
  parameters_changed,   ///< parameter sets changed in mid-stream; they are not covered
  time_gap,             ///< the signed times leave a gap
  note,                 ///< worth knowing, no doubt on the pictures
};
/// "altered", "section_mismatch", ...
[[nodiscard]] std::string_view name_of(FindingKind kind);

/// Frames and units (NAL units, OBUs) count from 0 in the stream, in decoding order; GOPs from 0 by the I pictures that
/// start them, those that are known to be missing included.
struct Finding {
  FindingKind kind = FindingKind::note;
  std::uint64_t gop = 0;
  std::optional<std::uint64_t> frame = {};
  std::optional<std::uint64_t> unit = {};
  std::uint64_t count = 1;
  std::string text = {};  ///< for people; safe to print
};
struct FrameReport {
  std::uint64_t frame = 0;
  std::uint64_t unit = 0;  ///< its first slice
  std::uint64_t gop = 0;
  std::optional<std::int64_t> time_us = {};
  FrameVerdict verdict = FrameVerdict::not_covered;
};
struct GopReport {
  std::uint64_t gop = 0;
  std::uint64_t first_frame = 0;
  std::uint64_t frames = 0;
  GopVerdict verdict = GopVerdict::not_covered;
  std::uint64_t frames_bad = 0;
  std::uint64_t units_missing = 0;
  std::uint64_t slices_unprotected = 0;
};

/// Hears of frames and GOPs as soon as they are decided, in their order, and of findings as they are made.
class JudgeObserver {
 public:
  virtual ~JudgeObserver() = default;
  virtual void on_frame(const FrameReport&) {}
  virtual void on_gop(const GopReport&) {}
  virtual void on_finding(const Finding&) {}
};

/// By what a stream is judged.
struct JudgeOptions {
  std::vector<pki::Certificate> anchors = {};
  Instant now = {};                                ///< for "expired today"
  std::optional<Instant> recorded = {};            ///< of the container; used where no signed date is there
  std::optional<crypto::HashAlgorithm> hash = {};  ///< of the first signature, see probe_hash(); SHA-256 otherwise
  unsigned threads = 1;  ///< that hash, the caller's among them; 0: as many as there are cores. The verdict is the same
  bool is_live = false;  ///< tell what a signature says before add() returns, on this thread alone; else some MiB later
  Bytes configuration = {};  ///< of MP4, see Recording::decoder_configuration(): decoders take parameter sets from it
};

/// What no signature speaks for. Foreign SEI, audio and metadata are covered by neither format, in any stream;
/// parameter sets (the picture's size and cropping among them) only by our own statements, see
/// SignOptions::parameter_sets.
struct Coverage {
  std::uint64_t frames = 0;
  std::uint64_t frames_authentic = 0;
  std::uint64_t frames_bad = 0;
  std::uint64_t frames_unprotected = 0;
  std::uint64_t head_frames = 0;  ///< before the first signed picture
  std::uint64_t tail_frames = 0;  ///< after the last one
  std::uint64_t slices_unprotected = 0;
  std::uint64_t units_missing = 0;
  std::uint64_t foreign_sei = 0;
  std::uint64_t parameter_sets = 0;
  std::uint64_t parameter_set_changes = 0;
  std::uint64_t gops_with_parameters = 0;  ///< whose parameter sets are the signed ones
  bool parameters_covered = false;         ///< that is so for all authentic pictures
  std::uint64_t frames_absent = 0;         ///< H.265, open GOPs: by the order in which pictures are shown
  std::uint64_t time_gaps = 0;
  std::uint64_t frames_not_presented = 0;  ///< judged as all others, but no player shows them: see Piece::is_presented
};

/// The device by its own signed account; safe to print.
struct Device {
  std::string manufacturer = {};
  std::string hardware = {};
  std::string firmware = {};
  std::string serial = {};
  std::string address = {};
  std::string signer_version = {};  ///< of the signing software
};

/// Where the recording time comes from.
enum class TimeSource : std::uint8_t { none, signature, container };

/// Whose key it is, and how that is known.
struct ProvenanceReport {
  Provenance provenance = Provenance::none;
  std::string reason = {};  ///< why it is no better; empty if nothing is to be said
  std::vector<pki::Certificate> path = {};
  std::string key_fingerprint = {};
  std::string attested_serial = {};
  std::optional<Instant> recorded_from = {};
  std::optional<Instant> recorded_to = {};
  TimeSource time_source = TimeSource::none;
};

/// What a stream is worth. Only StreamJudge::finish() makes one.
class Verdict {
 public:
  [[nodiscard]] Authenticity authenticity() const { return authenticity_; }
  [[nodiscard]] Provenance provenance() const { return provenance_.provenance; }
  [[nodiscard]] const ProvenanceReport& provenance_report() const { return provenance_; }
  [[nodiscard]] const std::vector<Profile>& profiles() const { return profiles_; }
  [[nodiscard]] std::optional<std::uint64_t> first_bad_gop() const { return first_bad_gop_; }
  [[nodiscard]] const Coverage& coverage() const { return coverage_; }
  [[nodiscard]] const Device& device() const { return device_; }
  /// The first 200; `findings_total` says how many there were.
  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  [[nodiscard]] std::uint64_t findings_total() const { return findings_total_; }
  [[nodiscard]] std::uint64_t signatures_valid() const { return signatures_valid_; }
  [[nodiscard]] std::uint64_t signatures_invalid() const { return signatures_invalid_; }

 private:
  friend class VerdictMaker;
  Verdict() = default;
  Authenticity authenticity_ = Authenticity::not_signed;
  ProvenanceReport provenance_;
  std::vector<Profile> profiles_;
  std::optional<std::uint64_t> first_bad_gop_;
  Coverage coverage_;
  Device device_;
  std::vector<Finding> findings_;
  std::uint64_t findings_total_ = 0;
  std::uint64_t signatures_valid_ = 0;
  std::uint64_t signatures_invalid_ = 0;
};

/// Judges one elementary stream, piece by piece, in both formats at once. Any bytes give a verdict.
class StreamJudge {
 public:
  /// `observer` may be null; it must outlive the judge.
  StreamJudge(Codec codec, JudgeOptions options, JudgeObserver* observer = nullptr);
  StreamJudge(StreamJudge&&) noexcept;
  StreamJudge& operator=(StreamJudge&&) noexcept;
  ~StreamJudge();

  void add(const Piece& piece);
  [[nodiscard]] Verdict finish() &&;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signet::video
