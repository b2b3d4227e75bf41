// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_judge_fuzz)
#include "unit_feed.hpp"

#include "sei_reader.hpp"

#include <algorithm>
#include <utility>

namespace signet::video {

namespace {

constexpr std::uint8_t k_obu_frame_header = 3;

bool is_hashed(UnitKind kind) {
  return kind == UnitKind::anchor || kind == UnitKind::slice || kind == UnitKind::metadata;
}

}  // namespace

UnitFeed::UnitFeed(Codec codec, crypto::HashAlgorithm hash, unsigned threads, bool is_live, UnitSink& sink)
    : codec_(codec),
      sink_(sink),
      hasher_(hash),
      order_(codec),
      key_hasher_(crypto::HashAlgorithm::sha256),
      list_hash_{hash, hash},
      is_live_(is_live),
      batches_(make_batch_hasher(is_live ? 1 : threads, sink)) {}

void UnitFeed::deliver(HashedUnit unit, ByteView bytes) {
  if (batches_ == nullptr) {
    sink_.take(std::move(unit));
  } else {
    // What a signature says of the units before it is told at once; until it comes, nobody can tell anything of them.
    const bool tells =
        is_live_ && (unit.signature != nullptr || unit.statement != nullptr || unit.kind.kind == UnitKind::unprotected);
    batches_->add(std::move(unit), bytes);
    if (tells) batches_->flush();
  }
}

void UnitFeed::add(const Piece& piece) {
  if (piece.begins) begin(piece);
  if (!has_unit_) return;
  const bool is_whole = piece.begins && piece.ends;
  const bool continues = at_hand_.kind.kind == UnitKind::continuation;
  if (is_whole && !continues) take_whole(piece.bytes);
  if (is_hashing_) {
    const bool is_alone = is_whole && !continues && !(codec_ == Codec::av1 && at_hand_.kind.type == k_obu_frame_header);
    if (is_alone && batches_ != nullptr && hasher_.algorithm() == crypto::HashAlgorithm::sha256 &&
        piece.bytes.size() <= BatchHasher::k_unit_size_bytes_max) {
      is_hashing_ = false;
      has_unit_ = false;
      ++next_unit_;
      at_hand_.is_item = true;
      return deliver(std::move(at_hand_), piece.bytes);
    }
    hasher_.update(piece.bytes);
  }
  if (piece.ends) end();
}

void UnitFeed::begin(const Piece& piece) {
  if (piece.bytes.empty()) return;
  if (has_unit_) end();
  has_unit_ = true;
  UnitClass kind = classify(codec_, piece.bytes.first(std::min(piece.bytes.size(), k_unit_head_size_bytes)));
  const bool continues = kind.kind == UnitKind::continuation && header_.has_value();
  if (!continues) end_frame_header();
  if (kind.kind == UnitKind::continuation && !continues) kind.kind = UnitKind::unprotected;
  at_hand_ = HashedUnit{.unit = next_unit_, .kind = kind, .time_us = piece.time_us, .is_presented = piece.is_presented};
  is_hashing_ = is_hashed(kind.kind) || continues;
  if (codec_ == Codec::h265 && kind.begins_frame) at_hand_.order = order_.next(piece.bytes);
}

void UnitFeed::end_frame_header() {
  if (!header_) return;
  header_->hash = hasher_.finish();
  header_->is_item = true;
  deliver(std::move(*header_));
  header_.reset();
}

void UnitFeed::end() {
  has_unit_ = false;
  ++next_unit_;
  if (at_hand_.kind.kind == UnitKind::continuation) return;  // its frame header stands for it
  const bool is_item = std::exchange(is_hashing_, false);
  if (is_item && codec_ == Codec::av1 && at_hand_.kind.type == k_obu_frame_header) {
    header_ = std::move(at_hand_);
    return;
  }
  if (is_item) at_hand_.hash = hasher_.finish();
  at_hand_.is_item = is_item;
  deliver(std::move(at_hand_));
}

void UnitFeed::take_whole(ByteView unit) {
  at_hand_.is_whole = true;
  const UnitKind kind = at_hand_.kind.kind;
  if (kind == UnitKind::parameter_set) {
    if (codec_ == Codec::h265) order_.take_parameter_set(unit);
    key_hasher_.update(unit);
    at_hand_.parameter_set = ParameterSet{at_hand_.kind.type, parameter_set_id(codec_, unit), key_hasher_.finish()};
  }
  if (kind != UnitKind::sei && kind != UnitKind::metadata) return;
  if (const auto family = family_of(codec_, unit)) {
    take_signature(unit, *family);
  } else if (is_parameter_statement(codec_, unit)) {
    at_hand_.statement = std::make_unique<Result<ParameterStatement>>(parse_parameter_statement(codec_, unit));
  }
}

void UnitFeed::take_signature(ByteView unit, Family family) {
  is_hashing_ = false;  // AV1 metadata: ours is not a part of the picture
  crypto::HashAlgorithm& list_hash = list_hash_.at(static_cast<std::size_t>(family));
  at_hand_.signature = std::make_unique<SignatureUnit>(family, parse_sei(codec_, unit, list_hash), Digest{});
  const Result<Sei>& sei = at_hand_.signature->sei;
  if (!sei) return;
  if (sei->hash) {
    list_hash = *sei->hash;
    if (*sei->hash != hasher_.algorithm()) hasher_ = UnitHasher(*sei->hash);
  }
  hasher_.update(unit);
  at_hand_.signature->unit_hash = hasher_.finish();
}

void UnitFeed::finish() {
  if (has_unit_) end();
  end_frame_header();
  if (batches_ != nullptr) batches_->finish();
}

}  // namespace signet::video
