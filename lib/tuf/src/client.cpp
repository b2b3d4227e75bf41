// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: tuf_metadata_fuzz)
#include "client_state.hpp"
#include "errors.hpp"
#include "paths.hpp"

#include <algorithm>
#include <utility>

namespace signet::tuf {

namespace {

constexpr std::int64_t k_day_seconds = 86'400;

/// A root by itself: signed by its own threshold.
Result<Root> open_root(const Envelope& envelope) {
  TRY_ASSIGN(Root root, Root::parse(envelope));
  TRY(check_threshold(envelope.canonical, envelope.signatures, root.roles.at("root"), "root"));
  return root;
}

/// Whether a key that could sign for the role no longer can. A key that is only added recovers from nothing.
enum class Rotation : std::uint8_t { none, keys_taken_away };
Rotation rotation_of(const RoleKeys& before, const RoleKeys& after) {
  const auto kept = [&](const Key& key) { return std::ranges::find(after.keys, key) != after.keys.end(); };
  return std::ranges::all_of(before.keys, kept) ? Rotation::none : Rotation::keys_taken_away;
}

Error rolled_back(const std::string& what, std::uint64_t offered, std::uint64_t known) {
  return {
      Errc::rollback, "tuf.rollback",
      what + " has version " + std::to_string(offered) + ", and version " + std::to_string(known) + " was seen before",
      k_ask_publisher};
}

Error wrong_version(const std::string& role, std::uint64_t found, std::uint64_t wanted) {
  return untrusted("wrong-version", "the metadata of '" + printable(role, 80) + "' has version " +
                                        std::to_string(found) + " where " + std::to_string(wanted) + " is demanded");
}

}  // namespace

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<void> Client::init(const std::filesystem::path& folder, ByteView root) {
  const std::uint64_t size_bytes_max = Limits().root_size_bytes_max;
  TRY_ASSIGN(const Envelope envelope, Envelope::parse(root, size_bytes_max));
  TRY(open_root(envelope));
  TRY_ASSIGN(Store store, Store::open(folder));
  TRY_ASSIGN(const std::optional<Bytes> present, store.read("root", size_bytes_max));
  if (present) {
    return Error(Errc::conflict, "tuf.has-root", "'" + folder.string() + "' holds a trusted root already",
                 "Start anew in another folder; a root that is there is brought up to date by a refresh.");
  }
  return store.write("root", root);
}

Result<Client> Client::open(const std::filesystem::path& folder, Limits limits) {
  TRY_ASSIGN(Store store, Store::open(folder));
  auto state = std::make_unique<State>(std::move(store), limits);
  auto loaded = state->load_root();
  if (!loaded) return std::move(loaded).error().with_context("the trusted root in '" + folder.string() + "'");
  return Client(std::move(state));
}

Result<Refreshed> Client::refresh(Fetcher& fetcher, const Reference& reference) {
  State& state = *state_;
  state.refreshed = false;
  state.reference = reference;
  state.waived.clear();
  state.roles.clear();
  state.timestamp.reset();
  state.snapshot.reset();
  TRY(state.update_root(fetcher));
  TRY(state.check_expiry("root", state.root->expires));  // 5.3.10
  TRY(state.update_timestamp(fetcher));
  TRY(state.update_snapshot(fetcher));
  TRY_ASSIGN(const Targets* targets, state.load_role(fetcher, "targets", state.keys_of("targets")));
  state.refreshed = true;
  return Refreshed{.root_version = state.root->version,
                   .timestamp_version = state.timestamp->version,
                   .snapshot_version = state.snapshot->version,
                   .targets_version = targets->version,
                   .valid_until = std::min(
                       {state.root->expires, state.timestamp->expires, state.snapshot->expires, targets->expires})};
}

const std::vector<Waived>& Client::waived() const { return state_->waived; }

Result<void> Client::State::load_root() {
  TRY_ASSIGN(const std::optional<Bytes> bytes, store.read("root", limits.root_size_bytes_max));
  if (!bytes) {
    return Error(Errc::not_found, "tuf.no-root", "no trusted root has been laid down",
                 "Begin with the root.json that the vendor gives out with the device.");
  }
  TRY_ASSIGN(const Envelope envelope, Envelope::parse(*bytes, limits.root_size_bytes_max));
  TRY_ASSIGN(root, open_root(envelope));
  return {};
}

/// 5.3: each root is signed by a threshold of its predecessor's keys and of its own.
Result<void> Client::State::update_root(Fetcher& fetcher) {
  for (std::size_t step = 0; step < limits.root_rotations_max; ++step) {
    const std::uint64_t version = root->version + 1;
    auto bytes = fetcher.metadata(std::to_string(version) + ".root.json", limits.root_size_bytes_max);
    if (!bytes && bytes.error().code() == Errc::not_found) return {};  // 5.3.3
    if (!bytes) return std::move(bytes).error();
    TRY_ASSIGN(const Envelope envelope, Envelope::parse(*bytes, limits.root_size_bytes_max));
    TRY(check_threshold(envelope.canonical, envelope.signatures, keys_of("root"), "root"));  // 5.3.4
    TRY_ASSIGN(Root next, open_root(envelope));                                              // 5.3.4
    if (next.version != version) return wrong_version("root", next.version, version);        // 5.3.5
    // 5.3.8 and 5.3.11: whoever held the old keys may have left versions so high that no honest one comes after them.
    const bool forget = rotation_of(keys_of("timestamp"), next.roles.at("timestamp")) == Rotation::keys_taken_away ||
                        rotation_of(keys_of("snapshot"), next.roles.at("snapshot")) == Rotation::keys_taken_away;
    TRY(forget ? store.write_root_and_forget(*bytes) : store.write("root", *bytes));
    root = std::move(next);
  }
  return {};
}

Result<void> Client::State::check_expiry(const std::string& role, Instant expires) {
  if (expires > reference.now) return {};
  if (expires.plus_seconds(std::int64_t{reference.expiry_waiver_days} * k_day_seconds) > reference.now) {
    waived.push_back({role, expires});
    return {};
  }
  return Error(Errc::expired, "tuf.expired",
               "the metadata of '" + printable(role, 80) + "' expired at " + to_rfc3339(expires) + ", and it is " +
                   to_rfc3339(reference.now),
               "Check the clock. If it is right, somebody may be holding newer metadata back; try another way to the "
               "repository.");
}

/// 5.4
Result<void> Client::State::update_timestamp(Fetcher& fetcher) {
  const std::uint64_t size_bytes_max = limits.timestamp_size_bytes_max;
  const auto accept = [&](ByteView bytes) -> Result<Timestamp> {
    TRY_ASSIGN(const Envelope envelope, Envelope::parse(bytes, size_bytes_max));
    TRY(check_threshold(envelope.canonical, envelope.signatures, keys_of("timestamp"), "timestamp"));  // 5.4.2
    return Timestamp::parse(envelope);
  };
  // What is kept counts as seen only while the keys of today's root have signed it.
  std::optional<Timestamp> known;
  TRY_ASSIGN(const std::optional<Bytes> kept, store.read("timestamp", size_bytes_max));
  if (kept) {
    if (auto valid = accept(*kept)) known = *std::move(valid);
  }
  TRY_ASSIGN(const Bytes bytes, fetcher.metadata("timestamp.json", size_bytes_max));
  TRY_ASSIGN(Timestamp next, accept(bytes));
  if (known) {
    if (next.version < known->version) return rolled_back("timestamp", next.version, known->version);  // 5.4.3.1
    if (next.version == known->version) {  // nothing new, whatever it says
      TRY(check_expiry("timestamp", known->expires));
      timestamp = std::move(known);
      return {};
    }
    if (next.snapshot.version < known->snapshot.version) {  // 5.4.3.2
      return rolled_back("snapshot", next.snapshot.version, known->snapshot.version);
    }
  }
  TRY(check_expiry("timestamp", next.expires));  // 5.4.4
  TRY(store.write("timestamp", bytes));          // 5.4.5
  timestamp = std::move(next);
  return {};
}

/// 5.5.3 and the reading; the other clauses are the caller's.
Result<Snapshot> Client::State::accept_snapshot(ByteView bytes) const {
  TRY_ASSIGN(const Envelope envelope, Envelope::parse(bytes, limits.snapshot_size_bytes_max));
  TRY(check_threshold(envelope.canonical, envelope.signatures, keys_of("snapshot"), "snapshot"));
  return Snapshot::parse(envelope);
}

/// 5.5
Result<void> Client::State::update_snapshot(Fetcher& fetcher) {
  const FileMeta& meta = timestamp->snapshot;
  std::optional<Snapshot> known;
  TRY_ASSIGN(const std::optional<Bytes> kept, store.read("snapshot", limits.snapshot_size_bytes_max));
  if (kept) {
    if (auto valid = accept_snapshot(*kept)) known = *std::move(valid);
  }
  if (known && known->version == meta.version && check_file(*kept, meta, "snapshot.json") &&
      check_expiry("snapshot", known->expires)) {
    snapshot = std::move(known);
    return {};
  }
  const std::uint64_t size_bytes_max =
      std::min(meta.length.value_or(limits.snapshot_size_bytes_max), limits.snapshot_size_bytes_max);
  TRY_ASSIGN(const Bytes bytes, fetcher.metadata(remote_name("snapshot", meta.version), size_bytes_max));
  TRY(check_file(bytes, meta, "snapshot.json"));  // 5.5.2
  TRY_ASSIGN(Snapshot next, accept_snapshot(bytes));
  if (next.version != meta.version) return wrong_version("snapshot", next.version, meta.version);  // 5.5.4
  if (known) {                                                                                     // 5.5.5
    for (const auto& [name, file] : known->files) {
      const auto again = next.files.find(name);
      if (again == next.files.end()) {
        return Error(Errc::rollback, "tuf.rollback", "'" + printable(name, 80) + "' has gone from the snapshot",
                     k_ask_publisher);
      }
      if (again->second.version < file.version) {
        return rolled_back("'" + printable(name, 80) + "'", again->second.version, file.version);
      }
    }
  }
  TRY(check_expiry("snapshot", next.expires));  // 5.5.6
  TRY(store.write("snapshot", bytes));          // 5.5.7
  snapshot = std::move(next);
  return {};
}

std::string Client::State::remote_name(const std::string& role, std::uint64_t version) const {
  const std::string name = percent_encoded(role) + ".json";
  return root->consistent_snapshot ? std::to_string(version) + "." + name : name;
}

}  // namespace signet::tuf
