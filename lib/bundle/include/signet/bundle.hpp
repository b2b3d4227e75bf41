// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/ids.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/core/untrusted.hpp"
#include "signet/crypto.hpp"
#include "signet/crypto_hss.hpp"
#include "signet/ledger.hpp"
#include "signet/os/fd.hpp"
#include "signet/pki.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Signed firmware: one file that holds images under one manifest, the manifest under detached CMS signatures (RFC
/// 5652), every byte of the images under the manifest. The bytes are specified in docs/formats/firmware-bundle.md.
namespace signet::bundle {

/// Bounds of the format; a bundle beyond them is refused before memory is taken for it.
inline constexpr std::uint64_t k_chunk_size_bytes = 1U << 20U;
inline constexpr std::uint64_t k_image_size_bytes_max = 1ULL << 44U;
inline constexpr std::size_t k_manifest_size_bytes_max = 256U << 10U;
inline constexpr std::size_t k_records_size_bytes_max = 1U << 20U;
inline constexpr std::size_t k_records_max = 32;
inline constexpr std::size_t k_images_max = 16;
inline constexpr std::size_t k_hardware_max = 256;
inline constexpr std::size_t k_floor_approval_size_bytes_max = 4096;

/// One image: what it is for, how large it is, and the digest of its chunk table (the SHA-256 of each MiB, one after
/// the other).
struct Image {
  std::string role;  ///< a name: "rootfs", "kernel", anything
  std::uint64_t size_bytes = 0;
  Bytes chunks_sha256;

  friend bool operator==(const Image&, const Image&) = default;
};

/// What the maker says of a release; the signed part.
struct Manifest {
  ProductId product;
  std::vector<std::string> hardware;   ///< the hardware identifiers it runs on; at least one
  std::string version;                 ///< for people; order is decided by security_version alone
  std::uint64_t security_version = 0;  ///< devices never go below one that they have committed
  std::string track;                   ///< "active", "lts-2026"
  Instant released;                    ///< what the maker claims; a proof is another matter
  std::vector<Image> images;
  std::optional<Bytes> sbom_sha256;

  /// Reads the JSON of a manifest: strict, unknown members refused.
  static Result<Manifest> parse(ByteView json);
  /// The JSON; parse(encode()) is the same manifest.
  [[nodiscard]] Bytes encode() const;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// Where a bundle's bytes come from, front to back: a file, a pipe, later a download.
class Source {
 public:
  virtual ~Source() = default;
  /// Reads up to out.size() bytes; 0 at the end.
  virtual Result<std::size_t> read(ByteSpan out) = 0;
  /// The whole size where it is known beforehand.
  [[nodiscard]] virtual std::optional<std::uint64_t> size_bytes() const = 0;
};
/// A file from its first byte, or a pipe from where it stands.
Result<std::unique_ptr<Source>> open_source(const std::filesystem::path& path);
/// Standard input.
std::unique_ptr<Source> standard_input_source();

/// The front of a bundle as it came from outside; only verify() makes something of it.
struct Head {
  Bytes manifest;                 ///< the exact bytes that are signed
  std::vector<Bytes> signatures;  ///< each a detached CMS in DER
  /// Each the fingerprint of an HSS key (32 bytes), then its signature over the manifest (RFC 8554).
  std::vector<Bytes> hss_signatures;
  std::vector<Bytes> proofs;  ///< each a ledger proof that the release existed at some time
  /// Each a permission of the vendor to raise a floor that lives in a TPM (docs/formats/floor-approval.md). It speaks
  /// for itself, so nothing here judges it: the device's installer checks it, and the TPM decides.
  std::vector<Bytes> floor_approvals;
  std::uint64_t size_bytes = 0;  ///< where the images begin
};
/// Reads the front and nothing more. Refuses what is damaged ("bundle.truncated", "bundle.damaged", "bundle.malformed",
/// "bundle.not-a-bundle").
Result<Untrusted<Head>> read_head(Source& source);

/// What a device (or a person) demands of a bundle.
struct TrustPolicy {
  std::vector<pki::Certificate> anchors;
  std::vector<pki::Crl> crls;
  unsigned signers_required = 1;                    ///< how many different keys must have signed
  std::optional<ledger::Policy> release_logs;       ///< whose proofs of release time count; without it the time is now
  bool release_proof_required = false;              ///< whether one of those ledgers must hold the release
  std::vector<crypto::HssPublicKey> hss_keys = {};  ///< whose post-quantum signatures count as signers
  /// Families of algorithms of which a signature must count each: "ecdsa", "rsa", "ed25519", "hss". With two of them a
  /// release stays safe when one of the two falls.
  std::vector<std::string> algorithms_required = {};
};

/// What became of one signature.
struct SignatureReport {
  std::string signer;           ///< subject, safe to print
  std::string key_fingerprint;  ///< hexadecimal
  std::string algorithm;        ///< its family, as in TrustPolicy::algorithms_required
  std::string reason;           ///< empty if it counts, otherwise a slug as of errors
  std::string text;             ///< empty if it counts
  [[nodiscard]] bool counts() const { return reason.empty(); }
};

/// A bundle whose manifest enough trusted signers have signed. Only verify() makes one.
class VerifiedBundle {
 public:
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const std::vector<SignatureReport>& signatures() const { return signatures_; }
  /// The time of release that a ledger proves, else the time that was given; a signer had to be valid then or at the
  /// time given.
  [[nodiscard]] Instant judged_at() const { return judged_at_; }
  [[nodiscard]] bool release_time_proven() const { return release_time_proven_; }
  /// Size of the whole file, as the signed manifest demands it.
  [[nodiscard]] std::uint64_t file_size_bytes() const { return file_size_bytes_; }

 private:
  friend Result<VerifiedBundle> verify(const Untrusted<Head>&, const TrustPolicy&, Instant);
  explicit VerifiedBundle(Manifest manifest) : manifest_(std::move(manifest)) {}
  Manifest manifest_;
  std::vector<SignatureReport> signatures_;
  Instant judged_at_;
  bool release_time_proven_ = false;
  std::uint64_t file_size_bytes_ = 0;
};

/// Decides from the front alone. Reasons: "bundle.unsigned", "bundle.altered", "bundle.wrong-signer",
/// "bundle.signer-revoked", "bundle.signer-expired", "bundle.signer-usage", "bundle.too-few-signers",
/// "bundle.release-proof", "bundle.release-unproven", "bundle.algorithm-missing", and those of Manifest::parse.
Result<VerifiedBundle> verify(const Untrusted<Head>& head, const TrustPolicy& policy, Instant now);

/// Takes verified bytes.
class ImageSink {
 public:
  virtual ~ImageSink() = default;
  virtual Result<void> begin(const Image& image) = 0;
  /// A chunk whose digest is right: 1 MiB, the last one shorter.
  virtual Result<void> write(std::uint64_t offset, ByteView chunk) = 0;
  virtual Result<void> end(const Image& image) = 0;
};
/// Bytes done of all.
using Progress = std::function<void(std::uint64_t done_bytes, std::uint64_t total_bytes)>;

/// Reads the images that follow the front and hands on each chunk after its digest was found right, never before. Uses
/// a few MiB whatever the size. A last look demands that nothing follows. Reasons: "bundle.payload-altered",
/// "bundle.truncated", "bundle.trailing-bytes".
Result<void> stream_images(const VerifiedBundle& bundle, Source& source, ImageSink& sink,
                           const Progress& progress = {});
/// The same, keeping nothing: is every byte right?
Result<void> check_images(const VerifiedBundle& bundle, Source& source, const Progress& progress = {});

// --- the maker's side ---

/// An image to be packed.
struct ImageFile {
  std::string role;
  std::filesystem::path path;
};
/// Writes an unsigned bundle; the manifest's images are filled in from the files. Returns the manifest.
Result<Manifest> pack(Manifest manifest, const std::vector<ImageFile>& images, const std::filesystem::path& out,
                      const Progress& progress = {});

/// What may be added to a bundle's front.
enum class RecordKind : std::uint8_t { cms_signature = 1, release_proof = 2, floor_approval = 3, hss_signature = 4 };
/// Adds a record: the file is written anew beside the old one and takes its place at the end. A signature must be one
/// over this manifest by a key that has not signed yet; a proof must be well-formed; an approval must be one that is
/// not there yet, of at most k_floor_approval_size_bytes_max.
Result<void> add_record(const std::filesystem::path& bundle, RecordKind kind, ByteView record,
                        const Progress& progress = {});
/// Signs the manifest and adds the signature. A signer who has signed already is a conflict.
Result<void> sign(const std::filesystem::path& bundle, const std::shared_ptr<crypto::Signer>& signer,
                  const pki::Certificate& certificate, const std::vector<pki::Certificate>& chain,
                  const Progress& progress = {});
/// Adds a signature that hardware made with an HSS key; one that is not this key's is refused.
Result<void> attach_hss(const std::filesystem::path& bundle, const crypto::HssPublicKey& key, ByteView signature,
                        const Progress& progress = {});
/// What a maker appends to the release ledger: names the manifest by its digest.
[[nodiscard]] std::string ledger_entry(ByteView manifest);

}  // namespace signet::bundle
