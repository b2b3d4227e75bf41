// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisories/store.hpp"

#include "signet/core/ids.hpp"
#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"

#include "drafts.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_publisher_name = "publisher.json";
constexpr std::string_view k_cases_name = "cases";
constexpr std::string_view k_ledger_name = "ledger";
constexpr std::string_view k_lock_name = "lock";
constexpr std::string_view k_suffix = ".json";
constexpr std::string_view k_next_suffix = ".json.next";
// What is under embargo is for the team alone.
constexpr unsigned k_folder_mode = 0700;
constexpr unsigned k_file_mode = 0600;

std::string quoted(const fs::path& path) { return "'" + printable(path.native()) + "'"; }

/// The names in a folder that end with this, without it, in order.
Result<std::vector<std::string>> names_in(const fs::path& folder, std::string_view suffix) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.size() > suffix.size() && name.ends_with(suffix))
      names.push_back(name.substr(0, name.size() - suffix.size()));
  }
  if (error) return errno_error(error.value(), "list " + quoted(folder));
  std::ranges::sort(names);
  return names;
}

Result<void> move_into_place(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return errno_error(error.value(), "rename " + quoted(from));
  return os::sync_folder(to.parent_path());
}

/// The one writer at a time: the folder's lock, the ledger, and nothing half done.
class Writer {
 public:
  static Result<Writer> open(const fs::path& folder) {
    TRY_ASSIGN(os::FileLock lock, os::FileLock::acquire(folder / k_lock_name));
    TRY_ASSIGN(ledger::Ledger log, ledger::Ledger::open(folder / k_ledger_name));
    Writer writer(folder / k_cases_name, std::move(lock), std::move(log));
    TRY(writer.settle());
    return writer;
  }

  /// The number that the next entry of the ledger gets.
  [[nodiscard]] std::uint64_t next_entry() const { return log_.size(); }

  /// Makes the step count: once its entry is in the ledger, settle() brings it to its end whatever happens.
  Result<void> commit(const Case& next) {
    const fs::path place = cases_ / (next.id() + std::string(k_suffix));
    const fs::path pending = cases_ / (next.id() + std::string(k_next_suffix));
    const std::string file = next.file();
    if (file.size() > k_case_size_bytes_max) {
      return Error(Errc::exhausted, "case.too-big",
                   "the case's file would have " + std::to_string(file.size()) + " bytes",
                   "Shorten its texts, or open a case of its own for each product.");
    }
    os::remove_leftovers(pending);
    TRY(os::replace_file(pending, as_bytes(file), k_file_mode));
    const std::string entry = next.ledger_entry();
    const auto index = log_.append(as_bytes(entry));
    if (!index) {
      TRY(os::remove_file(pending));
      return index.error();
    }
    ensure(*index == next.steps().back().act.entry, "advisories: the ledger gives out its entries one by one");
    return move_into_place(pending, place);
  }

 private:
  Writer(fs::path cases, os::FileLock lock, ledger::Ledger log)
      : cases_(std::move(cases)), lock_(std::move(lock)), log_(std::move(log)) {}

  /// Ends what a killed writer began: a step whose entry is in the ledger has happened, any other has not.
  Result<void> settle() {
    TRY_ASSIGN(const std::vector<std::string> pending, names_in(cases_, k_next_suffix));
    for (const std::string& id : pending) {
      const fs::path path = cases_ / (id + std::string(k_next_suffix));
      TRY_ASSIGN(const Bytes file, os::read_file(path, k_case_size_bytes_max));
      auto next = Case::parse(file);
      if (!next) return std::move(next).error().with_context("read " + quoted(path));
      if (next->steps().back().act.entry < log_.size()) {
        TRY(move_into_place(path, cases_ / (id + std::string(k_suffix))));
      } else {
        TRY(os::remove_file(path));
      }
    }
    return {};
  }

  fs::path cases_;
  os::FileLock lock_;
  ledger::Ledger log_;
};

Error no_case(std::string_view id) {
  return {Errc::not_found, "store.no-case", "there is no case " + printable(id, 80),
          "`signet advisory list` names all cases."};
}

/// "EXAMPLE-2026-007": one above the highest of the year.
std::string next_id(const std::vector<std::string>& taken, const Publisher& publisher, Instant now) {
  constexpr std::size_t k_digits_min = 3;
  const std::string begin = publisher.prefix + "-" + to_rfc3339(now).substr(0, 4) + "-";
  std::uint64_t highest = 0;
  for (const std::string& id : taken) {
    if (!id.starts_with(begin)) continue;
    const std::string digits = id.substr(begin.size());
    const bool is_number = !digits.empty() && digits.size() < 10 &&
                           std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    if (is_number) highest = std::max<std::uint64_t>(highest, std::stoull(digits));
  }
  std::string number = std::to_string(highest + 1);
  while (number.size() < k_digits_min) number.insert(number.begin(), '0');
  return begin + number;
}

}  // namespace

Store::Store(fs::path folder, Publisher publisher) : folder_(std::move(folder)), publisher_(std::move(publisher)) {}

fs::path Store::case_path(std::string_view id) const {
  return folder_ / k_cases_name / (std::string(id) + std::string(k_suffix));
}

Result<Store> Store::create(const fs::path& folder, const Publisher& publisher) {
  TRY(publisher.check());
  std::error_code ignored;
  if (fs::exists(folder / k_publisher_name, ignored)) {
    return Error(Errc::conflict, "store.exists", "there are cases in " + quoted(folder) + " already",
                 "Use the folder as it is, or name another.");
  }
  TRY(os::make_folders(folder / k_cases_name, k_folder_mode));
  auto log = ledger::Ledger::create(folder / k_ledger_name, host_of(publisher.url) + "/advisories");
  // One that a killed run made is as good as a new one: publisher.json, which makes the store, comes last.
  if (!log && log.error().reason() != "ledger.exists") return std::move(log).error();
  TRY(os::FileLock::acquire(folder / k_lock_name));
  TRY(os::write_new_file(folder / k_publisher_name, as_bytes(publisher.file()), k_file_mode));
  return Store(folder, publisher);
}

Result<Store> Store::open(const fs::path& folder) {
  const auto file = os::read_file(folder / k_publisher_name, k_case_size_bytes_max);
  if (!file && file.error().code() == Errc::not_found) {
    return Error(Errc::not_found, "store.none", "there are no cases in " + quoted(folder),
                 "Make a folder for them: `signet advisory init`.");
  }
  if (!file) return file.error();
  auto publisher = Publisher::parse(*file);
  if (!publisher) return std::move(publisher).error().with_context("read " + quoted(folder / k_publisher_name));
  return Store(folder, *std::move(publisher));
}

Result<Case> Store::read(std::string_view id) const {
  if (!check_name(id, "case")) return no_case(id);
  const auto file = os::read_file(case_path(id), k_case_size_bytes_max);
  if (!file && file.error().code() == Errc::not_found) return no_case(id);
  if (!file) return file.error();
  auto read = Case::parse(*file);
  if (!read) return std::move(read).error().with_context("read " + quoted(case_path(id)));
  if (read->id() != id) {
    return Error(Errc::invalid_input, "case.id", quoted(case_path(id)) + " holds the case " + read->id(),
                 "A file is named as its case.");
  }
  return read;
}

Result<std::vector<Case>> Store::read_all() const {
  TRY_ASSIGN(const std::vector<std::string> ids, names_in(folder_ / k_cases_name, k_suffix));
  std::vector<Case> all;
  for (const std::string& id : ids) {
    TRY_ASSIGN(Case one, read(id));
    all.push_back(std::move(one));
  }
  return all;
}

Result<Case> Store::begin(std::string id, const Facts& facts, Act act) {
  TRY_ASSIGN(Writer writer, Writer::open(folder_));
  TRY_ASSIGN(const std::vector<std::string> taken, names_in(folder_ / k_cases_name, k_suffix));
  if (id.empty()) id = next_id(taken, publisher_, act.recorded);
  if (std::ranges::binary_search(taken, id)) {
    return Error(Errc::conflict, "store.case-exists", "there is a case " + printable(id, 80) + " already",
                 "Leave --id out to get the next one.");
  }
  act.entry = writer.next_entry();
  TRY_ASSIGN(const Case begun, Case::begin(std::move(id), facts, std::move(act)));
  TRY(writer.commit(begun));
  return begun;
}

Result<Case> Store::change(std::string_view id, Act act, const std::function<Result<Case>(const Case&, Act)>& change) {
  TRY_ASSIGN(Writer writer, Writer::open(folder_));
  TRY_ASSIGN(const Case before, read(id));
  act.entry = writer.next_entry();
  TRY_ASSIGN(const Case after, change(before, std::move(act)));
  TRY(writer.commit(after));
  return after;
}

}  // namespace signet::advisories
