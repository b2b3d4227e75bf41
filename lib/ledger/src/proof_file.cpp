// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: proof_file_fuzz)
#include "merkle.hpp"
#include "note.hpp"
#include "verdict.hpp"

#include <algorithm>

namespace signet::ledger {

namespace {

constexpr std::string_view k_first_line = "c2sp.org/tlog-proof@v1";
constexpr std::string_view k_extra = "extra ";
constexpr std::string_view k_index = "index ";
constexpr std::size_t k_extra_size_bytes_max = 64U * 1024U;

Error bad_proof_file(std::string text) {
  return {Errc::invalid_input, "ledger.bad-proof-file", "this is not a tlog-proof file: " + std::move(text),
          "Is it the right file?"};
}

/// The hash lines up to the empty line before the checkpoint.
Result<Proof> decode_hashes(std::string_view& rest) {
  Proof hashes;
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return bad_proof_file("it has no checkpoint");
    if (line->empty()) return hashes;
    if (hashes.size() == k_proof_hashes_max) return bad_proof_file("it has more hashes than any tree needs");
    const auto bytes = from_base64(*line);
    if (!bytes || bytes->size() != Hash().size()) return bad_proof_file("a line is not the base64 of a SHA-256 hash");
    std::ranges::copy(*bytes, hashes.emplace_back().begin());
  }
}

}  // namespace

std::string ProofFile::encode() const {
  std::string text = std::string(k_first_line) + "\n";
  if (extra) text.append(k_extra).append(to_base64(*extra)).append("\n");
  text.append(k_index).append(std::to_string(inclusion.index)).append("\n");
  for (const Hash& hash : inclusion.hashes) text.append(to_base64(hash)).append("\n");
  return text.append("\n").append(checkpoint);
}

Result<ProofFile> ProofFile::decode(ByteView text) {
  std::string_view rest = as_text(text);
  if (rest.size() > k_note_size_bytes_max + 2 * k_extra_size_bytes_max) return bad_proof_file("it is too large");
  if (take_line(rest) != k_first_line) return bad_proof_file("it does not begin with " + std::string(k_first_line));
  ProofFile file;
  auto line = take_line(rest);
  if (line && line->starts_with(k_extra)) {
    auto extra = from_base64(line->substr(k_extra.size()));
    if (!extra || extra->size() > k_extra_size_bytes_max)
      return bad_proof_file("its extra data is not base64, or is larger than 64 KiB");
    file.extra = *std::move(extra);
    line = take_line(rest);
  }
  if (!line || !line->starts_with(k_index)) return bad_proof_file("it has no index line");
  const auto index = parse_decimal(line->substr(k_index.size()));
  if (!index) return bad_proof_file("its index is not a number");
  file.inclusion.index = *index;
  TRY_ASSIGN(file.inclusion.hashes, decode_hashes(rest));
  TRY(Note::decode(as_bytes(rest)));
  file.checkpoint = std::string(rest);
  return file;
}

Result<VerifiedInclusion> verify_inclusion(const VerifiedCheckpoint& checkpoint, ByteView entry,
                                           const InclusionProof& proof) {
  const Hash leaf = leaf_hash(entry);
  TRY(check_inclusion(proof.index, checkpoint.size(), leaf, proof.hashes, checkpoint.root()));
  return VerdictMaker::inclusion(proof.index, leaf, checkpoint);
}

Result<VerifiedInclusion> verify_proof_file(Untrusted<ByteView> proof_file, ByteView entry, const Policy& policy) {
  TRY_ASSIGN(const ProofFile file, ProofFile::decode(proof_file.unverified()));
  TRY_ASSIGN(const VerifiedCheckpoint checkpoint, open_checkpoint(Untrusted(as_bytes(file.checkpoint)), policy));
  return verify_inclusion(checkpoint, entry, file.inclusion);
}

}  // namespace signet::ledger
