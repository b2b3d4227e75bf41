// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/bundle.hpp"
#include "signet/core/ensure.hpp"
#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/test/vendor_ca.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

/// A maker for tests of bundle and updated: a root, signers, a release ledger with a witness. Header-only, so that
/// lower modules' tests do not link what they do not use.
namespace signet::test {

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
