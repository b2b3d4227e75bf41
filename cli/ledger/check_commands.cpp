// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "ledger/ledger_options.hpp"

#include <algorithm>

namespace signet::cli {

namespace {

constexpr std::uint64_t k_proof_size_bytes_max = 1U << 20U;

const Positional k_folder = {
    .name = "FOLDER", .help = "The ledger's folder, or a copy of what it publishes.", .complete = Complete::folder};
const Option k_out = {.name = "--out",
                      .value = "FILE",
                      .help = "Write to this file instead of standard output.",
                      .complete = Complete::file};

Result<void> prove(const Invocation& invocation) {
  TRY_ASSIGN(const std::uint64_t index, invocation.get_uint("INDEX", 0, INT64_MAX));
  TRY_ASSIGN(const ledger::Published published, ledger::Published::open(invocation.get("FOLDER")));
  TRY_ASSIGN(const ledger::ProofFile proof, published.proof_file(index));
  return deliver(
      invocation, "proof", proof.encode(),
      Json::object(
          {{"index", index}, {"size", published.size()}, {"hashes", std::uint64_t{proof.inclusion.hashes.size()}}}));
}

Result<void> check(const Invocation& invocation) {
  TRY_ASSIGN(const ledger::Policy policy, policy_from(invocation));
  TRY_ASSIGN(const Bytes proof, os::read_file(invocation.get("PROOF"), k_proof_size_bytes_max));
  TRY_ASSIGN(const Bytes entry, os::read_file(invocation.get("ENTRY"), ledger::k_entry_size_bytes_max));
  TRY_ASSIGN(const ledger::VerifiedInclusion verified,
             ledger::verify_proof_file(Untrusted(ByteView(proof)), entry, policy));
  const ledger::VerifiedCheckpoint& checkpoint = verified.checkpoint();
  invocation.out().line("It is entry " + std::to_string(verified.index()) + " of " + std::to_string(checkpoint.size()) +
                        " in '" + printable(checkpoint.origin()) + "'.");
  if (checkpoint.witnessed_at()) invocation.out().line("Witnessed at " + to_rfc3339(*checkpoint.witnessed_at()) + ".");
  invocation.out().result(checkpoint_json(checkpoint).set("index", verified.index()));
  return {};
}

Error not_clean(const std::vector<ledger::Finding>& findings) {
  std::string text = "the ledger is not what its checkpoint covers: " + findings.front().text;
  if (findings.size() > 1) text += " (and " + std::to_string(findings.size() - 1) + " more)";
  return {Errc::untrusted, "ledger.altered", std::move(text), "Keep the folder as it is: it is evidence."};
}

Result<void> verify(const Invocation& invocation) {
  TRY_ASSIGN(const ledger::Policy policy, policy_from(invocation));
  const std::filesystem::path folder = invocation.get("FOLDER");
  TRY_ASSIGN(const ledger::VerifiedCheckpoint checkpoint, open_checkpoint_file(folder / "checkpoint", policy));
  // Held checkpoints need no witnesses: whoever held them is the witness.
  TRY_ASSIGN(const ledger::Policy held_policy, ledger::Policy::make(policy.logs(), policy.witnesses()));
  std::vector<ledger::VerifiedCheckpoint> held;
  for (const std::string& path : invocation.all("--held")) {
    TRY_ASSIGN(ledger::VerifiedCheckpoint one, open_checkpoint_file(path, held_policy));
    held.push_back(std::move(one));
  }
  Output& out = invocation.out();
  const auto progress = [&](std::uint64_t done) { out.progress("Hashing entries", done, checkpoint.size()); };
  TRY_ASSIGN(const ledger::Audit audit, ledger::verify_all(folder, checkpoint, held, progress));
  for (const ledger::Finding& finding : audit.findings)
    out.line(std::string(name_of(finding.kind)) + ": " + finding.text);
  if (!audit.findings.empty()) return not_clean(audit.findings);
  out.line((audit.published == 1 ? "The one entry of '" : "All " + std::to_string(audit.published) + " entries of '") +
           printable(checkpoint.origin()) + (audit.published == 1 ? "' is" : "' are") + " as the checkpoint has it.");
  if (audit.pending > 0) out.line(std::to_string(audit.pending) + " more are appended and wait for a checkpoint.");
  if (checkpoint.witnessed_at()) out.line("Witnessed at " + to_rfc3339(*checkpoint.witnessed_at()) + ".");
  out.result(checkpoint_json(checkpoint).set("pending", audit.pending).set("held", std::uint64_t{held.size()}));
  return {};
}

/// All that a third party needs to see the fork: both signed notes and, for different sizes, the proof that the larger
/// one begins with another tree than the smaller one is.
Json fork_evidence(const ledger::VerifiedCheckpoint& a, const ledger::VerifiedCheckpoint& b,
                   const std::optional<ledger::ConsistencyProof>& proof) {
  const bool in_order = a.size() <= b.size();
  Json evidence = Json::object({{"older", (in_order ? a : b).note()}, {"newer", (in_order ? b : a).note()}});
  if (proof && a.size() != b.size()) {
    Json hashes = Json::array();
    for (const ledger::Hash& hash : proof->hashes) hashes.push(to_base64(hash));
    evidence.set("root_at_older_size", to_base64(proof->old_root)).set("consistency", std::move(hashes));
  }
  return evidence;
}

Result<std::optional<ledger::ConsistencyProof>> proof_between(const Invocation& invocation, std::uint64_t a,
                                                              std::uint64_t b) {
  const auto [old_size, size] = std::minmax(a, b);
  if (!invocation.has("--ledger") || old_size == 0 || old_size == size)
    return std::optional<ledger::ConsistencyProof>();
  TRY_ASSIGN(const ledger::Published published, ledger::Published::open(invocation.get("--ledger")));
  TRY_ASSIGN(ledger::ConsistencyProof proof, published.consistency(old_size, size));
  return std::optional(std::move(proof));
}

Result<void> compare(const Invocation& invocation) {
  TRY_ASSIGN(const ledger::Policy policy, policy_from(invocation));
  TRY_ASSIGN(const ledger::VerifiedCheckpoint a, open_checkpoint_file(invocation.get("ONE"), policy));
  TRY_ASSIGN(const ledger::VerifiedCheckpoint b, open_checkpoint_file(invocation.get("OTHER"), policy));
  TRY_ASSIGN(const auto proof, proof_between(invocation, a.size(), b.size()));
  TRY_ASSIGN(const ledger::Relation relation, ledger::compare(a, b, proof));
  Output& out = invocation.out();
  if (relation == ledger::Relation::fork) {
    const std::string evidence = fork_evidence(a, b, proof).dump(2) + "\n";
    if (invocation.has("--out")) TRY(os::replace_file(invocation.get("--out"), as_bytes(evidence)));
    out.line(evidence);
    return Error(Errc::untrusted, "ledger.fork",
                 "'" + printable(a.origin()) +
                     "' has forked: no append-only log can have signed both checkpoints, over " +
                     std::to_string(a.size()) + " and " + std::to_string(b.size()) + " entries",
                 invocation.has("--out") ? "The proof is in " + printable(invocation.get("--out")) + "."
                                         : "Keep both checkpoints; --out FILE keeps the proof.");
  }
  if (relation == ledger::Relation::unknown) {
    return Error(
        Errc::unavailable, "ledger.unproven",
        "nothing proves that the checkpoints over " + std::to_string(a.size()) + " and " + std::to_string(b.size()) +
            " entries belong together",
        "Give the ledger's folder with --ledger; if its own proof fails, the log cannot show that it only appended.");
  }
  out.line(relation == ledger::Relation::same ? "Both are the same tree."
                                              : "The larger one only adds entries to the smaller one.");
  out.result(Json::object({{"relation", name_of(relation)}, {"sizes", Json::array({Json(a.size()), Json(b.size())})}}));
  return {};
}

}  // namespace

std::vector<Command> ledger_check_commands() {
  std::vector<Option> verify_options = policy_options();
  verify_options.push_back({.name = "--held",
                            .value = "FILE",
                            .help = "A checkpoint that somebody kept.",
                            .repeatable = true,
                            .complete = Complete::file});
  std::vector<Option> compare_options = policy_options();
  compare_options.push_back({.name = "--ledger",
                             .value = "FOLDER",
                             .help = "A ledger's folder, for the consistency proof.",
                             .complete = Complete::folder});
  compare_options.push_back(
      {.name = "--out", .value = "FILE", .help = "Where to keep the proof of a fork.", .complete = Complete::file});
  return {
      {.noun = "ledger",
       .verb = "prove",
       .summary = "Prove that an entry is in a ledger",
       .description = "Writes a C2SP tlog-proof: the path from the entry to the published checkpoint, and the "
                      "checkpoint. It can be "
                      "checked offline, with nothing but the log's verifier key.",
       .positionals = {k_folder,
                       {.name = "INDEX", .help = "The entry's number, from 0.", .complete = Complete::nothing}},
       .options = {k_out},
       .examples = {{"signet ledger prove line-7 0 --out birth-4711.tlog-proof", "Prove the first entry."}},
       .run = prove},
      {.noun = "ledger",
       .verb = "check",
       .summary = "Check a proof that an entry is in a ledger",
       .description = "Needs no network and no ledger. A policy that demands witnesses refuses a proof without their "
                      "cosignatures.",
       .positionals = {{.name = "PROOF", .help = "The tlog-proof file."},
                       {.name = "ENTRY", .help = "The file that holds the entry."}},
       .options = policy_options(),
       .examples = {{"signet ledger check birth-4711.tlog-proof birth-4711.json --log-key line-7.vkey",
                     "Check that a birth record was logged."}},
       .run = check},
      {.noun = "ledger",
       .verb = "verify",
       .summary = "Hash a whole ledger anew and say what was changed",
       .description = "Works offline on a folder or a copy of it. Every entry that was changed, dropped, reordered, "
                      "replayed or added "
                      "under the checkpoint is named, and with --held also what was rewritten under a new checkpoint.",
       .positionals = {k_folder},
       .options = std::move(verify_options),
       .examples = {{"signet ledger verify line-7 --log-key line-7.vkey --held checkpoint-of-last-week",
                     "Audit a ledger."}},
       .run = verify},
      {.noun = "ledger",
       .verb = "compare",
       .summary = "Compare two checkpoints of a ledger",
       .description =
           "Says whether one extends the other. If both cannot be of one append-only log, prints the proof and fails.",
       .positionals = {{.name = "ONE", .help = "A checkpoint."}, {.name = "OTHER", .help = "Another one."}},
       .options = std::move(compare_options),
       .examples = {{"signet ledger compare mine theirs --log-key line-7.vkey --ledger line-7",
                     "Find out whether two people see one history."}},
       .run = compare},
  };
}

}  // namespace signet::cli
