// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/file.hpp"

#include "frontier.hpp"
#include "merkle.hpp"

#include <map>
#include <set>
#include <utility>

namespace signet::ledger {

/// Where the parts of a ledger lie in its folder.
inline constexpr std::string_view k_checkpoint_name = "checkpoint";
inline constexpr std::string_view k_journal_folder = "journal";

/// "x001/x234/067" (tlog-tiles).
[[nodiscard]] std::string tile_index_path(std::uint64_t index);
/// "tile/0/x001/067" or "tile/entries/x001/067.p/12"; `width` 256 is the full one. No level: the entries.
[[nodiscard]] std::string tile_path(std::optional<unsigned> level, std::uint64_t index, std::size_t width);

/// The bytes of an entry bundle.
void append_to_bundle(Bytes& bundle, ByteView entry);
/// The entries of a bundle; "ledger.bad-bundle" if it ends within one.
Result<std::vector<Bytes>> decode_bundle(ByteView bundle);
/// At most this large: 256 entries of full length.
inline constexpr std::uint64_t k_bundle_size_bytes_max = k_tile_width * (2 + k_entry_size_bytes_max);

/// Reads the tiles of a tree of a given size, from files that may be damaged: what comes out must be checked against a
/// root.
class TileReader {
 public:
  TileReader(std::filesystem::path folder, std::uint64_t size) : folder_(std::move(folder)), size_(size) {}

  /// The complete subtree over [index << level, (index + 1) << level).
  Result<Hash> node(unsigned level, std::uint64_t index);
  /// The hashes of a tile, as many as a tree of this size has there.
  Result<std::vector<Hash>> tile(unsigned level, std::uint64_t index);
  /// The entries of a bundle, likewise.
  Result<std::vector<Bytes>> bundle(std::uint64_t index);
  [[nodiscard]] NodeSource source() {
    return [this](unsigned level, std::uint64_t index) { return node(level, index); };
  }

 private:
  [[nodiscard]] std::size_t width_of(unsigned level, std::uint64_t index) const;
  Result<Bytes> read(std::optional<unsigned> level, std::uint64_t index, std::size_t width,
                     std::uint64_t size_bytes_max) const;
  std::filesystem::path folder_;
  std::uint64_t size_;
  std::map<std::pair<unsigned, std::uint64_t>, std::vector<Hash>> cache_;
};

/// Writes tiles so that each appears whole under its name; names become durable at finish().
class TileWriter {
 public:
  explicit TileWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<void> write_tile(unsigned level, std::uint64_t index, std::span<const Hash> hashes);
  Result<void> write_bundle(std::uint64_t index, std::size_t width, ByteView bundle);
  Result<void> finish();

 private:
  Result<void> write(const std::string& path, ByteView content);
  std::filesystem::path folder_;
  std::set<std::filesystem::path> touched_;
};

}  // namespace signet::ledger
