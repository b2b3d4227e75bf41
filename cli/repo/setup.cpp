// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/clock.hpp"

#include "repo_keys.hpp"

#include <array>
#include <string>

namespace signet::cli::repo {

namespace {

constexpr std::uint64_t k_threshold_max = 64;
constexpr std::uint64_t k_days_max = 3650;

/// The keys, threshold and term of one role, as "--root-key", "--root-threshold", "--root-days" say.
Result<tuf::RoleSetup> role_from(const Invocation& call, const std::string& prefix, Attendance attendance, Keys& keys) {
  tuf::RoleSetup setup;
  TRY_ASSIGN(const Keys loaded, load_keys(call.all(prefix + "key"), attendance));
  TRY_ASSIGN(setup.threshold, call.get_uint(prefix + "threshold", 1, k_threshold_max));
  TRY_ASSIGN(const std::uint64_t days, call.get_uint(prefix + "days", 1, k_days_max));
  setup.days_valid = static_cast<std::uint32_t>(days);
  setup.keys = loaded.named;
  keys.append(loaded);
  return setup;
}

std::vector<Option> role_options(const std::string& prefix, const std::string& what, const std::string& days) {
  return {
      {.name = prefix + "key",
       .value = "KEY",
       .help = "Key of " + what + ": [NAME=]URI, or [NAME=]FILE with a public key.",
       .required = true,
       .repeatable = true},
      {.name = prefix + "threshold", .value = "N", .help = "How many keys of " + what + " must sign.", .fallback = "1"},
      {.name = prefix + "days", .value = "DAYS", .help = "How long metadata of " + what + " holds.", .fallback = days}};
}

Result<void> run_init(const Invocation& call) {
  Keys keys;
  tuf::Setup setup;
  TRY_ASSIGN(setup.root, role_from(call, "--root-", Attendance::attended, keys));
  TRY_ASSIGN(setup.targets, role_from(call, "--targets-", Attendance::attended, keys));
  TRY_ASSIGN(setup.snapshot, role_from(call, "--snapshot-", Attendance::unattended, keys));
  TRY_ASSIGN(setup.timestamp, role_from(call, "--timestamp-", Attendance::unattended, keys));
  const std::string folder = call.get("REPO");
  TRY_ASSIGN(tuf::Repository repository, tuf::Repository::create(folder, setup, os::SystemClock().now()));
  return settle(call, repository, keys, "Made the update repository " + printable(folder) + ".",
                Json::object({{"repository", folder}}));
}

Result<void> run_add_product(const Invocation& call) {
  TRY_ASSIGN(const ProductId product, ProductId::parse(call.get("PRODUCT")));
  TRY_ASSIGN(tuf::Repository repository, tuf::Repository::open(call.get("REPO")));
  Keys keys;
  TRY_ASSIGN(const tuf::RoleSetup setup, role_from(call, "--product-", Attendance::attended, keys));
  TRY_ASSIGN(const Keys more, load_keys(call.all("--key")));
  keys.append(more);
  TRY(repository.add_product(product, setup, os::SystemClock().now()));
  return settle(call, repository, keys, "Drafted the product " + product.str() + ".",
                Json::object({{"product", product.str()}}));
}

Result<void> run_rotate(const Invocation& call) {
  TRY_ASSIGN(tuf::Repository repository, tuf::Repository::open(call.get("REPO")));
  const std::string role = call.get("ROLE");
  const bool online = role == "snapshot" || role == "timestamp";
  TRY_ASSIGN(Keys keys, load_keys(call.all("--add"), online ? Attendance::unattended : Attendance::attended));
  tuf::KeyChange change{.add = keys.named, .remove = call.all("--remove"), .threshold = {}};
  if (call.has("--threshold")) {
    TRY_ASSIGN(change.threshold, call.get_uint("--threshold", 1, k_threshold_max));
  }
  if (change.add.empty() && change.remove.empty() && !change.threshold) {
    return Error(Errc::usage, "repo.no-change", "nothing is to be changed",
                 "Give --add, --remove or --threshold; see 'signet repo rotate --help'.");
  }
  TRY_ASSIGN(const Keys more, load_keys(call.all("--key")));
  keys.append(more);
  TRY(repository.change_keys(role, change, os::SystemClock().now()));
  return settle(call, repository, keys, "Drafted new keys for " + printable(role) + ".",
                Json::object({{"role", role}}));
}

Command init_command() {
  std::vector<Option> options;
  const std::array<std::array<const char*, 3>, 4> roles{{{"--root-", "the root", "365"},
                                                         {"--targets-", "targets", "365"},
                                                         {"--snapshot-", "snapshot", "30"},
                                                         {"--timestamp-", "timestamp", "7"}}};
  for (const auto& [prefix, what, days] : roles) {
    for (Option& option : role_options(prefix, what, days)) options.push_back(std::move(option));
  }
  return {.noun = "repo",
          .verb = "init",
          .summary = "Make an update repository",
          .description =
              "An update repository follows The Update Framework (TUF 1.0). Its root names the keys of all other roles "
              "and is what devices are born with; targets names the products; snapshot and timestamp say what is "
              "current and are signed unattended.\n\n"
              "Keys of root and targets belong into tokens that lie in a safe: give those of other people as public "
              "keys in PEM files, and let each of them run 'signet repo sign'. The URIs of the snapshot and timestamp "
              "keys are kept in the repository, so that a scheduled job can renew them.\n\n"
              "REPO/public is what a web server serves.",
          .positionals = {repo_positional()},
          .options = std::move(options),
          .examples = {{"signet repo init updates --root-key alice=pkcs11:token=alice --root-key bob=bob.pem "
                        "--root-threshold 2 --targets-key pkcs11:token=release "
                        "--snapshot-key 'file:online?label=snapshot&passphrase=none' "
                        "--timestamp-key 'file:online?label=timestamp&passphrase=none'",
                        "Two of two for the root, one of them far away"}},
          .run = run_init};
}

}  // namespace

std::vector<Command> setup_commands() {
  std::vector<Option> product_options = role_options("--product-", "the product", "90");
  product_options.push_back(key_option());
  Command add{.noun = "repo",
              .verb = "add-product",
              .summary = "Let a product's own keys answer for its releases",
              .description =
                  "Delegates PRODUCT/* to keys of the product's release team. The delegation is signed by targets; "
                  "after that the team publishes, promotes and withdraws alone.",
              .positionals = {repo_positional(),
                              {.name = "PRODUCT", .help = "Name of the product.", .complete = Complete::nothing}},
              .options = std::move(product_options),
              .examples = {{"signet repo add-product updates cam-a --product-key pkcs11:token=cam-a "
                            "--key pkcs11:token=release",
                            "Signed by the product and by targets at once"}},
              .run = run_add_product};
  Command rotate{.noun = "repo",
                 .verb = "rotate",
                 .summary = "Change who signs for a role",
                 .description =
                     "Adds and removes keys of root, targets, snapshot, timestamp or a product, and sets how many must "
                     "sign. A new root is signed by the old keys and by the new ones, so that devices that were away "
                     "can follow. Taking a key of snapshot or timestamp away also heals what a thief did with it.\n\n"
                     "Nothing becomes public before what the new keys must sign is signed.",
                 .positionals = {repo_positional(),
                                 {.name = "ROLE", .help = "A role or a product.", .complete = Complete::nothing}},
                 .options = {{.name = "--add",
                              .value = "KEY",
                              .help = "Key to add: [NAME=]URI, or [NAME=]FILE with a public key.",
                              .repeatable = true},
                             {.name = "--remove",
                              .value = "NAME",
                              .help = "Name or identifier of a key to take away.",
                              .repeatable = true},
                             {.name = "--threshold", .value = "N", .help = "How many keys must sign from now on."},
                             key_option()},
                 .examples = {{"signet repo rotate updates timestamp --remove timestamp "
                               "--add 'timestamp-2=file:online?label=timestamp-2&passphrase=none' "
                               "--key pkcs11:token=alice",
                               "A stolen timestamp key"},
                              {"signet repo rotate updates root --add carol=carol.pem --threshold 2",
                               "A further signer of the root"}},
                 .run = run_rotate};
  return {init_command(), std::move(add), std::move(rotate)};
}

}  // namespace signet::cli::repo
