// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: bundle_fuzz)
#include "tiles.hpp"

#include <algorithm>
#include <system_error>

namespace signet::ledger {

namespace {

constexpr std::size_t k_tiles_cached_max = 32;

Error damaged(const std::string& path, const std::string& why) {
  return {Errc::untrusted, "ledger.damaged", "the ledger's file '" + path + "' " + why,
          "Run `signet ledger verify` on the folder."};
}

}  // namespace

std::string tile_index_path(std::uint64_t index) {
  std::string path;
  do {
    std::string group = std::to_string(index % 1000);
    group.insert(0, 3 - group.size(), '0');
    path = path.empty() ? group : "x" + group + "/" + path;
    index /= 1000;
  } while (index > 0);
  return path;
}

std::string tile_path(std::optional<unsigned> level, std::uint64_t index, std::size_t width) {
  const std::string kind = level ? std::to_string(*level) : "entries";
  const std::string part = width < k_tile_width ? ".p/" + std::to_string(width) : "";
  return "tile/" + kind + "/" + tile_index_path(index) + part;
}

void append_to_bundle(Bytes& bundle, ByteView entry) {
  ensure(entry.size() <= k_entry_size_bytes_max, "append_to_bundle: the entry fits");
  std::array<std::byte, 2> length{};
  put_be16(length, static_cast<std::uint16_t>(entry.size()));
  append(bundle, length);
  append(bundle, entry);
}

Result<std::vector<Bytes>> decode_bundle(ByteView bundle) {
  std::vector<Bytes> entries;
  while (!bundle.empty()) {
    const std::size_t length = bundle.size() < 2 ? bundle.size() : std::size_t{get_be16(bundle)};
    if (bundle.size() < 2 + length || entries.size() == k_tile_width) {
      return Error(Errc::untrusted, "ledger.bad-bundle", "an entry bundle ends within an entry, or has more than 256");
    }
    entries.push_back(to_bytes(bundle.subspan(2, length)));
    bundle = bundle.subspan(2 + length);
  }
  return entries;
}

std::size_t TileReader::width_of(unsigned level, std::uint64_t index) const {
  const std::uint64_t total = size_ >> (k_tile_height * level);
  if (index > total / k_tile_width) return 0;
  return index < total / k_tile_width ? k_tile_width : static_cast<std::size_t>(total % k_tile_width);
}

Result<Bytes> TileReader::read(std::optional<unsigned> level, std::uint64_t index, std::size_t width,
                               std::uint64_t size_bytes_max) const {
  auto bytes = os::read_file(folder_ / tile_path(level, index, width), size_bytes_max);
  // tlog-tiles: a partial tile may be gone once the full one is there, which begins with the same hashes.
  if (!bytes && bytes.error().code() == Errc::not_found && width < k_tile_width) {
    bytes = os::read_file(folder_ / tile_path(level, index, k_tile_width), size_bytes_max);
  }
  return bytes;
}

Result<std::vector<Hash>> TileReader::tile(unsigned level, std::uint64_t index) {
  const std::size_t width = width_of(level, index);
  const std::string path = tile_path(level, index, width);
  if (width == 0) return damaged(path, "is beyond the tree");
  TRY_ASSIGN(const Bytes bytes, read(level, index, width, k_tile_width * sizeof(Hash)));
  const bool is_own_width = bytes.size() == width * sizeof(Hash);
  if (!is_own_width && bytes.size() != k_tile_width * sizeof(Hash)) return damaged(path, "has a wrong size");
  std::vector<Hash> hashes(width);
  for (std::size_t i = 0; i < width; ++i) {
    std::ranges::copy(ByteView(bytes).subspan(i * sizeof(Hash), sizeof(Hash)), hashes[i].begin());
  }
  return hashes;
}

Result<std::vector<Bytes>> TileReader::bundle(std::uint64_t index) {
  const std::size_t width = width_of(0, index);
  const std::string path = tile_path(std::nullopt, index, width);
  if (width == 0) return damaged(path, "is beyond the tree");
  TRY_ASSIGN(const Bytes bytes, read(std::nullopt, index, width, k_bundle_size_bytes_max));
  auto entries = decode_bundle(bytes);
  if (!entries) return damaged(path, "ends within an entry");
  if (entries->size() == k_tile_width) entries->resize(width);
  return entries;
}

Result<Hash> TileReader::node(unsigned level, std::uint64_t index) {
  const unsigned tile_level = level / k_tile_height;
  const unsigned within = level % k_tile_height;
  const std::uint64_t first = index << within;
  const std::pair key(tile_level, first / k_tile_width);
  auto cached = cache_.find(key);
  if (cached == cache_.end()) {
    TRY_ASSIGN(std::vector<Hash> hashes, tile(key.first, key.second));
    if (cache_.size() == k_tiles_cached_max) cache_.clear();
    cached = cache_.emplace(key, std::move(hashes)).first;
  }
  const std::span<const Hash> row(cached->second);
  const std::size_t at = static_cast<std::size_t>(first % k_tile_width);
  const std::size_t count = std::size_t{1} << within;
  if (at + count > row.size()) return damaged(tile_path(key.first, key.second, row.size()), "is too short");
  return fold_row(row.subspan(at, count));
}

Result<void> TileWriter::write(const std::string& path, ByteView content) {
  const std::filesystem::path target = folder_ / path;
  TRY(os::make_folders(target.parent_path()));
  std::filesystem::path temporary = target;
  temporary += ".new";
  std::error_code error;
  std::filesystem::remove(temporary, error);  // left by a crash
  {
    TRY_ASSIGN(const os::Fd fd, os::create_new(temporary, 0644));
    TRY(os::write_all(fd, content).context("write '" + path + "'"));
    TRY(os::sync(fd).context("write '" + path + "'"));
  }
  std::filesystem::rename(temporary, target, error);
  if (error) return errno_error(error.value(), "replace '" + path + "'");
  touched_.insert(target.parent_path());
  return {};
}

Result<void> TileWriter::write_tile(unsigned level, std::uint64_t index, std::span<const Hash> hashes) {
  return write(tile_path(level, index, hashes.size()), std::as_bytes(hashes));
}

Result<void> TileWriter::write_bundle(std::uint64_t index, std::size_t width, ByteView bundle) {
  return write(tile_path(std::nullopt, index, width), bundle);
}

Result<void> TileWriter::finish() {
  for (const std::filesystem::path& folder : touched_) TRY(os::sync_folder(folder));
  touched_.clear();
  return {};
}

}  // namespace signet::ledger
