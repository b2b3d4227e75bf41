// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/identity.hpp"
#include "signet/ledger_store.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/test/vendor_ca.hpp"
#include "signet/tpm.hpp"

/// A factory and what was born there. For tests only.
namespace signet::birth::born {

using test::k_now;
using test::must;

inline constexpr std::string_view k_line = "test.invalid/line-3";

/// A vendor with a factory whose ledger and station are known to verifiers.
struct Factory {
  test::Vendor vendor{"Test Vendor Root"};
  test::Identity ca;
  std::shared_ptr<crypto::Signer> station = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  std::shared_ptr<crypto::Signer> log_key = test::make_memory_signer(crypto::KeyAlgorithm::ed25519);

  Factory() : ca(vendor.issue("Line 3", "factory-ca", k_now.plus_days(-1))) {}

  pki::Certificate issue(std::string_view profile, const crypto::PublicKey& key, const std::string& serial) const {
    return must(
        pki::issue({ca.certificate, ca.signer},
                   {.profile = must(pki::profile_named(profile)),
                    .subject = {.common_name = "cam-a " + serial, .serial_number = serial},
                    .public_key = key,
                    .hardware = pki::HardwareModule{.type_oid = "1.3.6.1.4.1.32473.1", .serial = to_bytes(serial)},
                    .serial_hex = "5a" + to_hex(crypto::random_bytes(15)),
                    .not_before = k_now.plus_days(-1),
                    .not_after = pki::k_no_end}));
  }
};

/// A born device: its keys are in a software TPM.
struct Device {
  test::Swtpm swtpm;
  std::shared_ptr<tpm::Tpm> tpm = must(tpm::Tpm::connect(swtpm.tcti()));
  tpm::Primary iak = must(tpm->create_iak(tpm::DevidTemplate::h2_p256, {}, {}));
  tpm::Primary idevid = must(tpm->create_idevid(tpm::DevidTemplate::h2_p256, {}, {}));
  std::string serial;

  explicit Device(std::string name, bool fresh = false) : swtpm({.fresh_ek = fresh}), serial(std::move(name)) {}

  attest::IdentityStatement statement(const Factory& factory, const std::filesystem::path& ledger_folder,
                                      attest::Strength strength = attest::Strength::software) {
    attest::IdentityStatement made;
    const auto& key = *idevid.object.public_area().key;
    made.idevid = {factory.issue("idevid", key, serial), factory.ca.certificate};
    made.iak = {factory.issue("iak", *iak.object.public_area().key, serial), factory.ca.certificate};
    made.birth_nonce = crypto::random_bytes(32);
    made.iak_area = iak.object.public_area().wire;
    made.idevid_evidence = {idevid.object.public_area().wire,
                            must(tpm->certify_creation(idevid, iak.object, made.birth_nonce))};
    const Record record{
        .product = must(ProductId::parse("cam-a")),
        .serial = serial,
        .station = "station-1",
        .line = "line-3",
        .born = k_now,
        .policy_revision = 1,
        .policy_sha256 = Bytes(32),
        .strength = strength,
        .ek_fingerprint = Bytes(32),
        .certificates = {{"idevid", to_hex(made.idevid.front().fingerprint())},
                         {"iak", to_hex(made.iak.front().fingerprint())}},
        .issuer_serials = {{"idevid", made.idevid.front().serial_hex()}, {"iak", made.iak.front().serial_hex()}},
        .floor = 1,
        .evidence_sha256 = Bytes(32),
        .escrow = Bytes(64)};
    crypto::Signer* signers[] = {factory.station.get()};
    made.birth_record = must(documents::sign_envelope(k_record_type, record.encode(), signers));
    auto ledger = must(std::filesystem::exists(ledger_folder) ? ledger::Ledger::open(ledger_folder)
                                                              : ledger::Ledger::create(ledger_folder, k_line));
    const std::uint64_t index = must(ledger.append(*made.birth_record));
    must(ledger.checkpoint(*factory.log_key));
    made.receipt = must(must(ledger::Published::open(ledger_folder)).proof_file(index)).encode();
    return made;
  }
  void answer(attest::IdentityStatement& statement, const Bytes& nonce) {
    const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, attest::challenge_message(nonce));
    statement.fresh_nonce = nonce;
    statement.fresh_signature = must(tpm->sign(idevid.object, crypto::SignatureScheme::ecdsa_sha256, digest));
  }
};

}  // namespace signet::birth::born
