// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: core_fuzz)
#pragma once

#include "signet/core/result.hpp"

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace signet {

/// Checks a name that may stand in file names, URIs and logs: 1 to 64 characters of [A-Za-z0-9._+-], not starting with
/// a dot or a dash. `what` names it in the error ("product").
Result<void> check_name(std::string_view text, std::string_view what);

/// A name of one kind only: a ProductId does not pass for a SlotId.
template <typename Tag>
class StrongId {
 public:
  static Result<StrongId> parse(std::string_view text) {
    TRY(check_name(text, Tag::what));
    return StrongId(std::string(text));
  }

  [[nodiscard]] const std::string& str() const { return text_; }
  friend auto operator<=>(const StrongId&, const StrongId&) = default;

 private:
  explicit StrongId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// Tag types carry the name that errors print.
struct ProductTag {
  static constexpr std::string_view what = "product";
};
/// What the maker sells: one kind of device with one line of firmware.
using ProductId = StrongId<ProductTag>;

}  // namespace signet
