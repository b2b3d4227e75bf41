// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/case.hpp"
#include "signet/advisories/documents.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace signet::advisories {

/// A folder of cases: publisher.json, cases/ID.json, and ledger/ (lib/ledger) with an entry for every step.
///
/// A step is in both or in neither, whenever the program or the machine dies: the new file lies beside the old one, the
/// ledger's entry makes it count, and the next writer moves it into its place. Writers wait for each other; readers see
/// the last state that was moved into its place.
class Store {
 public:
  /// A new folder. "store.exists" (conflict).
  static Result<Store> create(const std::filesystem::path& folder, const Publisher& publisher);
  /// "store.none" (not_found).
  static Result<Store> open(const std::filesystem::path& folder);

  [[nodiscard]] const Publisher& publisher() const { return publisher_; }
  /// "store.no-case" (not_found); a file that is not sound is an error of Case::parse().
  [[nodiscard]] Result<Case> read(std::string_view id) const;
  /// All, by id.
  [[nodiscard]] Result<std::vector<Case>> read_all() const;

  /// A new case; without an id it gets the next one of the year: "EXAMPLE-2026-007". "store.case-exists" (conflict).
  Result<Case> begin(std::string id, const Facts& facts, Act act);
  /// Reads the case, lets `change` make the next one of it, and writes that; nobody else comes between.
  Result<Case> change(std::string_view id, Act act, const std::function<Result<Case>(const Case&, Act)>& change);

 private:
  Store(std::filesystem::path folder, Publisher publisher);
  [[nodiscard]] std::filesystem::path case_path(std::string_view id) const;
  std::filesystem::path folder_;
  Publisher publisher_;
};

}  // namespace signet::advisories
