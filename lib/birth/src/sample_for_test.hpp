// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/ensure.hpp"
#include "signet/test/memory_signer.hpp"

#include "fields.hpp"

/// Documents that are well-formed, for tests and fuzz targets; what is in them proves nothing.
namespace signet::birth::sample {

template <typename T>
T must(Result<T> result) {
  ensure(result.has_value(), result.has_value() ? "" : result.error().message());
  return *std::move(result);
}

inline Bytes filled(std::size_t size_bytes, unsigned char value) { return Bytes(size_bytes, std::byte{value}); }

inline pki::Certificate certificate() {
  const auto signer = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  return must(pki::issue_root(signer, {.profile = must(pki::profile_named("vendor-root")),
                                       .subject = {.common_name = "Sample Root"},
                                       .public_key = signer->public_key(),
                                       .serial_hex = "5a01",
                                       .not_before = must(from_rfc3339("2026-01-01T00:00:00Z")),
                                       .not_after = must(from_rfc3339("2036-01-01T00:00:00Z"))}));
}

inline Policy policy(crypto::KeyAlgorithm escrow = crypto::KeyAlgorithm::ec_p256) {
  const auto floor_key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  return {.product = must(ProductId::parse("cam-a")),
          .revision = 3,
          .escrow_key = test::make_memory_signer(escrow)->public_key(),
          .floor_key = floor_key->public_key(),
          .first_floor = must(tpm::approve_floor(*floor_key, tpm::FloorApproval::Kind::first, 7)),
          .anchors = {certificate()},
          .keys = {"video"},
          .minimum_strength = attest::Strength::trusted_environment};
}

inline Record record() {
  return {.product = must(ProductId::parse("cam-a")),
          .serial = "A4711",
          .station = "station-1",
          .line = "line-7",
          .born = must(from_rfc3339("2026-11-22T12:00:00Z")),
          .policy_revision = 3,
          .policy_sha256 = filled(32, 1),
          .strength = attest::Strength::software,
          .tpm_model = "IBM swtpm 2.0",
          .ek_fingerprint = filled(32, 2),
          .certificates = {{"idevid", to_hex(filled(32, 3))}, {"iak", to_hex(filled(32, 4))}},
          .issuer_serials = {{"idevid", "4a01"}, {"iak", "4a02"}},
          .floor = 7,
          .evidence_sha256 = filled(32, 5),
          .escrow = filled(200, 6),
          .tests = Json::object({{"lens_mtf", 0.81}, {"leds", true}, {"operator", "42"}})};
}

inline std::vector<Message> messages() {
  const tpm::Attestation attestation{.statement = filled(145, 7), .signature = filled(72, 8)};
  const attest::KeyEvidence evidence{.public_area = filled(90, 9), .attestation = attestation};
  const std::vector<pki::Certificate> chain = {certificate()};
  return {Begin{.policy_envelope = filled(1000, 1), .nonce = filled(32, 2), .station = "station-1"},
          Claim{.serial = "A4711",
                .product = must(ProductId::parse("cam-a")),
                .hardware = "cam-a-r2",
                .ek_certificates = {filled(900, 3)},
                .ek_area = filled(300, 4),
                .iak_area = filled(90, 5),
                .idevid_area = filled(90, 6),
                .key_areas = {{"video", filled(90, 7)}},
                .protection = "hardware"},
          Ask{.credential = {.blob = filled(80, 1), .secret = filled(256, 2)}, .nonce = filled(32, 3)},
          Proof{.secret = filled(32, 1),
                .idevid = evidence,
                .keys = {{"video", evidence}},
                .state = {.answer = filled(100, 2), .attestation = attestation},
                .floor = {.nv_public = filled(46, 3), .attestation = attestation},
                .escrow = filled(200, 4),
                .tests = Json::object({{"leds", true}})},
          Identity{.idevid = chain,
                   .iak = chain,
                   .keys = {{"video", chain}},
                   .record_envelope = filled(1500, 5),
                   .receipt = "c2sp.org/tlog-proof@v1\n"},
          Installed{.signature = filled(71, 6)},
          Refused{.reason = "station.other-product", .text = "this line makes cam-a"}};
}

}  // namespace signet::birth::sample
