// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: certificate_fuzz)
#include "der.hpp"

#include <algorithm>

namespace signet::pki::der {

namespace {

constexpr int k_depth_max = 32;

std::uint8_t octet(ByteView bytes, std::size_t at) { return std::to_integer<std::uint8_t>(bytes[at]); }

// X.690 section 8.3.2: the first nine bits are neither all ones nor all zeros.
bool is_shortest_integer(ByteView content) {
  if (content.empty()) return false;
  if (content.size() == 1) return true;
  const bool negative = (octet(content, 1) & 0x80U) != 0;
  return !(octet(content, 0) == 0x00 && !negative) && !(octet(content, 0) == 0xff && negative);
}

// X.690 section 8.19: groups of seven bits, none of which begins with a group of zeros; the last one ends.
bool is_canonical_oid(ByteView content) {
  bool at_start = true;
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (at_start && octet(content, i) == 0x80) return false;
    at_start = (octet(content, i) & 0x80U) == 0;
  }
  return !content.empty() && at_start;
}

// X.690 section 11.2.1: unused bits are zero.
bool is_canonical_bit_string(ByteView content) {
  if (content.empty()) return false;
  const std::uint8_t unused = octet(content, 0);
  if (unused > 7 || (content.size() == 1 && unused != 0)) return false;
  return unused == 0 || (octet(content, content.size() - 1) & ((1U << unused) - 1U)) == 0;
}

bool is_canonical_primitive(const Element& element) {
  switch (element.tag) {
    case 0x01:
      return element.content.size() == 1 && (octet(element.content, 0) == 0x00 || octet(element.content, 0) == 0xff);
    case 0x02:
    case 0x0a:
      return is_shortest_integer(element.content);
    case 0x03:
      return is_canonical_bit_string(element.content);
    case 0x05:
      return element.content.empty();
    case 0x06:
      return is_canonical_oid(element.content);
    case 0x00:
    case 0x10:
    case 0x11:
      return false;  // end-of-contents; SEQUENCE and SET are constructed
    default:
      return true;  // strings and times, whose content OpenSSL reads; implicitly tagged values
  }
}

// X.690 section 11.6: ascending as octet strings, the shorter one padded with zeros.
bool in_set_order(ByteView a, ByteView b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (a[i] != b[i]) return a[i] < b[i];
  }
  return a.size() <= b.size();
}

bool all_strict(ByteView bytes, bool is_set, int depth);

bool is_strict_element(const Element& element, int depth) {
  const bool constructed = (element.tag & 0x20U) != 0;
  if (!constructed) return is_canonical_primitive(element);
  const bool universal = (element.tag & 0xc0U) == 0;
  if (universal && element.tag != k_sequence && element.tag != k_set) return false;  // a string in pieces
  return depth < k_depth_max && all_strict(element.content, element.tag == k_set, depth + 1);
}

bool all_strict(ByteView bytes, bool is_set, int depth) {
  Reader reader(bytes);
  ByteView previous;
  while (!reader.at_end()) {
    const auto element = reader.next();
    if (!element || !is_strict_element(*element, depth)) return false;
    if (is_set && !previous.empty() && !in_set_order(previous, element->whole)) return false;
    previous = element->whole;
  }
  return true;
}

}  // namespace

std::optional<Element> Reader::next() {
  if (rest_.size() < 2) return std::nullopt;
  const std::uint8_t tag = octet(rest_, 0);
  if ((tag & 0x1fU) == 0x1f) return std::nullopt;  // numbers above 30: in none of the formats read here
  std::size_t head = 2;
  std::size_t size = octet(rest_, 1);
  if (size >= 0x80) {
    const std::size_t octets = size & 0x7fU;
    if (octets == 0 || octets > 4 || rest_.size() < 2 + octets) return std::nullopt;
    size = 0;
    for (std::size_t i = 0; i < octets; ++i) size = (size << 8U) | octet(rest_, 2 + i);
    const bool shortest = size >= 0x80 && (octets == 1 || (size >> (8U * (octets - 1))) != 0);
    if (!shortest) return std::nullopt;
    head += octets;
  }
  if (rest_.size() - head < size) return std::nullopt;
  const Element element{tag, rest_.subspan(head, size), rest_.first(head + size)};
  rest_ = rest_.subspan(head + size);
  return element;
}

std::optional<Element> Reader::next(std::uint8_t tag) {
  if (rest_.empty() || octet(rest_, 0) != tag) return std::nullopt;
  return next();
}

bool is_strict(ByteView bytes) {
  Reader reader(bytes);
  const auto element = reader.next();
  return element && reader.at_end() && is_strict_element(*element, 1);
}

}  // namespace signet::pki::der
