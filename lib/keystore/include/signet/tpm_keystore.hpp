// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"
#include "signet/crypto.hpp"
#include "signet/keystore.hpp"
#include "signet/keystored.hpp"
#include "signet/tpm.hpp"
#include "signet/tpm_data.hpp"
#include "signet/tpm_policy.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Keys of a TPM without persistent slots: a folder with one record per key (docs/formats/tpm-keystore.md), each a
/// child of one parent in that TPM. Used by signet-keystored, and behind `tpm:` URIs.
namespace signet::keystore {

/// A TPM, and the parent of all keys of a store in it. Shared, so that its maker may use both as well.
struct TpmRoot {
  std::shared_ptr<tpm::Tpm> tpm;
  std::shared_ptr<const tpm::Object> parent;
};
/// Connects and makes the parent; called at the first need of it, and again after the TPM or its connection went away.
using OpenTpmRoot = std::function<Result<TpmRoot>()>;

/// A key as its record and its public area describe it.
struct TpmKeyInfo {
  std::string label;
  Purpose purpose;
  tpm::KeyUse use;
  crypto::PublicKey public_key;
  Extractable extractable;                     ///< `never` if the TPM made it, `no` if it was imported
  Bytes public_area;                           ///< TPMT_PUBLIC
  std::vector<tpm::PcrValue> boot_state = {};  ///< which the TPM demands at each use, by number; empty: none
};

/// What a proof of residency is made of: who reads it compares the attested name with that of the public area.
struct TpmKeyEvidence {
  Bytes public_area;
  tpm::Attestation attestation;
};

/// A key that is no child of the parent (a primary, a persistent object) and is served like the others. The store has
/// no record of it and does not destroy it; its label is taken.
struct OutsideKey {
  TpmKeyInfo info;
  std::function<Result<tpm::Object>(tpm::Tpm&)> load;
};

/// What a key of this purpose and algorithm is for unless told otherwise: `storage` decrypts (RSA) or derives (EC), all
/// others sign.
[[nodiscard]] tpm::KeyUse default_use(Purpose purpose, crypto::KeyAlgorithm algorithm);
/// "sign", "decrypt", "derive", "attest", "sign-any".
[[nodiscard]] std::string_view name_of(tpm::KeyUse use);
/// Whether a key of this use signs any digest that it is given.
[[nodiscard]] bool signs_digests(tpm::KeyUse use);
/// Whether a TPM is a chip, or firmware of one, as it says itself; a simulator or a virtual TPM is not, nor is a maker
/// that Signet does not know. Only an EK certificate proves it (lib/attest).
[[nodiscard]] Protection protection_of(const tpm::Description& description);

/// The store. Safe to call from several threads; several processes may share a folder. Reasons beside those of
/// Keystore and tpm::Tpm:
/// "keystore.record" (invalid_input: a damaged record; names the file, the others stay usable), "keystore.record-
/// version" (unsupported: a newer Signet wrote it), "keystore.foreign-tpm" (untrusted: made by another TPM, or before
/// this one was cleared), "keystore.purpose" (denied: bound to another purpose, or the purpose does not allow it),
/// "keystore.use" (unsupported: made for another use), "keystore.boot-state" (denied: bound to a state in which the
/// machine is not), "keystore.sealed" (invalid_input).
class TpmKeystore final : public Keystore {
 public:
  struct Config {
    std::filesystem::path folder;  ///< made with its first key; 0700, refused if it is open to others
    OpenTpmRoot open_root;
    /// The URI of a key, or of the store for an empty label; none where the store has no URI.
    std::function<std::string(std::string_view label)> uri_of = {};
    Purpose generated_for = Purpose::tls;  ///< of keys made through generate(label, algorithm)
    unsigned loaded_max = 2;               ///< keys kept in the TPM; with the parent within its 3 transient slots
  };
  /// Migrates records of older versions and removes what a killed process left half-written; needs no TPM. A folder
  /// that cannot be written is read as it is. "keystore.folder-open-to-others".
  static Result<std::unique_ptr<TpmKeystore>> open(Config config);
  ~TpmKeystore() override;

  Result<StoreInfo> describe() override;
  Result<KeyInfo> generate(std::string_view label, crypto::KeyAlgorithm algorithm) override;
  Result<KeyInfo> import_key(std::string_view label, const Secret& pkcs8_der) override;
  Result<KeyInfo> find(const KeySelector& selector) override;
  /// The keys that sign. Damaged records are left out and named by describe().
  Result<std::vector<KeyInfo>> list() override;
  Result<std::shared_ptr<crypto::Signer>> signer(const KeySelector& selector) override;
  Result<void> destroy(const KeySelector& selector) override;

  Result<KeyInfo> generate_bound(std::string_view label, crypto::KeyAlgorithm algorithm,
                                 const std::vector<unsigned>& pcrs) override;

  /// Makes a key for one purpose, bound to what these PCRs hold now. It is durable when this returns.
  Result<TpmKeyInfo> generate(std::string_view label, crypto::KeyAlgorithm algorithm, Purpose purpose, tpm::KeyUse use,
                              const std::vector<unsigned>& pcrs = {});
  Result<TpmKeyInfo> import_key(std::string_view label, const Secret& pkcs8_der, Purpose purpose, tpm::KeyUse use);
  /// One key, of any use; needs no TPM.
  Result<TpmKeyInfo> info(std::string_view label);
  /// The PCRs that hold something else now than the key is bound to; empty: it can be used.
  Result<std::vector<unsigned>> changed_pcrs(std::string_view label);
  /// All keys, of any use, ordered by label; needs no TPM.
  Result<std::vector<TpmKeyInfo>> keys();
  /// Makes the key that a rotation is going to put in place of this one, called LABEL.next until then, so that it can
  /// have its certificate first. Asked again, it is the same. "keystore.label-taken".
  Result<TpmKeyInfo> prepare_rotation(std::string_view label, Purpose purpose);
  /// Makes a new key of the same kind in place of one, which is called LABEL.old from then on. The new one is bound to
  /// the same PCRs, with what they hold now; a LABEL.next that was prepared is taken. Killed in between, it is
  /// completed when it is asked for again. "keystore.label-taken" (conflict) while there is a LABEL.old already.
  Result<TpmKeyInfo> rotate(std::string_view label, Purpose purpose);
  /// Destroys a key if it has that purpose.
  Result<void> destroy(std::string_view label, Purpose purpose);

  // --- The purpose is what the caller takes the key for; it must be the key's own. ---

  /// Signs a digest. "crypto.scheme".
  Result<Bytes> sign(std::string_view label, Purpose purpose, crypto::SignatureScheme scheme, ByteView digest);
  /// Signs a whole block that is padded as RFC 8017 pads signatures (section 9): EMSA-PKCS1-v1_5 around any data, or
  /// EMSA-PSS with SHA-2 and a salt no longer than the digest. Keys of KeyUse::sign_any. "crypto.padding" (denied).
  Result<Bytes> sign_block(std::string_view label, Purpose purpose, ByteView block);
  Result<Secret> decrypt(std::string_view label, Purpose purpose, ByteView ciphertext);
  Result<Secret> derive(std::string_view label, Purpose purpose, const crypto::PublicKey& peer);

  /// Seals up to 128 bytes under the parent: whoever can use the parent opens them, if `policy_digest` is met.
  Result<Bytes> seal(const Secret& data, ByteView policy_digest = {});
  Result<Secret> unseal(ByteView sealed, const tpm::Policy& policy = {});
  Result<Bytes> random(std::size_t size_bytes);
  /// TPM2_Certify of a key by another one of this store (an attestation key, most often an OutsideKey). Both must be in
  /// the TPM at once: "keystore.no-room" (exhausted) where loaded_max or others leave no place for two.
  Result<TpmKeyEvidence> certify(std::string_view label, std::string_view signer_label, ByteView qualifying_data);

  /// Runs `act` with the key loaded and the store locked, so that it keeps its place in the TPM; for what the store
  /// itself does not do (a quote). `act` must not call the store, and may be run again after a broken connection.
  using Act = std::function<Result<void>(tpm::Tpm&, const tpm::Object&)>;
  Result<void> with_key(std::string_view label, const Act& act);
  /// Runs `act` with the parent, for what needs no slots: the keys that are in use stay in the TPM.
  Result<void> with_tpm(const Act& act_on_parent);
  /// Runs `act` with no key of the store in the TPM but the parent: for what needs the slots itself.
  Result<void> with_room(const Act& act_on_parent);
  /// Serves a key that lives elsewhere in the TPM. "keystore.label-taken", "keystore.label".
  Result<void> adopt(OutsideKey key);

 private:
  struct State;
  explicit TpmKeystore(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace signet::keystore
