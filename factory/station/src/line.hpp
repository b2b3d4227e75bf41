// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/ca.hpp"
#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"

#include "orders.hpp"
#include "registry.hpp"

#include <mutex>

namespace signet::station {

/// What gives identities: registry, CA and ledger of one line, held by one process. Each step is durable before the
/// next, and each can be done again without doing more: whatever a kill cuts off, finish() ends.
class Line {
 public:
  static Result<std::unique_ptr<Line>> open(const Config& config, const Orders& orders, const os::Clock& clock);

  /// Ends what a crash left between `issued` and `receipted`, so that no identity is without a record.
  Result<void> settle();
  /// Brings a reserved unit to `receipted`, and returns what it is to be given. `step` follows along.
  Result<birth::Identity> finish(const std::string& serial, std::string& step);
  /// Publishes a revocation list beside the registry if the last one is a day old.
  Result<void> keep_crl();

  [[nodiscard]] Registry& registry() { return registry_; }
  [[nodiscard]] std::uint64_t ledger_size();

 private:
  Line(const Config& config, const Orders& orders, const os::Clock& clock, os::FileLock lock, Registry registry,
       ca::Authority authority, ledger::Ledger ledger);
  Result<void> check_ledger();
  Result<void> issue(const Entry& entry);
  Result<void> write(const Entry& entry);
  Result<void> record(const Entry& entry);
  Result<void> receipt(const Entry& entry);
  Result<birth::Identity> identity(const Entry& entry) const;
  Result<pki::Certificate> certificate_for(const Entry& entry, const std::string& label);
  Result<std::optional<std::uint64_t>> find_in_ledger(const Entry& entry);
  Result<ledger::Ledger*> ledger();
  void index_authority();

  const Config* config_;
  const Orders* orders_;
  const os::Clock* clock_;
  os::FileLock lock_;
  Registry registry_;
  std::mutex mutex_;  ///< of everything below
  ca::Authority authority_;
  std::map<std::string, std::size_t> issued_;  ///< profile and key -> place in the authority's list
  std::optional<ledger::Ledger> ledger_;
  std::shared_ptr<crypto::Signer> ledger_key_;
  std::shared_ptr<crypto::Signer> station_key_;
};

}  // namespace signet::station
