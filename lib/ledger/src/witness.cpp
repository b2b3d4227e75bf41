// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "note.hpp"
#include "verdict.hpp"

namespace signet::ledger {

namespace {

// Not an empty file: that is what a damaged disk leaves, and it would make the witness forget.
constexpr std::string_view k_nothing_seen = "signet-witness-state-1: no checkpoint cosigned yet\n";

/// What was cosigned last, or nothing if this is the first time.
Result<std::optional<CheckpointText>> read_state(const std::filesystem::path& state) {
  TRY_ASSIGN(const Bytes bytes, os::read_file(state, k_note_size_bytes_max));
  if (as_text(bytes) == k_nothing_seen) return std::optional<CheckpointText>();
  auto text = CheckpointText::decode(as_text(bytes));
  if (!text) {
    return Error(Errc::untrusted, "ledger.bad-witness-state",
                 "the witness's state '" + printable(state.native()) + "' is damaged: " + text.error().text(),
                 "Restore it; a witness that forgot what it saw must not go on under the same key.");
  }
  return std::optional<CheckpointText>(*std::move(text));
}

std::filesystem::path lock_of(std::filesystem::path state) { return state += ".lock"; }

}  // namespace

Witness::Witness(std::filesystem::path state, std::string name, std::shared_ptr<crypto::Signer> signer)
    : state_(std::move(state)), name_(std::move(name)), signer_(std::move(signer)) {}

Result<Witness> Witness::create(const std::filesystem::path& state, std::string name,
                                std::shared_ptr<crypto::Signer> signer) {
  TRY(VerifierKey::for_witness(name, signer->public_key()));
  TRY(os::write_new_file(state, as_bytes(k_nothing_seen)));
  return Witness(state, std::move(name), std::move(signer));
}

Result<Witness> Witness::open(const std::filesystem::path& state, std::string name,
                              std::shared_ptr<crypto::Signer> signer) {
  TRY(VerifierKey::for_witness(name, signer->public_key()));
  Witness witness(state, std::move(name), std::move(signer));
  TRY(witness.last_size());
  return witness;
}

Result<std::uint64_t> Witness::last_size() const {
  TRY_ASSIGN(const std::optional<CheckpointText> last, read_state(state_));
  return last ? last->size : 0;
}

Result<std::string> Witness::cosign(const VerifiedCheckpoint& checkpoint, const std::optional<ConsistencyProof>& proof,
                                    Instant now) {
  // Checking and remembering are one act (tlog-witness): otherwise a slower caller with a smaller tree could undo a
  // larger one.
  TRY_ASSIGN(const os::FileLock lock, os::FileLock::acquire(lock_of(state_)));
  TRY_ASSIGN(std::optional<CheckpointText> last, read_state(state_));
  if (last) {
    // What this witness signed for before is verified by definition.
    const VerifiedCheckpoint held = VerdictMaker::checkpoint(*std::move(last), {}, {}, 0);
    TRY(verify_consistency(held, checkpoint, proof).context("cosign as '" + printable(name_) + "'"));
  }
  const CheckpointText seen{.origin = checkpoint.origin(), .size = checkpoint.size(), .root = checkpoint.root()};
  TRY(os::replace_file(state_, as_bytes(seen.encode())));
  return add_cosignature(checkpoint, name_, *signer_, now);
}

}  // namespace signet::ledger
