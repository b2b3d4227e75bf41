// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/crypto.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The Update Framework (TUF 1.0): which files a device may take, decided from signed metadata that survives stolen
/// keys, liars between device and vendor, and old truths told again. This is the client; signet/tuf_repository.hpp is
/// the vendor's side. Clauses are those of the TUF specification 1.0.33.
namespace signet::tuf {

/// Bounds within which a repository is believed at all.
struct Limits {
  std::uint64_t root_size_bytes_max = 512U << 10U;
  std::uint64_t timestamp_size_bytes_max = 16U << 10U;
  std::uint64_t snapshot_size_bytes_max = 2U << 20U;
  std::uint64_t targets_size_bytes_max = 5U << 20U;
  std::size_t root_rotations_max = 256;  ///< in one refresh (5.3.3)
  std::size_t delegations_max = 32;      ///< roles visited in the search for one target (5.6.7.1)
};

/// Takes the next bytes; an error ends the transfer.
using Sink = std::function<Result<void>(ByteView piece)>;

/// How bytes come from a repository; nothing that it says is believed. Names are paths below the repository's metadata
/// or targets URL, percent-encoded as they stand in that URL (RFC 3986).
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  /// A metadata file. Errc::not_found where the repository says that there is none (HTTP 403, 404), and for nothing
  /// else: it is how the client learns that there is no newer root. More than `size_bytes_max` must not be taken in.
  virtual Result<Bytes> metadata(const std::string& name, std::uint64_t size_bytes_max) = 0;
  /// A target, front to back. More than `size_bytes_max` need not be handed on.
  virtual Result<void> target(const std::string& name, std::uint64_t size_bytes_max, const Sink& sink) = 0;
};

/// A repository in a folder with the subfolders "metadata" and "targets": a disk, a USB stick.
std::unique_ptr<Fetcher> make_folder_fetcher(std::filesystem::path folder);

/// By which time expiry is judged.
struct Reference {
  Instant now;  ///< the fixed start of the update (5.1)
  /// For media carried by hand: metadata that expired at most so many days ago still counts, and is reported. Never
  /// waives a version or a threshold.
  std::uint32_t expiry_waiver_days = 0;
};

/// Metadata that had expired and was let pass by Reference::expiry_waiver_days.
struct Waived {
  std::string role;
  Instant expired;
};

/// What the client trusts after a refresh.
struct Refreshed {
  std::uint64_t root_version = 0;
  std::uint64_t timestamp_version = 0;
  std::uint64_t snapshot_version = 0;
  std::uint64_t targets_version = 0;
  Instant valid_until;  ///< when the first of these expires
};

/// A digest that metadata demands.
struct Hash {
  crypto::HashAlgorithm algorithm;
  Bytes digest;
  friend bool operator==(const Hash&, const Hash&) = default;
};

/// A target that trusted metadata names. Only a Client makes one.
class VerifiedTarget {
 public:
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
  [[nodiscard]] const std::vector<Hash>& hashes() const { return hashes_; }  ///< at least one
  [[nodiscard]] const Json& custom() const { return custom_; }               ///< null where there is none
  [[nodiscard]] const std::string& role() const { return role_; }            ///< the role that answers for it
  /// For Fetcher::target().
  [[nodiscard]] const std::string& remote_name() const { return remote_name_; }

 private:
  friend class Client;
  VerifiedTarget() = default;
  std::string path_;
  std::uint64_t size_bytes_ = 0;
  std::vector<Hash> hashes_;
  Json custom_;
  std::string role_;
  std::string remote_name_;
};

/// Checks a target's bytes as they come, for those who fetch by themselves. What has been passed on before finish()
/// succeeded must not be used.
class TargetCheck {
 public:
  explicit TargetCheck(const VerifiedTarget& target);
  TargetCheck(TargetCheck&&) noexcept;
  TargetCheck& operator=(TargetCheck&&) noexcept;
  ~TargetCheck();

  /// The next bytes; "tuf.wrong-length" (untrusted) as soon as there are too many.
  Result<void> update(ByteView piece);
  /// "tuf.wrong-length" or "tuf.wrong-hash" (untrusted) unless all bytes came and every hash fits. Ends the check.
  Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The client workflow (section 5) over a folder in which the trusted metadata is kept. The folder survives a kill at
/// any moment; one client at a time holds it.
///
/// Reasons: "tuf.malformed", "tuf.too-long", "tuf.spec-version" (invalid_input); "tuf.threshold", "tuf.wrong-role",
/// "tuf.wrong-version", "tuf.wrong-hash", "tuf.wrong-length", "tuf.not-in-snapshot" (untrusted); "tuf.expired"
/// (expired); "tuf.rollback" (rollback). Errors of the fetcher are passed on.
class Client {
 public:
  /// Lays down the first trusted root, which came with the device. The folder must not hold one: "tuf.has-root"
  /// (conflict). The root must be signed by its own threshold; it may have expired.
  static Result<void> init(const std::filesystem::path& folder, ByteView root);
  /// "tuf.no-root" (not_found) without init(); "os.locked" (conflict) while another client holds the folder.
  static Result<Client> open(const std::filesystem::path& folder, Limits limits = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// Brings root, timestamp, snapshot and targets up to date (5.2 to 5.6); what was accepted before a failure stays.
  Result<Refreshed> refresh(Fetcher& fetcher, const Reference& reference);

  /// What has been waived since the last refresh() began, by it and by the searches after it. Report it.
  [[nodiscard]] const std::vector<Waived>& waived() const;

  /// Looks for a target through the delegations (5.6.7). "tuf.no-target" (not_found), "tuf.unsafe-path"
  /// (invalid_input) for a path that leads elsewhere. After refresh() only, else "tuf.not-refreshed" (usage).
  Result<VerifiedTarget> locate(Fetcher& fetcher, std::string_view path);

  /// All targets for which `role`, "targets" or one that it delegates to directly, has the say, by path. "tuf.no-role"
  /// (not_found). After refresh() only.
  Result<std::vector<VerifiedTarget>> list(Fetcher& fetcher, std::string_view role);

  /// Fetches a target (5.7) and hands its bytes on; use them only if this succeeds.
  Result<void> download(Fetcher& fetcher, const VerifiedTarget& target, const Sink& sink) const;

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace signet::tuf
