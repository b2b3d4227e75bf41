// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace signet::keystore {

/// A parameter that a URI's query may have, and where its value goes.
struct QueryParameter {
  std::string_view name;
  std::string* value;
};

/// Splits "?a=b&c=d", decodes the values, and puts each where it belongs. "keystore.uri" for a parameter that is not
/// known, stands twice, or is empty: a mistyped one must not be half obeyed. `scheme` names the URI in errors.
Result<void> take_query(std::string_view scheme, std::string_view query, const std::vector<QueryParameter>& parameters);

}  // namespace signet::keystore
