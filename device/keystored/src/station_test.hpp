// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/attest.hpp"
#include "signet/birth.hpp"
#include "signet/core/ensure.hpp"
#include "signet/core/json.hpp"
#include "signet/crypto.hpp"
#include "signet/documents.hpp"
#include "signet/pki.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/tpm_policy.hpp"

#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// The other side of a birth for tests: a vendor with a policy, a factory that issues certificates. Checks what a
/// station checks, through lib/attest.
namespace signet::keystored::fake {

template <typename T>
T must(Result<T> result) {
  ensure(result.has_value(), result.has_value() ? "" : result.error().message());
  return *std::move(result);
}

inline const std::string k_product = "cam-a";
inline constexpr std::uint64_t k_first_floor = 7;

class Station {
 public:
  explicit Station(tpm::DevidTemplate devid = tpm::DevidTemplate::h2_p256, std::vector<std::string> keys = {"video"})
      : vendor_(signer()),
        escrow_(signer()),
        floor_(signer()),
        root_signer_(signer()),
        root_(must(pki::issue_root(root_signer_,
                                   order("vendor-root", {.common_name = "Test Root"}, root_signer_->public_key())))),
        factory_signer_(signer()),
        factory_(
            must(pki::issue({.certificate = root_, .signer = root_signer_},
                            order("factory-ca", {.common_name = "Test Factory"}, factory_signer_->public_key())))) {
    birth::Policy policy{.product = must(ProductId::parse(k_product)),
                         .revision = 1,
                         .devid = devid,
                         .escrow_key = escrow_->public_key(),
                         .floor_key = floor_->public_key(),
                         .first_floor = approve(tpm::FloorApproval::Kind::first, k_first_floor),
                         .anchors = {root_},
                         .keys = std::move(keys),
                         .minimum_strength = attest::Strength::software};
    envelope_ = sign(policy, *vendor_);
  }

  [[nodiscard]] crypto::PublicKey vendor_key() const { return vendor_->public_key(); }
  [[nodiscard]] tpm::FloorApproval approve(tpm::FloorApproval::Kind kind, std::uint64_t value) const {
    return must(tpm::approve_floor(*floor_, kind, value));
  }
  [[nodiscard]] crypto::Signer& floor_key() const { return *floor_; }

  [[nodiscard]] birth::Begin begin() const {
    return {.policy_envelope = envelope_, .nonce = crypto::random_bytes(32), .station = "station-1"};
  }
  /// A policy of a stranger who is not the vendor.
  [[nodiscard]] birth::Begin forged_begin() const {
    const auto verified = must(documents::open_envelope(Untrusted<ByteView>(envelope_), birth::k_policy_type,
                                                        std::array{vendor_->public_key()}, 1));
    const auto stranger = signer();
    std::array<crypto::Signer*, 1> signers{stranger.get()};
    return {.policy_envelope = must(documents::sign_envelope(birth::k_policy_type, verified.payload(), signers)),
            .nonce = crypto::random_bytes(32),
            .station = "station-1"};
  }

  birth::Ask ask(const birth::Claim& claim) {
    secret_ = crypto::random_bytes(32);
    nonce_ = crypto::random_bytes(32);
    const tpm::Public ek = must(tpm::Public::parse(claim.ek_area));
    const tpm::Public attester = must(tpm::Public::parse(claim.key_areas.at("attester")));
    return {.credential = must(tpm::make_credential(ek, attester.name, Secret::copy_of(secret_))), .nonce = nonce_};
  }

  /// What a station checks of a proof.
  Result<void> check(const birth::Claim& claim, const birth::Proof& proof) const {
    if (proof.secret != secret_) return Error(Errc::untrusted, "fake.secret", "the secret is another");
    // Endorsement key -> attester (by the credential) -> IAK -> every other key.
    TRY_ASSIGN(const tpm::Public attester, tpm::Public::parse(claim.key_areas.at("attester")));
    TRY_ASSIGN(const attest::ResidentKey iak_key, attest::verify_resident(attester, proof.keys.at("iak"), nonce_));
    const tpm::Public& iak = iak_key.area();
    if (iak.wire != claim.iak_area) return Error(Errc::untrusted, "fake.iak", "the IAK is another");
    TRY(attest::verify_resident(iak, proof.idevid, nonce_));
    for (const auto& [name, area] : claim.key_areas) {
      if (name == "attester") continue;
      const auto evidence = proof.keys.find(name);
      if (evidence == proof.keys.end() || evidence->second.public_area != area) {
        return Error(Errc::untrusted, "fake.key", "the key '" + name + "' is not proven");
      }
      TRY(attest::verify_resident(iak, evidence->second, nonce_));
    }
    TRY(attest::verify_closed(iak, proof.state, nonce_));
    TRY_ASSIGN(const attest::AttestedFloor floor, attest::verify_floor(iak, proof.floor, floor_->public_key(), nonce_));
    if (floor.value() < k_first_floor) return Error(Errc::untrusted, "fake.floor", "the floor is too low");
    if (proof.escrow.empty()) return Error(Errc::untrusted, "fake.escrow", "no escrow");
    return {};
  }

  [[nodiscard]] birth::Identity identity(const birth::Claim& claim) const {
    birth::Identity identity{.idevid = chain("idevid", claim.idevid_area, claim.serial),
                             .iak = chain("iak", claim.iak_area, claim.serial),
                             .keys = {},
                             .record_envelope = to_bytes("{\"a\":\"record\"}"),
                             .receipt = "c2sp.org/tlog-proof@v1\n"};
    for (const auto& [name, area] : claim.key_areas) {
      if (name == "attester") continue;
      identity.keys[name] = chain("media-signing", area, claim.serial);
    }
    return identity;
  }

  /// The same with the station's certificates, and a record that its key has signed.
  [[nodiscard]] birth::Identity identity_with_station(const birth::Claim& claim) const {
    birth::Identity made = identity(claim);
    std::array<crypto::Signer*, 1> signers{station_.get()};
    made.record_envelope = must(documents::sign_envelope(birth::k_record_type, as_bytes("{}"), signers));
    made.station = {must(pki::issue({.certificate = factory_, .signer = factory_signer_},
                                    order("station", {.common_name = "station-1"}, station_->public_key()))),
                    factory_};
    return made;
  }

 private:
  static std::shared_ptr<crypto::Signer> signer() { return test::make_memory_signer(crypto::KeyAlgorithm::ec_p256); }

  static Bytes sign(const birth::Policy& policy, crypto::Signer& by) {
    std::array<crypto::Signer*, 1> signers{&by};
    return must(documents::sign_envelope(birth::k_policy_type, policy.encode(), signers));
  }

  static pki::Order order(std::string_view profile_name, pki::Subject subject, crypto::PublicKey key) {
    const pki::Profile profile = must(pki::profile_named(profile_name));
    std::optional<pki::HardwareModule> hardware;
    if (profile.needs_hardware_module) {
      hardware = {.type_oid = "1.3.6.1.4.1.32473.1", .serial = to_bytes(subject.serial_number)};
    }
    const Instant start = must(from_rfc3339("2026-01-01T00:00:00Z"));
    return {.profile = profile,
            .subject = std::move(subject),
            .public_key = std::move(key),
            .hardware = std::move(hardware),
            .serial_hex = "4a" + to_hex(crypto::random_bytes(8)),
            .not_before = start,
            .not_after = profile.endless ? pki::k_no_end : start.plus_days(profile.ca ? 3650 : 3000)};
  }

  [[nodiscard]] std::vector<pki::Certificate> chain(std::string_view profile, const Bytes& area,
                                                    const std::string& serial) const {
    const tpm::Public parsed = must(tpm::Public::parse(area));
    const pki::Subject subject{.common_name = "cam-a " + serial, .serial_number = serial};
    return {
        must(pki::issue({.certificate = factory_, .signer = factory_signer_}, order(profile, subject, *parsed.key))),
        factory_};
  }

  std::shared_ptr<crypto::Signer> vendor_, escrow_, floor_, root_signer_;
  pki::Certificate root_;
  std::shared_ptr<crypto::Signer> factory_signer_;
  pki::Certificate factory_;
  std::shared_ptr<crypto::Signer> station_ = signer();
  Bytes envelope_;
  Bytes secret_;
  Bytes nonce_;
};

}  // namespace signet::keystored::fake
