// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "registry.hpp"

#include "signet/core/ensure.hpp"
#include "signet/os/file.hpp"

#include <system_error>

namespace signet::station {

namespace {

constexpr const char* k_file = "registry.sqlite";
constexpr std::int64_t k_schema_version = 1;

// STRICT: a value of another type is an error of SQLite, not a surprise later.
constexpr std::string_view k_schema = R"(
BEGIN IMMEDIATE;
CREATE TABLE units(
  serial TEXT NOT NULL PRIMARY KEY,
  ek BLOB NOT NULL UNIQUE CHECK(length(ek) = 32),
  idevid BLOB NOT NULL UNIQUE CHECK(length(idevid) = 32),
  phase INTEGER NOT NULL CHECK(phase BETWEEN 0 AND 6),
  facts TEXT NOT NULL,
  reserved_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  certificates TEXT CHECK(phase < 1 OR certificates IS NOT NULL),
  record BLOB CHECK(phase < 2 OR record IS NOT NULL),
  ledger_from INTEGER CHECK(phase < 2 OR ledger_from IS NOT NULL),
  ledger_index INTEGER UNIQUE CHECK(phase < 3 OR ledger_index IS NOT NULL),
  receipt TEXT CHECK(phase < 4 OR receipt IS NOT NULL)
) STRICT;
CREATE INDEX units_by_phase ON units(phase, updated_at);
CREATE TABLE boxes(
  serial TEXT NOT NULL,
  ek BLOB NOT NULL,
  at INTEGER NOT NULL,
  step TEXT NOT NULL,
  reason TEXT NOT NULL,
  text TEXT NOT NULL,
  failures INTEGER NOT NULL,
  quarantined INTEGER NOT NULL CHECK(quarantined IN (0, 1)),
  PRIMARY KEY(serial, ek)
) STRICT;
CREATE TABLE steps(step TEXT NOT NULL PRIMARY KEY, failures INTEGER NOT NULL) STRICT;
CREATE TABLE counters(name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO counters VALUES('next_batch', 0);
PRAGMA user_version = 1;
COMMIT;
)";

constexpr std::string_view k_columns =
    "serial, ek, phase, facts, reserved_at, updated_at, certificates, record, ledger_from, ledger_index, receipt";

std::int64_t number(Phase phase) { return static_cast<std::int64_t>(phase); }
/// The kind stands in the name, so that the numbers of an enumeration are not what a disk remembers.
constexpr std::string_view k_ek_kind = "ek-kind-";
Value ek_kind_row(crypto::KeyAlgorithm kind) { return std::string(k_ek_kind) + std::string(crypto::name_of(kind)); }
Value at(Instant now) { return now.seconds_since_epoch; }
Bytes idevid_name(const Facts& facts) {
  const auto found = facts.keys.find("idevid");
  ensure(found != facts.keys.end(), "facts name the IDevID key");
  return found->second.fingerprint();
}

Error taken(const char* reason, std::string text, const char* hint) {
  return {Errc::conflict, reason, std::move(text), hint};
}
Error serial_taken(const std::string& serial) {
  return taken("station.serial-taken", "the serial number " + serial + " belongs to a unit with another TPM",
               "Is the label printed twice? A board whose TPM was exchanged needs a serial number of its own.");
}
Error tpm_taken(const std::string& serial) {
  return taken("station.tpm-taken", "this TPM belongs to the unit " + serial,
               "A board keeps the serial number of its birth.");
}
Error other_keys(const std::string& serial) {
  return taken("station.other-keys", "the unit " + serial + " came before with other keys",
               "A birth goes on with the keys that it began with; find out what was changed on the board.");
}

Result<void> keep_ek_kind(Database& database, crypto::KeyAlgorithm kind) {
  TRY(database.change("INSERT INTO counters VALUES(?, 1) ON CONFLICT(name) DO NOTHING", {ek_kind_row(kind)}));
  return {};
}

Result<std::map<std::string, Bytes>> certificates_in(std::string_view text) {
  std::map<std::string, Bytes> certificates;
  TRY_ASSIGN(const Json json, Json::parse(as_bytes(text)));
  for (const auto& [label, value] : json.members()) {
    TRY_ASSIGN(const std::string base64, value.as_string(label));
    TRY_ASSIGN(certificates[label], from_base64(base64));
  }
  return certificates;
}

Result<Entry> entry_from(const Row& row) {
  Entry entry;
  TRY_ASSIGN(entry.unit.serial, text_in(row.at(0)));
  TRY_ASSIGN(entry.ek, bytes_in(row.at(1)));
  entry.unit.tpm = to_hex(entry.ek);
  TRY_ASSIGN(const std::int64_t phase, number_in(row.at(2)));
  TRY_ASSIGN(entry.unit.phase, phase_from(phase));
  TRY_ASSIGN(const std::string facts, text_in(row.at(3)));
  TRY_ASSIGN(entry.facts, Facts::restore(facts));
  entry.unit.strength = entry.facts.strength;
  TRY_ASSIGN(entry.unit.reserved_at.seconds_since_epoch, number_in(row.at(4)));
  TRY_ASSIGN(entry.unit.updated_at.seconds_since_epoch, number_in(row.at(5)));
  if (entry.unit.phase >= Phase::issued) {
    TRY_ASSIGN(const std::string certificates, text_in(row.at(6)));
    TRY_ASSIGN(entry.certificates, certificates_in(certificates));
  }
  if (entry.unit.phase >= Phase::written) {
    TRY_ASSIGN(entry.record, bytes_in(row.at(7)));
    TRY_ASSIGN(const std::int64_t from, number_in(row.at(8)));
    entry.ledger_from = static_cast<std::uint64_t>(from);
  }
  if (entry.unit.phase >= Phase::recorded) {
    TRY_ASSIGN(const std::int64_t index, number_in(row.at(9)));
    entry.unit.ledger_index = static_cast<std::uint64_t>(index);
  }
  if (entry.unit.phase >= Phase::receipted) {
    TRY_ASSIGN(entry.receipt, text_in(row.at(10)));
  }
  return entry;
}

}  // namespace

std::string Facts::encode() const {
  Json names = Json::object();
  for (const auto& [label, key] : keys) names.set(label, to_base64(key.spki_der()));
  return Json::object({{"keys", names},
                       {"strength", attest::name_of(strength)},
                       {"tpm_model", tpm_model},
                       {"floor", floor},
                       {"evidence_sha256", to_hex(evidence_sha256)},
                       {"escrow", to_base64(escrow)},
                       {"tests", tests}})
      .dump();
}

Result<Facts> Facts::restore(std::string_view text) {
  TRY_ASSIGN(const Json json, Json::parse(as_bytes(text)));
  Facts facts;
  TRY_ASSIGN(const Json keys, json.object_at("keys"));
  for (const auto& [label, value] : keys.members()) {
    TRY_ASSIGN(const std::string base64, value.as_string(label));
    TRY_ASSIGN(const Bytes spki, from_base64(base64));
    TRY_ASSIGN(crypto::PublicKey key, crypto::PublicKey::from_spki_der(spki));
    facts.keys.emplace(label, std::move(key));
  }
  TRY_ASSIGN(const std::string strength, json.string_at("strength"));
  TRY_ASSIGN(facts.strength, attest::strength_from(strength));
  TRY_ASSIGN(facts.tpm_model, json.string_at("tpm_model"));
  TRY_ASSIGN(facts.floor, json.uint_at("floor"));
  TRY_ASSIGN(const std::string evidence, json.string_at("evidence_sha256"));
  TRY_ASSIGN(facts.evidence_sha256, from_hex(evidence));
  TRY_ASSIGN(const std::string escrow, json.string_at("escrow"));
  TRY_ASSIGN(facts.escrow, from_base64(escrow));
  TRY_ASSIGN(facts.tests, json.object_at("tests"));
  return facts;
}

Registry::Registry(Database database) : state_(new State{.mutex = {}, .database = std::move(database)}) {}

Result<Registry> Registry::create(const std::filesystem::path& folder, crypto::KeyAlgorithm ek_kind) {
  TRY(os::make_folders(folder, 0700));
  std::error_code ignored;
  if (std::filesystem::exists(folder / k_file, ignored)) {
    return Error(Errc::conflict, "station.exists",
                 "'" + printable(folder.string()) + "' already holds a station's state", "Choose another folder.");
  }
  TRY_ASSIGN(auto database, Database::open(folder / k_file, Database::Mode::create));
  TRY(database.run(k_schema));
  TRY(keep_ek_kind(database, ek_kind));
  TRY(os::sync_folder(folder));
  return Registry(std::move(database));
}

Result<Registry> Registry::open(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / k_file, ignored)) {
    return Error(Errc::not_found, "station.none", "'" + printable(folder.string()) + "' holds no station's state",
                 "Make one with 'signet station init'.");
  }
  TRY_ASSIGN(auto database, Database::open(folder / k_file, Database::Mode::write));
  TRY_ASSIGN(const auto version, database.rows("PRAGMA user_version"));
  if (version.size() == 1 && version[0].at(0) == Value(k_schema_version)) return Registry(std::move(database));
  return Error(Errc::unsupported, "station.registry-version",
               "'" + printable((folder / k_file).string()) + "' is not a registry that this program knows",
               "Use the program that made it, or a newer one.");
}

Result<std::vector<Entry>> Registry::entries(std::string_view where, const std::vector<Value>& values) {
  TRY_ASSIGN(
      const auto rows,
      state_->database.rows("SELECT " + std::string(k_columns) + " FROM units WHERE " + std::string(where), values));
  std::vector<Entry> entries;
  for (const Row& row : rows) {
    TRY_ASSIGN(Entry entry, entry_from(row));
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<void> Registry::check_free(const std::string& serial, const Bytes& ek) {
  const std::scoped_lock guard(state_->mutex);
  TRY_ASSIGN(const auto rows, state_->database.rows("SELECT serial, ek FROM units WHERE serial = ? OR ek = ?",
                                                    {Value(serial), Value(ek)}));
  for (const Row& row : rows) {
    TRY_ASSIGN(const std::string owner, text_in(row.at(0)));
    TRY_ASSIGN(const Bytes tpm, bytes_in(row.at(1)));
    if (owner == serial && tpm != ek) return serial_taken(serial);
    if (owner != serial) return tpm_taken(owner);
  }
  return {};
}

Result<void> Registry::check_ek_kind(crypto::KeyAlgorithm wanted) {
  const std::scoped_lock guard(state_->mutex);
  TRY_ASSIGN(const auto rows, state_->database.rows("SELECT name FROM counters WHERE name LIKE 'ek-kind-%'"));
  // A registry of before this rule: from now on what its configuration says.
  if (rows.empty()) return keep_ek_kind(state_->database, wanted);
  TRY_ASSIGN(const std::string kept, text_in(rows.front().at(0)));
  if (rows.size() == 1 && Value(kept) == ek_kind_row(wanted)) return {};
  return Error(
      Errc::usage, "station.ek-kind-changed",
      "this line knows TPMs by their endorsement keys of kind " + printable(kept.substr(k_ek_kind.size())) + ", not " +
          std::string(crypto::name_of(wanted)),
      "Under another key a TPM that was born here would be taken for a new one. Set 'tpm.endorsement_key' back, "
      "or begin a new line.");
}

Result<void> Registry::reserve(const std::string& serial, const Bytes& ek, const Facts& facts, Instant now) {
  {
    const std::scoped_lock guard(state_->mutex);
    // The rule is the database's: of two stations or threads that try, one is told "taken".
    TRY_ASSIGN(const Changed changed,
               state_->database.change(
                   "INSERT INTO units(serial, ek, idevid, phase, facts, reserved_at, updated_at) "
                   "VALUES(?, ?, ?, 0, ?, ?, ?)",
                   {Value(serial), Value(ek), Value(idevid_name(facts)), Value(facts.encode()), at(now), at(now)}));
    if (changed == Changed::done) return {};
  }
  TRY(check_free(serial, ek));
  TRY_ASSIGN(const auto entry, find(serial));
  if (!entry || entry->facts.keys != facts.keys) return other_keys(serial);
  return {};
}

Result<std::optional<Entry>> Registry::find(const std::string& serial) {
  const std::scoped_lock guard(state_->mutex);
  TRY_ASSIGN(auto found, entries("serial = ?", {Value(serial)}));
  if (found.empty()) return std::optional<Entry>();
  return std::optional(std::move(found.front()));
}

Result<std::vector<Entry>> Registry::in_phase(Phase phase) {
  const std::scoped_lock guard(state_->mutex);
  return entries("phase = ? ORDER BY updated_at, serial", {Value(number(phase))});
}

Result<std::vector<Unit>> Registry::units() {
  const std::scoped_lock guard(state_->mutex);
  TRY_ASSIGN(auto all, entries("1 ORDER BY reserved_at, serial", {}));
  std::vector<Unit> units;
  for (Entry& entry : all) units.push_back(std::move(entry.unit));
  return units;
}

Result<std::uint64_t> Registry::ledger_size_min() {
  const std::scoped_lock guard(state_->mutex);
  TRY_ASSIGN(const auto rows, state_->database.rows("SELECT coalesce(max(ledger_index) + 1, 0) FROM units"));
  TRY_ASSIGN(const std::int64_t size, number_in(rows.at(0).at(0)));
  return static_cast<std::uint64_t>(size);
}

Result<std::optional<Entry>> Registry::last_receipted() {
  const std::scoped_lock guard(state_->mutex);
  TRY_ASSIGN(auto found, entries("phase >= ? ORDER BY ledger_index DESC LIMIT 1", {Value(number(Phase::receipted))}));
  if (found.empty()) return std::optional<Entry>();
  return std::optional(std::move(found.front()));
}

Result<void> Registry::move(const std::string& serial, Phase from, Phase to, Instant now, std::string_view set,
                            std::vector<Value> values) {
  ensure(may_move(from, to) == Move::allowed, "a move of the table");
  const std::scoped_lock guard(state_->mutex);
  values.insert(values.end(), {Value(number(to)), at(now), Value(serial), Value(number(from))});
  TRY_ASSIGN(
      const Changed changed,
      state_->database.change(
          "UPDATE units SET " + std::string(set) + "phase = ?, updated_at = ? WHERE serial = ? AND phase = ?", values));
  if (changed == Changed::done) return {};
  return Error(Errc::conflict, "station.moved",
               "the unit " + serial + " is no longer '" + std::string(name_of(from)) + "'",
               "The same unit is born over another connection; wait for it.");
}

Result<void> Registry::keep_certificates(const std::string& serial, const std::map<std::string, Bytes>& certificates,
                                         Instant now) {
  Json json = Json::object();
  for (const auto& [label, der] : certificates) json.set(label, to_base64(der));
  return move(serial, Phase::reserved, Phase::issued, now, "certificates = ?, ", {Value(json.dump())});
}

Result<void> Registry::keep_record(const std::string& serial, const Bytes& envelope, std::uint64_t ledger_from,
                                   Instant now) {
  return move(serial, Phase::issued, Phase::written, now, "record = ?, ledger_from = ?, ",
              {Value(envelope), Value(static_cast<std::int64_t>(ledger_from))});
}

Result<void> Registry::keep_index(const std::string& serial, std::uint64_t index, Instant now) {
  return move(serial, Phase::written, Phase::recorded, now, "ledger_index = ?, ",
              {Value(static_cast<std::int64_t>(index))});
}

Result<void> Registry::keep_receipt(const std::string& serial, const std::string& receipt, Instant now) {
  return move(serial, Phase::recorded, Phase::receipted, now, "receipt = ?, ", {Value(receipt)});
}

Result<void> Registry::keep_phase(const std::string& serial, Phase from, Phase to, Instant now) {
  return move(serial, from, to, now, "", {});
}

}  // namespace signet::station
