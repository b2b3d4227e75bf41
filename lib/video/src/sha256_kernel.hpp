// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

/// The compression function of SHA-256 (FIPS 180-4, 6.2.2) on vectors: word i of every lane stands in vector i. Plain
/// C++ with the vector extension that g++ and clang share. All is always_inline, by reference, so that a caller with
/// wider instructions (attribute target) gets them.
namespace signet::video::sha256 {

inline constexpr std::size_t k_block_size_bytes = 64;

inline constexpr std::uint32_t k_initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

inline constexpr std::uint32_t k_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

template <std::size_t Lanes>
struct Vector {
  typedef std::uint32_t Type __attribute__((vector_size(Lanes * sizeof(std::uint32_t))));
};

#define SIGNET_INLINE [[gnu::always_inline]] inline

/// Swaps the off-diagonal S x S blocks that rows `a` and `b` (S apart) share: one step of a transposition.
template <std::size_t S, typename V, std::size_t... I>
SIGNET_INLINE void exchange(V& a, V& b, std::index_sequence<I...>) {
  constexpr std::size_t k_lanes = sizeof...(I);
  const V first = __builtin_shufflevector(a, b, static_cast<int>((I & S) == 0 ? I : k_lanes + I - S)...);
  b = __builtin_shufflevector(a, b, static_cast<int>((I & S) == 0 ? I + S : k_lanes + I)...);
  a = first;
}

template <std::size_t S, typename V, std::size_t Lanes>
SIGNET_INLINE void transpose(V (&rows)[Lanes]) {
  for (std::size_t i = 0; i < Lanes; ++i) {
    if ((i & S) == 0) exchange<S>(rows[i], rows[i + S], std::make_index_sequence<Lanes>());
  }
  if constexpr (S > 1) transpose<S / 2>(rows);
}

template <typename V>
SIGNET_INLINE void swap_bytes(V& x) {
  x = (((x << 8) | (x >> 24)) & 0x00ff00ffU) | (((x >> 8) | (x << 24)) & 0xff00ff00U);
}

#define SIGNET_ROTR(x, n) (((x) >> (n)) | ((x) << (32 - (n))))

template <std::size_t T, typename V>
SIGNET_INLINE void round(V (&s)[8], V (&w)[16]) {
  V& now = w[T % 16];
  if constexpr (T >= 16) {
    const V& w2 = w[(T - 2) % 16];
    const V& w15 = w[(T - 15) % 16];
    now += (SIGNET_ROTR(w2, 17) ^ SIGNET_ROTR(w2, 19) ^ (w2 >> 10)) + w[(T - 7) % 16] +
           (SIGNET_ROTR(w15, 7) ^ SIGNET_ROTR(w15, 18) ^ (w15 >> 3));
  }
  // Instead of moving eight words, their names move.
  const V& a = s[(64 - T) % 8];
  const V& b = s[(65 - T) % 8];
  const V& c = s[(66 - T) % 8];
  V& d = s[(67 - T) % 8];
  const V& e = s[(68 - T) % 8];
  const V& f = s[(69 - T) % 8];
  const V& g = s[(70 - T) % 8];
  V& h = s[(71 - T) % 8];
  h += (SIGNET_ROTR(e, 6) ^ SIGNET_ROTR(e, 11) ^ SIGNET_ROTR(e, 25)) + (g ^ (e & (f ^ g))) + k_constants[T] + now;
  d += h;
  h += (SIGNET_ROTR(a, 2) ^ SIGNET_ROTR(a, 13) ^ SIGNET_ROTR(a, 22)) + ((a & b) | (c & (a | b)));
}

template <typename V, std::size_t... T>
SIGNET_INLINE void rounds(V (&s)[8], V (&w)[16], std::index_sequence<T...>) {
  (round<T>(s, w), ...);
}

/// Takes `count` blocks in each lane; `state` has word i of lane l at [i][l], `strides` is 64 or, for a lane without
/// work, 0.
template <std::size_t Lanes>
SIGNET_INLINE void compress(std::uint32_t (*state)[Lanes], const std::byte** blocks, const std::size_t* strides,
                            std::size_t count) {
  using V = typename Vector<Lanes>::Type;
  V s[8];
  for (std::size_t i = 0; i < 8; ++i) std::memcpy(&s[i], state[i], sizeof(V));
  for (; count > 0; --count) {
    V w[16];
    for (std::size_t part = 0; part < 16; part += Lanes) {
      V rows[Lanes];
      for (std::size_t lane = 0; lane < Lanes; ++lane) std::memcpy(&rows[lane], blocks[lane] + part * 4, sizeof(V));
      transpose<Lanes / 2>(rows);
      for (std::size_t i = 0; i < Lanes; ++i) {
        w[part + i] = rows[i];
        swap_bytes(w[part + i]);
      }
    }
    V before[8];
    for (std::size_t i = 0; i < 8; ++i) before[i] = s[i];
    rounds(s, w, std::make_index_sequence<64>());
    for (std::size_t i = 0; i < 8; ++i) s[i] += before[i];
    for (std::size_t lane = 0; lane < Lanes; ++lane) blocks[lane] += strides[lane];
  }
  for (std::size_t i = 0; i < 8; ++i) std::memcpy(state[i], &s[i], sizeof(V));
}

#undef SIGNET_ROTR
#undef SIGNET_INLINE

}  // namespace signet::video::sha256
