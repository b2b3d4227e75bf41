// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "key/key_commands.hpp"

#include "signet/keystore.hpp"
#include "signet/keystored.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/fd.hpp"
#include "signet/os/file.hpp"
#include "signet/tpm_policy.hpp"

#include "key/attest_commands.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <ranges>
#include <string>
#include <vector>

namespace signet::cli {

namespace {

using keystore::KeyInfo;
using keystore::Keystore;

constexpr std::string_view k_uri_help =
    "Key stores are named by URIs. file:FOLDER is a folder of encrypted software keys; passphrase-file=PATH, "
    "passphrase-env=VARIABLE or passphrase=none may follow a '?'. pkcs11:token=LABEL is a hardware token or any other "
    "PKCS#11 "
    "module (RFC 7512); ?module-path=PATH&pin-source=file:PATH may follow. What is not named is asked for on the "
    "terminal. tpm:FOLDER is this machine's TPM, with the records of its keys in a folder; tcti=TCTI, "
    "owner-auth-file=PATH and purpose=PURPOSE may follow a '?'. keystored:SOCKET are the keys that signet-keystored "
    "holds "
    "on a device; purpose=PURPOSE (tls, network, video, storage) says what a new key is for, and binds it to that.";

std::string paragraphs(std::string_view first) { return std::string(first) + "\n\n" + std::string(k_uri_help); }

Json as_json(const KeyInfo& key) {
  Json out = Json::object();
  out.set("label", printable(key.label))
      .set("id", to_hex(key.id))
      .set("algorithm", std::string(name_of(key.public_key.algorithm())));
  out.set("fingerprint", to_hex(key.public_key.fingerprint())).set("protection", std::string(name_of(key.protection)));
  out.set("extractable", std::string(name_of(key.extractable)))
      .set("uri", key.uri)
      .set("public_key", key.public_key.pem());
  if (key.boot_state.empty()) return out;
  Json pcrs = Json::object();
  for (const tpm::PcrValue& pcr : key.boot_state) pcrs.set(std::to_string(pcr.index), to_hex(pcr.value));
  out.set("boot_state", std::move(pcrs));
  return out;
}

/// A list of PCRs as "7,11".
Result<std::vector<unsigned>> pcrs_in(const std::string& text) {
  std::vector<unsigned> pcrs;
  for (const auto part : std::views::split(std::string_view(text), ',')) {
    const std::string_view word(part.begin(), part.end());
    unsigned number = 0;
    const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (failed != std::errc() || end != word.data() + word.size() || number >= tpm::k_pcrs) {
      return Error(Errc::usage, "cli.usage", "'" + printable(text, 60) + "' is no list of PCRs",
                   "Write numbers from 0 to 23: --pcrs 7,11.");
    }
    pcrs.push_back(number);
  }
  return pcrs;
}

/// What the protection means to somebody who is about to trust it.
std::string_view meaning_of(keystore::Protection protection) {
  constexpr std::array<std::string_view, 3> k_meanings{
      "hardware: the token or TPM says that it is a hardware device and that the key cannot leave it",
      "token: behind a PKCS#11 module or TPM that does not claim hardware for this key",
      "software: an encrypted file; not hardware-backed"};
  return k_meanings.at(static_cast<std::size_t>(protection));
}

void print(Output& out, const KeyInfo& key) {
  out.line("label        " + printable(key.label));
  out.line("algorithm    " + std::string(name_of(key.public_key.algorithm())));
  out.line("fingerprint  " + to_hex(key.public_key.fingerprint()));
  out.line("id           " + to_hex(key.id));
  out.line("protection   " + std::string(meaning_of(key.protection)));
  out.line("extractable  " + std::string(name_of(key.extractable)));
  out.line("uri          " + printable(key.uri, 4096));
  for (const tpm::PcrValue& pcr : key.boot_state) {
    out.line("works while  PCR " + std::to_string(pcr.index) + " is " + to_hex(pcr.value));
  }
}

/// Says aloud what a store without a passphrase means.
void warn(Output& out, const keystore::StoreInfo& store) {
  if (!store.passphrase)
    out.line("warning: no passphrase or PIN protects this key store; whoever can read it has its keys.");
  for (const std::string& damaged : store.damaged)
    out.line("warning: a key cannot be used: " + printable(damaged, 600));
}

Result<void> report_new(const Invocation& call, Keystore& store, const KeyInfo& key) {
  TRY_ASSIGN(const keystore::StoreInfo described, store.describe());
  warn(call.out(), described);
  print(call.out(), key);
  call.out().result(as_json(key));
  return {};
}

Result<void> generate(const Invocation& call) {
  TRY_ASSIGN(const auto algorithm, crypto::key_algorithm_from(call.get("--algorithm")));
  TRY_ASSIGN(const auto store, keystore::open(call.get("STORE")));
  if (call.has("--pcrs")) {
    TRY_ASSIGN(const auto pcrs, pcrs_in(call.get("--pcrs")));
    TRY_ASSIGN(const KeyInfo bound, store->generate_bound(call.get("--label"), algorithm, pcrs));
    return report_new(call, *store, bound);
  }
  TRY_ASSIGN(const KeyInfo key, store->generate(call.get("--label"), algorithm));
  return report_new(call, *store, key);
}

Result<void> import_key(const Invocation& call) {
  TRY_ASSIGN(const Secret pkcs8, os::read_secret_file(call.get("--from"), 65'536));
  TRY_ASSIGN(const auto store, keystore::open(call.get("STORE")));
  TRY_ASSIGN(const KeyInfo key, store->import_key(call.get("--label"), pkcs8));
  call.out().line("The key existed outside before; destroy '" + printable(call.get("--from")) +
                  "' if it should not any more.");
  return report_new(call, *store, key);
}

/// What signet-keystored tells of its keys beside what every store does, by label.
using Lives = std::map<std::string, Json>;

Result<Lives> lives_in(const keystore::StoreInfo& store) {
  Lives lives;
  if (store.backend != "keystored") return lives;
  TRY_ASSIGN(const Json answer, keystore::KeystoredClient(store.label).call("list"));
  TRY_ASSIGN(const Json::Array rows, answer.array_at("keys"));
  for (const Json& row : rows) {
    TRY_ASSIGN(const std::string label, row.string_at("label"));
    lives.emplace(label, row);
  }
  return lives;
}

/// Purpose, uses and age, for machines and as the rest of a line for people.
std::string add_life(Json& row, const Json& life) {
  for (const char* name : {"purpose", "uses", "made", "last_used"}) {
    if (const Json* member = life.find(name)) row.set(name, *member);
  }
  std::string line = "  " + printable(life.string_at("purpose").value_or("?"), 40);
  if (life.find("uses") != nullptr) line += "  " + std::to_string(life.int_at("uses").value_or(0)) + " uses";
  const auto text = life.string_at("made");
  const auto made = text ? from_rfc3339(*text) : Result<Instant>(text.error());
  if (!made) return line;
  const std::int64_t seconds = os::SystemClock().now().seconds_since_epoch - made->seconds_since_epoch;
  return line + "  " + describe_seconds(std::max<std::int64_t>(seconds, 0)) + " old";
}

Result<void> list(const Invocation& call) {
  TRY_ASSIGN(const auto store, keystore::open(call.get("STORE")));
  TRY_ASSIGN(const auto described, store->describe());
  TRY_ASSIGN(const auto keys, store->list());
  TRY_ASSIGN(const Lives lives, lives_in(described));
  Json rows = Json::array();
  for (const KeyInfo& key : keys) {
    Json row = as_json(key);
    std::string line = printable(key.label) + "  " + std::string(name_of(key.public_key.algorithm())) + "  " +
                       to_hex(key.public_key.fingerprint()).substr(0, 16) + "  " + std::string(name_of(key.protection));
    if (const auto life = lives.find(key.label); life != lives.end()) line += add_life(row, life->second);
    rows.push(std::move(row));
    call.out().line(line);
  }
  for (const std::string& damaged : described.damaged)
    call.out().line("warning: a key cannot be used: " + printable(damaged, 600));
  if (keys.empty()) call.out().line("no keys in " + printable(described.label));
  Json result = Json::object();
  result.set("backend", described.backend)
      .set("store", printable(described.label))
      .set("serial", printable(described.serial));
  result.set("model", printable(described.model)).set("protection", std::string(name_of(described.protection)));
  Json damaged = Json::array();
  for (const std::string& line : described.damaged) damaged.push(printable(line, 600));
  result.set("passphrase", Json(described.passphrase)).set("keys", std::move(rows)).set("damaged", std::move(damaged));
  call.out().result(std::move(result));
  return {};
}

Result<void> show(const Invocation& call) {
  TRY_ASSIGN(const auto key, keystore::open_key(call.get("KEY")));
  if (call.has("--public-key")) {
    if (call.out().json())
      return Error(Errc::usage, "cli.usage", "--public-key prints PEM, so it does not go with --json",
                   "--json holds it as public_key.");
    call.out().raw(as_bytes(key.info.public_key.pem()));
    return {};
  }
  print(call.out(), key.info);
  call.out().result(as_json(key.info));
  return {};
}

/// A key is not destroyed by a slip of the finger: --yes, or its label typed in.
Result<void> confirm(const Invocation& call, const KeyInfo& key) {
  if (call.has("--yes")) return {};
  const auto terminal = os::open_read_write("/dev/tty");
  if (!terminal) {
    return Error(Errc::usage, "key.not-confirmed", "a key is destroyed for good, and nobody confirmed it",
                 "Add --yes.");
  }
  TRY(os::write_all(
      *terminal, as_bytes("This destroys the key '" + printable(key.label) + "' for good. Type its label to go on: ")));
  std::array<std::byte, 256> typed{};
  TRY_ASSIGN(const std::size_t size, os::read_some(*terminal, typed));
  std::string_view answer = as_text(ByteView(typed).first(size));
  if (answer.ends_with('\n')) answer.remove_suffix(1);
  if (answer == key.label) return {};
  return Error(Errc::usage, "key.not-confirmed", "that is not the key's label; nothing was destroyed");
}

Result<void> retire(const Invocation& call) {
  TRY_ASSIGN(const auto key, keystore::open_key(call.get("KEY")));
  TRY(confirm(call, key.info));
  TRY(key.store->destroy({.label = key.info.label, .id = key.info.id}));
  call.out().line("destroyed    " + printable(key.info.label));
  call.out().line("fingerprint  " + to_hex(key.info.public_key.fingerprint()));
  call.out().line("What it signed stays verifiable with its public key; keep it:");
  call.out().line(key.info.public_key.pem());
  if (key.info.protection == keystore::Protection::software) {
    call.out().line("The file is removed. Backups, and what flash memory keeps, are out of reach from here.");
  }
  Json record = as_json(key.info);
  record.set("destroyed", Json(true));
  call.out().result(std::move(record));
  return {};
}

const Positional k_store{.name = "STORE", .help = "The key store's URI", .complete = Complete::nothing};
const Positional k_key{
    .name = "KEY", .help = "The key's URI, as `signet key list --json` prints it", .complete = Complete::nothing};
const Option k_label{
    .name = "--label", .value = "NAME", .help = "What the key is called in its store.", .required = true};
const Option k_algorithm{.name = "--algorithm",
                         .value = "NAME",
                         .help = "The kind of key.",
                         .fallback = "p256",
                         .choices = {"p256", "p384", "rsa2048", "rsa3072", "rsa4096", "ed25519"}};

Command generate_command() {
  return {
      .noun = "key",
      .verb = "generate",
      .summary = "Make a key in a key store",
      .description = paragraphs(
          "Makes a key pair where it is to stay. On a token the private key is made so that it cannot be read out.\n\n"
          "--pcrs binds a key of a TPM to the state in which this machine has booted: the TPM itself lets the key "
          "work "
          "only while these registers (SHA-256) hold what they hold now. 7 stands for Secure Boot's keys, 11 for the "
          "image that runs. An update changes 11: make the key anew then (signet key rotate), or bind it to 7 alone."),
      .positionals = {k_store},
      .options = {k_label,
                  k_algorithm,
                  {.name = "--pcrs", .value = "LIST", .help = "Bind the key to these PCRs: 7,11."}},
      .examples = {{"signet key generate 'file:keys?passphrase-file=pass' --label firmware", "an encrypted key file"},
                   {"signet key generate 'pkcs11:token=vendor' --label root --algorithm p384", "a key on a token"},
                   {"signet key generate tpm:keys --label station", "a key in this machine's TPM"},
                   {"signet key generate 'keystored:?purpose=video' --label camera", "a key of a device"},
                   {"signet key generate 'keystored:?purpose=tls' --label web --pcrs 7",
                    "a key that works only under today's Secure Boot keys"}},
      .run = generate};
}

std::vector<Command> basic_commands() {
  return {
      generate_command(),
      {.noun = "key",
       .verb = "import",
       .summary = "Bring an existing private key into a key store",
       .description =
           paragraphs("The key must be unencrypted PKCS #8 in DER: openssl pkcs8 -topk8 -nocrypt -outform DER."),
       .positionals = {k_store},
       .options = {k_label,
                   {.name = "--from",
                    .value = "FILE",
                    .help = "The private key.",
                    .required = true,
                    .complete = Complete::file}},
       .examples = {{"signet key import 'pkcs11:token=vendor' --label old-root --from root.p8",
                     "move a key onto a token"}},
       .run = import_key},
      {.noun = "key",
       .verb = "list",
       .summary = "List the keys of a key store",
       .description = paragraphs("Shows label, algorithm, the start of the fingerprint, and what protects each key; of "
                                 "signet-keystored's keys "
                                 "also the purpose, how often each was used, and its age."),
       .positionals = {k_store},
       .examples = {{"signet key list file:keys", "all keys in a folder"},
                    {"signet key list keystored:", "all keys that a device's programs may use"}},
       .run = list},
      {.noun = "key",
       .verb = "show",
       .summary = "Show one key, or print its public key",
       .description = paragraphs("The fingerprint is the SHA-256 of the SubjectPublicKeyInfo."),
       .positionals = {k_key},
       .options = {{.name = "--public-key", .value = {}, .help = "Print only the public key, in PEM."}},
       .examples = {{"signet key show 'file:keys?label=firmware'", "what is known of a key"},
                    {"signet key show 'pkcs11:token=vendor;object=root' --public-key > root.pem",
                     "export the public key"}},
       .run = show},
      {.noun = "key",
       .verb = "retire",
       .summary = "Destroy a private key for good",
       .description =
           paragraphs("Destroys the private key and prints its public key as the record of it. There is no way back."),
       .positionals = {k_key},
       .options = {{.name = "--yes", .value = {}, .help = "Do not ask."}},
       .examples = {{"signet key retire 'file:keys?label=old' --yes", "destroy without asking"}},
       .run = retire},
  };
}

}  // namespace

std::vector<Command> key_commands() {
  std::vector<Command> all = basic_commands();
  for (Command& command : key_attest_commands()) all.push_back(std::move(command));
  return all;
}

}  // namespace signet::cli
