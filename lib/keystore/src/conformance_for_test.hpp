// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/conformance.hpp"

#include "softhsm_test.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

/// What the tests of the conformance check share.
namespace signet::keystore::conformance {

inline ConformanceOptions quick() {
  return {.measure = std::chrono::milliseconds(10), .sessions = 3, .wrong_pin = WrongPin::try_once};
}

/// Rows by operation, for what is expected of single ones.
inline std::map<std::string, ConformanceRow> by_operation(const ConformanceReport& report) {
  std::map<std::string, ConformanceRow> rows;
  for (const ConformanceRow& row : report.rows) {
    EXPECT_TRUE(rows.emplace(row.operation, row).second) << row.operation << " stands twice";
  }
  return rows;
}

inline std::string told(const ConformanceReport& report, Conformance outcome) {
  std::string text;
  for (const ConformanceRow& row : report.rows) {
    if (row.outcome == outcome) text += row.operation + ": " + row.remark + "\n";
  }
  return text;
}

inline std::vector<std::string> operations(const ConformanceReport& report, Conformance outcome) {
  std::vector<std::string> found;
  for (const ConformanceRow& row : report.rows) {
    if (row.outcome == outcome) found.push_back(row.operation);
  }
  return found;
}

class SoftHsmConformance : public test::SoftHsm {};

}  // namespace signet::keystore::conformance
