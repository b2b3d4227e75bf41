// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "repo_keys.hpp"

#include "signet/keystore.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "repo_commands.hpp"

#include <algorithm>
#include <filesystem>

namespace signet::cli::repo {

namespace {

constexpr std::uint64_t k_pem_bytes_max = 64U << 10U;

/// "alice=pkcs11:token=A" is alice's; "pkcs11:token=A" is nobody's in particular.
std::pair<std::string, std::string> split_name(const std::string& value) {
  const std::size_t equals = value.find('=');
  if (equals == std::string::npos) return {"", value};
  const std::string name = value.substr(0, equals);
  if (!check_name(name, "name")) return {"", value};
  return {name, value.substr(equals + 1)};
}

Result<Keys> load_key(const std::string& value, Attendance attendance) {
  const auto [name, source] = split_name(value);
  Keys keys;
  std::error_code ignored;
  if (std::filesystem::exists(source, ignored)) {
    TRY_ASSIGN(const Bytes pem, os::read_file(source, k_pem_bytes_max));
    TRY_ASSIGN(crypto::PublicKey key, crypto::PublicKey::from_pem(as_text(pem)));
    const std::string stem = std::filesystem::path(source).stem().string();
    keys.named.push_back({.name = name.empty() ? stem : name, .key = std::move(key)});
    return keys;
  }
  TRY_ASSIGN(const keystore::NamedKey found, keystore::open_key(source));
  TRY_ASSIGN(std::shared_ptr<crypto::Signer> signer, keystore::open_signer(source));
  keys.named.push_back({.name = name.empty() ? found.info.label : name,
                        .key = signer->public_key(),
                        .uri = attendance == Attendance::unattended ? source : std::string()});
  keys.signers.push_back(std::move(signer));
  return keys;
}

/// "root, targets and cam-a".
std::string list_words(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

Json list_json(const std::vector<std::string>& words) {
  Json list = Json::array();
  for (const std::string& word : words) list.push(word);
  return list;
}

}  // namespace

void Keys::append(const Keys& more) {
  named.insert(named.end(), more.named.begin(), more.named.end());
  signers.insert(signers.end(), more.signers.begin(), more.signers.end());
}

Result<Keys> load_keys(const std::vector<std::string>& values, Attendance attendance) {
  Keys all;
  for (const std::string& value : values) {
    auto keys = load_key(value, attendance);
    if (!keys) return std::move(keys).error().with_context("key '" + printable(value, 80) + "'");
    all.append(*keys);
  }
  return all;
}

Result<void> settle(const Invocation& call, tuf::Repository& repository, const Keys& keys, const std::string& done,
                    Json members) {
  Output& out = call.out();
  if (!done.empty()) out.line(done);
  std::vector<std::string> drafts_signed;
  for (const auto& signer : keys.signers) {
    auto roles = repository.sign(*signer);
    if (!roles) return std::move(roles).error();
    for (const std::string& role : *roles) {
      if (std::ranges::find(drafts_signed, role) == drafts_signed.end()) drafts_signed.push_back(role);
    }
  }
  if (!drafts_signed.empty()) out.line("Signed the drafts of " + list_words(drafts_signed) + ".");
  std::vector<std::shared_ptr<crypto::Signer>> online = keys.signers;
  for (const std::string& uri : repository.online_uris()) {
    if (auto signer = keystore::open_signer(uri)) online.push_back(*std::move(signer));
  }
  auto released = repository.release(online, os::SystemClock().now());
  std::string waits_for;
  std::vector<std::string> roles;
  if (released) {
    waits_for = released->waits_for;
    roles = released->roles;
  } else if (released.error().reason() == "repo.online-keys") {
    waits_for = released.error().text();
  } else {
    return std::move(released).error();
  }
  if (!roles.empty()) out.line("Public now: " + list_words(roles) + ".");
  if (!waits_for.empty()) out.line("Still a draft; waits for " + waits_for + ". See 'signet repo status'.");
  members.set("signed", list_json(drafts_signed)).set("public", list_json(roles)).set("waits_for", waits_for);
  out.result(std::move(members));
  return {};
}

Option key_option() {
  return {.name = "--key",
          .value = "KEY",
          .help = "Key that signs at once: pkcs11:... or file:... as [NAME=]URI.",
          .repeatable = true};
}

Positional repo_positional() {
  return {.name = "REPO", .help = "Folder of the repository.", .complete = Complete::folder};
}

}  // namespace signet::cli::repo

namespace signet::cli {

std::vector<Command> repo_commands() {
  std::vector<Command> all = repo::setup_commands();
  for (auto* group : {&repo::release_commands, &repo::track_commands, &repo::sign_commands}) {
    for (Command& command : (*group)()) all.push_back(std::move(command));
  }
  return all;
}

}  // namespace signet::cli
