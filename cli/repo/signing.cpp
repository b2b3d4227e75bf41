// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "repo_keys.hpp"

#include <string>

namespace signet::cli::repo {

namespace {

constexpr std::uint64_t k_metadata_bytes_max = 8U << 20U;
constexpr std::int64_t k_day_seconds = 86'400;

Result<void> run_sign(const Invocation& call) {
  TRY_ASSIGN(tuf::Repository repository, tuf::Repository::open(call.get("REPO")));
  TRY_ASSIGN(const Keys keys, load_keys(call.all("--key")));
  for (const std::string& role : call.all("--renew")) TRY(repository.renew(role, os::SystemClock().now()));
  for (const std::string& file : call.all("--attach")) {
    TRY_ASSIGN(const Bytes metadata, os::read_file(file, k_metadata_bytes_max));
    auto done = repository.attach(metadata);
    if (!done) return std::move(done).error().with_context("'" + printable(file) + "'");
  }
  return settle(call, repository, keys, "", Json::object({{"repository", call.get("REPO")}}));
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "nobody" : text;
}

Json names_json(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const std::string& name : names) list.push(name);
  return list;
}

std::string deadline(Instant expires, Instant now) {
  const std::int64_t left = expires.seconds_since_epoch - now.seconds_since_epoch;
  if (left <= 0) return "expired " + to_rfc3339(expires);
  return "until " + to_rfc3339(expires) + " (" +
         (left > 2 * k_day_seconds ? std::to_string(left / k_day_seconds) + " days" : describe_seconds(left)) + ")";
}

void print_role(Output& out, const tuf::RoleStatus& role, Instant now) {
  const std::string state = role.version
                                ? "version " + std::to_string(*role.version) + ", " + deadline(*role.expires, now)
                                : "not public yet";
  out.line("  " + role.role + std::string(role.role.size() < 14 ? 14 - role.role.size() : 1, ' ') + state);
  out.line("                " + std::to_string(role.threshold) + " of " + join(role.keys));
  if (!role.draft) return;
  out.line("                draft of version " + std::to_string(role.draft->version));
  for (const tuf::SignatureNeed& need : role.draft->needs) {
    std::string text = "                  by the keys of " + need.on_behalf_of + ": signed by " + join(need.signed_by);
    if (need.still_needed() > 0) {
      text += "; " + std::to_string(need.still_needed()) + " more of " + join(need.missing) + " must sign";
      if (role.expires) text += " by " + to_rfc3339(*role.expires);
    }
    out.line(text);
  }
}

Json role_json(const tuf::RoleStatus& role) {
  Json one = Json::object({{"role", role.role}, {"threshold", role.threshold}, {"keys", names_json(role.keys)}});
  if (role.version) one.set("version", *role.version).set("expires", to_rfc3339(*role.expires));
  if (!role.draft) return one;
  Json needs = Json::array();
  for (const tuf::SignatureNeed& need : role.draft->needs) {
    needs.push(Json::object({{"keys_of", need.on_behalf_of},
                             {"threshold", need.threshold},
                             {"signed_by", names_json(need.signed_by)},
                             {"missing", names_json(need.missing)},
                             {"still_needed", need.still_needed()}}));
  }
  one.set("draft", Json::object({{"version", role.draft->version},
                                 {"expires", to_rfc3339(role.draft->expires)},
                                 {"needs", std::move(needs)}}));
  return one;
}

Result<void> run_status(const Invocation& call) {
  TRY_ASSIGN(const tuf::Repository repository, tuf::Repository::open(call.get("REPO")));
  const Instant now = os::SystemClock().now();
  TRY_ASSIGN(const std::vector<tuf::RoleStatus> roles, repository.status());
  TRY_ASSIGN(const std::vector<std::string> products, repository.products());
  Output& out = call.out();
  Json roles_json = Json::array();
  out.line("Who signs, and until when it holds:");
  for (const tuf::RoleStatus& role : roles) {
    print_role(out, role, now);
    roles_json.push(role_json(role));
  }
  Json releases_json = Json::array();
  for (const std::string& name : products) {
    TRY_ASSIGN(const ProductId product, ProductId::parse(name));
    TRY_ASSIGN(const std::vector<tuf::Listed> releases, repository.releases(product));
    out.line("Releases of " + name + (releases.empty() ? ": none" : ":"));
    for (const tuf::Listed& one : releases) {
      out.line("  " + one.version + " (security version " + std::to_string(one.security_version) + ") on " +
               join(one.tracks));
      releases_json.push(Json::object({{"product", name},
                                       {"version", one.version},
                                       {"security_version", one.security_version},
                                       {"tracks", names_json(one.tracks)},
                                       {"path", one.path},
                                       {"size_bytes", one.size_bytes}}));
    }
  }
  out.result(Json::object({{"roles", std::move(roles_json)}, {"releases", std::move(releases_json)}}));
  return {};
}

}  // namespace

std::vector<Command> sign_commands() {
  Command sign{.noun = "repo",
               .verb = "sign",
               .summary = "Sign what waits, and make public what is complete",
               .description =
                   "Adds the signatures of the given keys to every draft that they count for. As soon as enough have "
                   "signed, the drafts become public together with a new snapshot and timestamp; a client tries all of "
                   "it first.\n\n"
                   "A signer on a machine of their own needs REPO without public/targets, and sends the files of "
                   "REPO/drafts back; --attach takes the signatures over. A scheduled job renews the timestamp with "
                   "--renew timestamp; the snapshot follows when half of its time is over.",
               .positionals = {repo_positional()},
               .options = {key_option(),
                           {.name = "--renew",
                            .value = "ROLE",
                            .help = "Draft the role anew, to hold from now on.",
                            .repeatable = true},
                           {.name = "--attach",
                            .value = "FILE",
                            .help = "Draft that was signed elsewhere.",
                            .repeatable = true,
                            .complete = Complete::file}},
               .examples = {{"signet repo sign updates --key pkcs11:token=bob", "The second signature of two"},
                            {"signet repo sign updates --renew timestamp", "Every night"}},
               .run = run_sign};
  Command status{.noun = "repo",
                 .verb = "status",
                 .summary = "Show who must sign what by when",
                 .description =
                     "One look at every role, its keys, its drafts and what they wait for, and at every "
                     "release and its tracks.",
                 .positionals = {repo_positional()},
                 .examples = {{"signet repo status updates", "Roles, drafts, releases"}},
                 .run = run_status};
  return {std::move(sign), std::move(status)};
}

}  // namespace signet::cli::repo
