// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/documents.hpp"
#include "signet/keystore.hpp"
#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"

#include "registry.hpp"

#include <algorithm>
#include <array>
#include <system_error>

// What people do with a station's books beside the running service.
namespace signet::station {

namespace {

constexpr std::string_view k_batch_format = "signet-birth-batch-1";
/// What surely fits into one envelope: its payload holds at most 4 MiB, and a record has at most 64 KiB.
constexpr std::size_t k_batch_payload_bytes_max = documents::k_payload_size_bytes_max - (256U << 10U);
constexpr std::uint64_t k_batch_records_max = 1000;

Result<std::uint64_t> entries_in(const Config& config) {
  const auto published = ledger::Published::open(config.ledger_folder);
  if (published) return published->size();
  if (published.error().reason() == "ledger.unpublished") return std::uint64_t{0};
  return published.error();
}

Result<Json> one_record(const ledger::Published& published, std::uint64_t index) {
  TRY_ASSIGN(const Bytes entry, published.entry(index));
  TRY_ASSIGN(const auto proof, published.prove(index));
  Json hashes = Json::array();
  for (const ledger::Hash& hash : proof.hashes) hashes.push(to_base64(hash));
  return Json::object({{"index", index}, {"record", to_base64(entry)}, {"proof", hashes}});
}

Json crls_of(const Config& config) {
  Json crls = Json::array();
  if (const auto crl = os::read_file(config.state / "ca.crl", 1U << 20U)) crls.push(to_base64(*crl));
  return crls;
}

}  // namespace

Result<void> init(const Config& config) {
  std::error_code ignored;
  if (!std::filesystem::exists(config.ledger_folder / "journal", ignored) &&
      !ledger::Published::open(config.ledger_folder)) {
    const auto made = ledger::Ledger::create(config.ledger_folder, config.ledger_origin);
    if (!made) return made.error();
  }
  TRY_ASSIGN(const std::uint64_t entries, entries_in(config));
  if (entries != 0) {
    return Error(Errc::conflict, "station.used-ledger",
                 "the ledger has " + std::to_string(entries) + " records already",
                 "A new registry would not know those units. Restore the old one, or begin a new ledger.");
  }
  TRY(Registry::create(config.state, config.tpm_endorsement_key));
  return {};
}

Result<Status> status(const Config& config, Instant now) {
  TRY_ASSIGN(auto registry, Registry::open(config.state));
  TRY_ASSIGN(Status status, registry.status(now));
  TRY_ASSIGN(status.ledger_entries, entries_in(config));
  return status;
}

Result<std::vector<Unit>> units(const Config& config) {
  TRY_ASSIGN(auto registry, Registry::open(config.state));
  return registry.units();
}

Result<std::vector<Failed>> failures(const Config& config) {
  TRY_ASSIGN(auto registry, Registry::open(config.state));
  return registry.failures();
}

Result<std::uint64_t> release(const Config& config, std::string_view serial) {
  TRY_ASSIGN(auto registry, Registry::open(config.state));
  return registry.release(std::string(serial));
}

Result<Batch> batch(const Config& config, std::optional<std::uint64_t> first, const std::filesystem::path& out,
                    Instant now) {
  TRY_ASSIGN(auto registry, Registry::open(config.state));
  TRY_ASSIGN(const std::uint64_t next, registry.next_batch());
  Batch made{.first = first.value_or(next)};
  const auto nothing = [] {
    return Error(Errc::not_found, "station.nothing-new", "there are no records that were not handed over",
                 "--from makes a batch of older ones again.");
  };
  const auto published = ledger::Published::open(config.ledger_folder);
  if (!published && published.error().reason() == "ledger.unpublished") return nothing();
  if (!published) return published.error();
  if (made.first >= published->size()) return nothing();
  Json records = Json::array();
  std::size_t size_bytes = 0;
  for (std::uint64_t i = made.first; i < published->size() && made.count < k_batch_records_max; ++i) {
    TRY_ASSIGN(Json record, one_record(*published, i));
    size_bytes += record.dump().size() + 1;
    if (size_bytes > k_batch_payload_bytes_max) break;
    records.push(std::move(record));
    ++made.count;
  }
  made.left = published->size() - made.first - made.count;
  const Json payload = Json::object({{"format", k_batch_format},
                                     {"station", config.station},
                                     {"line", config.line},
                                     {"made", to_rfc3339(now)},
                                     {"first", made.first},
                                     {"records", std::move(records)},
                                     {"checkpoint", published->note()},
                                     {"crls", crls_of(config)}});
  TRY_ASSIGN(const auto key, keystore::open_signer(config.station_key));
  TRY_ASSIGN(const Bytes envelope,
             documents::sign_envelope(k_batch_type, as_bytes(payload.dump()), std::array{key.get()}));
  TRY(os::replace_file(out, envelope));
  // Only after the file is durable: a batch may be handed over twice, but none is forgotten.
  TRY(registry.keep_next_batch(std::max(next, made.first + made.count)));
  return made;
}

}  // namespace signet::station
