// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ca.hpp"
#include "signet/documents.hpp"
#include "signet/keystore.hpp"
#include "signet/station.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/test/temp_dir.hpp"

#include "unit_for_test.hpp"

#include <sys/socket.h>

#include <array>
#include <thread>

/// A production line in a folder: vendor, factory CA, ledger, and a configuration over them. For tests.
namespace signet::station::unit {

class TestLine {
 public:
  explicit TestLine(attest::Strength minimum = attest::Strength::software,
                    tpm::DevidTemplate devid = tpm::DevidTemplate::h2_p256)
      : minimum_(minimum), devid_(devid) {
    auto keys = must(keystore::open(store()));
    for (const char* label : {"ca", "station"}) must(keys->generate(label, crypto::KeyAlgorithm::ec_p256));
    must(keys->generate("log", crypto::KeyAlgorithm::ed25519));
    const Instant now = clock_.now();
    root_key_ = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
    root_ = must(pki::issue_root(root_key_, {.profile = must(pki::profile_named("vendor-root")),
                                             .subject = {.common_name = "Vendor Root"},
                                             .public_key = root_key_->public_key(),
                                             .serial_hex = "5a01",
                                             .not_before = now.plus_days(-1),
                                             .not_after = now.plus_days(3650)}));
    make_authority(now);
    policy_key_ = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
    config_.policy_key = folder_.write("policy-key.pem", as_bytes(policy_key_->public_key().pem()));
    write_policy();
    config_.station = "station-1";
    config_.line = "line-7";
    config_.listen = "127.0.0.1:0";
    config_.organization = "Example";
    config_.hardware_type = "1.3.6.1.4.1.32473.1";
    config_.ca_key = store() + "&label=ca";
    config_.station_key = store() + "&label=station";
    config_.ledger_key = store() + "&label=log";
    config_.ledger_folder = folder_ / "ledger";
    config_.ledger_origin = "example.com/line-7";
    config_.state = folder_ / "state";
    config_.timeout = std::chrono::seconds(60);
    must(init(config_));
  }

  [[nodiscard]] Config& config() { return config_; }
  [[nodiscard]] const os::Clock& clock() const { return clock_; }
  [[nodiscard]] const pki::Certificate& root() const { return *root_; }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  /// The makers of this unit's TPM are known, and worth `strength`.
  void know_maker(const test::Swtpm& swtpm, attest::Strength strength = attest::Strength::software) {
    const std::string number = std::to_string(config_.tpm_makers.size());
    config_.tpm_makers.emplace_back(folder_.write("maker-" + number + ".pem", as_bytes(swtpm.ek_root_pem())), strength);
    config_.tpm_intermediates.emplace_back(folder_.write("issuer-" + number + ".pem", as_bytes(swtpm.ek_issuer_pem())));
  }
  /// What rules the floor of this line's units.
  [[nodiscard]] crypto::Signer& floor_key() const { return *floor_key_; }
  [[nodiscard]] Result<Station> open() const { return Station::open(config_, clock_); }

  struct Outcome {
    Result<std::string> station;
    Result<void> unit;
  };
  /// One connection between the two.
  static Outcome meet(Station& station, TestUnit& unit, const Manners& manners) {
    std::array<int, 2> ends{};
    ensure(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
    const auto patience = std::chrono::seconds(60);
    Result<void> lived;
    std::jthread thread([&lived, &unit, &manners, fd = ends[1], patience] {
      lived = unit.live(birth::Channel::over(os::Fd(fd), patience), manners);
    });
    auto born = station.give_birth(birth::Channel::over(os::Fd(ends[0]), patience));
    thread.join();
    return {std::move(born), std::move(lived)};
  }

 private:
  [[nodiscard]] std::string store() const { return "file:" + (folder_ / "keys").string() + "?passphrase=none"; }

  void make_authority(Instant now) {
    auto ca_key = must(keystore::open_signer(store() + "&label=ca"));
    const auto certificate = must(pki::issue({*root_, root_key_}, {.profile = must(pki::profile_named("factory-ca")),
                                                                   .subject = {.common_name = "Factory CA"},
                                                                   .public_key = ca_key->public_key(),
                                                                   .serial_hex = "5a02",
                                                                   .not_before = now.plus_days(-1),
                                                                   .not_after = now.plus_days(3000)}));
    config_.ca_folder = folder_ / "ca";
    auto authority = must(ca::Authority::create_below(config_.ca_folder, ca_key, certificate, clock_));
    const auto station_key = must(keystore::open_signer(store() + "&label=station"));
    const auto station = must(authority.issue({.profile = must(pki::profile_named("station")),
                                               .subject = {.common_name = "Station 1"},
                                               .public_key = station_key->public_key()}));
    config_.station_certificate = folder_.write("station.pem", as_bytes(station.pem()));
  }

  void write_policy() {
    floor_key_ = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
    const birth::Policy policy{.product = must(ProductId::parse("cam-a")),
                               .revision = 1,
                               .devid = devid_,
                               .escrow_key = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256)->public_key(),
                               .floor_key = floor_key_->public_key(),
                               .first_floor = must(tpm::approve_floor(*floor_key_, tpm::FloorApproval::Kind::first, 7)),
                               .anchors = {*root_},
                               .keys = {"video"},
                               .minimum_strength = minimum_};
    config_.policy = folder_.write("policy.json", must(documents::sign_envelope(birth::k_policy_type, policy.encode(),
                                                                                std::array{policy_key_.get()})));
  }

  test::TempDir folder_;
  os::SystemClock clock_;
  attest::Strength minimum_;
  tpm::DevidTemplate devid_;
  std::shared_ptr<crypto::Signer> floor_key_;
  std::shared_ptr<crypto::Signer> root_key_;
  std::optional<pki::Certificate> root_;
  std::shared_ptr<crypto::Signer> policy_key_;
  Config config_;
};

}  // namespace signet::station::unit
