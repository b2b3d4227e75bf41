// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_case_fuzz)
#include "signet/advisories/case.hpp"

#include "signet/core/ids.hpp"
#include "signet/crypto.hpp"

#include "case_json.hpp"
#include "facts.hpp"
#include "words.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

constexpr std::string_view k_format = "signet-case-1";
constexpr std::size_t k_steps_max = 2000;
constexpr std::size_t k_name_size_bytes_max = 100;

constexpr std::array<std::string_view, k_states> k_names{"received",        "triaged",       "confirmed", "rejected",
                                                         "fix_in_progress", "fix_available", "published", "closed"};

/// The moves: row from, column to, both in the order of State. What is public stays public, so nothing leads from there
/// to `rejected`; what is published once more is a new revision.
constexpr std::array<std::string_view, k_states> k_moves{".x.x....",   // received
                                                         "..xx....",   // triaged
                                                         "...xxxx.",   // confirmed
                                                         ".x.....x",   // rejected: new evidence opens it again
                                                         "...x.xx.",   // fix_in_progress
                                                         "......x.",   // fix_available
                                                         ".....xxx",   // published: a repair may come later
                                                         "......x."};  // closed: a correction, if it was public

std::size_t number(State state) { return static_cast<std::size_t>(state); }
bool may_follow(State from, State to) { return k_moves[number(from)][number(to)] == 'x'; }

Error no_such_move(State from, State to) {
  std::string words;
  for (const State next : next_states(from)) words += (words.empty() ? "" : ", ") + std::string(name_of(next));
  return {Errc::conflict, "case.step",
          "a case that is " + std::string(name_of(from)) + " cannot become " + std::string(name_of(to)),
          "From here it can become: " + words + "."};
}

Error bad_time(const std::string& what, const std::string& hint) {
  return {Errc::invalid_input, "case.time", what, hint};
}

Result<void> check_act(const Act& act) {
  TRY(check_line(act.by, "the name of who did it", k_name_size_bytes_max));
  if (act.by.empty()) {
    return Error(Errc::invalid_input, "case.text", "nothing says who did it", "Name a person or a role.");
  }
  TRY(check_text(act.note, "the note", k_text_size_bytes_max));
  TRY(check_time(act.at));
  TRY(check_time(act.recorded));
  if (act.recorded < act.at) {
    return bad_time(to_rfc3339(act.at) + " has not come yet", "Record a step when it has happened.");
  }
  return {};
}

/// One step after the one before; what is in a file is believed no more than what is asked for now.
Result<void> check_follows(const Step& before, const Step& step) {
  if (step.act.at < before.act.at || step.act.recorded < before.act.recorded) {
    return bad_time("a step of " + to_rfc3339(step.act.at) + " would stand after one of " + to_rfc3339(before.act.at),
                    "The history goes forward only: give a time that is not before the last step.");
  }
  if (step.act.entry <= before.act.entry) {
    return Error(Errc::invalid_input, "case.format", "the ledger's entries of the history do not go forward",
                 "Restore the file; the ledger has the digest of each of its versions.");
  }
  if (step.is_change) return step.state == before.state ? Result<void>() : no_such_move(before.state, step.state);
  return may_follow(before.state, step.state) ? Result<void>() : no_such_move(before.state, step.state);
}

bool is_publication(const Step& step) { return step.state == State::published && !step.is_change; }

}  // namespace

std::string_view name_of(State state) { return k_names[number(state)]; }

std::optional<State> state_from(std::string_view name) {
  const auto* found = std::ranges::find(k_names, name);
  if (found == k_names.end()) return std::nullopt;
  return static_cast<State>(found - k_names.begin());
}

std::vector<State> next_states(State state) {
  std::vector<State> next;
  for (std::size_t i = 0; i < k_states; ++i) {
    if (may_follow(state, static_cast<State>(i))) next.push_back(static_cast<State>(i));
  }
  return next;
}

std::string_view name_of(ProductStatus status) {
  constexpr std::array<std::string_view, 3> k_words{"affected", "not_affected", "under_investigation"};
  return k_words[static_cast<std::size_t>(status)];
}

Result<void> Case::check() const {
  const auto id = check_name(id_, "case");
  if (!id) return Error(Errc::invalid_input, "case.id", id.error().text(), id.error().hint());
  TRY(check_facts(facts_));
  if (published_) TRY(check_facts(*published_));
  if (steps_.empty() || steps_.size() > k_steps_max || steps_.front().state != State::received ||
      steps_.front().is_change) {
    return Error(Errc::invalid_input, "case.format", "the history does not begin with 'received'",
                 "Restore the file; the ledger has the digest of each of its versions.");
  }
  bool was_public = false;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    TRY(check_act(steps_[i].act));
    if (i == 0) continue;
    TRY(check_follows(steps_[i - 1], steps_[i]));
    const bool opens_again = steps_[i - 1].state == State::closed && !steps_[i].is_change;
    if (opens_again && !was_public) return no_such_move(State::closed, steps_[i].state);
    was_public = was_public || is_publication(steps_[i]);
  }
  if (was_public != published_.has_value()) {
    return Error(Errc::invalid_input, "case.format", "what was published does not fit the history",
                 "Restore the file; the ledger has the digest of each of its versions.");
  }
  return {};
}

Result<Case> Case::begin(std::string id, Facts facts, Act act) {
  Case made;
  made.id_ = std::move(id);
  made.facts_ = std::move(facts);
  made.steps_.push_back({.state = State::received, .is_change = false, .act = std::move(act)});
  TRY(made.check());
  return made;
}

Result<Case> Case::changed(Facts facts, Act act) const {
  Case next = *this;
  next.facts_ = std::move(facts);
  next.steps_.push_back({.state = state(), .is_change = true, .act = std::move(act)});
  TRY(next.check());
  return next;
}

Result<Case> Case::advanced(State to, Act act) const {
  if (!may_follow(state(), to)) return no_such_move(state(), to);
  TRY(check_needs(facts_, to, act));
  Case next = *this;
  next.steps_.push_back({.state = to, .is_change = false, .act = std::move(act)});
  if (to == State::published) next.published_ = facts_;
  TRY(next.check());
  return next;
}

std::optional<Instant> Case::reached(State state) const {
  const auto found =
      std::ranges::find_if(steps_, [&](const Step& one) { return one.state == state && !one.is_change; });
  if (found == steps_.end()) return std::nullopt;
  return found->act.at;
}

const Step& Case::last_move() const {
  const auto found =
      std::ranges::find_if(steps_.rbegin(), steps_.rend(), [](const Step& one) { return !one.is_change; });
  return *found;  // the first step is a move
}

std::vector<Act> Case::publications() const {
  std::vector<Act> all;
  for (const Step& step : steps_) {
    if (is_publication(step)) all.push_back(step.act);
  }
  return all;
}

std::optional<Case> Case::as_published() const {
  if (!published_) return std::nullopt;
  Case then = *this;
  then.facts_ = *published_;
  while (!is_publication(then.steps_.back())) then.steps_.pop_back();
  return then;
}

std::string Case::file() const {
  Json history = Json::array();
  for (const Step& step : steps_) history.push(step_json(step));
  Json file =
      Json::object({{"format", k_format}, {"id", id_}, {"state", name_of(state())}, {"facts", facts_json(facts_)}});
  if (published_) file.set("published", facts_json(*published_));
  file.set("history", std::move(history));
  return file.dump(2) + "\n";
}

Result<Case> Case::parse(ByteView file) {
  TRY_ASSIGN(const Json json, Json::parse(file, case_limits()));
  TRY(json.only_members({"format", "id", "state", "facts", "published", "history"}));
  TRY_ASSIGN(const std::string format, json.string_at("format"));
  if (format != k_format) {
    return Error(Errc::invalid_input, "case.format", "the file is of the format '" + printable(format, 40) + "'",
                 "This version reads " + std::string(k_format) + ".");
  }
  Case read;
  TRY_ASSIGN(read.id_, json.string_at("id"));
  TRY_ASSIGN(const Json facts, json.object_at("facts"));
  TRY_ASSIGN(read.facts_, read_facts(facts, {}));
  if (const Json* published = json.find("published")) {
    TRY_ASSIGN(read.published_, read_facts(*published, {}));
  }
  TRY_ASSIGN(const Json::Array history, json.array_at("history"));
  for (const Json& one : history) {
    TRY_ASSIGN(Step step, read_step(one));
    read.steps_.push_back(std::move(step));
  }
  TRY(read.check());
  TRY_ASSIGN(const std::string state, json.string_at("state"));
  if (state != name_of(read.state())) {
    return Error(Errc::invalid_input, "case.format", "the state is not that of the last step of the history",
                 "Use `signet advisory advance`; the state follows from the history.");
  }
  return read;
}

std::string Case::ledger_entry() const {
  const Step& step = steps_.back();
  const std::string text = file();
  Json entry = Json::object({{"case", id_}, {"step", std::uint64_t{steps_.size()}}});
  const Json said = step_json(step);
  for (const auto& [name, value] : said.members()) {
    if (name != "entry") entry.set(name, value);
  }
  entry.set("sha256", to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(text))));
  return entry.dump();
}

Result<Facts> merge_facts(Facts over, ByteView json) {
  TRY_ASSIGN(const Json object, Json::parse(json, case_limits()));
  TRY_ASSIGN(Facts facts, read_facts(object, std::move(over)));
  TRY(check_facts(facts));
  return facts;
}

}  // namespace signet::advisories
