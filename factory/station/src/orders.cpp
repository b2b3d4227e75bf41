// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "orders.hpp"

#include "signet/os/file.hpp"

#include <array>

namespace signet::station {

namespace {

constexpr std::uint64_t k_file_bytes_max = 1U << 20U;
constexpr std::size_t k_certificates_max = 8;  // what a chain of the birth protocol takes

Result<std::string> text_of(const std::filesystem::path& path) {
  TRY_ASSIGN(const Bytes bytes, os::read_file(path, k_file_bytes_max));
  return std::string(as_text(bytes));
}

Result<attest::EkPolicy> read_tpms(const Config& config) {
  attest::EkPolicy tpms;
  for (const auto& [path, strength] : config.tpm_makers) {
    TRY_ASSIGN(const std::string pem, text_of(path));
    TRY_ASSIGN(const auto certificates,
               pki::Certificate::all_from_pem(pem).context("read '" + printable(path.string()) + "'"));
    for (const auto& each : certificates) tpms.anchors.push_back({each, strength});
  }
  for (const auto& path : config.tpm_intermediates) {
    TRY_ASSIGN(const std::string pem, text_of(path));
    TRY_ASSIGN(const auto certificates,
               pki::Certificate::all_from_pem(pem).context("read '" + printable(path.string()) + "'"));
    tpms.intermediates.insert(tpms.intermediates.end(), certificates.begin(), certificates.end());
  }
  for (const auto& path : config.tpm_crls) {
    TRY_ASSIGN(const std::string pem, text_of(path));
    TRY_ASSIGN(const auto crls, pki::Crl::all_from_pem(pem).context("read '" + printable(path.string()) + "'"));
    tpms.crls.insert(tpms.crls.end(), crls.begin(), crls.end());
  }
  return tpms;
}

}  // namespace

Result<birth::Policy> open_policy(ByteView envelope, const crypto::PublicKey& key, Bytes* payload_sha256) {
  TRY_ASSIGN(const auto verified, documents::open_envelope(Untrusted(envelope), birth::k_policy_type, std::array{key}));
  if (payload_sha256 != nullptr) {
    *payload_sha256 = crypto::digest(crypto::HashAlgorithm::sha256, verified.payload());
  }
  return birth::Policy::parse(verified.payload());
}

Result<Orders> Orders::read(const Config& config) {
  TRY_ASSIGN(const Bytes envelope, os::read_file(config.policy, birth::k_message_bytes_max));
  TRY_ASSIGN(const std::string key_pem, text_of(config.policy_key));
  TRY_ASSIGN(const auto key, crypto::PublicKey::from_pem(key_pem));
  Bytes policy_sha256;
  TRY_ASSIGN(auto policy, open_policy(envelope, key, &policy_sha256)
                              .context("open the vendor's birth policy '" + printable(config.policy.string()) + "'"));
  TRY_ASSIGN(const std::string certificate_pem, text_of(config.station_certificate));
  TRY_ASSIGN(auto certificates, pki::Certificate::all_from_pem(certificate_pem)
                                    .context("read '" + printable(config.station_certificate.string()) + "'"));
  if (certificates.size() > k_certificates_max) {
    return Error(Errc::usage, "station.certificates", "the station's certificate has more than 7 issuers",
                 "'signing.certificate' holds its own, then its issuers without the root.");
  }
  TRY_ASSIGN(auto tpms, read_tpms(config));
  return Orders{.policy = std::move(policy),
                .policy_envelope = envelope,
                .policy_sha256 = std::move(policy_sha256),
                .tpms = std::move(tpms),
                .station_certificates = std::move(certificates)};
}

}  // namespace signet::station
