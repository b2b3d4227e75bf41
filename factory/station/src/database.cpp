// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "database.hpp"

#include <sqlite3.h>

#include <variant>

namespace signet::station {

namespace {

constexpr int k_busy_ms = 10'000;

Error damaged() {
  return {Errc::invalid_input, "station.registry-damaged", "the registry of this station is damaged",
          "Restore the folder of state from a backup."};
}

Value value_at(sqlite3_stmt* statement, int column) {
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_TEXT:
      return std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)), size);
    case SQLITE_BLOB: {
      const auto* start = static_cast<const std::byte*>(sqlite3_column_blob(statement, column));
      return Bytes(start, start + size);
    }
    default:
      return {};
  }
}

int bind_one(sqlite3_stmt* statement, int place, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(statement, place, *number);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, place, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  if (const auto* bytes = std::get_if<Bytes>(&value)) {
    return sqlite3_bind_blob64(statement, place, bytes->data(), bytes->size(), SQLITE_TRANSIENT);
  }
  return sqlite3_bind_null(statement, place);
}

}  // namespace

void CloseDatabase::operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
void FinalizeStatement::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

Result<std::int64_t> number_in(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  return damaged();
}
Result<std::string> text_in(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return damaged();
}
Result<Bytes> bytes_in(const Value& value) {
  if (const auto* bytes = std::get_if<Bytes>(&value)) return *bytes;
  return damaged();
}

Error Database::failed(std::string_view doing) const {
  const int code = sqlite3_errcode(handle_.get());
  const std::string text = "cannot " + std::string(doing) + " the station's registry: " + sqlite3_errmsg(handle_.get());
  if (code == SQLITE_FULL) return {Errc::exhausted, "station.disk-full", text, "Free space on the disk."};
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    return {Errc::unavailable, "station.busy", text, "Another program works on it; try again."};
  }
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) return damaged();
  return {Errc::io, "station.registry", text, "Check the disk and the rights on the folder of state."};
}

Result<Database> Database::open(const std::filesystem::path& path, Mode mode) {
  sqlite3* raw = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | (mode == Mode::create ? int{SQLITE_OPEN_CREATE} : 0);
  const int result = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Database database{std::unique_ptr<sqlite3, CloseDatabase>(raw)};
  if (result != SQLITE_OK) return database.failed("open");
  sqlite3_busy_timeout(raw, k_busy_ms);
  // WAL: readers (status, page) do not stop the line. FULL: a reservation that was answered survives a power cut.
  TRY(database.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"));
  return database;
}

Result<void> Database::run(std::string_view sql) {
  if (sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failed("change");
}

Result<Database::Statement> Database::prepare(std::string_view sql, const std::vector<Value>& values) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr) != SQLITE_OK) {
    return failed("read");
  }
  Statement statement(raw);
  int place = 0;
  for (const Value& value : values) {
    if (bind_one(raw, ++place, value) != SQLITE_OK) return failed("read");
  }
  return statement;
}

Result<std::vector<Row>> Database::rows(std::string_view sql, const std::vector<Value>& values) {
  TRY_ASSIGN(const Statement statement, prepare(sql, values));
  std::vector<Row> rows;
  while (true) {
    const int result = sqlite3_step(statement.get());
    if (result == SQLITE_DONE) return rows;
    if (result != SQLITE_ROW) return failed("read");
    Row row;
    for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) row.push_back(value_at(statement.get(), i));
    rows.push_back(std::move(row));
  }
}

Result<Changed> Database::change(std::string_view sql, const std::vector<Value>& values) {
  TRY_ASSIGN(const Statement statement, prepare(sql, values));
  const int result = sqlite3_step(statement.get());
  if (result == SQLITE_CONSTRAINT) {
    const int rule = sqlite3_extended_errcode(handle_.get());
    if (rule == SQLITE_CONSTRAINT_UNIQUE || rule == SQLITE_CONSTRAINT_PRIMARYKEY) return Changed::taken;
  }
  if (result != SQLITE_DONE) return failed("change");
  return sqlite3_changes(handle_.get()) > 0 ? Changed::done : Changed::none;
}

}  // namespace signet::station
