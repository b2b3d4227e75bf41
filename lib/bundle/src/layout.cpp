// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: firmware_bundle_fuzz)
#include "layout.hpp"

#include <algorithm>

namespace signet::bundle::layout {

namespace {

constexpr std::size_t k_version_at = 8;
constexpr std::size_t k_records_at = 10;
constexpr std::size_t k_manifest_size_at = 12;
constexpr std::size_t k_records_size_at = 16;
constexpr std::size_t k_zero_at = 20;

Error malformed(std::string text) {
  return {Errc::invalid_input, "bundle.malformed", std::move(text),
          "The file was damaged or made by a faulty tool; get it again."};
}

}  // namespace

bool all_zero(ByteView piece) {
  static const Bytes k_zeros(k_chunk_size_bytes);
  ensure(piece.size() <= k_zeros.size(), "all_zero: at most one chunk");
  return as_text(piece) ==
         as_text(k_zeros).substr(0, piece.size());  // as text, because that compares at the speed of memory
}

Bytes chunk_digest(ByteView chunk) {
  static const Bytes k_zero_digest = crypto::digest(crypto::HashAlgorithm::sha256, Bytes(k_chunk_size_bytes));
  if (chunk.size() == k_chunk_size_bytes && all_zero(chunk)) return k_zero_digest;
  return crypto::digest(crypto::HashAlgorithm::sha256, chunk);
}

Result<Header> parse_header(ByteView bytes) {
  ensure(bytes.size() == k_header_bytes, "parse_header: a whole header");
  if (as_text(bytes.first(k_magic.size())) != k_magic) {
    return Error(Errc::invalid_input, "bundle.not-a-bundle", "this is not a firmware bundle",
                 "A bundle starts with '" + std::string(k_magic) + "'; make one with 'signet firmware pack'.");
  }
  if (const auto version = get_be16(bytes.subspan(k_version_at)); version != k_version) {
    return Error(Errc::unsupported, "bundle.version", "a bundle of format version " + std::to_string(version),
                 "This program reads version " + std::to_string(k_version) + "; use a newer one.");
  }
  Header header;
  header.records = get_be16(bytes.subspan(k_records_at));
  header.manifest_size_bytes = get_be32(bytes.subspan(k_manifest_size_at));
  header.records_size_bytes = get_be32(bytes.subspan(k_records_size_at));
  const bool bounded = header.records <= k_records_max && header.manifest_size_bytes <= k_manifest_size_bytes_max &&
                       header.records_size_bytes <= k_records_size_bytes_max;
  if (!bounded) return malformed("the bundle's header names sizes beyond the format's bounds");
  if (!all_zero(bytes.subspan(k_zero_at, k_checked_header_bytes - k_zero_at))) {
    return malformed("reserved bytes of the bundle's header are not zero");
  }
  std::ranges::copy(bytes.subspan(k_checked_header_bytes, k_digest_bytes), header.digest.begin());
  return header;
}

Result<void> parse_records(ByteView section, std::size_t count, Head& into) {
  for (std::size_t i = 0; i < count; ++i) {
    if (section.size() < k_record_header_bytes) return malformed("the bundle's records end too early");
    const auto kind = std::to_integer<unsigned>(section[0]);
    const std::uint32_t size = get_be32(section.subspan(4));
    if (!all_zero(section.subspan(1, 3)) || size > section.size() - k_record_header_bytes) {
      return malformed("record " + std::to_string(i + 1) + " of the bundle is malformed");
    }
    const ByteView body = section.subspan(k_record_header_bytes, size);
    switch (kind) {
      case static_cast<unsigned>(RecordKind::cms_signature):
        into.signatures.push_back(to_bytes(body));
        break;
      case static_cast<unsigned>(RecordKind::hss_signature):
        into.hss_signatures.push_back(to_bytes(body));
        break;
      case static_cast<unsigned>(RecordKind::release_proof):
        into.proofs.push_back(to_bytes(body));
        break;
      case static_cast<unsigned>(RecordKind::floor_approval):
        if (size > k_floor_approval_size_bytes_max) {
          return malformed("record " + std::to_string(i + 1) + " is too large for a floor approval");
        }
        into.floor_approvals.push_back(to_bytes(body));
        break;
      default:
        return malformed("record " + std::to_string(i + 1) + " is of the unknown kind " + std::to_string(kind));
    }
    section = section.subspan(k_record_header_bytes + size);
  }
  if (!section.empty()) return malformed("bytes follow the last record of the bundle");
  return {};
}

Bytes encode_head(ByteView manifest, const std::vector<std::pair<RecordKind, Bytes>>& records) {
  Bytes section;
  for (const auto& [kind, body] : records) {
    std::array<std::byte, k_record_header_bytes> record{static_cast<std::byte>(kind)};
    put_be32(ByteSpan(record).subspan(4), static_cast<std::uint32_t>(body.size()));
    append(section, record);
    append(section, body);
  }
  Bytes head(k_header_bytes);
  std::ranges::copy(as_bytes(k_magic), head.begin());
  put_be16(ByteSpan(head).subspan(k_version_at), k_version);
  put_be16(ByteSpan(head).subspan(k_records_at), static_cast<std::uint16_t>(records.size()));
  put_be32(ByteSpan(head).subspan(k_manifest_size_at), static_cast<std::uint32_t>(manifest.size()));
  put_be32(ByteSpan(head).subspan(k_records_size_at), static_cast<std::uint32_t>(section.size()));
  append(head, manifest);
  append(head, section);

  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(ByteView(head).first(k_checked_header_bytes));
  hasher.update(ByteView(head).subspan(k_header_bytes));
  std::ranges::copy(hasher.finish(), head.begin() + k_checked_header_bytes);
  head.resize(padded(head.size()));
  return head;
}

}  // namespace signet::bundle::layout
