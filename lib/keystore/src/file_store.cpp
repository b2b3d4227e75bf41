// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Back end `file:`: a folder with one encrypted file per key.
// parses: foreign bytes (fuzz: keystore_uri_fuzz)
#include "signet/core/ids.hpp"
#include "signet/os/file.hpp"

#include "backend.hpp"
#include "file_uri.hpp"
#include "key_file.hpp"
#include "private_path.hpp"
#include "software_key.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>

namespace signet::keystore {

namespace {

constexpr std::string_view k_extension = ".key";
constexpr std::uint64_t k_file_bytes_max = 64U * 1024U;

class FileStore : public Keystore {
 public:
  FileStore(FileUri uri, Options options) : uri_(std::move(uri)), options_(std::move(options)) {}

  Result<StoreInfo> describe() override;
  Result<KeyInfo> generate(std::string_view label, crypto::KeyAlgorithm algorithm) override;
  Result<KeyInfo> import_key(std::string_view label, const Secret& pkcs8_der) override;
  Result<KeyInfo> find(const KeySelector& selector) override;
  Result<std::vector<KeyInfo>> list() override;
  Result<std::shared_ptr<crypto::Signer>> signer(const KeySelector& selector) override;
  Result<void> destroy(const KeySelector& selector) override;

 private:
  [[nodiscard]] std::filesystem::path path_of(std::string_view label) const {
    return uri_.folder / (std::string(label) + std::string(k_extension));
  }
  [[nodiscard]] std::string name() const { return "the folder '" + printable(uri_.folder.native()) + "'"; }
  Result<void> check_folder() const;
  Result<KeyFile> read(std::string_view label) const;
  Result<KeyInfo> write(std::string_view label, const ossl::EvpPkey& key);
  /// The passphrase for `label`; asked for at most once per store.
  Result<Secret> passphrase(std::string_view label, bool is_new);
  [[nodiscard]] KeyInfo info_of(const KeyFile& file) const;

  const FileUri uri_;
  const Options options_;
  std::mutex mutex_;
  std::optional<Secret> passphrase_;
};

KeyInfo FileStore::info_of(const KeyFile& file) const {
  return {.label = file.label(),
          .id = file.public_key().fingerprint(),
          .public_key = file.public_key(),
          .protection = Protection::software,
          .extractable = Extractable::yes,
          .uri = uri_.of_key(file.label())};
}

Result<void> FileStore::check_folder() const {
  std::error_code ignored;
  if (!std::filesystem::is_directory(uri_.folder, ignored)) {
    return Error(Errc::not_found, "keystore.no-store", name() + " does not exist",
                 "`signet key generate` makes it with its first key.");
  }
  return check_closed(uri_.folder, "700");
}

Result<KeyFile> FileStore::read(std::string_view label) const {
  const std::filesystem::path path = path_of(label);
  TRY(check_closed(path, "600"));
  TRY_ASSIGN(const Bytes text, os::read_file(path, k_file_bytes_max));
  auto file = KeyFile::parse(text).context("read '" + printable(path.native()) + "'");
  if (file && file->label() != label) {
    return Error(Errc::invalid_input, "keystore.file-malformed",
                 "'" + printable(path.native()) + "' holds the key '" + file->label() + "'",
                 "Key files must not be renamed.");
  }
  return file;
}

Result<Secret> FileStore::passphrase(std::string_view label, bool is_new) {
  const std::lock_guard lock(mutex_);
  if (passphrase_) return passphrase_->clone();
  Secret given;
  switch (uri_.source) {
    case FileUri::Source::none:
      break;
    case FileUri::Source::file: {
      TRY_ASSIGN(given, secret_line_of(uri_.source_name));
      break;
    }
    case FileUri::Source::environment: {
      const char* value = std::getenv(uri_.source_name.c_str());
      if (value == nullptr || *value == '\0') {
        return Error(Errc::usage, "keystore.no-pin",
                     "the environment variable '" + printable(uri_.source_name) + "' is not set",
                     "It must hold the passphrase of the key store.");
      }
      given = Secret::copy_of(as_bytes(std::string_view(value)));
      break;
    }
    case FileUri::Source::ask: {
      const std::string what = "the passphrase of the key '" + printable(label) + "'";
      TRY_ASSIGN(given, ask(options_, (is_new ? "New: " : "") + what));
      if (is_new) {
        TRY_ASSIGN(const Secret again, ask(options_, "Again: " + what));
        if (!(again == given))
          return Error(Errc::usage, "keystore.passphrase-differs", "the two passphrases differ", "Try again.");
      }
      if (given.empty()) {
        return Error(Errc::usage, "keystore.secret-empty", "an empty passphrase",
                     "To go without one, say so: passphrase=none in the URI.");
      }
      break;
    }
  }
  if (uri_.source != FileUri::Source::ask) passphrase_ = given.clone();
  return given;
}

Result<StoreInfo> FileStore::describe() {
  TRY(check_folder());
  return StoreInfo{.backend = "file",
                   .label = uri_.folder.string(),
                   .serial = {},
                   .model = {},
                   .protection = Protection::software,
                   .passphrase = uri_.source != FileUri::Source::none,
                   .uri = uri_.of_store()};
}

Result<KeyInfo> FileStore::write(std::string_view label, const ossl::EvpPkey& key) {
  TRY_ASSIGN(crypto::PublicKey public_key, ossl::from_evp(key.get()));
  TRY(os::make_folders(uri_.folder, 0700));
  TRY(check_folder());
  TRY_ASSIGN(const os::FileLock lock, os::FileLock::acquire(uri_.folder / ".lock"));
  const std::filesystem::path path = path_of(label);
  if (std::filesystem::exists(std::filesystem::symlink_status(path))) {
    return Error(Errc::conflict, "keystore.label-taken",
                 "there is already a key '" + std::string(label) + "' in " + name(),
                 "Choose another label, or retire that key first.");
  }
  TRY_ASSIGN(const Secret secret, passphrase(label, true));
  TRY_ASSIGN(const Secret pkcs8, write_pkcs8(key.get()));
  TRY_ASSIGN(const KeyFile file, KeyFile::seal(std::string(label), std::move(public_key), pkcs8, secret));
  TRY(os::write_new_file(path, as_bytes(file.text()), 0600));
  return info_of(file);
}

Result<KeyInfo> FileStore::generate(std::string_view label, crypto::KeyAlgorithm algorithm) {
  TRY(check_label(label));
  TRY_ASSIGN(const ossl::EvpPkey key, ossl::generate_key(algorithm));
  return write(label, key);
}

Result<KeyInfo> FileStore::import_key(std::string_view label, const Secret& pkcs8_der) {
  TRY(check_label(label));
  TRY_ASSIGN(const ossl::EvpPkey key, parse_pkcs8(pkcs8_der));
  return write(label, key);
}

Result<std::vector<KeyInfo>> FileStore::list() {
  TRY(check_folder());
  std::vector<KeyInfo> keys;
  std::error_code failed;
  std::filesystem::directory_iterator entries(uri_.folder, failed);
  if (failed) return errno_error(failed.value(), "list " + name());
  for (const auto& entry : entries) {
    const std::filesystem::path file_name = entry.path().filename();
    if (file_name.extension() != k_extension || !check_name(file_name.stem().native(), "label")) continue;
    TRY_ASSIGN(const KeyFile file, read(file_name.stem().native()));
    keys.push_back(info_of(file));
  }
  std::ranges::sort(keys, {}, &KeyInfo::label);
  return keys;
}

Result<KeyInfo> FileStore::find(const KeySelector& selector) {
  if (selector.label.empty()) {
    TRY_ASSIGN(const auto keys, list());
    return pick(keys, selector, name());
  }
  TRY(check_folder());
  TRY(check_label(selector.label));
  std::error_code ignored;
  if (!std::filesystem::exists(path_of(selector.label), ignored)) return pick({}, selector, name());
  TRY_ASSIGN(const KeyFile file, read(selector.label));
  return pick({info_of(file)}, selector, name());
}

Result<std::shared_ptr<crypto::Signer>> FileStore::signer(const KeySelector& selector) {
  TRY_ASSIGN(const KeyInfo info, find(selector));
  TRY_ASSIGN(const KeyFile file, read(info.label));
  Secret secret;
  if (file.has_passphrase()) {
    if (uri_.source == FileUri::Source::none) {
      return Error(Errc::usage, "keystore.no-pin",
                   "the key '" + info.label + "' has a passphrase, and the URI says passphrase=none",
                   "Name where it is: passphrase-file=PATH or passphrase-env=VARIABLE, or leave it out to be asked.");
    }
    TRY_ASSIGN(secret, passphrase(info.label, false));
  }
  TRY_ASSIGN(const Secret pkcs8, file.unseal(secret));
  TRY_ASSIGN(ossl::EvpPkey key, parse_pkcs8(pkcs8));
  TRY_ASSIGN(auto made, make_software_signer(std::move(key)));
  // The header is sealed with the key, but by whoever wrote the file: it must not show another key than the one that
  // signs.
  if (made->public_key() == file.public_key()) return made;
  return Error(Errc::invalid_input, "keystore.file-malformed",
               "the key file of '" + info.label + "' shows a public key that is not its own", "Do not use it.");
}

Result<void> FileStore::destroy(const KeySelector& selector) {
  TRY(check_folder());
  TRY_ASSIGN(const os::FileLock lock, os::FileLock::acquire(uri_.folder / ".lock"));
  TRY_ASSIGN(const KeyInfo info, find(selector));
  return os::remove_file(path_of(info.label));
}

}  // namespace

Result<Opened> open_file(std::string_view rest, const Options& options) {
  TRY_ASSIGN(FileUri uri, FileUri::parse(rest));
  KeySelector selector{.label = uri.label};
  return Opened{std::make_unique<FileStore>(std::move(uri), options), std::move(selector)};
}

}  // namespace signet::keystore
