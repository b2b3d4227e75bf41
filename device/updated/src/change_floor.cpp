// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/json.hpp"
#include "signet/ledger_store.hpp"
#include "signet/os/file.hpp"
#include "signet/updated.hpp"

namespace signet::updated {

namespace {

constexpr std::string_view k_audit_folder = "audit";

/// The device's audit ledger; made at the first entry.
Result<ledger::Ledger> open_audit(const std::filesystem::path& state_folder, const ProductId& product) {
  const std::filesystem::path folder = state_folder / k_audit_folder;
  auto opened = ledger::Ledger::open(folder);
  if (opened || opened.error().code() != Errc::not_found) return opened;
  return ledger::Ledger::create(folder, "device.invalid/" + product.str());
}

}  // namespace

Result<std::uint64_t> Installer::change_floor(ByteView approval) {
  TRY_ASSIGN(const os::FileLock lock, lock_device());
  if (!config_.floor_socket) return floor_->apply(approval);  // refuses: there is nothing to put on record
  TRY_ASSIGN(const std::uint64_t before, floor_->read());
  TRY_ASSIGN(ledger::Ledger audit, open_audit(config_.state_folder, config_.product));
  const auto note = [&](std::string_view event, std::uint64_t floor) -> Result<void> {
    const Json entry =
        Json::object({{"event", event},
                      {"time", to_rfc3339(clock_->now())},
                      {"floor", floor},
                      {"approval_sha256", to_hex(crypto::digest(crypto::HashAlgorithm::sha256, approval))}});
    TRY(audit.append(as_bytes(entry.dump())));
    return {};
  };
  TRY(note("floor-change-begins", before));  // an entry too many is harmless, an unrecorded change is not
  auto now = floor_->apply(approval);
  TRY(note(now ? "floor-changed" : "floor-change-refused", now ? *now : before));
  return now;
}

}  // namespace signet::updated
