// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: note_fuzz)
#include "note.hpp"

#include "merkle.hpp"

#include <algorithm>
#include <charconv>

namespace signet::ledger {

namespace {

constexpr std::string_view k_dash = "\xE2\x80\x94 ";  // U+2014 and a space begin a signature line

Error bad_note(std::string text) {
  return {Errc::invalid_input, "ledger.bad-note", "this is not a signed note: " + std::move(text),
          "Is it the right file?"};
}

Error bad_checkpoint(std::string text) {
  return {Errc::invalid_input, "ledger.bad-checkpoint", "this is not a checkpoint: " + std::move(text),
          "Is it the right file?"};
}

/// The code point at the front of `text` and its length in bytes; length 0 where it is not well-formed.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;
};

CodePoint code_point_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  std::uint32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    value = (value << 6U) | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, length};
}

/// White_Space of the Unicode character database.
bool is_space(std::uint32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

Result<NoteSignature> decode_signature_line(std::string_view line) {
  if (!line.starts_with(k_dash)) return bad_note("a signature line does not begin with an em dash");
  line.remove_prefix(k_dash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return bad_note("a signature line has no signature");
  const std::string_view name = line.substr(0, space);
  TRY(check_key_name(name));
  auto bytes = from_base64(line.substr(space + 1));
  if (!bytes) return bad_note("a signature is not base64");
  if (bytes->size() < 5) return bad_note("a signature is too short");  // 4 bytes of key ID and at least one
  const std::uint32_t id = get_be32(*bytes);
  return NoteSignature{std::string(name), id, to_bytes(ByteView(*bytes).subspan(4))};
}

}  // namespace

std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::size_t> first_bad_text_byte(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text.substr(at));
    if (point.length == 0 || (point.value < 0x20 && point.value != '\n')) return at;
    at += point.length;
  }
  return std::nullopt;
}

Result<void> check_key_name(std::string_view name) {
  const auto bad = [&](const std::string& why) {
    return Error(Errc::invalid_input, "ledger.bad-name", "the key name '" + printable(name) + "' " + why,
                 "Use a name such as example.com/log, without spaces and plus signs.");
  };
  if (name.empty()) return bad("is empty");
  if (name.size() > 255) return bad("is longer than 255 bytes");
  for (std::size_t at = 0; at < name.size();) {
    const CodePoint point = code_point_at(name.substr(at));
    if (point.length == 0) return bad("is not UTF-8");
    if (point.value < 0x20 || point.value == 0x7F || point.value == '+' || is_space(point.value)) {
      return bad("holds a space, a plus or a control character");
    }
    at += point.length;
  }
  return {};
}

Result<void> check_origin(std::string_view origin) {
  if (origin.empty() || origin.size() > 255) return bad_checkpoint("the origin is empty or longer than 255 bytes");
  if (first_bad_text_byte(origin) || origin.find('\n') != std::string_view::npos) {
    return bad_checkpoint("the origin holds control characters or broken UTF-8");
  }
  return {};
}

std::string Note::encode() const {
  std::string encoded = text + "\n";
  for (const NoteSignature& line : signatures) {
    Bytes bytes(4);
    put_be32(bytes, line.key_id);
    append(bytes, line.signature);
    encoded.append(k_dash).append(line.name).append(" ").append(to_base64(bytes)).append("\n");
  }
  return encoded;
}

Result<Note> Note::decode(ByteView bytes) {
  const std::string_view all = as_text(bytes);
  if (all.size() > k_note_size_bytes_max) return bad_note("it is larger than 256 KiB");
  if (const auto at = first_bad_text_byte(all)) {
    return bad_note("byte " + std::to_string(*at) + " is a control character or broken UTF-8");
  }
  const std::size_t blank =
      all.rfind("\n\n");  // the text may hold empty lines; the last one parts it from the signatures
  if (blank == std::string_view::npos) return bad_note("it has no empty line before its signatures");
  Note note;
  note.text = std::string(all.substr(0, blank + 1));
  std::string_view rest = all.substr(blank + 2);
  if (rest.empty()) return bad_note("it has no signature");
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (!line) return bad_note("its last line does not end");
    if (note.signatures.size() == k_note_signatures_max) return bad_note("it has more than 64 signatures");
    auto signature = decode_signature_line(*line);
    if (!signature) return bad_note(signature.error().text());
    note.signatures.push_back(*std::move(signature));
  }
  return note;
}

std::string CheckpointText::encode() const {
  std::string text = origin + "\n" + std::to_string(size) + "\n" + to_base64(root) + "\n";
  for (const std::string& line : extensions) text.append(line).append("\n");
  return text;
}

Result<CheckpointText> CheckpointText::decode(std::string_view text) {
  std::string_view rest = text;
  const auto origin = take_line(rest);
  const auto size_line = take_line(rest);
  const auto root_line = take_line(rest);
  if (!origin || !size_line || !root_line) return bad_checkpoint("it has fewer than three lines");
  TRY(check_origin(*origin));
  CheckpointText checkpoint{.origin = std::string(*origin)};
  const auto size = parse_decimal(*size_line);
  if (!size) return bad_checkpoint("its second line is not a tree size");
  checkpoint.size = *size;
  const auto root = from_base64(*root_line);
  if (!root || root->size() != checkpoint.root.size())
    return bad_checkpoint("its third line is not the base64 of a SHA-256 hash");
  std::ranges::copy(*root, checkpoint.root.begin());
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (!line || line->empty()) return bad_checkpoint("an extension line is empty or does not end");
    checkpoint.extensions.emplace_back(*line);
  }
  // A signed size of 0 has one possible root; any other could only serve to fork later.
  if (checkpoint.size == 0 && checkpoint.root != empty_root())
    return bad_checkpoint("an empty tree has another root than this");
  return checkpoint;
}

std::string cosigned_message(std::uint64_t time, std::string_view text) {
  return "cosignature/v1\ntime " + std::to_string(time) + "\n" + std::string(text);
}

}  // namespace signet::ledger
