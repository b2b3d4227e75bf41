// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

/// The bytes of an index, docs/formats/vuln-index.md: a header and sections of records of one size each, little-endian.
namespace signet::vuln::format {

static_assert(std::endian::native == std::endian::little, "the index is mapped as it lies in the file");

inline constexpr std::array<char, 8> k_magic = {'S', 'I', 'G', 'V', 'U', 'L', 'N', '\n'};
inline constexpr std::uint32_t k_version = 1;

enum Section : std::uint32_t {
  strings,  // counted in bytes; each text is its length (4 bytes) and its bytes
  documents,
  advisories,
  statements,
  products,
  rules,
  aliases,
  keys,  // sorted
  ids,   // sorted
  kev,   // sorted
  epss,  // sorted
  k_sections
};

struct Extent {
  std::uint64_t offset;
  std::uint64_t count;
};

struct Header {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t header_size;
  std::uint64_t file_size;
  std::uint64_t checksum;  // of all bytes behind the header
  std::int64_t created;
  std::array<Extent, k_sections> sections;
  std::uint64_t header_checksum;  // of all bytes before it
};

using Text = std::uint32_t;  // where in `strings`

struct DocumentRecord {
  std::uint64_t digest;
  std::int64_t modified;
  Text id, publisher;
  std::uint32_t first_advisory, advisory_count;
  std::uint32_t kind, is_vendor;
};
struct AdvisoryRecord {
  std::int64_t published, modified;
  Text id, title, cvss, severity;
  std::uint32_t document, score_tenths, is_withdrawn;
  std::uint32_t first_alias, alias_count;
  std::uint32_t first_statement, statement_count, reserved;
};
/// A bit of StatementRecord::otherwise.
inline constexpr std::uint32_t k_only_listed = 0x100;

struct StatementRecord {
  std::uint32_t advisory, otherwise;
  Text note, within, condition;
  std::uint32_t first_product, product_count, first_rule, rule_count;
};
struct ProductRecord {
  std::uint32_t kind;
  Text text, vendor, release;
};
struct RuleRecord {
  std::uint8_t status, kind, from_excluded, to_included;
  Text scheme, from, to;
};
struct KeyRecord {
  std::uint64_t hash;
  std::uint32_t number, reserved;
};
struct KevRecord {
  std::uint64_t hash;
  Text id, added, due;
  std::uint32_t in_ransomware;
};
struct EpssRecord {
  std::uint64_t hash;
  std::uint32_t probability_ppm, percentile_ppm;
};

inline constexpr std::array<std::uint64_t, k_sections> k_record_sizes = {1,
                                                                         sizeof(DocumentRecord),
                                                                         sizeof(AdvisoryRecord),
                                                                         sizeof(StatementRecord),
                                                                         sizeof(ProductRecord),
                                                                         sizeof(RuleRecord),
                                                                         sizeof(Text),
                                                                         sizeof(KeyRecord),
                                                                         sizeof(KeyRecord),
                                                                         sizeof(KevRecord),
                                                                         sizeof(EpssRecord)};
static_assert(sizeof(Header) == 40 + 16 * k_sections + 8 && sizeof(DocumentRecord) == 40 &&
                  sizeof(AdvisoryRecord) == 64 && sizeof(StatementRecord) == 36 && sizeof(ProductRecord) == 16 &&
                  sizeof(RuleRecord) == 16 && sizeof(KeyRecord) == 16 && sizeof(KevRecord) == 24 &&
                  sizeof(EpssRecord) == 16,
              "no padding: every byte of the file has a meaning");

/// A fast hash against accidents, not against people.
inline std::uint64_t hash_of(ByteView bytes) {
  constexpr std::uint64_t k_prime = 0x9E3779B97F4A7C15U;
  std::array<std::uint64_t, 4> lanes = {1, 2, 3, bytes.size() + 4};
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 32; left -= 32, at += 32) {
    for (std::size_t i = 0; i < 4; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, at + 8 * i, 8);
      lanes[i] = std::rotl((lanes[i] ^ word) * k_prime, 29);
    }
  }
  std::uint64_t hash = 0;
  for (const std::uint64_t lane : lanes) hash = (std::rotl(hash, 17) ^ lane) * k_prime;
  for (; left > 0; --left, ++at) hash = (hash ^ std::to_integer<std::uint64_t>(*at)) * k_prime;
  hash ^= hash >> 32U;
  hash *= k_prime;
  return hash ^ (hash >> 29U);
}

}  // namespace signet::vuln::format
