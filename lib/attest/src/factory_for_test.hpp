// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "unit_for_test.hpp"

namespace signet::attest::unit {

inline const Instant k_birth = *from_rfc3339("2026-01-01T00:00:00Z");

/// A vendor, a factory below it, and what it issues.
struct Factory {
  std::shared_ptr<crypto::Signer> root_key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  std::shared_ptr<crypto::Signer> ca_key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  pki::Certificate root = must(pki::issue_root(root_key, order("vendor-root", "Root", root_key->public_key())));
  pki::Certificate ca = must(pki::issue({root, root_key}, order("factory-ca", "Line", ca_key->public_key())));

  static pki::Order order(std::string_view profile, const std::string& name, const crypto::PublicKey& key) {
    return {.profile = must(pki::profile_named(profile)),
            .subject = {.common_name = name},
            .public_key = key,
            .serial_hex = "41",
            .not_before = k_birth,
            .not_after = pki::k_no_end};
  }
  [[nodiscard]] std::vector<pki::Certificate> issue(std::string_view profile, const crypto::PublicKey& key,
                                                    const std::string& serial = "SN-0042") const {
    auto wanted = order(profile, "Camera", key);
    wanted.subject.serial_number = serial;
    wanted.hardware = pki::HardwareModule{"1.3.6.1.4.1.32473.1", to_bytes(serial)};
    return {must(pki::issue({ca, ca_key}, wanted)), ca};
  }
  [[nodiscard]] IdentityPolicy policy() const {
    return {.validation = {.anchors = {root}, .at = k_birth, .usage = pki::Usage::any}};
  }
};

}  // namespace signet::attest::unit
