// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ledger/ledger_options.hpp"

#include "signet/os/file.hpp"

#include "ledger/ledger_commands.hpp"

namespace signet::cli {

namespace {

constexpr std::uint64_t k_text_file_size_bytes_max = 1U << 20U;
constexpr std::uint64_t k_witnesses_max = 64;

/// A verifier key as text, or the file that holds it.
Result<ledger::VerifierKey> vkey_from(const std::string& value) {
  if (value.find('+') != std::string::npos) return ledger::VerifierKey::parse(value);
  TRY_ASSIGN(const Bytes content, os::read_file(value, k_text_file_size_bytes_max));
  std::string_view text = as_text(content);
  while (text.ends_with('\n')) text.remove_suffix(1);
  return ledger::VerifierKey::parse(text).context("read the verifier key '" + printable(value) + "'");
}

}  // namespace

std::vector<Option> policy_options() {
  return {{.name = "--log-key",
           .value = "VKEY",
           .help = "The log's verifier key, or the file that holds it.",
           .required = true,
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--witness-key",
           .value = "VKEY",
           .help = "The verifier key of a witness, or the file that holds it.",
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--witnesses",
           .value = "N",
           .help = "How many of these witnesses must have cosigned.",
           .fallback = "0"}};
}

Result<ledger::Policy> policy_from(const Invocation& invocation) {
  std::vector<ledger::VerifierKey> logs;
  std::vector<ledger::VerifierKey> witnesses;
  for (const std::string& value : invocation.all("--log-key")) {
    TRY_ASSIGN(ledger::VerifierKey key, vkey_from(value));
    logs.push_back(std::move(key));
  }
  for (const std::string& value : invocation.all("--witness-key")) {
    TRY_ASSIGN(ledger::VerifierKey key, vkey_from(value));
    witnesses.push_back(std::move(key));
  }
  TRY_ASSIGN(const std::uint64_t required, invocation.get_uint("--witnesses", 0, k_witnesses_max));
  return ledger::Policy::make(std::move(logs), std::move(witnesses), static_cast<std::size_t>(required));
}

Result<ledger::VerifiedCheckpoint> open_checkpoint_file(const std::filesystem::path& path,
                                                        const ledger::Policy& policy) {
  TRY_ASSIGN(const Bytes note, os::read_file(path, k_text_file_size_bytes_max));
  return ledger::open_checkpoint(Untrusted(ByteView(note)), policy)
      .context("checkpoint '" + printable(path.native()) + "'");
}

Json checkpoint_json(const ledger::VerifiedCheckpoint& checkpoint) {
  Json witnesses = Json::array();
  for (const ledger::Cosignature& cosignature : checkpoint.cosignatures()) {
    witnesses.push(Json::object({{"witness", cosignature.witness}, {"time", to_rfc3339(cosignature.time)}}));
  }
  Json json = Json::object({{"origin", checkpoint.origin()},
                            {"size", checkpoint.size()},
                            {"root", to_base64(checkpoint.root())},
                            {"cosignatures", std::move(witnesses)}});
  if (checkpoint.witnessed_at()) json.set("witnessed_at", to_rfc3339(*checkpoint.witnessed_at()));
  return json;
}

Result<void> deliver(const Invocation& invocation, std::string_view name, const std::string& text, Json result) {
  Output& out = invocation.out();
  if (invocation.has("--out")) {
    TRY(os::replace_file(invocation.get("--out"), as_bytes(text)));
    out.line("Written to " + printable(invocation.get("--out")));
  } else if (!out.json()) {
    out.raw(as_bytes(text));
  }
  result.set(name, text);
  out.result(std::move(result));
  return {};
}

std::vector<Command> ledger_commands() {
  std::vector<Command> commands = ledger_write_commands();
  for (Command& command : ledger_check_commands()) commands.push_back(std::move(command));
  return commands;
}

}  // namespace signet::cli
