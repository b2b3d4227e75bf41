// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: checkpoint_fuzz)
#include "note.hpp"
#include "verdict.hpp"

#include <algorithm>

namespace signet::ledger {

namespace {

constexpr std::size_t k_cosignature_size_bytes = 8 + 64;       // tlog-cosignature: u64 timestamp, Ed25519 signature
constexpr std::uint64_t k_time_seconds_max = 253'402'300'799;  // 9999-12-31T23:59:59Z, what an Instant holds

/// Whether this line claims to be by that key; name and ID together name a key (signed-note).
bool names(const NoteSignature& line, const VerifierKey& key) {
  return line.key_id == key.id() && line.name == key.name();
}

Error bad_signature(const VerifierKey& key) {
  return {Errc::untrusted, "ledger.bad-signature",
          "the checkpoint's signature by '" + printable(key.name()) + "' is not valid",
          "The checkpoint was changed after it was signed, or somebody forged it."};
}

Result<void> check_log_signature(const NoteSignature& line, const VerifierKey& key, std::string_view text) {
  const auto scheme =
      key.type() == NoteKeyType::ed25519 ? crypto::SignatureScheme::ed25519 : crypto::SignatureScheme::ecdsa_sha256;
  if (!key.key().verify(scheme, as_bytes(text), line.signature)) return bad_signature(key);
  return {};
}

Result<Cosignature> check_cosignature(const NoteSignature& line, const VerifierKey& key, std::string_view text) {
  if (line.signature.size() != k_cosignature_size_bytes) return bad_signature(key);
  const std::uint64_t time = get_be64(line.signature);
  if (time > k_time_seconds_max) return bad_signature(key);
  const std::string message = cosigned_message(time, text);
  const ByteView signature = ByteView(line.signature).subspan(8);
  if (!key.key().verify(crypto::SignatureScheme::ed25519, as_bytes(message), signature)) return bad_signature(key);
  return Cosignature{key.name(), Instant{static_cast<std::int64_t>(time)}};
}

/// Checks the lines of known keys; a known key's line that does not verify spoils the whole note (signed-note).
Result<void> check_by_log(const Note& note, const std::string& origin, const Policy& policy) {
  bool is_signed = false;
  for (const NoteSignature& line : note.signatures) {
    for (const VerifierKey& key : policy.logs()) {
      if (!names(line, key)) continue;
      TRY(check_log_signature(line, key, note.text));
      is_signed = is_signed || key.name() == origin;
    }
  }
  if (is_signed) return {};
  return Error(Errc::untrusted, "ledger.unknown-log",
               "the checkpoint of '" + printable(origin) + "' is not signed by a known key of that log",
               "Give the log's verifier key; its name must be the checkpoint's first line.");
}

Result<std::vector<Cosignature>> check_witnesses(const Note& note, const Policy& policy) {
  std::vector<Cosignature> found;
  for (const NoteSignature& line : note.signatures) {
    for (const VerifierKey& key : policy.witnesses()) {
      if (!names(line, key)) continue;
      TRY_ASSIGN(Cosignature cosignature, check_cosignature(line, key, note.text));
      const auto same = std::ranges::find(found, cosignature.witness, &Cosignature::witness);
      if (same == found.end()) {
        found.push_back(std::move(cosignature));
      } else {  // one witness counts once, from when it first saw the tree
        same->time = std::min(same->time, cosignature.time);
      }
    }
  }
  std::ranges::sort(found, {}, &Cosignature::time);
  if (found.size() >= policy.witnesses_required()) return found;
  return Error(Errc::untrusted, "ledger.unwitnessed",
               "the checkpoint is cosigned by " + std::to_string(found.size()) + " known witnesses, " +
                   std::to_string(policy.witnesses_required()) + " are required",
               "Fetch a checkpoint with more cosignatures; without them the log may show others another history.");
}

}  // namespace

VerifiedCheckpoint VerdictMaker::checkpoint(CheckpointText text, std::string note,
                                            std::vector<Cosignature> cosignatures, std::size_t witnesses_required) {
  VerifiedCheckpoint verified;
  verified.origin_ = std::move(text.origin);
  verified.size_ = text.size;
  verified.root_ = text.root;
  verified.note_ = std::move(note);
  if (witnesses_required > 0) verified.witnessed_at_ = cosignatures[witnesses_required - 1].time;
  verified.cosignatures_ = std::move(cosignatures);
  return verified;
}

Result<VerifiedCheckpoint> open_checkpoint(Untrusted<ByteView> note, const Policy& policy) {
  const ByteView bytes = note.unverified();
  TRY_ASSIGN(const Note decoded, Note::decode(bytes));
  // The origin is needed to find the signature that counts; the rest of the text is looked at after it was checked.
  std::string_view rest = decoded.text;
  const std::string origin(take_line(rest).value_or(""));
  TRY(check_by_log(decoded, origin, policy));
  TRY_ASSIGN(std::vector<Cosignature> cosignatures, check_witnesses(decoded, policy));
  TRY_ASSIGN(CheckpointText text, CheckpointText::decode(decoded.text));
  return VerdictMaker::checkpoint(std::move(text), std::string(as_text(bytes)), std::move(cosignatures),
                                  policy.witnesses_required());
}

Result<std::string> sign_checkpoint(std::string_view origin, std::uint64_t size, const Hash& root,
                                    crypto::Signer& signer) {
  TRY(check_origin(origin));
  TRY_ASSIGN(const VerifierKey key, VerifierKey::for_log(origin, signer.public_key()));
  Note note{.text = CheckpointText{.origin = std::string(origin), .size = size, .root = root}.encode(),
            .signatures = {}};
  const auto scheme = crypto::default_scheme(signer.public_key().algorithm());
  TRY_ASSIGN(Bytes signature, signer.sign(scheme, as_bytes(note.text)));
  note.signatures.push_back({key.name(), key.id(), std::move(signature)});
  return note.encode();
}

Result<std::string> add_cosignature(const VerifiedCheckpoint& checkpoint, std::string_view witness,
                                    crypto::Signer& signer, Instant time) {
  TRY_ASSIGN(const VerifierKey key, VerifierKey::for_witness(witness, signer.public_key()));
  TRY_ASSIGN(Note note, Note::decode(as_bytes(checkpoint.note())));
  if (time.seconds_since_epoch < 0)
    return Error(Errc::usage, "ledger.bad-time", "a cosignature's time cannot be before 1970");
  const auto seconds = static_cast<std::uint64_t>(time.seconds_since_epoch);
  TRY_ASSIGN(const Bytes signature,
             signer.sign(crypto::SignatureScheme::ed25519, as_bytes(cosigned_message(seconds, note.text))));
  Bytes timestamped(8);
  put_be64(timestamped, seconds);
  append(timestamped, signature);
  std::erase_if(note.signatures,
                [&](const NoteSignature& line) { return names(line, key); });  // its newest word replaces older ones
  note.signatures.push_back({key.name(), key.id(), std::move(timestamped)});
  return note.encode();
}

}  // namespace signet::ledger
