// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "parameter_watch.hpp"

#include <algorithm>
#include <utility>

namespace signet::video {

namespace {

constexpr std::size_t k_records_max = 256;  // GOPs that wait for their signature
constexpr std::size_t k_statements_max = 8;
constexpr std::size_t k_sets_max = k_parameter_sets_max;

}  // namespace

/// Puts a set in force; false if it is there already.
bool ParameterWatch::note(const Seen& seen) {
  const auto same = std::ranges::find_if(
      in_force_, [&](const Seen& each) { return each.set.kind == seen.set.kind && each.set.id == seen.set.id; });
  if (same != in_force_.end() && same->set == seen.set) return false;
  if (same != in_force_.end()) {
    *same = seen;
  } else if (in_force_.size() < k_sets_max) {
    in_force_.push_back(seen);
  }
  // One too many can be nobody's statement: it stays among those that have come, and is not listed.
  if (fresh_.size() < k_sets_max) fresh_.push_back(seen);
  return true;
}

void ParameterWatch::begin_with(const ParameterSet& set) {
  const Seen seen{set, std::nullopt};
  note(seen);
  // The stream may repeat it, which takes it out of force here. Players that decode by it alone do not heed that.
  if (outside_.size() < k_sets_max) outside_.push_back(seen);
}

void ParameterWatch::add_set(const ParameterSet& set, std::uint64_t unit, bool has_slices) {
  ++set_count_;
  if (!note({set, unit}) || !has_slices) return;
  ++changes_;
  if (!changed_at_) changed_at_ = unit;
}

void ParameterWatch::add_statement(ParameterStatement statement) {
  has_statements_ = true;
  waiting_ = std::move(statement);
}

void ParameterWatch::add_slice(const Item& item, std::uint64_t gop) {
  if (item.is_anchor) open_record(item);
  Record* const record = has_statements_ && !records_.empty() ? &records_.back() : nullptr;
  if (waiting_ && record != nullptr && record->anchor == waiting_->anchor &&
      record->statements.size() < k_statements_max) {
    record->statements.push_back(*std::exchange(waiting_, std::nullopt));
    record->is_settled = false;
  }
  waiting_.reset();
  if (!fresh_.empty() && record != nullptr && !item.is_anchor) {
    const std::size_t room = k_sets_max - std::min(k_sets_max, record->seen.size());
    record->seen.insert(record->seen.end(), fresh_.begin(),
                        fresh_.begin() + static_cast<std::ptrdiff_t>(std::min(room, fresh_.size())));
    record->is_settled = false;
  }
  fresh_.clear();
  if (changed_at_ && (record == nullptr || record->statements.empty())) tell_change(gop);
  changed_at_.reset();
}

void ParameterWatch::tell_change(std::uint64_t gop) {
  findings_.found({.kind = FindingKind::parameters_changed,
                   .gop = gop,
                   .frame = {},
                   .unit = changed_at_,
                   .count = 1,
                   .text = "the decoder's parameters change here; no signature covers them, and they say how pictures "
                           "are cropped and shown"});
}

void ParameterWatch::open_record(const Item& item) {
  if (!has_statements_) return;
  if (records_.size() >= k_records_max) {
    leave(records_.front());
    records_.pop_front();
  }
  records_.push_back({.anchor = item.hash, .frame = item.frame, .seen = in_force_, .statements = {}});
}

void ParameterWatch::leave(const Record& record) { has_uncovered_ |= record.is_verified && !record.is_covered; }

void ParameterWatch::finish() {
  for (const Record& record : records_) leave(record);
  records_.clear();
}

void ParameterWatch::verified(Engine& engine, const Item& item) {
  while (records_.size() > 1 && records_[1].frame <= item.frame) {
    leave(records_.front());
    records_.pop_front();
  }
  if (records_.empty() || records_.front().frame > item.frame) {
    has_uncovered_ = true;
    return;
  }
  Record& record = records_.front();
  record.is_verified = true;
  if (!record.is_settled) judge(engine, record);
}

/// A container may keep parameter sets elsewhere: then nobody has seen here what decoders use.
bool ParameterWatch::can_decode(const Record& record) const {
  const auto has = [&](std::uint8_t kind) {
    return std::ranges::find(record.seen, kind, [](const Seen& each) { return each.set.kind; }) != record.seen.end();
  };
  return codec_ == Codec::h264 ? has(7) && has(8) : has(33) && has(34);
}

void ParameterWatch::judge(Engine& engine, Record& record) {
  if (!record.statements.empty() && record.statements.front().family != engine.family()) return;
  record.is_settled = true;
  if (record.statements.empty() || record.is_bad || !can_decode(record)) return;
  for (const ParameterStatement& statement : record.statements) {
    if (!engine.is_by_signer(statement.document, statement.signature)) {
      return condemn(engine, record, std::nullopt,
                     "what the signer stated about the decoder's parameters was altered: its signature does not hold");
    }
  }
  std::vector<Seen> used = std::exchange(outside_, {});
  used.insert(used.end(), record.seen.begin(), record.seen.end());
  for (const Seen& each : used) {
    const bool is_listed = std::ranges::any_of(record.statements, [&](const ParameterStatement& statement) {
      return std::ranges::find(statement.sets, each.set) != statement.sets.end();
    });
    if (!is_listed) {
      return condemn(engine, record, each.unit,
                     "these parameters of the decoder are not those that were signed; they say how pictures are "
                     "cropped and shown");
    }
  }
  if (!std::exchange(record.is_covered, true)) ++gops_covered_;
}

void ParameterWatch::condemn(Engine& engine, Record& record, std::optional<std::uint64_t> unit,
                             const std::string& text) {
  record.is_bad = true;
  if (std::exchange(record.is_covered, false)) --gops_covered_;
  const std::uint64_t gop = engine.timeline().gop_of(record.frame);
  engine.timeline().bad_gop(gop);
  findings_.found(
      {.kind = FindingKind::altered, .gop = gop, .frame = record.frame, .unit = unit, .count = 1, .text = text});
}

}  // namespace signet::video
