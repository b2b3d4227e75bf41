// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine.hpp"
#include "parameters.hpp"

#include <deque>

namespace signet::video {

/// Follows the parameter sets of a stream, and judges them by our own statements about them: each binds the sets in
/// force to an I picture, and counts as soon as that picture and the key are known to be genuine.
class ParameterWatch : public VerifiedSink {
 public:
  ParameterWatch(Codec codec, FindingSink& findings) : codec_(codec), findings_(findings) {}

  /// A set that decoders have before the stream begins.
  void begin_with(const ParameterSet& set);
  // As units arrive.
  void add_set(const ParameterSet& set, std::uint64_t unit, bool has_slices);
  void add_statement(ParameterStatement statement);
  /// A slice that takes part in hash lists, of this GOP.
  void add_slice(const Item& item, std::uint64_t gop);

  /// A unit's signature holds, by this engine.
  void verified(Engine& engine, const Item& item) override;

  /// The stream is over, and all is judged.
  void finish();
  [[nodiscard]] std::uint64_t sets() const { return set_count_; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  /// GOPs with genuine pictures whose parameter sets a genuine statement lists.
  [[nodiscard]] std::uint64_t gops_covered() const { return gops_covered_; }
  /// Whether that is so for all genuine pictures.
  [[nodiscard]] bool covers_all() const { return gops_covered_ > 0 && !has_uncovered_; }

 private:
  /// A set that was in force in a GOP, and where it came.
  struct Seen {
    ParameterSet set;
    std::optional<std::uint64_t> unit;  ///< none: outside the stream
  };
  /// An I picture, what is stated about its GOP, and what was in force in it.
  struct Record {
    Digest anchor;
    std::uint64_t frame = 0;
    std::vector<Seen> seen;
    std::vector<ParameterStatement> statements;
    bool is_verified = false;  ///< a picture of it is
    bool is_settled = false;   ///< judged, and nothing has come since
    bool is_covered = false;
    bool is_bad = false;
  };

  bool note(const Seen& seen);
  void open_record(const Item& item);
  void leave(const Record& record);
  [[nodiscard]] bool can_decode(const Record& record) const;
  void judge(Engine& engine, Record& record);
  void condemn(Engine& engine, Record& record, std::optional<std::uint64_t> unit, const std::string& text);
  void tell_change(std::uint64_t gop);

  Codec codec_;
  FindingSink& findings_;
  std::vector<Seen> in_force_;
  std::vector<Seen> outside_;  ///< until the first statement has judged them
  std::vector<Seen> fresh_;    ///< since the last slice
  std::optional<std::uint64_t> changed_at_;
  std::optional<ParameterStatement> waiting_;
  std::deque<Record> records_;
  bool has_statements_ = false;
  std::uint64_t set_count_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t gops_covered_ = 0;
  bool has_uncovered_ = false;
};

}  // namespace signet::video
