// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "align.hpp"
#include "keys.hpp"
#include "sei.hpp"
#include "timeline.hpp"

#include <deque>

namespace signet::video {

/// Where findings go.
class FindingSink {
 public:
  virtual ~FindingSink() = default;
  virtual void found(Finding finding) = 0;
};

class Engine;
/// Hears which units are genuine.
class VerifiedSink {
 public:
  virtual ~VerifiedSink() = default;
  virtual void verified(Engine& engine, const Item& item) = 0;
};

/// Judges one stream by the signatures of one family: keeps the units that no SEI has covered yet, and matches each SEI
/// with them.
class Engine {
 public:
  Engine(Family family, crypto::HashAlgorithm hash, FindingSink& findings, VerifiedSink& verified);

  void add_item(Item item);
  void add_sei(Sei sei, std::uint64_t unit, const Digest& unit_hash);
  /// A unit with our UUID that cannot be read as a signature SEI.
  void add_broken_sei(const Error& error, std::uint64_t unit);
  /// The stream is over.
  void finish();

  /// Whether one of the keys that signed pictures here made this signature.
  [[nodiscard]] bool is_by_signer(ByteView document, ByteView signature);

  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] Timeline& timeline() { return timeline_; }
  [[nodiscard]] const KeyRing& keys() const { return keys_; }
  [[nodiscard]] crypto::HashAlgorithm hash() const { return hash_; }
  [[nodiscard]] bool has_signatures() const { return signatures_valid_ + signatures_invalid_ > 0; }
  [[nodiscard]] std::uint64_t signatures_valid() const { return signatures_valid_; }
  [[nodiscard]] std::uint64_t signatures_invalid() const { return signatures_invalid_; }
  [[nodiscard]] const std::vector<Profile>& profiles() const { return profiles_; }
  [[nodiscard]] const Device& device() const { return device_; }
  [[nodiscard]] std::optional<Instant> signed_from() const { return signed_from_; }
  [[nodiscard]] std::optional<Instant> signed_to() const { return signed_to_; }
  [[nodiscard]] std::uint64_t time_gaps() const { return time_gaps_; }
  /// The current GOP as the timeline counts it.
  [[nodiscard]] std::uint64_t gop_now() const { return timeline_.gop_of(timeline_.current_frame()); }

 private:
  /// The part that was verified last.
  struct Previous {
    std::uint32_t counter = 0;
    Digest first_entry;
    std::optional<std::int64_t> end_us;
    std::optional<bool> partial;
    std::size_t tail_missing = 0;      ///< units at its end
    std::uint64_t next_part_unit = 0;  ///< where its SEI says that the next one begins
  };
  /// An unsigned SEI, which a later signature vouches for (ONVIF Media Signing, signing frequency).
  struct Deferred {
    std::uint64_t unit;
    Sei sei;
  };

  // engine.cpp: signatures
  bool is_repetition(const Sei& sei);
  void take_unsigned(Sei sei, std::uint64_t unit, const Digest& unit_hash);
  [[nodiscard]] std::optional<std::size_t> check(const Sei& sei, std::uint64_t unit);
  void accept(Sei sei, std::size_t key, std::uint64_t unit);
  void refuse(const Sei& sei, std::uint64_t unit, FindingKind kind, const std::string& text);
  std::uint64_t claim(const Sei& sei);
  void note_signed_facts(const Sei& sei);
  void note_key(std::size_t key, std::uint64_t unit);

  // sections.cpp: what a signature covers
  void judge_section(const Sei& sei, std::uint64_t unit);
  [[nodiscard]] Alignment match(const Sei& sei, std::uint64_t unit);
  [[nodiscard]] bool spend(std::uint64_t entries);
  [[nodiscard]] Alignment match_by_gop_hash(const Sei& sei, std::uint64_t unit);
  [[nodiscard]] std::optional<std::size_t> length_with_gop_hash(const Sei& sei, std::size_t start, bool by_anchor);
  [[nodiscard]] bool has_gop_hash(const Sei& sei, std::size_t start, std::size_t length);
  void judge_deferred(const Sei& sei, std::uint64_t unit);
  void judge_orphan(const Sei& sei, std::uint64_t unit);

  // head.cpp: signatures before the first picture that one holds for
  struct Stretch {
    std::size_t begin = 0;
    std::size_t end = 0;
    [[nodiscard]] std::size_t size() const { return end - begin; }
  };
  [[nodiscard]] std::size_t end_of_part(const Sei& sei, std::uint64_t unit) const;
  [[nodiscard]] Stretch part_of(const Sei& sei, std::uint64_t unit) const;
  [[nodiscard]] bool covers_what_was_cut_away(const Sei& sei, std::uint64_t unit, std::uint64_t units) const;
  void judge_orphan_at_head(const Sei& sei, std::uint64_t unit, std::uint64_t units);
  [[nodiscard]] bool lacks_its_anchor(const Alignment& alignment) const;
  void judge_without_anchor(const Sei& sei, std::uint64_t unit);
  void claim_linked_head(const Sei& sei, std::size_t end);

  // sections.cpp
  void judge_sequence(const Sei& sei, const Alignment& alignment, std::uint64_t unit);
  [[nodiscard]] std::size_t altered_before(const Alignment& alignment) const;
  void resolve_before(std::size_t end, std::size_t altered);
  std::size_t resolve_section(const Sei& sei, const Alignment& alignment, std::span<const Digest> list);
  void resolve_gap(std::uint32_t missing, std::size_t from, std::size_t to, std::uint64_t frame,
                   std::optional<std::uint64_t> before_unit);
  [[nodiscard]] std::size_t end_of_tail(const Sei& sei, std::size_t from, std::size_t missing) const;
  void note_closing_anchor(const Sei& sei, std::size_t end);
  void verify_item(const Item& item);
  void condemn(const Item& item, FindingKind kind, const std::string& text);
  void drop_front(std::size_t count);
  void report(FindingKind kind, std::uint64_t gop, std::optional<std::uint64_t> frame,
              std::optional<std::uint64_t> unit, std::uint64_t count, std::string text);

  Family family_;
  crypto::HashAlgorithm hash_;
  UnitHasher hasher_;
  FindingSink& findings_;
  VerifiedSink& verified_;
  Timeline timeline_;
  KeyRing keys_;
  std::vector<Item> items_;
  std::vector<Digest> entries_;
  std::optional<Digest> anchor_before_;   ///< of the stream, before items_[0]
  std::optional<Digest> trusted_anchor_;  ///< signed, of the part that was verified last
  std::optional<Previous> previous_;
  std::deque<Deferred> deferred_;
  std::deque<std::uint64_t> recent_seis_;
  std::optional<std::size_t> key_in_use_;
  std::size_t gop_hash_key_ = 0;  ///< legacy: whose signature over a GOP hash held last
  std::vector<Profile> profiles_;
  Device device_;
  std::optional<Instant> signed_from_;
  std::optional<Instant> signed_to_;
  std::optional<std::uint32_t> head_orphan_;    ///< counter of the last signature that fits nothing, before any fits
  std::optional<std::uint64_t> lost_from_gop_;  ///< units that had to be let go before a signature came
  std::uint64_t signatures_valid_ = 0;
  std::uint64_t signatures_invalid_ = 0;
  std::uint64_t time_gaps_ = 0;
  bool unescaped_reported_ = false;
  std::uint64_t work_left_ = 1U << 22U;  ///< hash entries that may still be looked at; more come with each unit
  bool starts_anew_ = false;             ///< the part at hand begins a new recording in the same stream
};

}  // namespace signet::video
