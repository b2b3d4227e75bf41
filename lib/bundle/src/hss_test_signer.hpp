// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/crypto.hpp"
#include "signet/crypto_hss.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace signet::test {

/// What hardware does, for tests alone: one tree of height 5 with one-time keys of width 8 (RFC 8554), of which one is
/// there; the other leaves are only numbers that fill the tree.
class HssTestSigner {
 public:
  explicit HssTestSigner(std::uint8_t seed) : identifier_(16, std::byte{seed}), seed_(32, std::byte{seed}) {
    nodes_.resize(2 * k_leaves);
    for (std::uint32_t leaf = 0; leaf < k_leaves; ++leaf) nodes_[k_leaves + leaf] = hash(k_leaves + leaf, 0x8282, {});
    Bytes ends;
    for (unsigned chain = 0; chain < k_chains; ++chain) {
      append(ends, walk(k_leaf, chain, secret(k_leaf, chain), 0, 255));
    }
    nodes_[k_leaves + k_leaf] = hash(k_leaves + k_leaf, 0x8282, {hash(k_leaf, 0x8080, {ends})});
    for (std::uint32_t node = k_leaves - 1; node > 0; --node) {
      nodes_[node] = hash(node, 0x8383, {nodes_[2 * node], nodes_[2 * node + 1]});
    }
  }

  [[nodiscard]] crypto::HssPublicKey public_key() const {
    Bytes bytes = numbers({1, 5, 4});
    append(bytes, identifier_);
    append(bytes, nodes_[1]);
    return *crypto::HssPublicKey::parse(bytes);
  }

  [[nodiscard]] Bytes sign(ByteView message) const {
    const Bytes randomizer(32, std::byte{42});
    Bytes digits = hash(k_leaf, 0x8181, {randomizer, to_bytes(message)});
    unsigned sum = 0;
    for (const std::byte digit : digits) sum += 255 - std::to_integer<unsigned>(digit);
    digits.push_back(static_cast<std::byte>(sum >> 8U));
    digits.push_back(static_cast<std::byte>(sum));
    Bytes signature = numbers({0, k_leaf, 4});
    append(signature, randomizer);
    for (unsigned chain = 0; chain < k_chains; ++chain) {
      append(signature, walk(k_leaf, chain, secret(k_leaf, chain), 0, std::to_integer<unsigned>(digits[chain])));
    }
    append(signature, numbers({5}));
    for (std::uint32_t node = k_leaves + k_leaf; node > 1; node /= 2) append(signature, nodes_[node ^ 1U]);
    return signature;
  }

 private:
  static constexpr std::uint32_t k_leaves = 32;
  static constexpr std::uint32_t k_leaf = 9;  ///< the one that signs
  static constexpr unsigned k_chains = 34;

  static Bytes numbers(std::initializer_list<std::uint32_t> values) {
    Bytes bytes;
    for (const std::uint32_t value : values) {
      std::array<std::byte, 4> number;
      put_be32(number, value);
      append(bytes, number);
    }
    return bytes;
  }
  [[nodiscard]] Bytes hash(std::uint32_t number, unsigned use, const std::vector<Bytes>& parts) const {
    Bytes bytes = identifier_;
    append(bytes, numbers({number}));
    bytes.push_back(static_cast<std::byte>(use >> 8U));
    bytes.push_back(static_cast<std::byte>(use));
    for (const Bytes& part : parts) append(bytes, part);
    return crypto::digest(crypto::HashAlgorithm::sha256, bytes);
  }
  [[nodiscard]] Bytes secret(std::uint32_t leaf, unsigned chain) const {
    return hash(leaf, chain, {Bytes{std::byte{255}}, seed_});
  }
  [[nodiscard]] Bytes walk(std::uint32_t leaf, unsigned chain, Bytes value, unsigned from, unsigned to) const {
    for (unsigned step = from; step < to; ++step)
      value = hash(leaf, chain, {Bytes{static_cast<std::byte>(step)}, value});
    return value;
  }

  Bytes identifier_;
  Bytes seed_;
  std::vector<Bytes> nodes_;
};

}  // namespace signet::test
