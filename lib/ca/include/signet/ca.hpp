// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/attest.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/crypto.hpp"
#include "signet/key_attestation.hpp"
#include "signet/os/clock.hpp"
#include "signet/pki.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// An issuing authority: which certificates it made, for whom, and which of them it took back. The state is a folder
/// (docs/formats/ca-state.md) that survives a kill or a power cut at any moment.
namespace signet::ca {

/// One certificate that the authority made.
struct Entry {
  std::string serial_hex;
  std::string profile;
  std::string subject;  ///< safe to print
  Instant issued_at;
  Instant not_after;
  Bytes certificate_der;
  std::optional<pki::Revoked> revoked;
  std::optional<attest::Strength> strength = {};  ///< of the key, where its attestation was shown
};

/// What to issue.
struct Application {
  pki::Profile profile;
  pki::Subject subject;
  crypto::PublicKey public_key;
  std::vector<std::string> dns_names = {};
  std::optional<pki::HardwareModule> hardware = {};
  /// Where the key lives, as its attestation proved it.
  std::optional<attest::AttestedKey> attestation = {};
  /// Demanded of this certificate, beside what demand() demands of all of its profile.
  std::optional<attest::Strength> minimum_strength = {};
  /// None: as long as the profile says, but not beyond the authority's own end, unless the profile has none.
  std::optional<std::uint32_t> days = {};
};

/// The folder of one authority, locked against every other process until destroyed. Not for use by several threads at
/// once.
class Authority {
 public:
  /// Makes a self-signed root of a profile such as "vendor-root" and its folder. "ca.exists" (conflict) if there is
  /// one.
  static Result<Authority> create_root(const std::filesystem::path& folder, std::shared_ptr<crypto::Signer> signer,
                                       const pki::Profile& profile, const pki::Subject& subject,
                                       std::optional<std::uint32_t> days, const os::Clock& clock);
  /// Makes the folder of an authority whose certificate somebody else issued; `certificate` must be a CA's.
  static Result<Authority> create_below(const std::filesystem::path& folder, std::shared_ptr<crypto::Signer> signer,
                                        const pki::Certificate& certificate, const os::Clock& clock);
  /// Opens a folder. Without a signer nothing can be issued ("ca.no-key"), but all else works. "ca.none" (not_found),
  /// "os.locked" (conflict), "ca.damaged" (invalid_input) if the state was altered or a part of it is gone.
  static Result<Authority> open(const std::filesystem::path& folder, std::shared_ptr<crypto::Signer> signer,
                                const os::Clock& clock);

  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

  [[nodiscard]] const pki::Certificate& certificate() const;
  /// From now on certificates of this profile are issued only for keys whose attestation proves that strength; the
  /// last demand of a profile counts. "pki.profile" (usage).
  Result<void> demand(std::string_view profile, attest::Strength strength);
  /// By profile.
  [[nodiscard]] const std::map<std::string, attest::Strength>& demands() const;
  /// Issues a certificate under a fresh random serial number. It is on record, durably, before it is returned. Where an
  /// attestation is shown it must be of that key ("ca.attestation-key") and, where the certificate names a device, of a
  /// key in that device ("ca.attestation-device"); where a strength is demanded it must be proven ("ca.no-attestation",
  /// "ca.strength"). All are denied.
  Result<pki::Certificate> issue(const Application& application);
  /// Takes a certificate back: "ca.no-such-serial" (not_found), "ca.already-revoked" (conflict). Effective with the
  /// next crl().
  Result<void> revoke(std::string_view serial_hex, pki::RevocationReason reason);
  /// A list of everything revoked so far, also of what has expired since: firmware is judged by the moment it was
  /// signed. Each list has a number one above the last.
  Result<pki::Crl> crl(std::uint32_t days);
  /// The certificates issued, oldest first.
  [[nodiscard]] const std::vector<Entry>& list() const;
  /// The number of the last list made; 0 before the first.
  [[nodiscard]] std::uint64_t crl_number() const;

 private:
  struct State;
  explicit Authority(std::unique_ptr<State> state);
  static Result<std::unique_ptr<State>> lock(const std::filesystem::path& folder,
                                             std::shared_ptr<crypto::Signer> signer, const os::Clock& clock);
  static Result<Authority> begin(std::unique_ptr<State> state, pki::Certificate certificate);
  std::unique_ptr<State> state_;
};

}  // namespace signet::ca
