// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: rsa_block_fuzz)
#include "rsa_block.hpp"

#include "signet/crypto.hpp"

#include <algorithm>
#include <array>

namespace signet::keystore {

namespace {

constexpr std::size_t k_block_bytes_min = 128;
constexpr std::size_t k_fill_bytes_min = 8;  // RFC 8017 section 9.2, step 4

bool is_pkcs1(ByteView block) {
  if (block[0] != std::byte{0} || block[1] != std::byte{1}) return false;
  const auto fill_end = std::ranges::find_if(block.subspan(2), [](std::byte each) { return each != std::byte{0xff}; });
  const auto fill = static_cast<std::size_t>(fill_end - block.subspan(2).begin());
  return fill >= k_fill_bytes_min && fill + 2 < block.size() && block[fill + 2] == std::byte{0};
}

/// MGF1 (RFC 8017 section B.2.1).
Bytes mask_of(crypto::HashAlgorithm hash, ByteView seed, std::size_t size_bytes) {
  Bytes mask;
  for (std::uint32_t counter = 0; mask.size() < size_bytes; ++counter) {
    Bytes input = to_bytes(seed);
    input.resize(seed.size() + 4);
    put_be32(ByteSpan(input).last(4), counter);
    append(mask, crypto::digest(hash, input));
  }
  mask.resize(size_bytes);
  return mask;
}

/// RFC 8017 section 9.1.2, but for the message, which nobody here knows.
bool is_pss(ByteView block, crypto::HashAlgorithm hash) {
  const std::size_t hash_bytes = crypto::digest_size_bytes(hash);
  const std::size_t masked_bytes = block.size() - hash_bytes - 1;
  if (block.back() != std::byte{0xbc} || (block[0] & std::byte{0x80}) != std::byte{0}) return false;
  Bytes data = mask_of(hash, block.subspan(masked_bytes, hash_bytes), masked_bytes);
  for (std::size_t i = 0; i < masked_bytes; ++i) data[i] ^= block[i];
  data[0] &= std::byte{0x7f};
  const auto first = std::ranges::find_if(data, [](std::byte each) { return each != std::byte{0}; });
  return first != data.end() && *first == std::byte{1} &&
         static_cast<std::size_t>(data.end() - first) <= hash_bytes + 1;
}

}  // namespace

BlockPadding padding_of(ByteView block) {
  if (block.size() < k_block_bytes_min) return BlockPadding::none;
  if (is_pkcs1(block)) return BlockPadding::pkcs1;
  using enum crypto::HashAlgorithm;
  const bool pss = std::ranges::any_of(std::array{sha256, sha384, sha512},
                                       [&](crypto::HashAlgorithm hash) { return is_pss(block, hash); });
  return pss ? BlockPadding::pss : BlockPadding::none;
}

}  // namespace signet::keystore
