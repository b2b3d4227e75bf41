// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/crypto.hpp"

#include "database.hpp"
#include "phase.hpp"

#include <map>
#include <memory>
#include <mutex>

/// The books of a station: which serial number belongs to which TPM, how far each unit has come, and who failed. That
/// one serial number has one TPM, and one TPM one serial number, is a rule of the database itself.
namespace signet::station {

/// What is known of a unit when its serial number is reserved: all that its record will say, but for certificates.
struct Facts {
  std::map<std::string, crypto::PublicKey> keys;  ///< "idevid", "iak", "video"
  attest::Strength strength = attest::Strength::software;
  std::string tpm_model;
  std::uint64_t floor = 0;
  Bytes evidence_sha256;
  Bytes escrow;
  Json tests = Json::object();

  [[nodiscard]] std::string encode() const;
  static Result<Facts> restore(std::string_view text);
};

/// A unit with everything that was made for it so far.
struct Entry {
  Unit unit;
  Bytes ek;
  Facts facts;
  std::map<std::string, Bytes> certificates;  ///< DER; empty before `issued`
  Bytes record;                               ///< envelope; empty before `written`
  std::uint64_t ledger_from = 0;              ///< of the ledger's size when the record was written
  std::string receipt;
};

/// Safe to use from several threads.
class Registry {
 public:
  static Result<Registry> create(const std::filesystem::path& folder, crypto::KeyAlgorithm ek_kind);
  /// "station.none" (not_found).
  static Result<Registry> open(const std::filesystem::path& folder);

  /// Serial number and TPM belong together from now on. Made anew by the same unit with the same keys, nothing changes.
  /// "station.serial-taken", "station.tpm-taken", "station.other-keys" (conflict).
  Result<void> reserve(const std::string& serial, const Bytes& ek, const Facts& facts, Instant now);
  /// "station.ek-kind-changed" (usage) if the TPMs of this line are known by endorsement keys of another kind.
  Result<void> check_ek_kind(crypto::KeyAlgorithm wanted);
  /// What reserve() would say, without reserving.
  Result<void> check_free(const std::string& serial, const Bytes& ek);
  Result<std::optional<Entry>> find(const std::string& serial);
  /// Units in a phase, oldest first.
  Result<std::vector<Entry>> in_phase(Phase phase);
  Result<std::vector<Unit>> units();
  /// How many entries the ledger must have: one above the last index that it gave.
  Result<std::uint64_t> ledger_size_min();
  /// The unit with the newest receipt.
  Result<std::optional<Entry>> last_receipted();

  Result<void> keep_certificates(const std::string& serial, const std::map<std::string, Bytes>& certificates,
                                 Instant now);
  Result<void> keep_record(const std::string& serial, const Bytes& envelope, std::uint64_t ledger_from, Instant now);
  Result<void> keep_index(const std::string& serial, std::uint64_t index, Instant now);
  Result<void> keep_receipt(const std::string& serial, const std::string& receipt, Instant now);
  Result<void> keep_phase(const std::string& serial, Phase from, Phase to, Instant now);

  /// "station.quarantined" (denied) if this box is.
  Result<void> check_quarantine(const std::string& serial, const Bytes& ek);
  /// Notes a failure; the box is quarantined from `failures_max` of them on.
  Result<void> note_failure(const Failed& failure, const Bytes& ek, unsigned failures_max);
  Result<void> forget_failures(const std::string& serial, const Bytes& ek);
  Result<std::vector<Failed>> failures();
  Result<std::uint64_t> release(const std::string& serial);

  Result<Status> status(Instant now);
  Result<std::uint64_t> next_batch();
  Result<void> keep_next_batch(std::uint64_t next);

 private:
  explicit Registry(Database database);
  Result<std::vector<Entry>> entries(std::string_view where, const std::vector<Value>& values);
  Result<void> move(const std::string& serial, Phase from, Phase to, Instant now, std::string_view set,
                    std::vector<Value> values);
  struct State {
    std::mutex mutex;
    Database database;
  };
  std::unique_ptr<State> state_;
};

}  // namespace signet::station
