// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/ledger_store.hpp"

#include "note.hpp"
#include "tiles.hpp"

namespace signet::ledger {

namespace {

Error no_such(std::string text) { return {Errc::not_found, "ledger.no-such-entry", std::move(text)}; }

Error damaged() {
  return {Errc::untrusted, "ledger.damaged", "the ledger's files do not lead to its own checkpoint",
          "Run `signet ledger verify` on the folder to see which entries were changed."};
}

}  // namespace

Result<Published> Published::open(const std::filesystem::path& folder) {
  auto bytes = os::read_file(folder / k_checkpoint_name, k_note_size_bytes_max);
  if (!bytes && bytes.error().code() == Errc::not_found) {
    return Error(Errc::not_found, "ledger.unpublished",
                 "there is no checkpoint in '" + printable(folder.native()) + "'",
                 "Publish one with `signet ledger checkpoint`.");
  }
  if (!bytes) return std::move(bytes).error();
  TRY_ASSIGN(const Note note, Note::decode(*bytes));
  TRY_ASSIGN(const CheckpointText text, CheckpointText::decode(note.text));
  Published published;
  published.folder_ = folder;
  published.note_ = std::string(as_text(*bytes));
  published.origin_ = text.origin;
  published.size_ = text.size;
  published.root_ = text.root;
  return published;
}

Result<Bytes> Published::entry(std::uint64_t index) const {
  if (index >= size_) {
    return no_such("there is no entry " + std::to_string(index) + ": " + std::to_string(size_) +
                   " are published, from 0");
  }
  TileReader reader(folder_, size_);
  TRY_ASSIGN(const std::vector<Bytes> entries, reader.bundle(index / k_tile_width));
  const std::size_t at = static_cast<std::size_t>(index % k_tile_width);
  if (at >= entries.size()) return damaged();
  TRY_ASSIGN(const Hash leaf, reader.node(0, index));
  if (leaf_hash(entries[at]) != leaf) return damaged();
  return entries[at];
}

Result<InclusionProof> Published::prove(std::uint64_t index) const {
  if (index >= size_) {
    return no_such("there is no entry " + std::to_string(index) + ": " + std::to_string(size_) +
                   " are published, from 0");
  }
  TileReader reader(folder_, size_);
  TRY_ASSIGN(const Hash leaf, reader.node(0, index));
  TRY_ASSIGN(Proof hashes, inclusion_path(reader.source(), index, size_));
  if (!check_inclusion(index, size_, leaf, hashes, root_)) return damaged();
  return InclusionProof{index, std::move(hashes)};
}

Result<ProofFile> Published::proof_file(std::uint64_t index) const {
  TRY_ASSIGN(InclusionProof proof, prove(index));
  return ProofFile{std::move(proof), note_, std::nullopt};
}

Result<Hash> Published::root_at(std::uint64_t size) const {
  if (size > size_)
    return no_such("the published tree has " + std::to_string(size_) + " entries, not " + std::to_string(size));
  if (size == 0) return empty_root();
  TileReader reader(folder_, size_);
  return range_hash(reader.source(), 0, size);
}

Result<ConsistencyProof> Published::consistency(std::uint64_t old_size, std::optional<std::uint64_t> size) const {
  const std::uint64_t to = size.value_or(size_);
  if (old_size == 0 || old_size > to || to > size_) {
    return no_such("there is no proof from " + std::to_string(old_size) + " to " + std::to_string(to) +
                   " entries: " + std::to_string(size_) + " are published");
  }
  TRY_ASSIGN(const Hash old_root, root_at(old_size));
  TRY_ASSIGN(const Hash root, root_at(to));
  if (to == size_ && root != root_) return damaged();
  TileReader reader(folder_, size_);
  TRY_ASSIGN(Proof hashes, consistency_path(reader.source(), old_size, to));
  if (!check_consistency(old_size, to, old_root, root, hashes)) return damaged();
  return ConsistencyProof{old_size, to, old_root, std::move(hashes)};
}

}  // namespace signet::ledger
