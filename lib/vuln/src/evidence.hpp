// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/vuln/match.hpp"

#include "versions_match.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::vuln {

/// One way to call a component, and which version of it goes with that way.
struct CalledName {
  ProductName product;
  JudgedVersion version;
  Identity identity = Identity::name;
};

/// All ways to call a component, the surest first.
[[nodiscard]] std::vector<CalledName> names_of(const sbom::Component& component, bool with_names);

/// Whether a statement's product is what the component is called; then how narrowly, and whether something about it
/// cannot be known from the bill.
struct Fit {
  unsigned specificity = 0;
  std::string doubt;
};
[[nodiscard]] std::optional<Fit> fit(const CalledName& called, const ProductName& product);

/// How much a document's word counts.
[[nodiscard]] Authority authority_of(const Document& document, Identity identity, const ProductName& product,
                                     bool is_given);

/// Puts evidence in the order of precedence; the first decides.
void rank(std::vector<Evidence>& evidence);

/// What a product name looks like in an answer.
[[nodiscard]] std::string text_of(const ProductName& product);

}  // namespace signet::vuln
