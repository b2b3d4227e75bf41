// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "pairing.hpp"

#include "erofs.hpp"

#include <algorithm>
#include <cctype>
#include <unordered_map>

namespace signet::delta {

namespace {

/// Larger pieces are compared in parts, so that a patch is made in bounded memory whatever a file's size.
constexpr std::uint64_t k_piece_bytes = 16ULL << 20U;
/// How far around its place a part of a large piece is looked for.
constexpr std::uint64_t k_around_bytes = 4ULL << 20U;

/// Pieces that fill an image: files, and what lies between them, named after the file behind it.
std::vector<erofs::Extent> pieces(const std::vector<erofs::Extent>& files, std::uint64_t size_bytes) {
  std::vector<erofs::Extent> all;
  std::uint64_t at = 0;
  for (const erofs::Extent& file : files) {
    if (file.offset > at) all.push_back({"before " + file.path, at, file.offset - at, file.modified});
    all.push_back(file);
    at = file.offset + file.size_bytes;
  }
  if (at < size_bytes) all.push_back({"end", at, size_bytes - at, 0});
  return all;
}

/// A path with each number in it replaced: what versions change.
std::string without_numbers(const std::string& path) {
  std::string out;
  for (const char character : path) {
    const bool digit = std::isdigit(static_cast<unsigned char>(character)) != 0;
    if (!digit) {
      out += character;
    } else if (out.empty() || out.back() != '#') {
      out += '#';
    }
  }
  return out;
}

std::string name_of(const std::string& path) { return path.substr(path.find_last_of('/', path.size() - 2) + 1); }

/// The old piece that a new one most likely came from.
class Guess {
 public:
  explicit Guess(const std::vector<erofs::Extent>& old) {
    for (const erofs::Extent& piece : old) {
      by_path_.emplace(piece.path, piece);
      alike_.emplace(without_numbers(piece.path), piece);
      alike_.emplace(name_of(piece.path), piece);
    }
  }
  [[nodiscard]] Range of(const erofs::Extent& fresh) const {
    if (const auto same = by_path_.find(fresh.path); same != by_path_.end()) return range(same->second);
    for (const std::string& key : {without_numbers(fresh.path), name_of(fresh.path)}) {
      if (const erofs::Extent* nearest = nearest_in_size(key, fresh.size_bytes)) return range(*nearest);
    }
    return {};
  }

 private:
  static Range range(const erofs::Extent& piece) { return {piece.offset, piece.size_bytes}; }
  [[nodiscard]] const erofs::Extent* nearest_in_size(const std::string& key, std::uint64_t size) const {
    const erofs::Extent* best = nullptr;
    std::uint64_t least = 0;
    const auto [from, to] = alike_.equal_range(key);
    for (auto at = from; at != to; ++at) {
      const std::uint64_t apart = std::max(at->second.size_bytes, size) - std::min(at->second.size_bytes, size);
      if (best != nullptr && apart >= least) continue;
      best = &at->second;
      least = apart;
    }
    return best;
  }

  std::unordered_map<std::string, erofs::Extent> by_path_;
  std::unordered_multimap<std::string, erofs::Extent> alike_;
};

/// Large pairs in parts, each with its surroundings in the old piece.
void add_parts(const Pair& pair, std::vector<Pair>& into) {
  if (pair.fresh.size_bytes <= k_piece_bytes && pair.old.size_bytes <= k_piece_bytes + 2 * k_around_bytes) {
    into.push_back(pair);
    return;
  }
  for (std::uint64_t at = 0; at < pair.fresh.size_bytes; at += k_piece_bytes) {
    const std::uint64_t size = std::min(k_piece_bytes, pair.fresh.size_bytes - at);
    const std::uint64_t from = std::min(at - std::min(at, k_around_bytes), pair.old.size_bytes);
    const std::uint64_t to = std::min(at + size + k_around_bytes, pair.old.size_bytes);
    into.push_back({{pair.fresh.offset + at, size}, {pair.old.offset + from, to - from}});
  }
}

}  // namespace

std::vector<Pair> pairs(ImageReader& old, ImageReader& fresh) {
  std::vector<Pair> all;
  const auto old_files = erofs::extents(old);
  const auto fresh_files = erofs::extents(fresh);
  if (!old_files || !fresh_files) {
    add_parts({{0, fresh.size_bytes()}, {0, old.size_bytes()}}, all);
    return all;
  }
  const Guess guess(pieces(*old_files, old.size_bytes()));
  for (const erofs::Extent& piece : pieces(*fresh_files, fresh.size_bytes())) {
    add_parts({{piece.offset, piece.size_bytes}, guess.of(piece)}, all);
  }
  return all;
}

}  // namespace signet::delta
