// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: hss_fuzz)
#include "signet/crypto.hpp"
#include "signet/crypto_hss.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace signet::crypto {

namespace {

constexpr std::size_t k_hash_bytes = 32;        // n and m of the SHA-256 parameter sets
constexpr std::size_t k_identifier_bytes = 16;  // I
constexpr std::size_t k_lms_key_bytes = 4 + 4 + k_identifier_bytes + k_hash_bytes;
constexpr std::uint32_t k_levels_max = 8;  // RFC 8554 section 6

// RFC 8554 section 7.1: what separates the uses of the hash.
constexpr std::uint16_t k_public_block = 0x8080;
constexpr std::uint16_t k_message = 0x8181;
constexpr std::uint16_t k_leaf = 0x8282;
constexpr std::uint16_t k_inner = 0x8383;

/// RFC 8554 section 4.1, table 1.
struct OneTimeSet {
  std::uint32_t type;
  unsigned width;
  unsigned chains;
  unsigned checksum_shift;
};
constexpr std::array k_one_time_sets{OneTimeSet{1, 1, 265, 7}, OneTimeSet{2, 2, 133, 6}, OneTimeSet{3, 4, 67, 4},
                                     OneTimeSet{4, 8, 34, 0}};

/// RFC 8554 section 5.1, table 2: types 5 to 9 are trees of height 5, 10, 15, 20 and 25.
std::optional<unsigned> tree_height(std::uint32_t type) {
  if (type < 5 || type > 9) return std::nullopt;
  return (type - 4) * 5;
}
const OneTimeSet* one_time_set(std::uint32_t type) {
  const auto at = std::ranges::find(k_one_time_sets, type, &OneTimeSet::type);
  return at == k_one_time_sets.end() ? nullptr : &*at;
}

Error bad_signature() {
  return {Errc::untrusted, "crypto.bad-signature", "the HSS signature does not belong to this message and key",
          "Is it over exactly these bytes, and by this key?"};
}

/// Takes pieces off the front of foreign bytes; nothing where there are too few.
class Pieces {
 public:
  explicit Pieces(ByteView bytes) : bytes_(bytes) {}
  std::optional<ByteView> take(std::size_t size) {
    if (size > bytes_.size()) return std::nullopt;
    const ByteView piece = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return piece;
  }
  std::optional<std::uint32_t> number() {
    const auto piece = take(4);
    if (!piece) return std::nullopt;
    return get_be32(*piece);
  }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  ByteView bytes_;  // of verify(), which outlives this
};

struct LmsKey {
  std::uint32_t type = 0;
  std::uint32_t one_time_type = 0;
  ByteView identifier;
  ByteView root;
};

LmsKey parse_lms_key(ByteView bytes) {
  return {get_be32(bytes), get_be32(bytes.subspan(4)), bytes.subspan(8, k_identifier_bytes),
          bytes.subspan(8 + k_identifier_bytes, k_hash_bytes)};
}

/// H(I || u32(number) || u16(use) || parts).
Bytes tagged_hash(ByteView identifier, std::uint32_t number, std::uint16_t use, std::initializer_list<ByteView> parts) {
  Hasher hasher(HashAlgorithm::sha256);
  hasher.update(identifier);
  std::array<std::byte, 6> tag;
  put_be32(tag, number);
  put_be16(ByteSpan(tag).subspan(4), use);
  hasher.update(tag);
  for (const ByteView part : parts) hasher.update(part);
  return hasher.finish();
}

/// RFC 8554 section 3.1.3.
unsigned coefficient(ByteView bytes, std::size_t index, unsigned width) {
  const std::size_t bit = index * width;
  const auto byte = std::to_integer<unsigned>(bytes[bit / 8]);
  return byte >> (8 - width - bit % 8) & ((1U << width) - 1);
}

/// The one-time public key that a signature would belong to: RFC 8554 section 4.6, algorithm 4b.
Bytes one_time_candidate(const LmsKey& key, std::uint32_t leaf, const OneTimeSet& set, ByteView randomizer,
                         ByteView chains, ByteView message) {
  Bytes digits = tagged_hash(key.identifier, leaf, k_message, {randomizer, message});
  unsigned sum = 0;  // section 4.4
  for (std::size_t i = 0; i < k_hash_bytes * 8 / set.width; ++i) {
    sum += (1U << set.width) - 1 - coefficient(digits, i, set.width);
  }
  std::array<std::byte, 2> checksum;
  put_be16(checksum, static_cast<std::uint16_t>(sum << set.checksum_shift));
  append(digits, checksum);
  Bytes ends;
  for (unsigned chain = 0; chain < set.chains; ++chain) {
    Bytes value = to_bytes(chains.subspan(chain * k_hash_bytes, k_hash_bytes));
    for (unsigned step = coefficient(digits, chain, set.width); step < (1U << set.width) - 1; ++step) {
      const std::array<std::byte, 1> number{static_cast<std::byte>(step)};
      value = tagged_hash(key.identifier, leaf, static_cast<std::uint16_t>(chain), {number, value});
    }
    append(ends, value);
  }
  return tagged_hash(key.identifier, leaf, k_public_block, {ends});
}

/// RFC 8554 section 5.4.2, algorithms 6 and 6a; takes the signature off the front of `pieces`.
Result<void> verify_lms(const LmsKey& key, ByteView message, Pieces& pieces) {
  const OneTimeSet* set = one_time_set(key.one_time_type);
  const auto height = tree_height(key.type);
  if (set == nullptr || !height) return bad_signature();
  const auto leaf = pieces.number();
  const auto one_time_type = pieces.number();
  if (!leaf || one_time_type != key.one_time_type) return bad_signature();
  const auto randomizer = pieces.take(k_hash_bytes);
  const auto chains = pieces.take(std::size_t{set->chains} * k_hash_bytes);
  const auto type = pieces.number();
  const auto path = pieces.take(std::size_t{*height} * k_hash_bytes);
  if (!randomizer || !chains || type != key.type || !path || *leaf >= 1U << *height) return bad_signature();

  const Bytes candidate = one_time_candidate(key, *leaf, *set, *randomizer, *chains, message);
  std::uint32_t node = (1U << *height) + *leaf;
  Bytes value = tagged_hash(key.identifier, node, k_leaf, {candidate});
  for (std::size_t level = 0; node > 1; ++level, node /= 2) {
    const ByteView other = path->subspan(level * k_hash_bytes, k_hash_bytes);
    const bool right = node % 2 == 1;
    value = tagged_hash(key.identifier, node / 2, k_inner, {right ? other : ByteView(value), right ? value : other});
  }
  if (!equal(value, key.root)) return bad_signature();
  return {};
}

}  // namespace

Result<HssPublicKey> HssPublicKey::parse(ByteView bytes) {
  const Error unsupported(Errc::unsupported, "crypto.key-unsupported", "this is no HSS public key that is known here",
                          "RFC 8554 with SHA-256: 60 bytes, 1 to 8 levels.");
  if (bytes.size() != 4 + k_lms_key_bytes) return unsupported;
  const std::uint32_t levels = get_be32(bytes);
  const LmsKey key = parse_lms_key(bytes.subspan(4));
  if (levels == 0 || levels > k_levels_max || !tree_height(key.type) || one_time_set(key.one_time_type) == nullptr) {
    return unsupported;
  }
  return HssPublicKey(to_bytes(bytes));
}

Bytes HssPublicKey::fingerprint() const { return digest(HashAlgorithm::sha256, encoded_); }

Result<void> HssPublicKey::verify(ByteView message, ByteView signature) const {
  Pieces pieces(signature);
  const auto signed_keys = pieces.number();
  if (!signed_keys || *signed_keys + 1ULL != get_be32(encoded_)) return bad_signature();  // section 6.3, step 2
  LmsKey key = parse_lms_key(ByteView(encoded_).subspan(4));
  // Each level signs the key of the one below; those bytes stand behind that signature.
  for (std::uint32_t level = 0; level < *signed_keys; ++level) {
    Pieces ahead = pieces;
    const OneTimeSet* set = one_time_set(key.one_time_type);
    const auto height = tree_height(key.type);
    if (set == nullptr || !height) return bad_signature();
    const std::size_t size =
        4 + 4 + k_hash_bytes + std::size_t{set->chains} * k_hash_bytes + 4 + *height * k_hash_bytes;
    if (!ahead.take(size)) return bad_signature();
    const auto below = ahead.take(k_lms_key_bytes);
    if (!below) return bad_signature();
    TRY(verify_lms(key, *below, pieces));
    pieces = ahead;
    key = parse_lms_key(*below);
  }
  TRY(verify_lms(key, message, pieces));
  if (!pieces.empty()) return bad_signature();
  return {};
}

}  // namespace signet::crypto
