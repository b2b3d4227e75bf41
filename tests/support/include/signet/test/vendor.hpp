// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/bundle.hpp"
#include "signet/core/ensure.hpp"
#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"
#include "signet/test/memory_signer.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

/// A maker for tests of bundle and updated: a root, signers, a release ledger with a witness. Header-only, so that
/// lower modules' tests do not link what they do not use.
namespace signet::test {

/// Takes the value of a Result that a test's set-up cannot do without.
template <typename T>
T must(Result<T> result) {
  ensure(result.has_value(), result.has_value() ? "" : result.error().message());
  return *std::move(result);
}
inline void must(const Result<void>& result) {
  ensure(result.has_value(), result.has_value() ? "" : result.error().message());
}

inline const Instant k_now = *from_rfc3339("2026-06-01T12:00:00Z");

/// A key with its certificate.
struct Identity {
  std::shared_ptr<crypto::Signer> signer;
  pki::Certificate certificate;
};

/// A certification authority in memory.
class Vendor {
 public:
  explicit Vendor(const std::string& name = "Test Vendor Root") : root_(make_root(name)) {}

  [[nodiscard]] const pki::Certificate& root() const { return root_.certificate; }

  Identity issue(const std::string& name, std::string_view profile = "firmware-signing",
                 Instant not_before = k_now.plus_days(-30), Instant not_after = k_now.plus_days(365),
                 crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::ec_p256) {
    auto signer = make_memory_signer(algorithm);
    return issue_for(signer, name, profile, not_before, not_after);
  }

  Identity issue_for(const std::shared_ptr<crypto::Signer>& signer, const std::string& name,
                     std::string_view profile = "firmware-signing", Instant not_before = k_now.plus_days(-30),
                     Instant not_after = k_now.plus_days(365)) {
    const pki::Order order{
        .profile = must(pki::profile_named(profile)),
        .subject = {.common_name = name},
        .public_key = signer->public_key(),
        .dns_names = profile == "tls-server" ? std::vector<std::string>{"test.invalid"} : std::vector<std::string>{},
        .serial_hex = serial(),
        .not_before = not_before,
        .not_after = not_after};
    return {signer, must(pki::issue({root_.certificate, root_.signer}, order))};
  }

  pki::Crl revoke(const pki::Certificate& certificate) {
    const std::vector<pki::Revoked> revoked{
        {certificate.serial_hex(), k_now.plus_days(-1), pki::RevocationReason::key_compromise}};
    return must(
        pki::issue_crl({root_.certificate, root_.signer}, 1, k_now.plus_days(-1), k_now.plus_days(30), revoked));
  }

 private:
  std::string serial() { return "5a" + to_hex(crypto::random_bytes(15)); }

  Identity make_root(const std::string& name) {
    auto signer = make_memory_signer(crypto::KeyAlgorithm::ec_p256);
    const pki::Order order{.profile = must(pki::profile_named("vendor-root")),
                           .subject = {.common_name = name},
                           .public_key = signer->public_key(),
                           .serial_hex = serial(),
                           .not_before = k_now.plus_days(-3650),
                           .not_after = k_now.plus_days(3650)};
    return {signer, must(pki::issue_root(signer, order))};
  }

  Identity root_;
};

/// A release ledger with one witness.
class ReleaseLog {
 public:
  explicit ReleaseLog(const std::filesystem::path& folder)
      : folder_(folder),
        log_key_(make_memory_signer(crypto::KeyAlgorithm::ed25519)),
        witness_key_(make_memory_signer(crypto::KeyAlgorithm::ed25519)) {}

  [[nodiscard]] ledger::Policy policy() const {
    return must(ledger::Policy::make({must(ledger::VerifierKey::for_log(k_origin, log_key_->public_key()))},
                                     {must(ledger::VerifierKey::for_witness(k_witness, witness_key_->public_key()))},
                                     1));
  }

  /// Appends the release, publishes, has the witness see it at `seen`, and returns the proof file.
  std::string prove(const std::string& entry, Instant seen) {
    auto ledger = must(std::filesystem::exists(folder_) ? ledger::Ledger::open(folder_)
                                                        : ledger::Ledger::create(folder_, k_origin));
    const std::uint64_t index = must(ledger.append(as_bytes(entry)));
    const std::string note = must(ledger.checkpoint(*log_key_));
    const auto alone =
        must(ledger::Policy::make({must(ledger::VerifierKey::for_log(k_origin, log_key_->public_key()))}));
    const auto checkpoint = must(ledger::open_checkpoint(Untrusted<ByteView>(as_bytes(note)), alone));
    const std::string cosigned = must(ledger::add_cosignature(checkpoint, k_witness, *witness_key_, seen));
    must(ledger.publish(must(ledger::open_checkpoint(Untrusted<ByteView>(as_bytes(cosigned)), policy()))));
    return must(must(ledger::Published::open(folder_)).proof_file(index)).encode();
  }

 private:
  static constexpr std::string_view k_origin = "test.invalid/releases";
  static constexpr std::string_view k_witness = "test.invalid/witness";
  std::filesystem::path folder_;
  std::shared_ptr<crypto::Signer> log_key_;
  std::shared_ptr<crypto::Signer> witness_key_;
};

/// A manifest that packs; change what the test is about.
inline bundle::Manifest sample_manifest() {
  return {.product = must(ProductId::parse("cam-a")),
          .hardware = {"cam-a-r2", "cam-a-r3"},
          .version = "11.9.60",
          .security_version = 7,
          .track = "active",
          .released = k_now.plus_days(-1),
          .images = {},
          .sbom_sha256 = {}};
}

/// Bytes that no two places share, so that a swapped or shifted piece shows.
inline Bytes sample_bytes(std::size_t size_bytes, std::uint32_t seed = 1) {
  Bytes bytes(size_bytes);
  std::uint32_t state = seed * 2654435761U + 1;
  for (std::byte& b : bytes) {
    state = state * 1664525U + 1013904223U;
    b = static_cast<std::byte>(state >> 24U);
  }
  return bytes;
}

inline void write_file(const std::filesystem::path& path, ByteView content) { must(os::replace_file(path, content)); }
inline Bytes read_file(const std::filesystem::path& path) { return must(os::read_file(path, 1ULL << 32U)); }

}  // namespace signet::test
