// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "store.hpp"

#include "note.hpp"

#include <algorithm>
#include <system_error>

namespace signet::ledger {

namespace {

constexpr std::string_view k_journal_name = "journal/entries";
constexpr std::string_view k_lock_name = "journal/lock";
constexpr std::size_t k_tail_entries_max =
    4096 + k_tile_width;  // beyond it full tiles are written and the journal begins anew
constexpr std::uint64_t k_tail_size_bytes_max = 16U * 1024U * 1024U;
constexpr std::uint64_t k_write_size_bytes_max = 16U * 1024U * 1024U;  // of one group of waiting callers
constexpr std::uint64_t k_call_size_bytes_max = 64U * 1024U * 1024U;   // of one call
constexpr std::uint64_t k_frame_overhead_bytes = 22;

std::string quoted(const std::filesystem::path& path) { return "'" + printable(path.native()) + "'"; }

Result<std::optional<Published>> read_published(const std::filesystem::path& folder) {
  auto published = Published::open(folder);
  if (published) return std::optional(*std::move(published));
  if (published.error().reason() == "ledger.unpublished") return std::optional<Published>();
  return std::move(published).error();
}

JournalHeader new_header(std::string origin, std::uint64_t base) {
  JournalHeader header{.origin = std::move(origin), .base = base};
  std::ranges::copy(crypto::random_bytes(header.salt.size()), header.salt.begin());
  return header;
}

}  // namespace

class Ledger::State::Lead {
 public:
  explicit Lead(State& state) : state_(state), lock_(state.mutex_) {
    state_.changed_.wait(lock_, [&] { return !state_.is_led_; });
    state_.is_led_ = true;
    lock_.unlock();
  }
  ~Lead() {
    lock_.lock();
    state_.is_led_ = false;
    state_.changed_.notify_all();
  }
  Lead(const Lead&) = delete;
  Lead& operator=(const Lead&) = delete;

 private:
  State& state_;
  std::unique_lock<std::mutex> lock_;
};

Result<std::unique_ptr<Ledger::State>> Ledger::State::open(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / k_journal_name, ignored)) {
    return Error(Errc::not_found, "ledger.none", "there is no ledger in " + quoted(folder),
                 "Create one with `signet ledger init`.");
  }
  TRY_ASSIGN(os::FileLock lock, os::FileLock::try_acquire(folder / k_lock_name, "the ledger " + quoted(folder)));
  std::unique_ptr<State> state(new State(folder, std::move(lock)));
  TRY(state->load().context("open the ledger " + quoted(folder)));
  return state;
}

Result<void> Ledger::State::load() {
  const std::filesystem::path path = folder_ / k_journal_name;
  TRY_ASSIGN(const Bytes file, os::read_file(path, k_journal_size_bytes_max));
  TRY_ASSIGN(JournalScan scan, scan_journal(file));
  if (scan.tail == JournalScan::Tail::damaged) {
    const std::string index = std::to_string(scan.header.base + scan.entries.size());
    return Error(Errc::untrusted, "ledger.journal-damaged",
                 "entry " + index + " in the ledger's journal is damaged, and it was acknowledged",
                 "Nothing was changed. Keep a copy of the folder, and restore journal/entries from a backup.");
  }
  TRY_ASSIGN(journal_, os::open_read_write(path));
  if (scan.tail == JournalScan::Tail::torn) {
    std::error_code error;
    std::filesystem::resize_file(path, scan.end, error);
    if (error) return errno_error(error.value(), "cut the torn end off " + quoted(path));
  }
  // A killed writer may have left whole entries that are not on stable storage yet; from here on they count as
  // acknowledged.
  TRY(os::sync(journal_));
  header_ = std::move(scan.header);
  tail_ = std::move(scan.entries);
  journal_end_ = scan.end;
  size_ = header_.base + tail_.size();
  TRY_ASSIGN(const std::optional<Published> published, read_published(folder_));
  if (published && published->size() > size_) {
    return Error(Errc::rollback, "ledger.journal-behind",
                 "the ledger has " + std::to_string(size_) + " entries, but a checkpoint over " +
                     std::to_string(published->size()) + " is published",
                 "The journal is from an older copy. Restore the whole folder from one moment.");
  }
  return load_edge();
}

Result<void> Ledger::State::load_edge() {
  TileReader reader(folder_, header_.base);
  std::vector<std::vector<Hash>> edge(k_tile_levels_max);
  for (unsigned level = 1; level < k_tile_levels_max; ++level) {
    if (partial_width(header_.base, level) == 0) continue;
    TRY_ASSIGN(edge[level], reader.tile(level, header_.base >> (k_tile_height * (level + 1))));
  }
  base_ = Frontier(header_.base, std::move(edge));
  return {};
}

Error Ledger::State::failed() const {
  return {Errc::io, "ledger.failed",
          "the ledger " + quoted(folder_) + " met an error of the disk and does no further work",
          "Put the disk in order, then start again: nothing that was acknowledged is lost."};
}

std::uint64_t Ledger::State::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

Result<std::uint64_t> Ledger::State::append(std::span<const ByteView> entries) {
  Request request{.entries = entries};
  for (const ByteView entry : entries) {
    if (entry.size() > k_entry_size_bytes_max) {
      return Error(Errc::invalid_input, "ledger.entry-too-big",
                   "an entry has " + std::to_string(entry.size()) + " bytes, 65535 are allowed",
                   "Log the file's digest instead.");
    }
    request.size_bytes += entry.size() + k_frame_overhead_bytes;
  }
  if (entries.empty()) return Error(Errc::usage, "ledger.no-entries", "there is nothing to append");
  if (request.size_bytes > k_call_size_bytes_max) {
    return Error(Errc::invalid_input, "ledger.batch-too-big", "more than 64 MiB of entries in one call",
                 "Append them in several calls.");
  }
  std::unique_lock lock(mutex_);
  waiting_.push_back(&request);
  while (!request.outcome) {
    if (is_led_) {
      changed_.wait(lock);
      continue;
    }
    is_led_ = true;
    const std::vector<Request*> requests = take_requests();
    std::uint64_t index = header_.base + tail_.size();
    lock.unlock();
    const auto written = serve(requests);
    lock.lock();
    for (Request* each : requests) {  // under the lock: who finds its outcome returns, and its request is gone
      each->outcome = written ? Result<std::uint64_t>(index) : Result<std::uint64_t>(written.error());
      index += each->entries.size();
    }
    is_led_ = false;
    size_ = header_.base + tail_.size();
    changed_.notify_all();
  }
  return *std::move(request.outcome);
}

std::vector<Ledger::State::Request*> Ledger::State::take_requests() {
  std::uint64_t size_bytes = 0;
  auto end = waiting_.begin();
  while (end != waiting_.end() &&
         (end == waiting_.begin() || size_bytes + (*end)->size_bytes <= k_write_size_bytes_max)) {
    size_bytes += (*end)->size_bytes;
    ++end;
  }
  std::vector<Request*> taken(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  return taken;
}

Result<void> Ledger::State::serve(const std::vector<Request*>& requests) {
  if (is_failed_) return failed();
  TRY(rotate_if_large());
  return write_frames(requests);
}

Result<void> Ledger::State::write_frames(const std::vector<Request*>& requests) {
  Bytes frames;
  std::vector<JournalEntry> added;
  std::uint64_t index = header_.base + tail_.size();
  for (const Request* request : requests) {
    for (const ByteView entry : request->entries) {
      append_frame(frames, header_, index++, added.empty(), entry);
      added.push_back(
          {journal_end_ + frames.size() - entry.size(), static_cast<std::uint32_t>(entry.size()), leaf_hash(entry)});
    }
  }
  auto written = os::write_all_at(journal_, journal_end_, frames);
  if (written) written = os::sync(journal_);
  if (!written) {  // after a failed sync nobody knows what is on the disk, and asking again does not tell
    is_failed_ = true;
    return std::move(written).context("append to the ledger " + quoted(folder_));
  }
  journal_end_ += frames.size();
  tail_.insert(tail_.end(), added.begin(), added.end());
  return {};
}

Result<Bytes> Ledger::State::read_entry(const JournalEntry& entry) const {
  Bytes bytes(entry.size_bytes);
  TRY(os::read_exact_at(journal_, entry.offset, bytes));
  if (leaf_hash(bytes) != entry.leaf) {
    return Error(Errc::untrusted, "ledger.journal-damaged", "the ledger's journal was changed by somebody else");
  }
  return bytes;
}

Result<Frontier> Ledger::State::write_tiles(std::uint64_t size) {
  TileWriter writer(folder_);
  Frontier frontier = base_;
  const TileSink sink = [&](unsigned level, std::uint64_t index, std::span<const Hash> hashes) {
    return writer.write_tile(level, index, hashes);
  };
  Bytes bundle;
  for (std::uint64_t index = header_.base; index < size; ++index) {
    const JournalEntry& entry = tail_[static_cast<std::size_t>(index - header_.base)];
    TRY_ASSIGN(const Bytes bytes, read_entry(entry));
    append_to_bundle(bundle, bytes);
    TRY(frontier.push(entry.leaf, sink));
    const std::size_t width = static_cast<std::size_t>(index % k_tile_width) + 1;
    if (width < k_tile_width && index + 1 < size) continue;
    TRY(writer.write_bundle(index / k_tile_width, width, bundle));
    bundle.clear();
  }
  for (unsigned level = 0; level < frontier.edge().size(); ++level) {
    const std::vector<Hash>& row = frontier.edge()[level];
    if (row.empty()) continue;
    TRY(writer.write_tile(level, (size >> (k_tile_height * level)) / k_tile_width, row));
  }
  TRY(writer.finish());
  return frontier;
}

Result<void> Ledger::State::rotate_if_large() {
  if (tail_.size() < k_tail_entries_max && (journal_end_ < k_tail_size_bytes_max || tail_.size() < k_tile_width))
    return {};
  auto rotated = rotate();
  const bool may_wait = !is_failed_ && journal_end_ < k_journal_size_bytes_max / 2;  // then it is tried again next time
  if (!rotated && !may_wait) return rotated;
  return {};
}

Result<void> Ledger::State::rotate() {
  const std::uint64_t base = size_ - size_ % k_tile_width;
  if (base == header_.base) return {};
  const std::uint64_t full_before = header_.base / k_tile_width;
  TRY_ASSIGN(Frontier frontier, write_tiles(base));
  const JournalHeader header = new_header(header_.origin, base);
  Bytes content = to_bytes(header.encode());
  std::vector<JournalEntry> tail(tail_.begin() + static_cast<std::ptrdiff_t>(base - header_.base), tail_.end());
  std::uint64_t index = base;
  for (JournalEntry& entry : tail) {
    TRY_ASSIGN(const Bytes bytes, read_entry(entry));
    append_frame(content, header, index, index == base, bytes);
    entry.offset = content.size() - bytes.size();
    ++index;
  }
  TRY_ASSIGN(os::PendingFile file, os::PendingFile::create(folder_ / k_journal_name, 0600));
  TRY(os::write_all(file.fd(), content));
  // From the rename on the old journal is no more: after an error behind it this object would write to a file that
  // nobody reads.
  is_failed_ = true;
  TRY(file.commit());
  TRY_ASSIGN(journal_, os::open_read_write(folder_ / k_journal_name));
  is_failed_ = false;
  header_ = header;
  journal_end_ = content.size();
  tail_ = std::move(tail);
  base_ = std::move(frontier);
  remove_outgrown_partials(full_before);
  return {};
}

Result<std::string> Ledger::State::checkpoint(crypto::Signer& signer) {
  const Lead lead(*this);
  if (is_failed_) return failed();
  TRY_ASSIGN(const VerifierKey key, VerifierKey::for_log(header_.origin, signer.public_key()));
  TRY_ASSIGN(const std::optional<Published> published, read_published(folder_));
  if (published && published->origin() != header_.origin) {
    return Error(Errc::untrusted, "ledger.other-log",
                 "the published checkpoint is of '" + printable(published->origin()) + "', another log");
  }
  if (published && published->size() == size_) {
    TRY_ASSIGN(const Policy own, Policy::make({key}));
    if (open_checkpoint(Untrusted(as_bytes(published->note())), own)) return published->note();
  }
  TRY_ASSIGN(const std::string note, sign_tree(signer, published));
  TRY(os::replace_file(folder_ / k_checkpoint_name, as_bytes(note)));
  // The checkpoint stands. A journal that could not be begun anew only stays longer; if the disk failed, the next call
  // says so.
  if (!rotate()) return note;
  return note;
}

Result<std::string> Ledger::State::sign_tree(crypto::Signer& signer, const std::optional<Published>& published) {
  TRY_ASSIGN(const Frontier frontier, write_tiles(size_));
  const Hash root = frontier.root();
  // The tiles as they now are on the disk must lead to this root and to the one published before; whoever changed a
  // file behind our back does not get a signature for it.
  TileReader reader(folder_, size_);
  if (size_ > 0) {
    TRY_ASSIGN(const Hash reread, range_hash(reader.source(), 0, size_));
    if (reread != root)
      return Error(Errc::untrusted, "ledger.damaged", "the ledger's tiles were changed", "Run `signet ledger verify`.");
  }
  if (published && published->size() > 0) {
    TRY_ASSIGN(const Hash old_root, range_hash(reader.source(), 0, published->size()));
    if (old_root != published->root()) {
      return Error(Errc::untrusted, "ledger.fork",
                   "the ledger's entries are not those under its published checkpoint; signing them would fork it",
                   "Run `signet ledger verify` on the folder, and restore what was changed.");
    }
  }
  return sign_checkpoint(header_.origin, size_, root, signer);
}

void Ledger::State::remove_outgrown_partials(std::uint64_t full_before) const {
  // Partial tiles that a full one now covers only cost space; whatever stays behind after a crash does no harm.
  std::error_code ignored;
  std::uint64_t first = full_before;
  std::uint64_t end = header_.base / k_tile_width;
  for (unsigned level = 0; level < k_tile_levels_max && first < end;
       ++level, first /= k_tile_width, end /= k_tile_width) {
    for (std::uint64_t index = first; index < end; ++index) {
      std::filesystem::remove_all((folder_ / tile_path(level, index, 1)).parent_path(), ignored);
      if (level == 0) std::filesystem::remove_all((folder_ / tile_path(std::nullopt, index, 1)).parent_path(), ignored);
    }
  }
}

Result<void> Ledger::State::publish(const VerifiedCheckpoint& cosigned) {
  const Lead lead(*this);
  TRY_ASSIGN(const Published published, Published::open(folder_));
  if (cosigned.origin() != published.origin() || cosigned.size() != published.size() ||
      cosigned.root() != published.root()) {
    return Error(Errc::conflict, "ledger.other-checkpoint", "the cosigned checkpoint is not the one that is published",
                 "Cosign the ledger's present checkpoint.");
  }
  return os::replace_file(folder_ / k_checkpoint_name, as_bytes(cosigned.note()));
}

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

Result<Ledger> Ledger::create(const std::filesystem::path& folder, std::string_view origin) {
  TRY(check_key_name(origin));  // a log's key is named as its origin
  std::error_code ignored;
  if (std::filesystem::exists(folder / k_journal_name, ignored) ||
      std::filesystem::exists(folder / k_checkpoint_name, ignored)) {
    return Error(Errc::conflict, "ledger.exists", "there is a ledger in " + quoted(folder) + " already");
  }
  TRY(os::make_folders(folder / k_journal_folder));
  {
    TRY_ASSIGN(const os::FileLock lock,
               os::FileLock::try_acquire(folder / k_lock_name, "the ledger " + quoted(folder)));
    TRY(os::write_new_file(folder / k_journal_name, as_bytes(new_header(std::string(origin), 0).encode()), 0600));
  }
  return open(folder);
}

Result<Ledger> Ledger::open(const std::filesystem::path& folder) {
  TRY_ASSIGN(std::unique_ptr<State> state, State::open(folder));
  return Ledger(std::move(state));
}

const std::string& Ledger::origin() const { return state_->origin(); }
std::uint64_t Ledger::size() const { return state_->size(); }

Result<std::uint64_t> Ledger::append(ByteView entry) { return state_->append(std::span(&entry, 1)); }

Result<std::uint64_t> Ledger::append_all(const std::vector<Bytes>& entries) {
  const std::vector<ByteView> views(entries.begin(), entries.end());
  return state_->append(views);
}

Result<std::string> Ledger::checkpoint(crypto::Signer& signer) { return state_->checkpoint(signer); }
Result<void> Ledger::publish(const VerifiedCheckpoint& cosigned) { return state_->publish(cosigned); }

}  // namespace signet::ledger
