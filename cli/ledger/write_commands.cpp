// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystore.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "ledger/ledger_options.hpp"

#include <algorithm>

namespace signet::cli {

namespace {

constexpr std::uint64_t k_input_size_bytes_max = 64U * 1024U * 1024U;

const Positional k_folder = {.name = "FOLDER", .help = "The ledger's folder.", .complete = Complete::folder};
const Option k_key = {.name = "--key",
                      .value = "URI",
                      .help = "The signing key (file: or pkcs11: URI that names one key).",
                      .required = true};
const Option k_out = {.name = "--out",
                      .value = "FILE",
                      .help = "Write to this file instead of standard output.",
                      .complete = Complete::file};

Result<void> init(const Invocation& invocation) {
  TRY_ASSIGN(const ledger::Ledger made, ledger::Ledger::create(invocation.get("FOLDER"), invocation.get("--origin")));
  invocation.out().line("Created the ledger '" + printable(made.origin()) + "'.");
  invocation.out().result(Json::object({{"origin", made.origin()}, {"size", made.size()}}));
  return {};
}

/// Each line of standard input is one entry.
Result<void> read_lines(std::vector<Bytes>& entries) {
  TRY_ASSIGN(const Bytes input, os::read_file("/dev/stdin", k_input_size_bytes_max));
  std::string_view rest = as_text(input);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    entries.push_back(to_bytes(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

Result<void> append(const Invocation& invocation) {
  std::vector<Bytes> entries;
  for (const std::string& text : invocation.all("TEXT")) entries.push_back(to_bytes(text));
  for (const std::string& path : invocation.all("--file")) {
    TRY_ASSIGN(Bytes content, os::read_file(path, ledger::k_entry_size_bytes_max));
    entries.push_back(std::move(content));
  }
  if (invocation.has("--stdin")) TRY(read_lines(entries));
  if (entries.empty()) {
    return Error(Errc::usage, "ledger.no-entries", "there is nothing to append",
                 "Give the entry as TEXT, with --file or with --stdin.");
  }
  TRY_ASSIGN(ledger::Ledger log, ledger::Ledger::open(invocation.get("FOLDER")));
  TRY_ASSIGN(const std::uint64_t first, log.append_all(entries));
  const std::string last = entries.size() == 1 ? "" : " to " + std::to_string(first + entries.size() - 1);
  invocation.out().line("Appended as entry " + std::to_string(first) + last + ".");
  invocation.out().result(
      Json::object({{"first", first}, {"count", std::uint64_t{entries.size()}}, {"size", log.size()}}));
  return {};
}

Result<void> checkpoint(const Invocation& invocation) {
  TRY_ASSIGN(const std::shared_ptr<crypto::Signer> signer, keystore::open_signer(invocation.get("--key")));
  TRY_ASSIGN(ledger::Ledger log, ledger::Ledger::open(invocation.get("FOLDER")));
  TRY_ASSIGN(const std::string note, log.checkpoint(*signer));
  return deliver(invocation, "checkpoint", note, Json::object({{"origin", log.origin()}, {"size", log.size()}}));
}

Result<ledger::Witness> open_witness(const Invocation& invocation) {
  TRY_ASSIGN(std::shared_ptr<crypto::Signer> signer, keystore::open_signer(invocation.get("--key")));
  const std::string state = invocation.get("--state");
  if (invocation.has("--first")) return ledger::Witness::create(state, invocation.get("--name"), std::move(signer));
  auto witness = ledger::Witness::open(state, invocation.get("--name"), std::move(signer));
  if (!witness && witness.error().code() == Errc::not_found) {
    return Error(Errc::not_found, "ledger.no-witness-state",
                 "the witness's state '" + printable(state) + "' does not exist",
                 "If this witness never cosigned for this log, say --first. Otherwise find the file: without it a fork "
                 "would pass.");
  }
  return witness;
}

/// The proof from the tree that was last cosigned, out of the ledger's own folder.
Result<std::optional<ledger::ConsistencyProof>> proof_to(const Invocation& invocation, std::uint64_t old_size,
                                                         std::uint64_t size) {
  if (!invocation.has("--ledger") || old_size == 0 || old_size >= size)
    return std::optional<ledger::ConsistencyProof>();
  TRY_ASSIGN(const ledger::Published published, ledger::Published::open(invocation.get("--ledger")));
  TRY_ASSIGN(ledger::ConsistencyProof proof, published.consistency(old_size, size));
  return std::optional(std::move(proof));
}

Result<void> witness(const Invocation& invocation) {
  TRY_ASSIGN(const ledger::Policy policy, policy_from(invocation));
  TRY_ASSIGN(const ledger::VerifiedCheckpoint checkpoint, open_checkpoint_file(invocation.get("CHECKPOINT"), policy));
  TRY_ASSIGN(ledger::Witness self, open_witness(invocation));
  TRY_ASSIGN(const std::uint64_t last_size, self.last_size());
  TRY_ASSIGN(const auto proof, proof_to(invocation, last_size, checkpoint.size()));
  TRY_ASSIGN(const std::string note, self.cosign(checkpoint, proof, os::SystemClock().now()));
  if (invocation.has("--publish")) {
    if (!invocation.has("--ledger")) return Error(Errc::usage, "ledger.no-folder", "--publish needs --ledger FOLDER");
    TRY_ASSIGN(ledger::Ledger log, ledger::Ledger::open(invocation.get("--ledger")));
    TRY_ASSIGN(const ledger::VerifiedCheckpoint cosigned, ledger::open_checkpoint(Untrusted(as_bytes(note)), policy));
    TRY(log.publish(cosigned));
  }
  return deliver(
      invocation, "checkpoint", note,
      Json::object({{"origin", checkpoint.origin()}, {"size", checkpoint.size()}, {"previous_size", last_size}}));
}

Result<void> publish(const Invocation& invocation) {
  TRY_ASSIGN(const ledger::Policy policy, policy_from(invocation));
  TRY_ASSIGN(const ledger::VerifiedCheckpoint cosigned, open_checkpoint_file(invocation.get("CHECKPOINT"), policy));
  TRY_ASSIGN(ledger::Ledger log, ledger::Ledger::open(invocation.get("FOLDER")));
  TRY(log.publish(cosigned));
  invocation.out().line("Published the checkpoint over " + std::to_string(cosigned.size()) + " entries with " +
                        std::to_string(cosigned.cosignatures().size()) + " cosignatures.");
  invocation.out().result(checkpoint_json(cosigned));
  return {};
}

Result<void> vkey(const Invocation& invocation) {
  TRY_ASSIGN(const std::shared_ptr<crypto::Signer> signer, keystore::open_signer(invocation.get("--key")));
  const std::string name = invocation.get("--name");
  TRY_ASSIGN(const ledger::VerifierKey key, invocation.has("--witness")
                                                ? ledger::VerifierKey::for_witness(name, signer->public_key())
                                                : ledger::VerifierKey::for_log(name, signer->public_key()));
  return deliver(invocation, "vkey", key.str() + "\n", Json::object({{"name", key.name()}}));
}

Command init_command() {
  return {.noun = "ledger",
          .verb = "init",
          .summary = "Create an append-only ledger",
          .description =
              "A ledger is a folder. Whatever is appended to it can be proven later, and cannot be changed, dropped or "
              "reordered without anybody who holds one of its checkpoints being able to show it.",
          .positionals = {k_folder},
          .options = {{.name = "--origin",
                       .value = "NAME",
                       .help = "The log's name for ever, such as example.com/line-7.",
                       .required = true}},
          .examples = {{"signet ledger init line-7 --origin example.com/line-7",
                        "Create the ledger of a production line."}},
          .run = init};
}

Command append_command() {
  return {
      .noun = "ledger",
      .verb = "append",
      .summary = "Append entries to a ledger",
      .description =
          "Each TEXT, each file and each line of standard input is one entry of at most 65535 bytes. When the command "
          "succeeds, the entries are on stable storage.",
      .positionals =
          {k_folder,
           {.name = "TEXT", .help = "An entry.", .required = false, .repeatable = true, .complete = Complete::nothing}},
      .options = {{.name = "--file",
                   .value = "FILE",
                   .help = "The file is one entry.",
                   .repeatable = true,
                   .complete = Complete::file},
                  {.name = "--stdin", .value = "", .help = "Each line of standard input is one entry."}},
      .examples = {{"signet ledger append line-7 'unit 4711 born'", "Append one entry."},
                   {"signet ledger append line-7 --file birth-4711.json", "Append a file."}},
      .run = append};
}

Command checkpoint_command() {
  return {.noun = "ledger",
          .verb = "checkpoint",
          .summary = "Publish a ledger's entries under a signed checkpoint",
          .description =
              "Writes the files that any static HTTP server can serve (checkpoint, tile/), and prints the "
              "checkpoint. Never "
              "signs a tree that does not extend the one published before.",
          .positionals = {k_folder},
          .options = {k_key, k_out},
          .examples = {{"signet ledger checkpoint line-7 --key 'file:keys?label=log'", "Publish all entries."}},
          .run = checkpoint};
}

Command witness_command() {
  std::vector<Option> witness_options = policy_options();
  witness_options.insert(
      witness_options.end(),
      {k_key,
       {.name = "--name", .value = "NAME", .help = "The witness's name.", .required = true},
       {.name = "--state",
        .value = "FILE",
        .help = "Where the witness remembers what it last cosigned.",
        .required = true,
        .complete = Complete::file},
       {.name = "--first", .value = "", .help = "This witness has never cosigned for this log: trust this checkpoint."},
       {.name = "--ledger",
        .value = "FOLDER",
        .help = "The ledger's folder, for the consistency proof.",
        .complete = Complete::folder},
       {.name = "--publish", .value = "", .help = "Put the cosigned checkpoint into the ledger's folder."},
       k_out});
  return {.noun = "ledger",
          .verb = "witness",
          .summary = "Cosign a ledger's checkpoint",
          .description =
              "Checks that the checkpoint extends the one that this witness cosigned last, remembers it, and "
              "prints it with the "
              "cosignature. Refuses a fork and a smaller tree.",
          .positionals = {{.name = "CHECKPOINT", .help = "The checkpoint to cosign."}},
          .options = std::move(witness_options),
          .examples = {{"signet ledger witness line-7/checkpoint --log-key line-7.vkey --ledger line-7 --key "
                        "'file:keys?label=witness' --name "
                        "example.org/witness --state witness.state --publish",
                        "Cosign and publish."}},
          .run = witness};
}

Command publish_command() {
  return {.noun = "ledger",
          .verb = "publish",
          .summary = "Put a cosigned checkpoint into a ledger's folder",
          .description =
              "Takes the checkpoint that a witness elsewhere has cosigned, checks it, and puts it in the place of the "
              "published one of the same tree.",
          .positionals = {k_folder, {.name = "CHECKPOINT", .help = "The cosigned checkpoint."}},
          .options = policy_options(),
          .examples = {{"signet ledger publish line-7 cosigned --log-key line-7.vkey --witness-key witness.vkey",
                        "Publish what the witness sent back."}},
          .run = publish};
}

Command vkey_command() {
  return {.noun = "ledger",
          .verb = "vkey",
          .summary = "Print a key in the form in which ledgers are verified",
          .description =
              "Prints NAME+HASH+BASE64, which --log-key and --witness-key take. The name of a log's key is the "
              "log's origin.",
          .options = {k_key,
                      {.name = "--name",
                       .value = "NAME",
                       .help = "The origin of the log, or the name of the witness.",
                       .required = true},
                      {.name = "--witness", .value = "", .help = "The key of a witness."},
                      k_out},
          .examples = {{"signet ledger vkey --key 'file:keys?label=log' --name example.com/line-7 --out line-7.vkey",
                        "Write a log's verifier key."}},
          .run = vkey};
}

}  // namespace

std::vector<Command> ledger_write_commands() {
  return {init_command(), append_command(), checkpoint_command(), witness_command(), publish_command(), vkey_command()};
}

}  // namespace signet::cli
