// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/video_signer.hpp"

#include "parameters.hpp"
#include "sei_reader.hpp"
#include "sei_writer.hpp"
#include "unit.hpp"

#include <algorithm>
#include <utility>

namespace signet::video {

namespace {

constexpr std::uint32_t k_partial_frames_max = 600;
constexpr std::uint32_t k_sign_every_max = 60;
constexpr std::uint32_t k_list_entries_min = 8;
constexpr std::uint32_t k_list_entries_max = 900;  // of the longest hash, with room to spare
constexpr std::size_t k_chain_size_bytes_max = 60'000;

Error bad_options(const std::string& what, const std::string& hint) {
  return {Errc::usage, "video.sign-options", what, hint};
}

Result<void> check(const SignOptions& options, const crypto::PublicKey& key) {
  if (options.profile == Profile::axis_legacy) {
    return bad_options("the legacy scheme is read, not written", "Sign as axis-v2.");
  }
  if (options.profile == Profile::onvif && options.codec == Codec::av1) {
    return bad_options("ONVIF Media Signing does not define AV1", "Sign AV1 as axis-v2.");
  }
  const auto algorithm = key.algorithm();
  const bool is_rsa = algorithm == crypto::KeyAlgorithm::rsa_2048 || algorithm == crypto::KeyAlgorithm::rsa_3072 ||
                      algorithm == crypto::KeyAlgorithm::rsa_4096;
  const bool is_ec = algorithm == crypto::KeyAlgorithm::ec_p256 || algorithm == crypto::KeyAlgorithm::ec_p384;
  if (!is_ec && !(is_rsa && options.profile == Profile::onvif)) {
    return bad_options("video is signed with keys on P-256 or P-384, as ONVIF also with RSA, not with " +
                           std::string(name_of(algorithm)),
                       "Make a key with: signet key generate --algorithm p256");
  }
  if (is_rsa && options.hash != crypto::HashAlgorithm::sha256) {
    return bad_options("the formats sign with RSA over SHA-256 only", "Leave the hash out.");
  }
  if (options.partial_gop_frames_max < 1 || options.partial_gop_frames_max > k_partial_frames_max) {
    return bad_options("a part of a GOP has 1 to 600 frames", "Leave the option out for 150.");
  }
  if (options.sign_every < 1 || options.sign_every > k_sign_every_max) {
    return bad_options("one of 1 to 60 parts is signed", "Leave the option out to sign each.");
  }
  if (options.hash_list_entries_max != 0) {
    if (options.hash_list_entries_max < k_list_entries_min || options.hash_list_entries_max > k_list_entries_max) {
      return bad_options("a hash list has 8 to 900 entries", "Leave the option out for as many as fit.");
    }
    if (!options.hash_list) {
      return bad_options("without hash lists there is nothing to limit", "Leave out one of the two options.");
    }
  }
  if (options.parameter_sets && options.codec == Codec::av1) {
    return bad_options("parameter sets are signed in H.264 and H.265 only", "Leave the option out for AV1.");
  }
  if (options.chain.empty()) {
    if (options.profile != Profile::onvif) return {};
    return bad_options("ONVIF Media Signing needs the certificate of the key",
                       "Give it, and those between it and the root.");
  }
  TRY_ASSIGN(const crypto::PublicKey certified, options.chain.front().public_key());
  if (!(certified == key)) {
    return Error(Errc::untrusted, "pki.key-mismatch", "the first certificate is not of the key that signs",
                 "Give the chain of this key, its own certificate first.");
  }
  std::size_t size = 0;
  for (const pki::Certificate& certificate : options.chain) size += certificate.pem().size();
  if (size > k_chain_size_bytes_max) return bad_options("a certificate chain of more than 60 kB", "Shorten the chain.");
  return {};
}

}  // namespace

class StreamSigner::Impl {
 public:
  Impl(SignOptions options, std::shared_ptr<crypto::Signer> key)
      : options_(std::move(options)),
        key_(std::move(key)),
        writer_(options_, key_->public_key()),
        hasher_(options_.hash) {
    link_.size_bytes = static_cast<std::uint8_t>(crypto::digest_size_bytes(options_.hash));
  }

  Result<std::vector<Bytes>> add(ByteView unit, std::int64_t time_us);
  Result<std::vector<Bytes>> finish();

 private:
  Result<void> refuse_signed(const UnitClass& kind, ByteView unit) const;
  Result<void> begin_frame(const UnitClass& kind, std::int64_t time_us, std::vector<Bytes>& before);
  Result<void> close_part(std::int64_t end_us, bool is_partial, bool must_sign);
  Result<void> close_part_within_picture(std::int64_t end_us);
  Result<void> sign_pending();
  Result<void> emit_pending(std::vector<Bytes>& out);
  [[nodiscard]] std::size_t entries_max() const;
  [[nodiscard]] bool is_full(std::size_t last_picture) const;
  void note_parameter_set(const UnitClass& kind, ByteView unit);
  Result<void> state_parameters(const UnitClass& kind, std::vector<Bytes>& before);
  void add_entry(const Digest& hash, bool is_anchor);
  void end_frame_header();

  SignOptions options_;
  std::shared_ptr<crypto::Signer> key_;
  SeiWriter writer_;
  UnitHasher hasher_;
  std::vector<Digest> entries_;   // of the part at hand
  std::uint32_t frames_ = 0;      // in it
  std::size_t picture_from_ = 0;  // the entry that the picture at hand begins with
  std::optional<Digest> anchor_;
  Digest link_;
  std::uint32_t counter_ = 0;
  std::int64_t start_us_ = 0;
  std::int64_t last_us_ = 0;
  struct Pending {
    Bytes bytes;
    SeiContent content;
    bool is_signed;
  };
  std::vector<Pending> pending_;
  std::vector<ParameterSet> sets_;  // in force
  bool is_stated_ = false;          // for the GOP at hand
  bool is_started_ = false;
  bool is_frame_open_ = false;    // AV1: a hidden frame waits for the shown one
  bool is_frame_header_ = false;  // AV1: tile groups may follow
  bool header_is_anchor_ = false;
};

Result<void> StreamSigner::Impl::refuse_signed(const UnitClass& kind, ByteView unit) const {
  if (kind.kind != UnitKind::sei && kind.kind != UnitKind::metadata) return {};
  const Family family = options_.profile == Profile::onvif ? Family::onvif : Family::axis;
  if (family_of(options_.codec, unit) != family) return {};
  return Error(Errc::conflict, "video.already-signed", "the stream is signed already, in the same format",
               "A second signer would break the first one's signatures. Verify the stream, or sign its source.");
}

void StreamSigner::Impl::add_entry(const Digest& hash, bool is_anchor) {
  if (is_anchor) anchor_ = hash;
  if (!anchor_) return;  // before the first I picture nothing can be shown, and nothing be chained
  entries_.push_back(is_anchor ? hash : hasher_.chained(*anchor_, hash));
}

void StreamSigner::Impl::end_frame_header() {
  if (std::exchange(is_frame_header_, false)) add_entry(hasher_.finish(), header_is_anchor_);
}

Result<void> StreamSigner::Impl::close_part(std::int64_t end_us, bool is_partial, bool must_sign) {
  if (entries_.empty()) return {};
  SeiContent content{.with_identity = !options_.certificate_sei,
                     .is_partial = is_partial,
                     .counter = ++counter_,
                     .start_us = start_us_,
                     .end_us = end_us,
                     .entries = std::exchange(entries_, {}),
                     .gop_hash = {},
                     .link = link_};
  if (options_.profile == Profile::axis_v2) {
    constexpr std::byte k_salt{1};
    hasher_.update(ByteView(&k_salt, 1));
  }
  for (const Digest& entry : content.entries) hasher_.update(entry.view());
  content.gop_hash = hasher_.finish();
  link_ = content.entries.front();
  const bool is_signed = must_sign || counter_ % options_.sign_every == 0;
  TRY_ASSIGN(Bytes sei, writer_.write(content, is_signed ? key_.get() : nullptr));
  entries_.reserve(content.entries.size());
  pending_.push_back({std::move(sei), std::move(content), is_signed});
  start_us_ = end_us;
  frames_ = 0;
  picture_from_ = 0;
  return {};
}

std::size_t StreamSigner::Impl::entries_max() const {
  return options_.hash_list_entries_max != 0 ? options_.hash_list_entries_max : list_entries_max(options_.hash);
}

/// Whether the list could not take another picture like the last one; so parts end between pictures where they can.
bool StreamSigner::Impl::is_full(std::size_t last_picture) const {
  if (frames_ >= options_.partial_gop_frames_max) return true;
  if (options_.hash_list_entries_max == 0) return entries_.size() >= entries_max() / 2;
  return entries_.size() + last_picture > entries_max();
}

Result<void> StreamSigner::Impl::sign_pending() {
  for (Pending& each : pending_) {
    if (each.is_signed) continue;
    TRY_ASSIGN(each.bytes, writer_.write(each.content, key_.get()));
    each.is_signed = true;
  }
  return {};
}

/// Ends a part within a picture. No SEI may stand between its slices, so none of those that wait can be an entry of
/// this part: each needs a signature of its own.
Result<void> StreamSigner::Impl::close_part_within_picture(std::int64_t end_us) {
  TRY(close_part(end_us, true, true));
  return sign_pending();
}

/// What waits goes out. An unsigned SEI is part of what a later one signs, as it stands.
Result<void> StreamSigner::Impl::emit_pending(std::vector<Bytes>& out) {
  if (entries_.size() >= entries_max()) TRY(sign_pending());
  for (Pending& each : pending_) {
    if (!each.is_signed) {
      hasher_.update(each.bytes);
      entries_.push_back(hasher_.finish());
    }
    out.push_back(std::move(each.bytes));
  }
  pending_.clear();
  return {};
}

void StreamSigner::Impl::note_parameter_set(const UnitClass& kind, ByteView unit) {
  if (!options_.parameter_sets) return;
  UnitHasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(unit);
  if (put_in_force(sets_, {kind.type, parameter_set_id(options_.codec, unit), hasher.finish()})) is_stated_ = false;
}

/// Before each I picture, and before a picture with new parameter sets: which ones are in force.
Result<void> StreamSigner::Impl::state_parameters(const UnitClass& kind, std::vector<Bytes>& before) {
  const bool is_due = kind.kind == UnitKind::anchor || (kind.begins_frame && !is_stated_);
  if (!options_.parameter_sets || !anchor_ || !is_due || sets_.size() > k_parameter_sets_max) return {};
  const Family family = options_.profile == Profile::onvif ? Family::onvif : Family::axis;
  TRY_ASSIGN(Bytes sei, write_parameter_statement(options_.codec, family, *anchor_, sets_, *key_, writer_.scheme()));
  before.push_back(std::move(sei));
  is_stated_ = true;
  return {};
}

/// Before the first slice of a picture: what waits goes out, and the part that this picture ends is signed. Its SEI
/// stands before the next picture, as all verifiers of these formats expect.
Result<void> StreamSigner::Impl::begin_frame(const UnitClass& kind, std::int64_t time_us, std::vector<Bytes>& before) {
  const bool is_anchor = kind.kind == UnitKind::anchor;
  if (!is_started_) {
    is_started_ = true;
    start_us_ = time_us;
    if (options_.certificate_sei) {
      TRY_ASSIGN(Bytes sei, writer_.write({.is_certificate = true}, key_.get()));
      before.push_back(std::move(sei));
    }
  }
  const std::size_t last_picture = entries_.size() - picture_from_;
  TRY(emit_pending(before));
  last_us_ = time_us;
  if (!entries_.empty() && (is_anchor || is_full(last_picture))) TRY(close_part(time_us, !is_anchor, false));
  ++frames_;
  picture_from_ = entries_.size();
  return {};
}

Result<std::vector<Bytes>> StreamSigner::Impl::add(ByteView unit, std::int64_t time_us) {
  std::vector<Bytes> before;
  if (unit.empty()) return before;
  const UnitClass kind = classify(options_.codec, unit);
  TRY(refuse_signed(kind, unit));
  if (kind.kind == UnitKind::continuation && is_frame_header_) {
    hasher_.update(unit);
    return before;
  }
  end_frame_header();
  if (kind.kind == UnitKind::parameter_set) note_parameter_set(kind, unit);
  if (kind.begins_frame && !is_frame_open_) TRY(begin_frame(kind, time_us, before));
  if (kind.begins_frame && options_.codec == Codec::av1) is_frame_open_ = !kind.ends_frame;
  if (kind.kind != UnitKind::anchor && kind.kind != UnitKind::slice && kind.kind != UnitKind::metadata) return before;
  if (entries_.size() >= entries_max()) TRY(close_part_within_picture(time_us));
  hasher_.update(unit);
  if (options_.codec == Codec::av1 && kind.type == 3) {
    is_frame_header_ = true;
    header_is_anchor_ = kind.kind == UnitKind::anchor;
    return before;
  }
  add_entry(hasher_.finish(), kind.kind == UnitKind::anchor);
  TRY(state_parameters(kind, before));
  return before;
}

Result<std::vector<Bytes>> StreamSigner::Impl::finish() {
  end_frame_header();
  std::vector<Bytes> rest;
  TRY(emit_pending(rest));
  TRY(close_part(last_us_, false, true));
  TRY(emit_pending(rest));
  return rest;
}

StreamSigner::StreamSigner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StreamSigner::StreamSigner(StreamSigner&&) noexcept = default;
StreamSigner& StreamSigner::operator=(StreamSigner&&) noexcept = default;
StreamSigner::~StreamSigner() = default;

Result<StreamSigner> StreamSigner::make(SignOptions options, std::shared_ptr<crypto::Signer> key) {
  TRY(check(options, key->public_key()));
  return StreamSigner(std::make_unique<Impl>(std::move(options), std::move(key)));
}

Result<std::vector<Bytes>> StreamSigner::add(ByteView unit, std::int64_t time_us) { return impl_->add(unit, time_us); }
Result<std::vector<Bytes>> StreamSigner::finish() { return impl_->finish(); }

}  // namespace signet::video
