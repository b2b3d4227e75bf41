// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "firmware_common.hpp"

namespace signet::cli::firmware {

namespace {

Result<void> extract(const bundle::Head& head, const std::filesystem::path& folder) {
  TRY(os::make_folders(folder));
  TRY(os::replace_file(folder / "manifest.json", head.manifest));
  std::size_t number = 0;
  for (const Bytes& cms : head.signatures)
    TRY(os::replace_file(folder / ("signature-" + std::to_string(++number) + ".p7s"), cms));
  number = 0;
  for (const Bytes& proof : head.proofs)
    TRY(os::replace_file(folder / ("release-" + std::to_string(++number) + ".tlog-proof"), proof));
  number = 0;
  for (const Bytes& signature : head.hss_signatures)
    TRY(os::replace_file(folder / ("signature-" + std::to_string(++number) + ".hss"), signature));
  number = 0;
  for (const Bytes& approval : head.floor_approvals)
    TRY(os::replace_file(folder / ("floor-" + std::to_string(++number) + ".json"), approval));
  return {};
}

/// Who seems to have signed: the CMS is checked against the manifest, the signer against nothing.
Json claimed_signers(const bundle::Head& head) {
  Json list = Json::array();
  for (const Bytes& cms : head.signatures) {
    const auto opened = pki::cms_verify(cms, head.manifest);
    Json one = Json::object({{"size_bytes", static_cast<std::int64_t>(cms.size())}});
    if (opened) {
      one.set("claimed_signer", opened->signer.subject());
      one.set("claimed_issuer", opened->signer.issuer());
    } else {
      one.set("broken", opened.error().message());
    }
    list.push(std::move(one));
  }
  return list;
}

Result<void> run_inspect(const Invocation& call) {
  const std::string file = call.get("BUNDLE");
  TRY_ASSIGN(const Untrusted<bundle::Head> untrusted, load_head(file));
  const bundle::Head& head = untrusted.unverified();
  TRY_ASSIGN(const bundle::Manifest manifest, bundle::Manifest::parse(head.manifest));
  const Json signers = claimed_signers(head);
  call.out().line(printable(file) + " says of itself (nothing of it is verified here):");
  print_manifest(call.out(), manifest);
  for (const Json& signer : signers.elements()) {
    const Json* claimed = signer.find("claimed_signer");
    call.out().line("  signature         " + (claimed != nullptr
                                                  ? "by " + claimed->as_string().value_or("")
                                                  : std::string("that does not belong to this manifest")));
  }
  if (!head.hss_signatures.empty())
    call.out().line("  HSS signatures    " + std::to_string(head.hss_signatures.size()));
  call.out().line("  release proofs    " + std::to_string(head.proofs.size()));
  call.out().line("  floor approvals   " + std::to_string(head.floor_approvals.size()));
  if (call.has("--extract")) {
    const std::filesystem::path folder = call.get("--extract");
    TRY(extract(head, folder));
    const std::string shown = printable(folder.native());
    call.out().line("Extracted to " + shown + ". Each signature can be checked without Signet:");
    call.out().line("  openssl cms -verify -binary -purpose any -inform DER -in " + shown +
                    "/signature-1.p7s -content " + shown + "/manifest.json -CAfile ROOT.pem -out /dev/null");
  }
  call.out().result(Json::object({{"verified", false},
                                  {"manifest", manifest_json(manifest)},
                                  {"signatures", signers},
                                  {"release_proofs", static_cast<std::int64_t>(head.proofs.size())},
                                  {"hss_signatures", static_cast<std::int64_t>(head.hss_signatures.size())},
                                  {"floor_approvals", static_cast<std::int64_t>(head.floor_approvals.size())}}));
  return {};
}

void print_verdict(Output& out, const std::string& file, const bundle::VerifiedBundle& verified, bool all_bytes) {
  out.line(printable(file) +
           (all_bytes ? " is genuine, every byte:" : " has a genuine front; its images were not read (--front-only):"));
  print_manifest(out, verified.manifest());
  for (const bundle::SignatureReport& report : verified.signatures()) {
    out.line("  signature         " + report.signer +
             (report.counts() ? "" : " (does not count: " + report.text + ")"));
  }
  out.line(
      "  judged at         " + to_rfc3339(verified.judged_at()) +
      (verified.release_time_proven() ? ", the release time that a ledger proves" : ", no release time is proven"));
}

Result<void> run_verify(const Invocation& call) {
  const std::string file = call.get("BUNDLE");
  TRY_ASSIGN(const bundle::TrustPolicy policy, policy_from(call));
  Instant now = os::SystemClock().now();
  if (call.has("--at")) {
    TRY_ASSIGN(now, from_rfc3339(call.get("--at")));
  }
  std::unique_ptr<bundle::Source> source = bundle::standard_input_source();
  if (file != "-") {
    TRY_ASSIGN(source, bundle::open_source(file));
  }
  TRY_ASSIGN(const Untrusted<bundle::Head> head, bundle::read_head(*source));
  TRY_ASSIGN(const bundle::VerifiedBundle verified, bundle::verify(head, policy, now));
  const bool all_bytes = !call.has("--front-only");
  if (all_bytes) TRY(bundle::check_images(verified, *source, progress_to(call.out(), "verifying")));
  print_verdict(call.out(), file, verified, all_bytes);
  call.out().result(Json::object({{"bundle", file},
                                  {"all_bytes_verified", all_bytes},
                                  {"manifest", manifest_json(verified.manifest())},
                                  {"signatures", signatures_json(verified.signatures())},
                                  {"judged_at", to_rfc3339(verified.judged_at())},
                                  {"release_time_proven", verified.release_time_proven()}}));
  return {};
}

Command inspect_command() {
  return {
      .noun = "firmware",
      .verb = "inspect",
      .summary = "Show what a bundle says of itself",
      .description =
          "Reads the front of a bundle and shows it without trusting it. With --extract the manifest, the signatures "
          "and the proofs are "
          "written to files, exactly as signed, so that they can be checked with openssl alone.",
      .positionals = {{"BUNDLE", "File to read; - for standard input."}},
      .options = {{.name = "--extract",
                   .value = "FOLDER",
                   .help = "Write manifest, signatures and proofs there.",
                   .complete = Complete::folder}},
      .examples = {{"signet firmware inspect cam-a.bundle", "Show the manifest and who claims to have signed"},
                   {"signet firmware inspect cam-a.bundle --extract parts", "Write the parts to the folder parts"}},
      .run = run_inspect};
}

std::vector<Option> verify_options() {
  std::vector<Option> options = trust_options();
  options.push_back({.name = "--at", .value = "TIME", .help = "Judge as of this time (RFC 3339)."});
  options.push_back({.name = "--front-only", .help = "Judge manifest and signatures, skip the images."});
  return options;
}

Command verify_command() {
  return {
      .noun = "firmware",
      .verb = "verify",
      .summary = "Verify a bundle: signers, manifest and every byte",
      .description =
          "Demands signatures by as many different keys as --signers says, each with a chain to an anchor and the "
          "usage codeSigning, then "
          "reads all images and compares every byte with what was signed.\n\n"
          "Signers are judged as of now, or as of --at, or, if --log-key and --witness-key are given and the bundle "
          "carries a proof by them, as of "
          "the time at which the witnesses saw the release. A signer on a --crl is refused whatever the time.",
      .positionals = {{"BUNDLE", "File to verify; - for standard input."}},
      .options = verify_options(),
      .examples = {{"signet firmware verify cam-a.bundle --anchor vendor-root.pem --signers 2",
                    "Two signers are demanded"},
                   {"signet firmware verify cam-a.bundle --anchor vendor-root.pem --signers 2 --hss-key release.hss "
                    "--require-algorithm ecdsa --require-algorithm hss",
                    "Hybrid: a classical and a post-quantum signature are demanded"},
                   {"signet firmware verify - --anchor vendor-root.pem < cam-a.bundle",
                    "From a pipe, while it arrives"}},
      .run = run_verify};
}

}  // namespace

Result<bundle::TrustPolicy> policy_from(const Invocation& call) {
  bundle::TrustPolicy policy;
  TRY_ASSIGN(policy.anchors, load_certificates(call.all("--anchor")));
  TRY_ASSIGN(policy.crls, load_crls(call.all("--crl")));
  TRY_ASSIGN(const std::uint64_t signers, call.get_uint("--signers", 1, bundle::k_records_max));
  policy.signers_required = static_cast<unsigned>(signers);
  for (const std::string& file : call.all("--hss-key")) {
    TRY_ASSIGN(crypto::HssPublicKey key, load_hss_key(file));
    policy.hss_keys.push_back(std::move(key));
  }
  policy.algorithms_required = call.all("--require-algorithm");
  std::vector<std::string> log_keys = call.all("--log-key");
  const std::vector<std::string>& demanded = call.all("--require-ledger");
  log_keys.insert(log_keys.end(), demanded.begin(), demanded.end());
  policy.release_proof_required = !demanded.empty();
  if (!log_keys.empty()) {
    TRY_ASSIGN(std::vector<ledger::VerifierKey> logs, load_vkeys(log_keys));
    TRY_ASSIGN(std::vector<ledger::VerifierKey> witnesses, load_vkeys(call.all("--witness-key")));
    const std::size_t required = witnesses.size();
    TRY_ASSIGN(policy.release_logs, ledger::Policy::make(std::move(logs), std::move(witnesses), required));
  }
  return policy;
}

std::vector<Option> trust_options() {
  return {{.name = "--anchor",
           .value = "FILE",
           .help = "Trusted root (PEM).",
           .required = true,
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--crl",
           .value = "FILE",
           .help = "Revocation list (PEM).",
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--signers", .value = "N", .help = "How many different keys must have signed.", .fallback = "1"},
          {.name = "--log-key",
           .value = "VKEY",
           .help = "Ledger whose proof of release time counts: a key or a file with one.",
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--witness-key",
           .value = "VKEY",
           .help = "Witness that must have seen it: a key or a file with one.",
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--require-ledger",
           .value = "VKEY",
           .help = "Ledger that must hold the release: a key or a file with one.",
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--hss-key",
           .value = "FILE",
           .help = "Post-quantum key (HSS/LMS, RFC 8554) whose signature counts.",
           .repeatable = true,
           .complete = Complete::file},
          {.name = "--require-algorithm",
           .value = "KIND",
           .help = "Kind of signature of which one must count.",
           .repeatable = true,
           .choices = {"ecdsa", "rsa", "ed25519", "hss"}}};
}

std::vector<Command> check_commands() { return {inspect_command(), verify_command()}; }

}  // namespace signet::cli::firmware
