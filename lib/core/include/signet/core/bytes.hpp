// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet {

/// Owned bytes.
using Bytes = std::vector<std::byte>;
/// Bytes of somebody else; never stored in a member.
using ByteView = std::span<const std::byte>;
/// Bytes of somebody else, to be written to.
using ByteSpan = std::span<std::byte>;

/// The bytes of a text, not copied.
[[nodiscard]] ByteView as_bytes(std::string_view text);
/// The same memory as unsigned char, as C libraries want it.
[[nodiscard]] const unsigned char* as_uchar(ByteView bytes);
/// The same memory as unsigned char, writable.
[[nodiscard]] unsigned char* as_uchar(ByteSpan bytes);
/// A copy.
[[nodiscard]] Bytes to_bytes(ByteView bytes);
/// A copy of a text's bytes.
[[nodiscard]] Bytes to_bytes(std::string_view text);
/// The bytes as text, not copied, whatever they are: check before you print.
[[nodiscard]] std::string_view as_text(ByteView bytes);
/// Equal in length and content. Not constant-time; secrets compare as Secret.
[[nodiscard]] bool equal(ByteView a, ByteView b);
/// Appends.
void append(Bytes& to, ByteView more);

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(ByteView bytes);
/// Strict: even length, digits only (either case).
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);
/// RFC 4648 section 4, padded, no line breaks.
[[nodiscard]] std::string to_base64(ByteView bytes);
/// Strict RFC 4648 section 4: padding demanded, unused bits zero, no white space. So one value has one spelling.
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);

/// Big-endian integers at the front of `out`, whose size must suffice.
void put_be16(ByteSpan out, std::uint16_t value);
void put_be32(ByteSpan out, std::uint32_t value);
void put_be64(ByteSpan out, std::uint64_t value);
/// Big-endian integers from the front of `in`, whose size must suffice (broken invariant otherwise).
[[nodiscard]] std::uint16_t get_be16(ByteView in);
[[nodiscard]] std::uint32_t get_be32(ByteView in);
[[nodiscard]] std::uint64_t get_be64(ByteView in);

/// Text that came from outside, made safe for a terminal and a log: control characters and broken UTF-8 as \xNN, cut at
/// `size_chars_max` with an ellipsis.
[[nodiscard]] std::string printable(std::string_view foreign, std::size_t size_chars_max = 200);

}  // namespace signet
