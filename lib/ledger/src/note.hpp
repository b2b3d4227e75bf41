// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ledger.hpp"

namespace signet::ledger {

inline constexpr std::size_t k_note_size_bytes_max = 256U * 1024U;  ///< room for 16 post-quantum signatures and more
inline constexpr std::size_t k_note_signatures_max = 64;            ///< signed-note asks for at least 16

/// One signature line of a note; it says nothing until somebody checks it.
struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  Bytes signature;
};

/// A signed note (C2SP signed-note), taken apart.
struct Note {
  std::string text;  ///< what is signed, with its final newline
  std::vector<NoteSignature> signatures;

  [[nodiscard]] std::string encode() const;
  /// Strict: decode(x).encode() == x. "ledger.bad-note".
  static Result<Note> decode(ByteView bytes);
};

/// The text of a checkpoint (C2SP tlog-checkpoint).
struct CheckpointText {
  std::string origin;
  std::uint64_t size = 0;
  Hash root{};
  std::vector<std::string> extensions = {};

  [[nodiscard]] std::string encode() const;
  /// Strict: decode(x).encode() == x. "ledger.bad-checkpoint".
  static Result<CheckpointText> decode(std::string_view text);
};

/// signed-note: key names are not empty and hold no Unicode space, no plus; here also no control character.
Result<void> check_key_name(std::string_view name);
/// A line that may stand as a checkpoint's origin.
Result<void> check_origin(std::string_view origin);
/// Well-formed UTF-8 (RFC 3629) without control characters below U+0020 other than newline.
[[nodiscard]] std::optional<std::size_t> first_bad_text_byte(std::string_view text);
/// ASCII decimal without leading zeroes or sign.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view text);
/// The message that a cosignature/v1 signs.
[[nodiscard]] std::string cosigned_message(std::uint64_t time, std::string_view text);

/// Takes the next line, without its newline, off the front of `rest`; nothing if no whole line is left.
[[nodiscard]] std::optional<std::string_view> take_line(std::string_view& rest);

}  // namespace signet::ledger
