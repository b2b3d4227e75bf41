// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/ensure.hpp"
#include "signet/os/file.hpp"
#include "signet/os/process.hpp"
#include "signet/pki.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/test/temp_dir.hpp"

#include <filesystem>
#include <string>
#include <vector>

/// Certificates made by lib/pki itself, and other people's programs to judge them. For tests only.
namespace signet::pki::issued {

using crypto::KeyAlgorithm;

inline const Instant k_begin = *from_rfc3339("2026-01-01T00:00:00Z");
inline const Instant k_end = *from_rfc3339("2036-01-01T00:00:00Z");

inline Order order(std::string_view profile, const std::string& name, const crypto::PublicKey& key,
                   const std::string& serial = "4001") {
  return {.profile = *profile_named(profile),
          .subject = {.common_name = name, .organization = "Example"},
          .public_key = key,
          .dns_names = {},
          .serial_hex = serial,
          .not_before = k_begin,
          .not_after = k_end};
}

inline Issuer make_root(KeyAlgorithm algorithm = KeyAlgorithm::ec_p256) {
  auto signer = test::make_memory_signer(algorithm);
  auto root = issue_root(signer, order("vendor-root", "Example Root", signer->public_key(), "4000"));
  ensure(root.has_value(), "test: a root");
  return {*std::move(root), std::move(signer)};
}

inline Issuer make_below(const Issuer& issuer, const Order& wanted, std::shared_ptr<crypto::Signer> signer) {
  auto made = issue(issuer, wanted);
  ensure(made.has_value(), "test: a certificate");
  return {*std::move(made), std::move(signer)};
}

/// A firmware signer below `issuer`.
inline Issuer make_signer(const Issuer& issuer, KeyAlgorithm algorithm = KeyAlgorithm::ec_p256) {
  auto signer = test::make_memory_signer(algorithm);
  return make_below(issuer, order("firmware-signing", "Release 1", signer->public_key()), signer);
}

inline std::string save(const std::filesystem::path& path, std::string_view text) {
  ensure(os::replace_file(path, as_bytes(text)).has_value(), "test: a file");
  return path.string();
}
inline std::string save(const std::filesystem::path& path, const Bytes& bytes) { return save(path, as_text(bytes)); }

/// Runs a peer; its output and exit code.
inline os::ProcessResult peer(const std::vector<std::string>& arguments) {
  auto result = os::run(arguments);
  ensure(result.has_value(), "test: openssl and certtool are installed");
  return *std::move(result);
}

}  // namespace signet::pki::issued
