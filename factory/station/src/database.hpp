// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

/// The few things that the registry asks of SQLite.
namespace signet::station {

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept;
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept;
};

/// A value of a row.
using Value = std::variant<std::monostate, std::int64_t, std::string, Bytes>;
/// Read with these: a value of another type is "station.registry-damaged".
Result<std::int64_t> number_in(const Value& value);
Result<std::string> text_in(const Value& value);
Result<Bytes> bytes_in(const Value& value);

using Row = std::vector<Value>;

/// How a change ended that may meet a rule of the database.
enum class Changed : std::uint8_t { done, none, taken };

class Database {
 public:
  enum class Mode : std::uint8_t { create, write };
  /// Every commit is on stable storage before it returns (synchronous=FULL).
  static Result<Database> open(const std::filesystem::path& path, Mode mode);

  Result<void> run(std::string_view sql);
  Result<std::vector<Row>> rows(std::string_view sql, const std::vector<Value>& values = {});
  /// `taken` where a UNIQUE or PRIMARY KEY rule stands against it, `none` where no row was changed.
  Result<Changed> change(std::string_view sql, const std::vector<Value>& values);

 private:
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;
  explicit Database(std::unique_ptr<sqlite3, CloseDatabase> handle) : handle_(std::move(handle)) {}
  Result<Statement> prepare(std::string_view sql, const std::vector<Value>& values);
  [[nodiscard]] Error failed(std::string_view doing) const;

  std::unique_ptr<sqlite3, CloseDatabase> handle_;
};

}  // namespace signet::station
