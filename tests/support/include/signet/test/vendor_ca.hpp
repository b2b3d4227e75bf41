// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/ensure.hpp"
#include "signet/pki.hpp"
#include "signet/test/memory_signer.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A certification authority in memory, for tests above pki. Header-only, so that lower modules' tests do not link what
/// they do not use.
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

}  // namespace signet::test
