// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/ca.hpp"
#include "signet/core/ensure.hpp"
#include "signet/os/file.hpp"

#include "attestation.hpp"
#include "journal.hpp"
#include "records.hpp"

#include <algorithm>
#include <system_error>
#include <unordered_map>
#include <variant>

namespace signet::ca {

namespace {

constexpr const char* k_journal = "journal";
constexpr const char* k_lock = "lock";
constexpr std::size_t k_serial_size_bytes = 16;

Error damaged(std::string text) {
  return {Errc::invalid_input, "ca.damaged", std::move(text), "Restore the folder from a backup."};
}

Instant end_of(Instant from, std::uint32_t days) {
  return days == 0 ? pki::k_no_end : std::min(from.plus_days(days), pki::k_no_end);
}

// 128 random bits: unique without a counter that a restored backup would set back, and not to be guessed (which is what
// protects against collisions in a signature's hash). The first bit is cleared and the next one set, so that all have
// the same length.
std::string random_serial() {
  Bytes bytes = crypto::random_bytes(k_serial_size_bytes);
  bytes.front() = (bytes.front() & std::byte{0x7f}) | std::byte{0x40};
  return to_hex(bytes);
}

}  // namespace

struct Authority::State {
  os::FileLock file_lock;
  std::filesystem::path folder;
  std::shared_ptr<crypto::Signer> signer;
  const os::Clock* clock;
  std::optional<Journal> journal = {};
  std::optional<pki::Certificate> certificate = {};
  std::vector<Entry> entries = {};
  std::unordered_map<std::string, std::size_t> by_serial = {};
  std::uint64_t crl_number = 0;
  std::map<std::string, attest::Strength> demands = {};

  Result<void> apply(const AuthorityRecord& record) {
    if (certificate) return damaged("a journal of two authorities");
    certificate = record.certificate;
    return {};
  }
  Result<void> apply(const IssuedRecord& record) {
    const std::string serial = record.certificate.serial_hex();
    if (!by_serial.emplace(serial, entries.size()).second)
      return damaged("two certificates of serial number " + serial);
    entries.push_back({.serial_hex = serial,
                       .profile = record.profile,
                       .subject = record.certificate.subject(),
                       .issued_at = record.at,
                       .not_after = record.certificate.not_after(),
                       .certificate_der = record.certificate.der(),
                       .revoked = {},
                       .strength = record.strength});
    return {};
  }
  Result<void> apply(const RevokedRecord& record) {
    const auto found = by_serial.find(record.revoked.serial_hex);
    if (found == by_serial.end()) return damaged("a revocation of a certificate that was never issued");
    entries[found->second].revoked = record.revoked;
    return {};
  }
  Result<void> apply(const CrlRecord& record) {
    if (record.number <= crl_number) return damaged("a revocation list whose number goes back");
    crl_number = record.number;
    return {};
  }
  Result<void> apply(const DemandRecord& record) {
    demands.insert_or_assign(record.profile, record.strength);
    return {};
  }
  Result<void> apply(const Record& record) {
    if (!certificate && !std::holds_alternative<AuthorityRecord>(record))
      return damaged("a journal without an authority");
    return std::visit([this](const auto& each) { return apply(each); }, record);
  }

  // On record first, in memory second.
  Result<void> keep(const Record& record) {
    TRY(journal->append(encode(record)));
    return apply(record);
  }
  Result<void> load() {
    std::vector<Bytes> records;
    TRY_ASSIGN(journal, Journal::open(folder / k_journal, records));
    for (const Bytes& bytes : records) {
      TRY_ASSIGN(const Record record, decode(bytes));
      TRY(apply(record));
    }
    ensure(certificate.has_value(), "a journal has a first record, and that is the authority's");
    if (signer == nullptr) return {};
    const auto key = certificate->public_key();
    if (key && *key == signer->public_key()) return {};
    return Error(Errc::usage, "pki.key-mismatch",
                 "the key is not that of the authority '" + certificate->subject() + "'",
                 "Give the key with which the authority was made.");
  }
  [[nodiscard]] Result<pki::Issuer> issuer() const {
    if (signer != nullptr) return pki::Issuer{*certificate, signer};
    return Error(Errc::usage, "ca.no-key", "issuing needs the authority's key", "Name it with --key.");
  }
  [[nodiscard]] std::string fresh_serial() const {
    std::string serial = random_serial();
    while (by_serial.contains(serial) || serial == certificate->serial_hex()) serial = random_serial();
    return serial;
  }
};

Authority::Authority(std::unique_ptr<State> state) : state_(std::move(state)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

Result<std::unique_ptr<Authority::State>> Authority::lock(const std::filesystem::path& folder,
                                                          std::shared_ptr<crypto::Signer> signer,
                                                          const os::Clock& clock) {
  TRY_ASSIGN(auto file_lock,
             os::FileLock::try_acquire(folder / k_lock, "the certificate authority " + printable(folder.string())));
  return std::make_unique<State>(State{std::move(file_lock), folder, std::move(signer), &clock});
}

Result<Authority> Authority::begin(std::unique_ptr<State> state, pki::Certificate certificate) {
  const std::filesystem::path path = state->folder / k_journal;
  TRY(Journal::create(path, encode(AuthorityRecord{std::move(certificate), state->clock->now()})));
  TRY(state->load());
  return Authority(std::move(state));
}

namespace {

Result<void> make_folder(const std::filesystem::path& folder) {
  TRY(os::make_folders(folder, 0700));
  std::error_code ignored;
  if (!std::filesystem::exists(folder / k_journal, ignored)) return {};
  return Error(Errc::conflict, "ca.exists",
               "'" + printable(folder.string()) + "' already holds a certificate authority", "Choose another folder.");
}

}  // namespace

Result<Authority> Authority::create_root(const std::filesystem::path& folder, std::shared_ptr<crypto::Signer> signer,
                                         const pki::Profile& profile, const pki::Subject& subject,
                                         std::optional<std::uint32_t> days, const os::Clock& clock) {
  ensure(signer != nullptr, "create_root: a signer");
  const Instant now = clock.now();
  TRY_ASSIGN(auto certificate, pki::issue_root(signer, {.profile = profile,
                                                        .subject = subject,
                                                        .public_key = signer->public_key(),
                                                        .dns_names = {},
                                                        .serial_hex = random_serial(),
                                                        .not_before = now,
                                                        .not_after = end_of(now, days.value_or(profile.days))}));
  return create_below(folder, std::move(signer), certificate, clock);
}

Result<Authority> Authority::create_below(const std::filesystem::path& folder, std::shared_ptr<crypto::Signer> signer,
                                          const pki::Certificate& certificate, const os::Clock& clock) {
  ensure(signer != nullptr, "create_below: a signer");
  const auto key = certificate.public_key();
  if (!key || !(*key == signer->public_key())) {
    return Error(Errc::usage, "pki.key-mismatch",
                 "the certificate '" + certificate.subject() + "' belongs to another key");
  }
  if (!certificate.is_ca()) {
    return Error(Errc::usage, "pki.order",
                 "'" + certificate.subject() + "' is not a CA, so it cannot issue certificates");
  }
  TRY(make_folder(folder));
  TRY_ASSIGN(auto state, lock(folder, std::move(signer), clock));
  return begin(std::move(state), certificate);
}

Result<Authority> Authority::open(const std::filesystem::path& folder, std::shared_ptr<crypto::Signer> signer,
                                  const os::Clock& clock) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / k_journal, ignored)) {
    return Error(Errc::not_found, "ca.none", "'" + printable(folder.string()) + "' holds no certificate authority",
                 "Make one with 'signet ca init'.");
  }
  TRY_ASSIGN(auto state, lock(folder, std::move(signer), clock));
  TRY(state->load());
  return Authority(std::move(state));
}

const pki::Certificate& Authority::certificate() const { return *state_->certificate; }
const std::vector<Entry>& Authority::list() const { return state_->entries; }
std::uint64_t Authority::crl_number() const { return state_->crl_number; }

const std::map<std::string, attest::Strength>& Authority::demands() const { return state_->demands; }

Result<void> Authority::demand(std::string_view profile, attest::Strength strength) {
  TRY_ASSIGN(const pki::Profile known, pki::profile_named(profile));
  return state_->keep(DemandRecord{std::string(known.name), strength, state_->clock->now()});
}

Result<pki::Certificate> Authority::issue(const Application& application) {
  TRY_ASSIGN(const pki::Issuer issuer, state_->issuer());
  const auto demanded = state_->demands.find(std::string(application.profile.name));
  TRY(check_attestation(application, demanded == state_->demands.end() ? std::optional<attest::Strength>()
                                                                       : std::optional(demanded->second)));
  const Instant now = state_->clock->now();
  const Instant longest = application.profile.endless ? pki::k_no_end : issuer.certificate.not_after();
  const Instant end =
      application.days ? end_of(now, *application.days) : std::min(end_of(now, application.profile.days), longest);
  TRY_ASSIGN(auto certificate, pki::issue(issuer, {.profile = application.profile,
                                                   .subject = application.subject,
                                                   .public_key = application.public_key,
                                                   .dns_names = application.dns_names,
                                                   .hardware = application.hardware,
                                                   .serial_hex = state_->fresh_serial(),
                                                   .not_before = now,
                                                   .not_after = end}));
  IssuedRecord record{std::string(application.profile.name), certificate, now};
  if (application.attestation) record.strength = application.attestation->strength();
  TRY(state_->keep(record));
  return certificate;
}

Result<void> Authority::revoke(std::string_view serial_hex, pki::RevocationReason reason) {
  const auto found = state_->by_serial.find(std::string(serial_hex));
  if (found == state_->by_serial.end()) {
    return Error(Errc::not_found, "ca.no-such-serial",
                 "this authority issued no certificate of serial number '" + printable(serial_hex, 50) + "'",
                 "'signet ca list' shows them all.");
  }
  if (const auto& before = state_->entries[found->second].revoked) {
    return Error(Errc::conflict, "ca.already-revoked",
                 "the certificate was revoked at " + to_rfc3339(before->when) + " (" +
                     std::string(pki::name_of(before->reason)) + ")");
  }
  return state_->keep(
      RevokedRecord{{.serial_hex = std::string(serial_hex), .when = state_->clock->now(), .reason = reason}});
}

Result<pki::Crl> Authority::crl(std::uint32_t days) {
  TRY_ASSIGN(const pki::Issuer issuer, state_->issuer());
  std::vector<pki::Revoked> revoked;
  for (const Entry& entry : state_->entries) {
    if (entry.revoked) revoked.push_back(*entry.revoked);
  }
  const Instant now = state_->clock->now();
  const std::uint64_t number = state_->crl_number + 1;
  TRY_ASSIGN(auto list, pki::issue_crl(issuer, number, now, std::min(now.plus_days(days), pki::k_no_end), revoked));
  TRY(state_->keep(CrlRecord{number, now}));
  return list;
}

}  // namespace signet::ca
