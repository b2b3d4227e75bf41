// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_judge_fuzz)
#pragma once

#include "batch_hasher.hpp"
#include "hashed_unit.hpp"
#include "picture_order.hpp"

#include <array>

namespace signet::video {

/// Makes hashed units of pieces: classifies, hashes, and takes signature SEI apart. What follows from a unit for later
/// ones (the hash that a SEI names) is decided here, in the order of the stream, so that the digests themselves may
/// be computed in any order and on any thread.
class UnitFeed {
 public:
  /// `sink` must outlive the feed; units reach it on the caller's thread. Live: no
  /// other thread hashes, and signatures reach it before add() returns, with all that stands before them.
  UnitFeed(Codec codec, crypto::HashAlgorithm hash, unsigned threads, bool is_live, UnitSink& sink);
  /// Parameter sets that stand outside the stream.
  void begin_with(ByteView parameter_set) { order_.take_parameter_set(parameter_set); }
  void add(const Piece& piece);
  /// The stream is over; all units have been delivered then.
  void finish();

 private:
  void begin(const Piece& piece);
  void end();
  void end_frame_header();
  void take_whole(ByteView unit);
  void take_signature(ByteView unit, Family family);
  void deliver(HashedUnit unit, ByteView bytes = {});

  Codec codec_;
  UnitSink& sink_;
  UnitHasher hasher_;
  PictureOrder order_;                              // H.265
  UnitHasher key_hasher_;                           // of parameter sets
  std::array<crypto::HashAlgorithm, 2> list_hash_;  // of each family: sizes the entries of its next list
  bool is_live_;
  std::unique_ptr<BatchHasher> batches_;  // null: hash at once
  std::uint64_t next_unit_ = 0;
  bool has_unit_ = false;
  bool is_hashing_ = false;  // the unit at hand takes part in hash lists
  HashedUnit at_hand_;
  std::optional<HashedUnit> header_;  // AV1: a frame header whose tile groups may follow and belong to it
};

}  // namespace signet::video
