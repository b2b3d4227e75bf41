// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/video_signer.hpp"

#include "sei_reader.hpp"
#include "sei_writer.hpp"
#include "unit.hpp"

#include <algorithm>
#include <utility>

namespace signet::video {

namespace {

constexpr std::uint32_t k_partial_frames_max = 600;
constexpr std::uint32_t k_sign_every_max = 60;
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
  void add_entry(const Digest& hash, bool is_anchor);
  void end_frame_header();

  SignOptions options_;
  std::shared_ptr<crypto::Signer> key_;
  SeiWriter writer_;
  UnitHasher hasher_;
  std::vector<Digest> entries_;  // of the part at hand
  std::uint32_t frames_ = 0;     // in it
  std::optional<Digest> anchor_;
  Digest link_;
  std::uint32_t counter_ = 0;
  std::int64_t start_us_ = 0;
  std::int64_t last_us_ = 0;
  struct Pending {
    Bytes bytes;
    bool is_signed;
  };
  std::vector<Pending> pending_;
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
  pending_.push_back({std::move(sei), is_signed});
  start_us_ = end_us;
  frames_ = 0;
  entries_.reserve(content.entries.size());
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
  for (Pending& each : pending_) {
    if (!each.is_signed) {
      // An unsigned SEI is part of what a later one signs, as it stands.
      hasher_.update(each.bytes);
      entries_.push_back(hasher_.finish());
    }
    before.push_back(std::move(each.bytes));
  }
  pending_.clear();
  last_us_ = time_us;
  const bool is_full =
      frames_ >= options_.partial_gop_frames_max || entries_.size() >= list_entries_max(options_.hash) / 2;
  if (!entries_.empty() && (is_anchor || is_full)) TRY(close_part(time_us, !is_anchor, false));
  ++frames_;
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
  if (kind.begins_frame && !is_frame_open_) TRY(begin_frame(kind, time_us, before));
  if (kind.begins_frame && options_.codec == Codec::av1) is_frame_open_ = !kind.ends_frame;
  if (kind.kind != UnitKind::anchor && kind.kind != UnitKind::slice && kind.kind != UnitKind::metadata) return before;
  if (entries_.size() >= list_entries_max(options_.hash)) TRY(close_part(time_us, true, false));
  hasher_.update(unit);
  if (options_.codec == Codec::av1 && kind.type == 3) {
    is_frame_header_ = true;
    header_is_anchor_ = kind.kind == UnitKind::anchor;
    return before;
  }
  add_entry(hasher_.finish(), kind.kind == UnitKind::anchor);
  return before;
}

Result<std::vector<Bytes>> StreamSigner::Impl::finish() {
  end_frame_header();
  std::vector<Bytes> rest;
  for (Pending& each : pending_) {
    if (!each.is_signed) {
      hasher_.update(each.bytes);
      entries_.push_back(hasher_.finish());
    }
    rest.push_back(std::move(each.bytes));
  }
  pending_.clear();
  TRY(close_part(last_us_, false, true));
  for (Pending& each : pending_) rest.push_back(std::move(each.bytes));
  pending_.clear();
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
