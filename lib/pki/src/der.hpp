// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <cstdint>
#include <optional>

/// A look at the shape of DER (X.690 section 10) before OpenSSL reads it: OpenSSL accepts much that is only BER, and
/// then one value has several spellings. Nothing is built here, and no meaning is read.
namespace signet::pki::der {

inline constexpr std::uint8_t k_integer = 0x02;
inline constexpr std::uint8_t k_octet_string = 0x04;
inline constexpr std::uint8_t k_oid = 0x06;
inline constexpr std::uint8_t k_sequence = 0x30;
inline constexpr std::uint8_t k_set = 0x31;
/// [n] of a constructed value.
[[nodiscard]] constexpr std::uint8_t context(std::uint8_t number) { return static_cast<std::uint8_t>(0xa0U | number); }

/// One element: its identifier octet, its content and the whole of it.
struct Element {
  std::uint8_t tag;
  ByteView content;
  ByteView whole;
};

/// Takes elements from the front of some bytes.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// The next element; nothing if its head is not DER or its content is not all there.
  std::optional<Element> next();
  /// The next element, if it has this tag; otherwise nothing is taken.
  std::optional<Element> next(std::uint8_t tag);

 private:
  ByteView rest_;
};

/// Whether `bytes` is exactly one DER element, all the way down: definite and shortest lengths, canonical booleans,
/// integers, bit strings and object identifiers, sets in order, no string in pieces, at most 32 levels.
[[nodiscard]] bool is_strict(ByteView bytes);

}  // namespace signet::pki::der
