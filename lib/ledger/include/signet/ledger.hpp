// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/core/untrusted.hpp"
#include "signet/crypto.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// An append-only log that can be checked offline: a Merkle tree (RFC 9162 section 2) published as static files (C2SP
/// tlog-tiles) under signed checkpoints (C2SP tlog-checkpoint), cosigned by witnesses (C2SP tlog-cosignature).
namespace signet::ledger {

// --- The tree (RFC 9162 section 2.1, SHA-256) ---

using Hash = std::array<std::byte, 32>;
/// Sibling hashes, from the leaf towards the root.
using Proof = std::vector<Hash>;

inline constexpr std::size_t k_entry_size_bytes_max = 65535;  ///< tlog-tiles: entries carry a 16-bit length
inline constexpr std::size_t k_proof_hashes_max = 64;         ///< more than any tree of 64-bit size needs on one path

/// SHA-256(0x00 || entry).
[[nodiscard]] Hash leaf_hash(ByteView entry);
/// SHA-256(0x01 || left || right).
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);
/// The root of the tree without entries.
[[nodiscard]] Hash empty_root();

/// Entry `index` with this leaf hash is in the tree of `size` entries under `root` (section 2.1.3.2).
/// "ledger.bad-inclusion".
Result<void> check_inclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf, const Proof& proof,
                             const Hash& root);
/// The tree of `size` entries only extends the one of `old_size` (section 2.1.4.2). "ledger.bad-consistency".
/// An empty old tree is refused: every tree extends it, so a proof from it says nothing.
Result<void> check_consistency(std::uint64_t old_size, std::uint64_t size, const Hash& old_root, const Hash& root,
                               const Proof& proof);
/// The same two statements for the subtree over [start, end) (draft-ietf-plants-merkle-tree-certs section 4).
Result<void> check_subtree_inclusion(std::uint64_t index, std::uint64_t start, std::uint64_t end, const Hash& leaf,
                                     const Proof& proof, const Hash& subtree_root);
Result<void> check_subtree_consistency(std::uint64_t start, std::uint64_t end, std::uint64_t size,
                                       const Hash& subtree_root, const Hash& root, const Proof& proof);

// --- Keys and policy ---

/// Signature types of C2SP signed-note.
enum class NoteKeyType : std::uint8_t { ed25519 = 0x01, ecdsa_p256 = 0x02, cosignature_v1 = 0x04 };

/// A public key in its signed-note form, "name+hash+base64" (vkey); a value.
class VerifierKey {
 public:
  /// Strict; a hash that is not the key's is "ledger.bad-vkey".
  static Result<VerifierKey> parse(std::string_view vkey);
  /// The key of a log: Ed25519 or ECDSA P-256; others are "ledger.key-unsupported". The name is the log's origin.
  static Result<VerifierKey> for_log(std::string_view name, const crypto::PublicKey& key);
  /// The key of a witness: Ed25519 (cosignature/v1).
  static Result<VerifierKey> for_witness(std::string_view name, const crypto::PublicKey& key);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint32_t id() const { return id_; }
  [[nodiscard]] NoteKeyType type() const { return type_; }
  [[nodiscard]] const crypto::PublicKey& key() const { return key_; }
  /// The vkey text.
  [[nodiscard]] std::string str() const;

 private:
  VerifierKey(std::string name, NoteKeyType type, crypto::PublicKey key);
  std::string name_;
  NoteKeyType type_;
  crypto::PublicKey key_;
  std::uint32_t id_;
};

/// What a verifier accepts: any of these logs (a log's key name is its origin), cosigned by at least so many of these
/// witnesses.
class Policy {
 public:
  /// No key twice, at least one log, no more witnesses required than given; otherwise "ledger.bad-policy".
  static Result<Policy> make(std::vector<VerifierKey> logs, std::vector<VerifierKey> witnesses = {},
                             std::size_t witnesses_required = 0);

  [[nodiscard]] const std::vector<VerifierKey>& logs() const { return logs_; }
  [[nodiscard]] const std::vector<VerifierKey>& witnesses() const { return witnesses_; }
  [[nodiscard]] std::size_t witnesses_required() const { return witnesses_required_; }

 private:
  Policy() = default;
  std::vector<VerifierKey> logs_;
  std::vector<VerifierKey> witnesses_;
  std::size_t witnesses_required_ = 0;
};

// --- Checkpoints ---

/// A witness says: at this time, this was the largest consistent tree of that log which I knew.
struct Cosignature {
  std::string witness;
  Instant time;
};

/// A checkpoint that satisfied a policy. Only open_checkpoint() makes one.
class VerifiedCheckpoint {
 public:
  [[nodiscard]] const std::string& origin() const { return origin_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const Hash& root() const { return root_; }
  /// The signed note, byte for byte.
  [[nodiscard]] const std::string& note() const { return note_; }
  /// By witnesses of the policy, one each, oldest first.
  [[nodiscard]] const std::vector<Cosignature>& cosignatures() const { return cosignatures_; }
  /// When the tree provably existed: the earliest time by which as many witnesses as the policy requires had seen it,
  /// so fewer liars than that cannot make it older. Nothing where the policy requires none.
  [[nodiscard]] const std::optional<Instant>& witnessed_at() const { return witnessed_at_; }

 private:
  friend struct VerdictMaker;
  VerifiedCheckpoint() = default;
  std::string origin_;
  std::uint64_t size_ = 0;
  Hash root_{};
  std::string note_;
  std::vector<Cosignature> cosignatures_;
  std::optional<Instant> witnessed_at_;
};

/// Checks a signed note: well-formed, signed by a log of the policy whose name is the origin, cosigned as required.
/// Reasons: "ledger.bad-note", "ledger.bad-checkpoint", "ledger.unknown-log", "ledger.bad-signature",
/// "ledger.unwitnessed".
Result<VerifiedCheckpoint> open_checkpoint(Untrusted<ByteView> note, const Policy& policy);

/// The note of a new checkpoint, signed by the log's key (Ed25519 or P-256).
Result<std::string> sign_checkpoint(std::string_view origin, std::uint64_t size, const Hash& root,
                                    crypto::Signer& signer);

/// The checkpoint's note with a cosignature added. It states that consistency was checked: use Witness unless you did.
Result<std::string> add_cosignature(const VerifiedCheckpoint& checkpoint, std::string_view witness,
                                    crypto::Signer& signer, Instant time);

// --- Proofs ---

/// That an entry is in a tree.
struct InclusionProof {
  std::uint64_t index = 0;
  Proof hashes;
};

/// That a tree extends a smaller one, whose root the prover says was `old_root`.
struct ConsistencyProof {
  std::uint64_t old_size = 0;
  std::uint64_t size = 0;
  Hash old_root{};
  Proof hashes;
};

/// An entry that is under a verified checkpoint. Only verification makes one.
class VerifiedInclusion {
 public:
  [[nodiscard]] std::uint64_t index() const { return index_; }
  [[nodiscard]] const Hash& leaf() const { return leaf_; }
  [[nodiscard]] const VerifiedCheckpoint& checkpoint() const { return checkpoint_; }

 private:
  friend struct VerdictMaker;
  VerifiedInclusion(std::uint64_t index, const Hash& leaf, VerifiedCheckpoint checkpoint)
      : index_(index), leaf_(leaf), checkpoint_(std::move(checkpoint)) {}
  std::uint64_t index_;
  Hash leaf_;
  VerifiedCheckpoint checkpoint_;
};

/// Checks that `entry` is where the proof says. "ledger.bad-inclusion".
Result<VerifiedInclusion> verify_inclusion(const VerifiedCheckpoint& checkpoint, ByteView entry,
                                           const InclusionProof& proof);

/// A C2SP tlog-proof file: a proof with its checkpoint, to be kept beside what it proves.
struct ProofFile {
  InclusionProof inclusion;
  std::string checkpoint;      ///< the signed note
  std::optional<Bytes> extra;  ///< signed by nobody

  [[nodiscard]] std::string encode() const;
  /// Strict: decode(x).encode() == x. "ledger.bad-proof-file".
  static Result<ProofFile> decode(ByteView text);
};

/// Decodes and verifies a tlog-proof over `entry`.
Result<VerifiedInclusion> verify_proof_file(Untrusted<ByteView> proof_file, ByteView entry, const Policy& policy);

/// How two checkpoints of one log stand to each other.
enum class Relation : std::uint8_t {
  same,     ///< one tree
  extends,  ///< the larger one only adds entries
  fork,     ///< proven: no append-only log can have signed both
  unknown,  ///< nothing is proven either way
};
[[nodiscard]] std::string_view name_of(Relation relation);

/// Compares in either order. Different sizes need a proof between them; a proof that leads from another old root to the
/// larger checkpoint proves a fork, a proof that fails proves nothing. Other origins are "ledger.other-log"
/// (invalid_input).
Result<Relation> compare(const VerifiedCheckpoint& a, const VerifiedCheckpoint& b,
                         const std::optional<ConsistencyProof>& proof = std::nullopt);

/// Succeeds if `newer` is the same tree as `older` or extends it; "ledger.fork" (untrusted) or "ledger.bad-consistency"
/// otherwise, and "ledger.smaller" (rollback) where `newer` has fewer entries.
Result<void> verify_consistency(const VerifiedCheckpoint& older, const VerifiedCheckpoint& newer,
                                const std::optional<ConsistencyProof>& proof);

/// Cosigns checkpoints of one log, and never two that fork, nor a smaller one after a larger one. What it last cosigned
/// is kept in a file, which is durable before a cosignature leaves. Programs exclude each other by a lock beside it.
class Witness {
 public:
  /// `state` must not exist yet; the first checkpoint that comes is trusted.
  static Result<Witness> create(const std::filesystem::path& state, std::string name,
                                std::shared_ptr<crypto::Signer> signer);
  static Result<Witness> open(const std::filesystem::path& state, std::string name,
                              std::shared_ptr<crypto::Signer> signer);

  /// Size of the last tree that it cosigned; 0 before the first.
  [[nodiscard]] Result<std::uint64_t> last_size() const;
  /// The note with its cosignature; `proof` leads from last_size() to the checkpoint. Errors as verify_consistency().
  Result<std::string> cosign(const VerifiedCheckpoint& checkpoint, const std::optional<ConsistencyProof>& proof,
                             Instant now);

 private:
  Witness(std::filesystem::path state, std::string name, std::shared_ptr<crypto::Signer> signer);
  std::filesystem::path state_;
  std::string name_;
  std::shared_ptr<crypto::Signer> signer_;
};

}  // namespace signet::ledger
