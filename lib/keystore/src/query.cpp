// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: keystore_uri_fuzz)
#include "query.hpp"

#include "backend.hpp"

#include <algorithm>

namespace signet::keystore {

Result<void> take_query(std::string_view scheme, std::string_view query,
                        const std::vector<QueryParameter>& parameters) {
  const std::string uri = "a " + std::string(scheme) + ": URI";
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view one = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const std::size_t equals = one.find('=');
    const std::string_view name = one.substr(0, equals);
    if (equals == std::string_view::npos) return bad_uri("'" + printable(one, 40) + "' in " + uri + " has no value");
    const auto parameter = std::ranges::find(parameters, name, &QueryParameter::name);
    if (parameter == parameters.end()) {
      std::string known;
      for (const auto& each : parameters) known += (known.empty() ? "" : ", ") + std::string(each.name);
      return bad_uri("'" + printable(name, 40) + "' is not known in " + uri + "; known are " + known);
    }
    if (!parameter->value->empty()) return bad_uri("'" + std::string(name) + "' stands twice in " + uri);
    TRY_ASSIGN(*parameter->value, percent_decode(one.substr(equals + 1)));
    if (parameter->value->empty()) return bad_uri("'" + std::string(name) + "' in " + uri + " is empty");
  }
  return {};
}

}  // namespace signet::keystore
