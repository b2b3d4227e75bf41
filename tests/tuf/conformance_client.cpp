// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The client under test of theupdateframework/tuf-conformance (CLIENT-CLI.md there): init, refresh, download. Exit code
// 0 for success, 1 for any failure.
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"
#include "signet/tuf.hpp"

#include "http_fetcher.hpp"

#include <cstdio>
#include <span>

namespace {

using namespace signet;

struct Arguments {
  std::string command;
  std::string trusted_root;
  std::string metadata_dir;
  std::string metadata_url;
  std::vector<std::string> target_names;
  std::string target_base_url;
  std::string target_dir;
};

Error bad_usage(const std::string& text) { return {Errc::usage, "test.usage", text}; }

Result<Arguments> parse(std::span<char*> words) {
  Arguments all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with("--")) {
      (all.command.empty() ? all.command : all.trusted_root) = word;
      continue;
    }
    if (++i == words.size()) return bad_usage(std::string(word) + " wants a value");
    const std::string value = words[i];
    if (word == "--metadata-dir") {
      all.metadata_dir = value;
    } else if (word == "--metadata-url") {
      all.metadata_url = value;
    } else if (word == "--target-name") {
      all.target_names.push_back(value);
    } else if (word == "--target-base-url") {
      all.target_base_url = value;
    } else if (word == "--target-dir") {
      all.target_dir = value;
    } else {
      return bad_usage("what is " + std::string(word) + "?");
    }
  }
  return all;
}

Result<void> init(const Arguments& arguments) {
  TRY_ASSIGN(const Bytes root, os::read_file(arguments.trusted_root, tuf::Limits().root_size_bytes_max));
  return tuf::Client::init(arguments.metadata_dir, root);
}

/// Whether the file of an earlier run is still the target; an error says why not.
Result<void> check_cached(const std::filesystem::path& path, const tuf::VerifiedTarget& target) {
  TRY_ASSIGN(const Bytes bytes, os::read_file(path, target.size_bytes()));
  tuf::TargetCheck check(target);
  TRY(check.update(bytes));
  return check.finish();
}

Result<void> download_one(tuf::Client& client, tuf::Fetcher& fetcher, const std::string& name,
                          const std::filesystem::path& folder) {
  TRY_ASSIGN(const tuf::VerifiedTarget target, client.locate(fetcher, name));
  const std::filesystem::path path = folder / target.path();  // locate() lets no path out of the folder
  if (check_cached(path, target)) return {};
  TRY(os::make_folders(path.parent_path()));
  TRY_ASSIGN(os::PendingFile file, os::PendingFile::create(path));
  TRY(client.download(fetcher, target, [&](ByteView piece) { return os::write_all(file.fd(), piece); }));
  return file.commit();
}

Result<void> refresh(const Arguments& arguments) {
  TRY_ASSIGN(tuf::Client client, tuf::Client::open(arguments.metadata_dir));
  const auto fetcher = test::make_http_fetcher(arguments.metadata_url, arguments.target_base_url);
  TRY(client.refresh(*fetcher, {.now = os::SystemClock().now()}));
  for (const std::string& name : arguments.target_names) {
    TRY(download_one(client, *fetcher, name, arguments.target_dir));
  }
  return {};
}

Result<void> run(std::span<char*> words) {
  TRY_ASSIGN(const Arguments arguments, parse(words));
  if (arguments.command == "init") return init(arguments);
  if (arguments.command == "refresh" || arguments.command == "download") return refresh(arguments);
  return bad_usage("give init, refresh or download");
}

}  // namespace

int main(int count, char** words) {
  const auto done = run(std::span(words, static_cast<std::size_t>(count)).subspan(1));
  if (done) return 0;
  std::fprintf(stderr, "%s: %s\n", done.error().reason().c_str(), done.error().message().c_str());
  return 1;
}
