// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace signet::advisory {

/// What is wrong with one CVSS object of FIRST's JSON schemas.
struct CvssFault {
  const Node* at = nullptr;
  std::string text;
  bool is_score = false;     ///< a stated score or severity is not that of the vector
  bool is_property = false;  ///< a stated metric is not that of the vector
};

/// Compares scores, severities and metrics with the vector. A vector that cannot be read is nobody's fault here: the
/// schema says so.
[[nodiscard]] std::vector<CvssFault> cvss_faults(const Node& object);

/// Whether the score, with all metrics of the vector and beside it, is 0.
[[nodiscard]] bool has_zero_score(const Node& object);

}  // namespace signet::advisory
