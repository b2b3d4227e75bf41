// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/birth.hpp"
#include "signet/core/ensure.hpp"
#include "signet/os/process.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/tpm.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

/// A unit on the line, for tests: a software TPM and the least that has to be done with it. It can be told to lie.
namespace signet::station::unit {

template <typename T>
T must(Result<T> result) {
  ensure(result.has_value(), result ? "" : result.error().reason() + ": " + result.error().message());
  return *std::move(result);
}
inline void must(const Result<void>& result) {
  ensure(result.has_value(), result ? "" : result.error().reason() + ": " + result.error().message());
}

/// What a unit is, and where it deviates from the truth.
struct Manners {
  std::string serial = "A1";
  std::string product = "cam-a";
  Json tests = Json::object({{"leds", true}});
  std::function<void(birth::Claim&)> claim = {};
  std::function<void(birth::Proof&)> proof = {};
  bool leave_open = false;    ///< does not close its hierarchies
  bool import_video = false;  ///< its video key was made elsewhere, and can leave the TPM again
  /// Shows this endorsement key of its TPM, whatever the station asks for.
  std::optional<crypto::KeyAlgorithm> endorsement = {};
  /// Begins its floor under this key and with this approval, not the policy's.
  std::optional<tpm::FloorApproval> floor = {};
  std::optional<std::string> hang_up_at = {};  ///< closes the line instead of sending this message
};

class TestUnit {
 public:
  explicit TestUnit(test::SwtpmOptions options = {}) : swtpm_(options), tpm_(must(tpm::Tpm::connect(swtpm_.tcti()))) {}

  [[nodiscard]] test::Swtpm& swtpm() { return swtpm_; }

  /// The unit's side of one connection; why it ended where it did not end well.
  Result<void> live(birth::Channel channel, const Manners& manners) {
    while (true) {
      TRY_ASSIGN(const Bytes bytes, channel.receive());
      TRY_ASSIGN(const birth::Message message, birth::parse_message(bytes));
      if (const auto* refused = std::get_if<birth::Refused>(&message)) {
        return Error(Errc::denied, refused->reason, refused->text);
      }
      std::optional<birth::Message> reply;
      if (const auto* begin = std::get_if<birth::Begin>(&message)) reply = claim(*begin, manners);
      if (const auto* ask = std::get_if<birth::Ask>(&message)) reply = prove(*ask, manners);
      if (const auto* identity = std::get_if<birth::Identity>(&message)) {
        identity_ = *identity;
        reply = install();
      }
      ensure(reply.has_value(), "a message that a station sends");
      if (manners.hang_up_at == birth::name_of(*reply)) return {};
      TRY(channel.send(birth::encode(*reply)));
      if (identity_) return {};
    }
  }

  [[nodiscard]] const std::optional<birth::Identity>& identity() const { return identity_; }
  void forget_identity() { identity_.reset(); }
  [[nodiscard]] const tpm::Public& iak_area() const { return *iak_area_; }
  /// What the unit says after it has its identity.
  [[nodiscard]] birth::Installed install() {
    const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, identity_->record_envelope);
    const auto idevid = must(tpm_->create_idevid(policy_->devid, endorsement_, Secret()));
    const auto scheme = crypto::default_scheme(idevid.object.public_area().key->algorithm());
    const Bytes message = crypto::digest(*crypto::hash_of(scheme), attest::challenge_message(digest));
    return {must(tpm_->sign(idevid.object, scheme, message))};
  }

 private:
  tpm::Object parent() {
    return must(tpm_->create_storage_primary(tpm::Hierarchy::endorsement, endorsement_, "signet storage 1"));
  }

  /// As the station asks, unless the unit has a will of its own.
  tpm::Object endorsement_key(const Manners& manners) {
    return must(tpm_->endorsement_key(endorsement_, manners.endorsement.value_or(asked_for_)));
  }
  tpm::Blob make_video(const tpm::Object& above, const Manners& manners) {
    if (!manners.import_video) {
      return must(tpm_->create_key(above, crypto::KeyAlgorithm::ec_p256, tpm::KeyUse::sign, Secret()));
    }
    const auto made = must(
        os::run({"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-outform", "DER"}));
    return must(tpm_->import_key(above, Secret::copy_of(as_bytes(made.out)), tpm::KeyUse::sign, Secret()));
  }

  birth::Message claim(const birth::Begin& begin, const Manners& manners) {
    // A real unit checks the vendor's signature here; this one is the attacker's.
    const Json envelope = must(Json::parse(begin.policy_envelope));
    policy_ = must(birth::Policy::parse(must(from_base64(must(envelope.string_at("payload"))))));
    birth::Claim claim{.serial = manners.serial, .product = must(ProductId::parse(manners.product))};
    claim.hardware = "cam-a-r2";
    claim.protection = "hardware";
    asked_for_ = begin.endorsement_key;
    claim.ek_certificates = must(tpm_->endorsement_certificates(manners.endorsement.value_or(asked_for_)));
    claim.ek_area = endorsement_key(manners).public_area().wire;
    iak_area_ = must(tpm_->create_iak(policy_->devid, endorsement_, Secret())).object.public_area();
    claim.iak_area = iak_area_->wire;
    claim.idevid_area = must(tpm_->create_idevid(policy_->devid, endorsement_, Secret())).object.public_area().wire;
    if (!attester_) {
      const tpm::Object above = parent();
      attester_ = must(tpm_->create_key(above, crypto::KeyAlgorithm::ec_p256, tpm::KeyUse::attest, Secret()));
      video_ = make_video(above, manners);
    }
    claim.key_areas = {{"attester", attester_->public_area}, {"video", video_->public_area}};
    if (manners.claim) manners.claim(claim);
    return claim;
  }

  void close(const Manners& manners) {
    if (!endorsement_.empty()) return;
    for (Secret* auth : {&owner_, &endorsement_, &lockout_}) *auth = crypto::random_secret(32);
    const tpm::FloorApproval first = manners.floor.value_or(policy_->first_floor);
    must(tpm_->define_nv(must(tpm::floor_public(first.key, false)), Secret(), Secret()));
    Bytes value(8);
    put_be64(value, first.value);
    must(tpm_->write_nv(tpm::k_floor_index, value, must(first.policy(0))));
    must(tpm_->disable_clear(Secret()));
    must(tpm_->set_auth(tpm::Hierarchy::owner, Secret(), owner_));
    must(tpm_->set_auth(tpm::Hierarchy::endorsement, Secret(), endorsement_));
    must(tpm_->set_auth(tpm::Hierarchy::lockout, Secret(), lockout_));
    must(tpm_->disable_platform());
  }

  birth::Message prove(const birth::Ask& ask, const Manners& manners) {
    birth::Proof proof;
    const auto opened = [&]() -> Result<Secret> {
      const tpm::Object above = parent();
      TRY_ASSIGN(const tpm::Object attester, tpm_->load(above, *attester_, Secret()));
      const tpm::Object ek = endorsement_key(manners);
      return tpm_->activate_credential(attester, ek, endorsement_, ask.credential);
    }();
    // A TPM that cannot open it has nothing to send; a liar sends something.
    proof.secret = opened ? to_bytes(opened->read(SecretAccess::for_export())) : Bytes(32, std::byte{7});
    if (!manners.leave_open) close(manners);
    const auto devid = policy_->devid;
    {
      const tpm::Object above = parent();
      const tpm::Object attester = must(tpm_->load(above, *attester_, Secret()));
      const auto iak = must(tpm_->create_iak(devid, endorsement_, Secret()));
      proof.keys["iak"] = {iak.object.public_area().wire, must(tpm_->certify_creation(iak, attester, ask.nonce))};
    }
    const auto iak = must(tpm_->create_iak(devid, endorsement_, Secret()));
    {
      const auto idevid = must(tpm_->create_idevid(devid, endorsement_, Secret()));
      proof.idevid = {idevid.object.public_area().wire, must(tpm_->certify_creation(idevid, iak.object, ask.nonce))};
    }
    {
      const tpm::Object above = parent();
      const tpm::Object video = must(tpm_->load(above, *video_, Secret()));
      proof.keys["video"] = {video.public_area().wire, must(tpm_->certify(video, iak.object, ask.nonce))};
    }
    auto [answer, said] = must(tpm_->certify_state(iak.object, endorsement_, ask.nonce));
    proof.state = {std::move(answer), std::move(said)};
    if (const auto floor = tpm_->nv_public(tpm::k_floor_index)) {
      proof.floor = {floor->wire, must(tpm_->certify_nv(tpm::k_floor_index, iak.object, ask.nonce))};
    } else {
      proof.floor = {Bytes(14, std::byte{0}), proof.state.attestation};
    }
    proof.escrow = Bytes(100, std::byte{1});
    if (!owner_.empty()) {
      const auto ek = endorsement_key(manners).public_area().key->fingerprint();
      proof.escrow =
          must(birth::seal_escrow({owner_.clone(), endorsement_.clone(), lockout_.clone()}, policy_->escrow_key, ek));
    }
    proof.tests = manners.tests;
    if (manners.proof) manners.proof(proof);
    return proof;
  }

  test::Swtpm swtpm_;
  std::shared_ptr<tpm::Tpm> tpm_;
  std::optional<birth::Policy> policy_;
  crypto::KeyAlgorithm asked_for_ = birth::k_usual_endorsement_key;
  std::optional<tpm::Public> iak_area_;
  std::optional<tpm::Blob> attester_;
  std::optional<tpm::Blob> video_;
  Secret owner_;
  Secret endorsement_;
  Secret lockout_;
  std::optional<birth::Identity> identity_;
};

}  // namespace signet::station::unit
