// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: core_fuzz)
#include "signet/core/bytes.hpp"

#include <algorithm>
#include <array>

namespace signet {

ByteView as_bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

const unsigned char* as_uchar(ByteView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

unsigned char* as_uchar(ByteSpan bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

Bytes to_bytes(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

bool equal(ByteView a, ByteView b) { return std::ranges::equal(a, b); }

void append(Bytes& to, ByteView more) { to.insert(to.end(), more.begin(), more.end()); }

namespace {

constexpr std::string_view k_hex = "0123456789abcdef";
constexpr std::string_view k_base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error bad_text(std::string_view kind) {
  return {Errc::invalid_input, "core.bad-" + std::string(kind), "not valid " + std::string(kind),
          "Check that the text was copied whole and not changed on the way."};
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::byte b : bytes) {
    text += k_hex[std::to_integer<std::size_t>(b >> 4)];
    text += k_hex[std::to_integer<std::size_t>(b & std::byte{15})];
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return bad_text("hexadecimal");
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return bad_text("hexadecimal");
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return bytes;
}

std::string to_base64(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (k < left ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= left ? k_base64[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return text;
}

Result<Bytes> from_base64(std::string_view text) {
  static const auto k_values = [] {
    std::array<int, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < k_base64.size(); ++i) {
      values[static_cast<unsigned char>(k_base64[i])] = static_cast<int>(i);
    }
    return values;
  }();
  if (text.size() % 4 != 0) return bad_text("base64");
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t pad = last ? padding : 0;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k < 4 - pad ? k_values[static_cast<unsigned char>(text[i + k])] : 0;
      if (value < 0) return bad_text("base64");
      group = group << 6U | static_cast<std::uint32_t>(value);
    }
    for (std::size_t k = 0; k < 3; ++k) {
      const auto b = static_cast<std::byte>(group >> (16 - 8 * k));
      if (k < 3 - pad) {
        bytes.push_back(b);
      } else if (b != std::byte{0}) {
        return bad_text("base64");
      }
    }
  }
  return bytes;
}

namespace {

template <typename T>
void put_be(ByteSpan out, T value) {
  ensure(out.size() >= sizeof(T), "put_be: room for the integer");
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out[i] = static_cast<std::byte>(value >> (8 * (sizeof(T) - 1 - i)));
  }
}

template <typename T>
T get_be(ByteView in) {
  ensure(in.size() >= sizeof(T), "get_be: bytes for the integer");
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value << 8U | std::to_integer<T>(in[i]));
  }
  return value;
}

}  // namespace

void put_be16(ByteSpan out, std::uint16_t value) { put_be(out, value); }
void put_be32(ByteSpan out, std::uint32_t value) { put_be(out, value); }
void put_be64(ByteSpan out, std::uint64_t value) { put_be(out, value); }
std::uint16_t get_be16(ByteView in) { return get_be<std::uint16_t>(in); }
std::uint32_t get_be32(ByteView in) { return get_be<std::uint32_t>(in); }
std::uint64_t get_be64(ByteView in) { return get_be<std::uint64_t>(in); }

namespace {

/// Length of the well-formed UTF-8 sequence at the front (RFC 3629), or 0.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0U) != 0x80U) return 0;
  }
  const bool overlong = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xf0 && at(1) < 0x90);
  const bool surrogate = lead == 0xed && at(1) >= 0xa0;
  const bool beyond = lead == 0xf4 && at(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

/// C1 controls (U+0080 to U+009F) and the bidirectional marks and overrides (Unicode UAX 9) steer terminals as ASCII
/// controls do.
bool steers_terminal(std::string_view sequence) {
  if (sequence.size() == 1) return static_cast<unsigned char>(sequence[0]) < 0x20 || sequence[0] == 0x7f;
  if (sequence == "\xd8\x9c") return true;  // U+061C, the Arabic letter mark
  if (sequence.size() == 2) return sequence[0] == '\xc2' && static_cast<unsigned char>(sequence[1]) < 0xa0;
  if (sequence.size() == 3 && sequence.substr(0, 2) == "\xe2\x80") {
    const auto last = static_cast<unsigned char>(sequence[2]);
    return (last >= 0x8e && last <= 0x8f) || (last >= 0xa8 && last <= 0xae);
  }
  return sequence.size() == 3 && sequence.substr(0, 2) == "\xe2\x81" &&
         static_cast<unsigned char>(sequence[2]) >= 0xa6 && static_cast<unsigned char>(sequence[2]) <= 0xa9;
}

}  // namespace

std::string printable(std::string_view foreign, std::size_t size_chars_max) {
  std::string safe;
  std::size_t chars = 0;
  while (!foreign.empty()) {
    if (chars++ == size_chars_max) return safe + "…";
    const std::size_t length = utf8_length(foreign);
    const std::string_view sequence = foreign.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || steers_terminal(sequence)) {
      for (char c : sequence) {
        safe += "\\x";
        safe += k_hex[static_cast<unsigned char>(c) >> 4U];
        safe += k_hex[static_cast<unsigned char>(c) & 15U];
      }
    } else {
      safe += sequence;
    }
    foreign.remove_prefix(sequence.size());
  }
  return safe;
}

}  // namespace signet
