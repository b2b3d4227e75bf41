// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "registry.hpp"

#include <algorithm>

// The part of the registry that counts: failures, quarantine, status.
namespace signet::station {

namespace {

constexpr std::int64_t k_minutes = 60;
// A line network where somebody makes up serial numbers must not fill the disk; the oldest that hold nobody go first.
constexpr std::int64_t k_boxes_max = 20'000;

Result<Failed> failed_from(const Row& row) {
  Failed failed;
  TRY_ASSIGN(failed.serial, text_in(row.at(0)));
  TRY_ASSIGN(const Bytes ek, bytes_in(row.at(1)));
  failed.tpm = to_hex(ek);
  TRY_ASSIGN(failed.at.seconds_since_epoch, number_in(row.at(2)));
  TRY_ASSIGN(failed.step, text_in(row.at(3)));
  TRY_ASSIGN(failed.reason, text_in(row.at(4)));
  TRY_ASSIGN(failed.text, text_in(row.at(5)));
  TRY_ASSIGN(const std::int64_t failures, number_in(row.at(6)));
  failed.failures = static_cast<std::uint64_t>(failures);
  TRY_ASSIGN(const std::int64_t quarantined, number_in(row.at(7)));
  failed.quarantined = quarantined != 0;
  return failed;
}

Result<std::map<std::string, std::uint64_t>> counts(const std::vector<Row>& rows) {
  std::map<std::string, std::uint64_t> counted;
  for (const Row& row : rows) {
    TRY_ASSIGN(const std::string name, text_in(row.at(0)));
    TRY_ASSIGN(const std::int64_t count, number_in(row.at(1)));
    counted[name] = static_cast<std::uint64_t>(count);
  }
  return counted;
}

Result<std::uint64_t> single(const Result<std::vector<Row>>& rows) {
  if (!rows) return rows.error();
  TRY_ASSIGN(const std::int64_t count, number_in(rows->at(0).at(0)));
  return static_cast<std::uint64_t>(count);
}

}  // namespace

Result<void> Registry::check_quarantine(const std::string& serial, const Bytes& ek) {
  const std::scoped_lock guard(state_->mutex);
  TRY_ASSIGN(const auto rows,
             state_->database.rows("SELECT reason FROM boxes WHERE serial = ? AND ek = ? AND quarantined = 1",
                                   {Value(serial), Value(ek)}));
  if (rows.empty()) return {};
  TRY_ASSIGN(const std::string reason, text_in(rows[0].at(0)));
  return Error(Errc::denied, "station.quarantined",
               "the unit " + serial + " is quarantined since it failed (" + reason + ")",
               "When the cause is known, 'signet station release' lets it try again.");
}

Result<void> Registry::note_failure(const Failed& failure, const Bytes& ek, unsigned failures_max) {
  const std::scoped_lock guard(state_->mutex);
  TRY(state_->database.change("INSERT INTO steps VALUES(?, 1) ON CONFLICT(step) DO UPDATE SET failures = failures + 1",
                              {Value(failure.step)}));
  TRY(state_->database.change(
      "INSERT INTO boxes VALUES(?1, ?2, ?3, ?4, ?5, ?6, 1, ?7 <= 1) ON CONFLICT(serial, ek) DO UPDATE SET at = ?3, "
      "step = ?4, reason = ?5, text = ?6, failures = failures + 1, quarantined = failures + 1 >= ?7",
      {Value(failure.serial), Value(ek), Value(failure.at.seconds_since_epoch), Value(failure.step),
       Value(failure.reason), Value(failure.text), Value(std::int64_t{failures_max})}));
  TRY(
      state_->database.change("DELETE FROM boxes WHERE rowid IN (SELECT rowid FROM boxes ORDER BY quarantined DESC, at "
                              "DESC LIMIT -1 OFFSET ?)",
                              {Value(k_boxes_max)}));
  return {};
}

Result<void> Registry::forget_failures(const std::string& serial, const Bytes& ek) {
  const std::scoped_lock guard(state_->mutex);
  TRY(state_->database.change("DELETE FROM boxes WHERE serial = ? AND ek = ?", {Value(serial), Value(ek)}));
  return {};
}

Result<std::vector<Failed>> Registry::failures() {
  const std::scoped_lock guard(state_->mutex);
  TRY_ASSIGN(const auto rows, state_->database.rows("SELECT serial, ek, at, step, reason, text, failures, quarantined "
                                                    "FROM boxes ORDER BY at DESC, serial"));
  std::vector<Failed> all;
  for (const Row& row : rows) {
    TRY_ASSIGN(Failed failed, failed_from(row));
    all.push_back(std::move(failed));
  }
  return all;
}

Result<std::uint64_t> Registry::release(const std::string& serial) {
  const std::scoped_lock guard(state_->mutex);
  TRY_ASSIGN(const std::uint64_t count,
             single(state_->database.rows("SELECT count(*) FROM boxes WHERE serial = ? AND quarantined = 1",
                                          {Value(serial)})));
  if (count == 0) {
    return Error(Errc::not_found, "station.not-quarantined",
                 "no unit with the serial number '" + printable(serial, 80) + "' is quarantined",
                 "'signet station units --failed' shows who is.");
  }
  TRY(state_->database.change("DELETE FROM boxes WHERE serial = ? AND quarantined = 1", {Value(serial)}));
  return count;
}

Result<Status> Registry::status(Instant now) {
  const std::scoped_lock guard(state_->mutex);
  Status status;
  TRY_ASSIGN(const auto phases, state_->database.rows("SELECT phase, count(*) FROM units GROUP BY phase"));
  for (const Row& row : phases) {
    TRY_ASSIGN(const std::int64_t number, number_in(row.at(0)));
    TRY_ASSIGN(const Phase phase, phase_from(number));
    TRY_ASSIGN(const std::int64_t count, number_in(row.at(1)));
    status.phases[std::string(name_of(phase))] = static_cast<std::uint64_t>(count);
  }
  TRY_ASSIGN(const auto steps, state_->database.rows("SELECT step, failures FROM steps"));
  TRY_ASSIGN(status.failures_by_step, counts(steps));
  TRY_ASSIGN(status.identities_issued, single(state_->database.rows("SELECT count(*) FROM units WHERE phase >= 1")));
  TRY_ASSIGN(status.ledger_entries,
             single(state_->database.rows("SELECT count(*) FROM units WHERE ledger_index IS NOT NULL")));
  TRY_ASSIGN(status.quarantined, single(state_->database.rows("SELECT count(*) FROM boxes WHERE quarantined = 1")));
  status.births_per_minute.assign(k_minutes, 0);
  const std::int64_t start = now.seconds_since_epoch - k_minutes * 60;
  TRY_ASSIGN(
      const auto minutes,
      state_->database.rows("SELECT (updated_at - ?1) / 60, count(*) FROM units WHERE phase = 6 AND updated_at > "
                            "?1 AND updated_at <= ?2 GROUP BY 1",
                            {Value(start), Value(now.seconds_since_epoch)}));
  for (const Row& row : minutes) {
    TRY_ASSIGN(const std::int64_t minute, number_in(row.at(0)));
    TRY_ASSIGN(const std::int64_t count, number_in(row.at(1)));
    const auto place = static_cast<std::size_t>(std::min(minute, k_minutes - 1));
    status.births_per_minute[place] += static_cast<std::uint64_t>(count);
  }
  return status;
}

Result<std::uint64_t> Registry::next_batch() {
  const std::scoped_lock guard(state_->mutex);
  return single(state_->database.rows("SELECT value FROM counters WHERE name = 'next_batch'"));
}

Result<void> Registry::keep_next_batch(std::uint64_t next) {
  const std::scoped_lock guard(state_->mutex);
  TRY(state_->database.change("UPDATE counters SET value = ? WHERE name = 'next_batch'",
                              {Value(static_cast<std::int64_t>(next))}));
  return {};
}

Json Status::json() const {
  const auto object = [](const std::map<std::string, std::uint64_t>& counted) {
    Json json = Json::object();
    for (const auto& [name, count] : counted) json.set(name, count);
    return json;
  };
  Json minutes = Json::array();
  for (const std::uint64_t count : births_per_minute) minutes.push(count);
  return Json::object({{"phases", object(phases)},
                       {"failures_by_step", object(failures_by_step)},
                       {"identities_issued", identities_issued},
                       {"ledger_entries", ledger_entries},
                       {"quarantined", quarantined},
                       {"births_per_minute", minutes}});
}

}  // namespace signet::station
