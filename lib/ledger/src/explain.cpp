// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "audit.hpp"

#include <algorithm>
#include <deque>

namespace signet::ledger {

namespace {

constexpr std::size_t k_window =
    1024;  // how far two streams may drift apart before they count as changed entry by entry

/// A stream with a look ahead.
class Window {
 public:
  explicit Window(std::function<std::optional<Hash>()> next) : next_(std::move(next)) { fill(); }
  [[nodiscard]] bool empty() const { return ahead_.empty(); }
  [[nodiscard]] const Hash& front() const { return ahead_.front(); }
  /// How far ahead this hash is.
  [[nodiscard]] std::optional<std::size_t> find(const Hash& hash) const {
    const auto at = std::ranges::find(ahead_, hash);
    if (at == ahead_.end()) return std::nullopt;
    return static_cast<std::size_t>(at - ahead_.begin());
  }
  void pop() {
    ahead_.pop_front();
    fill();
  }

 private:
  void fill() {
    while (ahead_.size() < k_window) {
      const auto hash = next_();
      if (!hash) return;
      ahead_.push_back(*hash);
    }
  }
  std::function<std::optional<Hash>()> next_;
  std::deque<Hash> ahead_;
};

/// An entry that stands where the log has another one, or none.
struct Stray {
  Hash leaf{};
  std::size_t finding = 0;
};

class Explainer {
 public:
  explicit Explainer(AuditRun& run)
      : run_(run),
        reader_(run.folder, run.checkpoint.size()),
        entries_(run.folder, run.checkpoint.size()),
        logged_([this] { return next_logged(); }),
        stored_([this] { return entries_.next(); }) {}

  void explain() {
    while (!(logged_.empty() && stored_.empty()) && findings_.size() < k_findings_max) step();
    name_replays();
    name_reordered();
    for (Finding& finding : findings_) run_.add(std::move(finding));
  }

 private:
  std::optional<Hash> next_logged() {
    if (next_index_ == run_.checkpoint.size()) return std::nullopt;
    const auto leaf = reader_.node(0, next_index_++);
    return leaf ? std::optional(*leaf) : std::nullopt;
  }

  void step() {
    if (!logged_.empty() && !stored_.empty() && logged_.front() == stored_.front()) {
      logged_.pop();
      stored_.pop();
      ++index_;
      return;
    }
    if (stored_.empty()) return drop();
    if (logged_.empty()) return stray(Finding::Kind::added);
    const auto to_logged = logged_.find(stored_.front());
    const auto to_stored = stored_.find(logged_.front());
    if (to_logged && (!to_stored || *to_logged <= *to_stored)) return drop();
    if (to_stored) return stray(Finding::Kind::added);
    stray(Finding::Kind::changed);
    logged_.pop();
    ++index_;
  }

  void drop() {
    if (!findings_.empty() && findings_.back().kind == Finding::Kind::dropped && findings_.back().last + 1 == index_) {
      findings_.back().last = index_;
    } else {
      findings_.push_back({Finding::Kind::dropped, index_, index_, ""});
    }
    dropped_.push_back({logged_.front(), findings_.size() - 1});
    logged_.pop();
    ++index_;
  }

  void stray(Finding::Kind kind) {
    findings_.push_back({kind, index_, index_, ""});
    strays_.push_back({stored_.front(), findings_.size() - 1});
    stored_.pop();
  }

  /// A dropped entry that turns up elsewhere was moved.
  void name_reordered() {
    for (const Stray& gone : dropped_) {
      const auto back = std::ranges::find(strays_, gone.leaf, &Stray::leaf);
      if (back == strays_.end()) continue;
      findings_[gone.finding].kind = Finding::Kind::reordered;
      findings_[back->finding].kind = Finding::Kind::reordered;
    }
    for (Finding& finding : findings_) finding.text = text_of(finding);
  }

  /// A stray entry that the log has at another place is a copy of it.
  void name_replays() {
    TileReader reader(run_.folder, run_.checkpoint.size());
    for (std::uint64_t index = 0; !strays_.empty() && index < run_.checkpoint.size(); ++index) {
      const auto leaf = reader.node(0, index);
      if (!leaf) continue;
      for (const Stray& stray : strays_) {
        if (stray.leaf == *leaf) findings_[stray.finding].kind = Finding::Kind::replayed;
      }
    }
  }

  static std::string text_of(const Finding& finding) {
    const std::string at = finding.first == finding.last
                               ? "entry " + std::to_string(finding.first)
                               : "entries " + std::to_string(finding.first) + " to " + std::to_string(finding.last);
    switch (finding.kind) {
      case Finding::Kind::dropped:
        return at + " dropped";
      case Finding::Kind::reordered:
        return at + " moved: the entries were reordered";
      case Finding::Kind::replayed:
        return "at " + at + " stands a copy of another entry";
      case Finding::Kind::added:
        return "before " + at + " stands something that was never logged";
      default:
        return at + " changed";
    }
  }

  AuditRun& run_;
  TileReader reader_;
  std::uint64_t next_index_ = 0;
  EntryStream entries_;
  Window logged_;
  Window stored_;
  std::uint64_t index_ = 0;  ///< of the entry in the log
  std::vector<Finding> findings_;
  std::vector<Stray> strays_;
  std::vector<Stray> dropped_;
};

}  // namespace

void explain_differences(AuditRun& run) { Explainer(run).explain(); }

}  // namespace signet::ledger
