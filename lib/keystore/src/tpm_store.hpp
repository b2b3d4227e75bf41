// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/os/file.hpp"
#include "signet/tpm_keystore.hpp"

#include "fair_mutex.hpp"
#include "tpm_record.hpp"

#include <sys/stat.h>

#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

/// What stands behind TpmKeystore: the folder of records, and the keys that are in the TPM right now.
namespace signet::keystore {

/// Which content of a file was read: another one has another stamp.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t changed_ns = 0;
  off_t size_bytes = -1;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// The folder. Needs no TPM. Not safe for threads by itself; several processes may work on one folder.
class TpmRecordFolder {
 public:
  explicit TpmRecordFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Brings old records to our version and removes left-overs of killed processes, as far as the folder can be written.
  Result<void> tidy() const;
  /// "keystore.no-store", "keystore.folder-open-to-others".
  Result<void> check() const;
  /// A record that exists: "keystore.no-key".
  Result<TpmRecord> read(std::string_view label) const;
  /// What the record says, from memory while the file is the same.
  Result<TpmKeyInfo> info(std::string_view label);
  /// Labels of all records, damaged ones as well, in order.
  Result<std::vector<std::string>> labels() const;
  /// A stamp of the record's file; a file that is not there has one too.
  [[nodiscard]] FileStamp stamp(std::string_view label) const;
  /// Makes the folder if need be, takes its lock, and sees that the label is free.
  Result<os::FileLock> reserve(std::string_view label) const;
  Result<void> write_new(const TpmRecord& record) const;
  Result<void> replace(const TpmRecord& record) const;
  Result<void> remove(std::string_view label) const;

  [[nodiscard]] const std::filesystem::path& path() const { return folder_; }
  [[nodiscard]] std::string name() const { return "the folder '" + printable(folder_.native()) + "'"; }

 private:
  struct Known {
    FileStamp stamp;
    TpmKeyInfo info;
  };
  [[nodiscard]] std::filesystem::path path_of(std::string_view label) const;
  /// What a killed process or an older Signet left behind.
  struct Untidy {
    std::vector<std::filesystem::path> left_over;
    std::vector<std::string> old;
  };
  Result<Untidy> look() const;
  Result<void> migrate(std::string_view label) const;

  std::filesystem::path folder_;
  std::map<std::string, Known, std::less<>> known_;
};

/// The folder and the TPM together. All members but the constructor demand that `mutex` is held.
class TpmStore {
 public:
  explicit TpmStore(TpmKeystore::Config given) : config(std::move(given)), folder(config.folder) {}

  /// Runs `act` with a TPM and a parent; once more with new ones if they went away or make no sense, and with fewer
  /// loaded keys if the TPM has no room.
  template <typename Act>
  auto run(const Act& act) -> decltype(act()) {
    // Bounded, since what `act` loads anew would be dropped and loaded for ever.
    std::size_t drops_left = config.loaded_max + 1;
    for (bool fresh = false;;) {
      TRY(connect());
      auto result = act();
      if (result) return result;
      const std::string& reason = result.error().reason();
      if (reason == "tpm.no-space" && !loaded.empty() && drops_left > 0) {
        --drops_left;
        loaded.pop_back();
        continue;
      }
      if (fresh || !may_pass(reason)) return result;
      forget();
      fresh = true;
    }
  }

  /// Runs `act` with a key in the TPM; where the TPM's policy refuses it, the error says which state the key wants.
  template <typename Act>
  auto use(const TpmKeyInfo& key, const Act& act) -> decltype(act(std::declval<const tpm::Object&>())) {
    using Answer = decltype(act(std::declval<const tpm::Object&>()));
    auto result = run([&]() -> Answer {
      TRY_ASSIGN(const tpm::Object* object, load(key.label));
      return act(*object);
    });
    if (result || key.boot_state.empty() || result.error().reason() != "tpm.policy") return result;
    return of_other_boot_state(key, result.error());
  }

  /// Whether a new connection may help: the TPM is gone, was reset under us (then it has nothing at our handles, or was
  /// not even started), said what nobody understands, or is full of what nobody knows of, which is flushed then.
  static bool may_pass(std::string_view reason);
  Result<void> connect();
  /// Drops all handles; the loaded keys first, since their numbers may be given anew.
  void forget();
  /// Keeps at most `count` keys in the TPM.
  void keep(std::size_t count);
  /// What an object that is about to be made or loaded needs.
  void make_room() { keep(config.loaded_max > 0 ? config.loaded_max - 1 : 0); }

  /// A key's description; of an outside key as well.
  Result<TpmKeyInfo> info(std::string_view label);
  /// The same, if it is bound to this purpose, which allows that act.
  Result<TpmKeyInfo> bound(std::string_view label, Purpose purpose, KeyAct act, tpm::KeyUse use);
  /// The key in the TPM; the pointer holds until another one is loaded twice. Call within run().
  Result<const tpm::Object*> load(std::string_view label);
  Result<tpm::Object> load_anew(std::string_view label);
  /// What these PCRs of the SHA-256 bank hold now. Call within run().
  Result<std::vector<tpm::PcrValue>> read_pcrs(const std::vector<unsigned>& pcrs);
  /// The PCRs that hold something else now than the key is bound to.
  Result<std::vector<unsigned>> changed_pcrs(const TpmKeyInfo& key);
  /// "keystore.boot-state", or `error` itself where the state is the right one.
  Error of_other_boot_state(const TpmKeyInfo& key, const Error& error);
  Result<Protection> protection();
  Result<tpm::Description> describe();

  struct Loaded {
    std::string label;
    FileStamp stamp;
    tpm::Object object;
  };

  const TpmKeystore::Config config;
  FairMutex mutex;
  TpmRecordFolder folder;
  std::map<std::string, OutsideKey, std::less<>> outside;
  std::optional<TpmRoot> root;
  std::optional<tpm::Description> description;
  std::list<Loaded> loaded;  ///< the one used last in front
};

/// The error for what another TPM made: "keystore.foreign-tpm".
Error foreign_tpm(std::string what, std::string why);

struct TpmKeystore::State : TpmStore {
  using TpmStore::TpmStore;
};

}  // namespace signet::keystore
