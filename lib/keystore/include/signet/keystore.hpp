// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"
#include "signet/crypto.hpp"
#include "signet/tpm_data.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Where private keys live. A key store is named by a URI; its keys never leave it, only signatures do.
///
///     file:FOLDER                      a folder of encrypted software keys (docs/formats/keystore-file.md)
///     file:FOLDER?label=NAME           one key in it
///         passphrase-file=PATH         the passphrase is the first line of that file
///         passphrase-env=VARIABLE      the passphrase is in that environment variable
///         passphrase=none              no passphrase, said aloud; no other value is accepted
///     pkcs11:token=LABEL               a token behind any PKCS#11 module (RFC 7512)
///     pkcs11:token=LABEL;object=NAME   one key on it; id= works as well
///         ?module-path=PATH            the module; without it p11-kit's proxy, so every configured module
///         &pin-source=file:PATH        the PIN is the first line of that file (&pin-value=PIN is understood, but
///         visible to others)
///     tpm:FOLDER                       keys of this machine's TPM, their records in a folder
///     tpm:FOLDER?label=NAME            (docs/formats/tpm-keystore.md); one key in it
///         tcti=TCTI                    the TPM as the TSS names it; else SIGNET_TCTI, else device:/dev/tpmrm0
///         owner-auth-file=PATH         the auth of the owner hierarchy is the first line of that file; else it is
///         empty purpose=PURPOSE              what new keys are for; else tls
///     keystored:                       the keys that signet-keystored holds for the programs of a device
///     keystored:SOCKET?label=NAME      one key there; SOCKET is /run/signet/keystored.sock unless named
///         purpose=PURPOSE              device-id, tls, network, video or storage: keys are bound to one
///
/// Where a secret is needed and none is named, it is asked for on the terminal without echo.
namespace signet::keystore {

/// What stands between a private key and a thief, as far as the back end says so itself.
enum class Protection : std::uint8_t {
  hardware,  ///< the token says that it is a hardware device, and that the key is sensitive and cannot be extracted
  token,     ///< behind a PKCS#11 module or TPM that does not claim hardware (SoftHSM2, swtpm), or a key that may leave
             ///< the hardware
  software,  ///< an encrypted file; in this process's memory while it signs
};

/// "hardware", "token", "software".
[[nodiscard]] std::string_view name_of(Protection protection);

/// Whether a key exists outside its store, or may.
enum class Extractable : std::uint8_t {
  never,  ///< made inside, and the store says that it was never able to leave
  no,     ///< cannot leave now, but it came from outside (imported), or the store does not say that it never could
  yes,    ///< can be read out, if only wrapped or with a passphrase
};

/// "never", "no", "yes".
[[nodiscard]] std::string_view name_of(Extractable extractable);

/// What a PKCS#11 token says of a key: "CKA_LOCAL" and whether it is set.
using TokenAttribute = std::pair<std::string, bool>;

/// One key as its store describes it.
struct KeyInfo {
  std::string label;  ///< as the store has it; foreign text on a token: print through printable()
  Bytes id;           ///< CKA_ID on a token, the fingerprint in a file store
  crypto::PublicKey public_key;
  Protection protection;
  Extractable extractable;
  std::string uri;  ///< open_signer() takes it; names where the PIN or passphrase comes from if the store's URI did,
                    ///< but never holds it
  std::vector<TokenAttribute> attributes = {};  ///< of a token, those that it tells; empty in every other store
  std::vector<tpm::PcrValue> boot_state = {};   ///< what its TPM demands to find at each use; empty: nothing
};

/// The word of a device's TPM that a key lives in it, for others to judge (lib/attest).
struct KeyProof {
  Bytes public_area;                           ///< TPMT_PUBLIC
  Bytes statement;                             ///< TPMS_ATTEST of TPM2_Certify by the device's attestation key
  Bytes signature;                             ///< TPMT_SIGNATURE
  std::string identity;                        ///< whose attestation key that is: a device identity statement (JSON)
  std::vector<tpm::PcrValue> boot_state = {};  ///< as KeyInfo
  std::vector<Bytes> station =
      {};  ///< of who signed the birth record, and its issuers (DER); where the device has them
};

/// A store as a whole.
struct StoreInfo {
  std::string backend;  ///< "file", "pkcs11", "tpm", "keystored"
  std::string label;    ///< the folder, or the token's label
  std::string serial;   ///< of the token; empty in a file store
  std::string model;    ///< manufacturer and model of the token; empty in a file store
  Protection protection;
  bool passphrase;                        ///< whether a passphrase or PIN protects the keys; false is worth a warning
  std::string uri;                        ///< of the store, without a secret
  std::vector<std::string> damaged = {};  ///< one line for each file that should be a key and cannot be used, with why
};

/// Which key of a store: members that are empty are not compared.
struct KeySelector {
  std::string label = {};
  Bytes id = {};
};

/// A set of keys under one roof. Safe to call from several threads. Reasons that any call may give:
/// "keystore.pin-wrong" (denied; never tried again by itself), "keystore.pin-locked" (denied), "keystore.no-pin"
/// (usage: nobody to ask), "keystore.token-gone" (unavailable), "keystore.failed" (io, the text says which PKCS#11
/// code).
class Keystore {
 public:
  virtual ~Keystore() = default;

  [[nodiscard]] virtual Result<StoreInfo> describe() = 0;

  /// Makes a key that cannot be extracted where the back end has such. "keystore.label-taken" (conflict),
  /// "keystore.label" (invalid_input), "keystore.unsupported" (unsupported) if this store has no such keys.
  virtual Result<KeyInfo> generate(std::string_view label, crypto::KeyAlgorithm algorithm) = 0;

  /// The same, bound to the state in which the machine has booted: the TPM lets the key work only while these PCRs hold
  /// what they hold now; every other use is "keystore.boot-state" (denied). "keystore.unsupported" where the back end
  /// is no TPM.
  virtual Result<KeyInfo> generate_bound(std::string_view label, crypto::KeyAlgorithm algorithm,
                                         const std::vector<unsigned>& pcrs);

  /// Takes in a private key (PrivateKeyInfo, RFC 5958, in DER). Errors as generate(), and "keystore.import"
  /// (invalid_input).
  virtual Result<KeyInfo> import_key(std::string_view label, const Secret& pkcs8_der) = 0;

  /// The one key that fits: "keystore.no-key" (not_found), "keystore.ambiguous" (conflict) if several do.
  virtual Result<KeyInfo> find(const KeySelector& selector) = 0;

  /// All keys that can sign and whose algorithm Signet knows, ordered by label.
  virtual Result<std::vector<KeyInfo>> list() = 0;

  /// Signs with the key that fits. The signer keeps what it needs of the store alive and is safe to share between
  /// threads.
  virtual Result<std::shared_ptr<crypto::Signer>> signer(const KeySelector& selector) = 0;

  /// Destroys the private key for good, and its public half in the store. There is no way back.
  virtual Result<void> destroy(const KeySelector& selector) = 0;

  /// Has the device's TPM say that the key lives in it; `qualifying_data` has at most 32 bytes. "keystore.no-proof"
  /// (unsupported) where nobody could vouch for the key but the store itself.
  virtual Result<KeyProof> prove(const KeySelector& selector, ByteView qualifying_data);
};

/// Asks a person for a secret; `prompt` says for what. An error where nobody can be asked.
using AskSecret = std::function<Result<Secret>(std::string_view prompt)>;

/// How stores are opened.
struct Options {
  /// Empty: asks on the controlling terminal (/dev/tty), and is "keystore.no-pin" where there is none.
  AskSecret ask = {};
};

/// Opens the store that a URI names; parts that name a key are not looked at. "keystore.uri" (usage) if it is
/// malformed, "keystore.scheme" (usage) for a scheme that no back end has, "keystore.no-store" (not_found),
/// "keystore.module" (unavailable) if a PKCS#11 module cannot be loaded, "keystore.folder-open-to-others" (denied).
Result<std::unique_ptr<Keystore>> open(std::string_view uri, const Options& options = {});

/// A store, and the one key in it that a URI names.
struct NamedKey {
  std::shared_ptr<Keystore> store;
  KeyInfo info;
};

/// Opens a URI that names one key; errors as open() and Keystore::find(), and "keystore.uri-names-no-key" (usage).
Result<NamedKey> open_key(std::string_view uri, const Options& options = {});

/// The signer of the one key that a URI names.
Result<std::shared_ptr<crypto::Signer>> open_signer(std::string_view uri, const Options& options = {});

}  // namespace signet::keystore
