// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/attest.hpp"
#include "signet/core/bytes.hpp"
#include "signet/core/ids.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/crypto.hpp"
#include "signet/documents.hpp"
#include "signet/os/fd.hpp"
#include "signet/pki.hpp"
#include "signet/tpm_policy.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The birth of a device: what station and unit say to each other, and the two documents about it. The unit is an
/// untrusted box, and the station is nothing to the unit but a carrier of what the vendor signed
/// (docs/formats/birth-protocol.md).
///
///     station -> unit   begin      the vendor's birth policy, a nonce
///     unit -> station   claim      serial, EK with certificates, public areas of IAK, IDevID and further keys
///     station -> unit   challenge  a credential that only the TPM with that EK and that IAK opens
///     unit -> station   proof      the secret; keys certified, hierarchies closed, floor attested by the IAK; escrow
///     station -> unit   identity   certificates, the signed birth record, its receipt
///     unit -> station   installed  the IDevID key's signature over the record
///
/// Either side may say `refused` instead, with a reason. A unit whose connection broke after `identity` may answer the
/// next `begin` with `installed`. Every message is one JSON object of at most 256 KiB.
namespace signet::birth {

inline constexpr std::uint32_t k_message_bytes_max = 256U << 10U;
inline constexpr unsigned k_version = 1;

/// What the vendor orders for the units of one product; signed by the vendor (DSSE, k_policy_type), carried by the
/// station.
inline constexpr std::string_view k_policy_type = "application/vnd.signet.birth-policy+json";
struct Policy {
  ProductId product;
  std::uint64_t revision = 1;  ///< of this document
  tpm::DevidTemplate devid = tpm::DevidTemplate::h2_p256;
  crypto::PublicKey escrow_key;  ///< RSA-3072 or P-256/P-384: hierarchy auths are encrypted to it
  crypto::PublicKey floor_key;
  tpm::FloorApproval first_floor;         ///< of kind `first`, by floor_key
  std::vector<pki::Certificate> anchors;  ///< the vendor's roots: what the unit trusts from now on
  std::vector<std::string> keys;          ///< further keys to make and certify: "video" (media signing)
  /// A station gives no identity to a unit whose TPM is worth less, and cannot change this.
  attest::Strength minimum_strength = attest::Strength::strong;

  /// "birth.policy" (invalid_input), also where the first floor's signature does not hold.
  static Result<Policy> parse(ByteView json);
  [[nodiscard]] Bytes encode() const;
};

/// What a station says of one birth; signed by the station (DSSE, k_record_type), appended to the line's ledger.
inline constexpr std::string_view k_record_type = "application/vnd.signet.birth-record+json";
struct Record {
  ProductId product;
  std::string serial = {};
  std::string station = {};
  std::string line = {};
  Instant born = {};
  std::uint64_t policy_revision = 0;
  Bytes policy_sha256 = {};
  attest::Strength strength = attest::Strength::software;
  std::string tpm_model = {};
  Bytes ek_fingerprint = {};                               ///< attest::VerifiedEk::fingerprint()
  std::map<std::string, std::string> certificates = {};    ///< "idevid", "iak", "video": SHA-256 in hexadecimal
  std::map<std::string, std::string> issuer_serials = {};  ///< the same keys: serial number of the certificate
  std::uint64_t floor = 0;
  Bytes evidence_sha256 = {};   ///< of the proof message as received
  Bytes escrow = {};            ///< open_escrow() with the vendor's key
  Json tests = Json::object();  ///< what the line measured: check_tests()

  /// "birth.record" (invalid_input).
  static Result<Record> parse(ByteView json);
  [[nodiscard]] Bytes encode() const;
};

/// What a line measured, as it may stand in a record: an object of at most 64 names with numbers, truths or texts of at
/// most 256 bytes. "birth.tests" (invalid_input).
Result<void> check_tests(const Json& tests);

/// The hierarchy auths of one TPM.
struct Escrow {
  Secret owner;
  Secret endorsement;
  Secret lockout;
};
/// Encrypts to the vendor's key: RSA-OAEP (SHA-256) or ephemeral ECDH with HKDF, then AES-256-GCM; bound to the EK.
/// "birth.escrow-key" (unsupported) for keys that are neither RSA-3072 or longer, nor P-256 or P-384.
Result<Bytes> seal_escrow(const Escrow& escrow, const crypto::PublicKey& escrow_key, ByteView ek_fingerprint);
/// The vendor's side, on the machine that has the key (PKCS#8 in DER): "birth.escrow" (untrusted).
Result<Escrow> open_escrow(ByteView sealed, const Secret& escrow_key_pkcs8, ByteView ek_fingerprint);

// --- Messages ---

/// What a unit shows unless it is asked for another: EK Credential Profile 2.5, template H-3 of annex B.
inline constexpr crypto::KeyAlgorithm k_usual_endorsement_key = crypto::KeyAlgorithm::ec_p384;
/// The vendor's order, carried by the station.
struct Begin {
  Bytes policy_envelope;  ///< DSSE
  Bytes nonce;            ///< 32 bytes
  std::string station;
  /// By which kind of endorsement key the line knows TPMs. A unit shows that one where its TPM has a certificate for
  /// it, else the first that it has.
  crypto::KeyAlgorithm endorsement_key = k_usual_endorsement_key;
};
/// Public halves of a unit's keys.
struct Claim {
  std::string serial = {};
  ProductId product;
  std::string hardware = {};
  std::vector<Bytes> ek_certificates = {};  ///< DER
  Bytes ek_area = {};                       ///< TPMT_PUBLIC
  Bytes iak_area = {};
  Bytes idevid_area = {};
  std::map<std::string, Bytes> key_areas = {};  ///< "attester" (opens the credential), and the policy's further keys
  std::string protection = {};                  ///< what the unit says of itself; believed by nobody
};
struct Ask {  ///< the challenge
  tpm::Credential credential;
  Bytes nonce;  ///< qualifies every attestation of the proof
};
/// What the TPM says of its keys, its hierarchies and its floor, each qualified by the nonce of the challenge.
struct Proof {
  Bytes secret;
  attest::KeyEvidence idevid;
  std::map<std::string, attest::KeyEvidence> keys;  ///< "iak", by the attester; the policy's further keys, by the IAK
  attest::StateEvidence state;
  attest::FloorEvidence floor;
  Bytes escrow;
  Json tests = Json::object();
};
/// What the unit is given.
struct Identity {
  std::vector<pki::Certificate> idevid;  ///< and its issuers, without the root
  std::vector<pki::Certificate> iak;
  std::map<std::string, std::vector<pki::Certificate>> keys;
  Bytes record_envelope;
  std::string receipt;                         ///< tlog-proof file
  std::vector<pki::Certificate> station = {};  ///< of who signed the record, and its issuers without the root; or none
};
/// The unit's last word.
struct Installed {
  Bytes signature;  ///< by the IDevID key over attest::challenge_message(SHA-256 of the record's envelope)
};
/// Either side's last word where it went wrong.
struct Refused {
  std::string reason;  ///< a slug as of errors
  std::string text;    ///< foreign: print through printable()
};

using Message = std::variant<Begin, Claim, Ask, Proof, Identity, Installed, Refused>;
/// "begin", "claim", "challenge", "proof", "identity", "installed", "refused".
[[nodiscard]] std::string_view name_of(const Message& message);
/// Strict: unknown members, wrong versions and sizes are "birth.message" (invalid_input).
Result<Message> parse_message(ByteView json);
[[nodiscard]] Bytes encode(const Message& message);

/// A channel that carries whole messages between station and unit, over TCP or a serial line: each message is its
/// length (4 bytes, big-endian), its SHA-256's first 4 bytes against line noise, and its bytes. A serial line has no
/// connections: it may be opened in the middle of a message, and an unanswered question is asked again. So on such a
/// line whatever does not begin a message is skipped, and what was not read before an answer is dropped.
class Channel {
 public:
  /// Takes a connected socket, or a terminal device that is set to raw.
  static Channel over(os::Fd fd, std::chrono::milliseconds timeout);
  /// "tcp:HOST:PORT" or "serial:/dev/ttyS1@115200". "birth.connect" (unavailable).
  static Result<Channel> connect(std::string_view where, std::chrono::milliseconds timeout);
  Channel(Channel&&) noexcept = default;
  Channel& operator=(Channel&&) noexcept = default;

  /// Waits until a message begins, for receive() to read: "birth.timeout" where none does. For a station that asks into
  /// a serial line until a unit is there.
  Result<void> listen(std::chrono::milliseconds patience);
  /// The timeout bounds the whole message, so that a peer who sends a byte now and then holds nobody up.
  Result<void> send(ByteView message);
  /// After any error the channel is of no further use. "birth.closed", "birth.timeout" (unavailable), "birth.noise"
  /// (invalid_input).
  Result<Bytes> receive();

 private:
  enum class Kind : std::uint8_t { connection, serial };
  Channel(os::Fd fd, std::chrono::milliseconds timeout) : fd_(std::move(fd)), timeout_(timeout) {}
  os::Fd fd_;
  std::chrono::milliseconds timeout_;
  Kind kind_ = Kind::connection;
  bool begun_ = false;  ///< the first byte of a message was read
  bool heard_ = false;
};

}  // namespace signet::birth
