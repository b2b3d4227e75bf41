// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "key/attest_commands.hpp"

#include "signet/key_attestation.hpp"
#include "signet/keystore.hpp"
#include "signet/os/file.hpp"

#include "firmware/firmware_common.hpp"
#include "id/identity_trust.hpp"
#include "key/attestation.hpp"

#include <variant>

namespace signet::cli {

namespace {

constexpr std::uint64_t k_pem_bytes_max = 1U << 20U;
constexpr std::size_t k_nonce_bytes = 32;

// --- attest ---

Result<attest::ResidencyProof> residency_of(const Invocation& call, const keystore::KeyProof& proof) {
  attest::ResidencyProof made{
      .evidence = {proof.public_area, {.statement = proof.statement, .signature = proof.signature}},
      .identity = {},
      .boot_state = proof.boot_state};
  TRY_ASSIGN(made.identity, attest::IdentityStatement::parse(as_bytes(proof.identity)));
  for (const Bytes& der : proof.station) {
    TRY_ASSIGN(auto certificate, pki::Certificate::from_der(der));
    made.station.push_back(std::move(certificate));
  }
  if (call.has("--station-certificate")) {
    TRY_ASSIGN(made.station, firmware::load_certificates({call.get("--station-certificate")}));
  }
  return made;
}

/// The key's own word, where it has no witness.
Result<attest::KeyStatement> own_word(const keystore::NamedKey& key, Bytes nonce) {
  TRY_ASSIGN(const keystore::StoreInfo store, key.store->describe());
  TRY_ASSIGN(const auto signer, key.store->signer({.label = key.info.label, .id = key.info.id}));
  attest::KeyStatement statement{
      .key = signer->public_key(),
      .nonce = std::move(nonce),
      .proof = attest::PossessionProof{.claims = {.backend = store.backend,
                                                  .model = printable(store.model, 200),
                                                  .serial = printable(store.serial, 100),
                                                  .protection = std::string(keystore::name_of(key.info.protection)),
                                                  .extractable = std::string(keystore::name_of(key.info.extractable)),
                                                  .attributes = key.info.attributes}}};
  TRY_ASSIGN(std::get<attest::PossessionProof>(statement.proof).signature,
             signer->sign(crypto::default_scheme(statement.key.algorithm()), statement.possession_message()));
  return statement;
}

Result<attest::KeyStatement> attested(const Invocation& call, const keystore::NamedKey& key) {
  TRY_ASSIGN(const std::optional<Bytes> asked, nonce_of(call));
  Bytes nonce = asked ? *asked : crypto::random_bytes(k_nonce_bytes);
  const auto proof = key.store->prove({.label = key.info.label, .id = key.info.id}, attest::residency_challenge(nonce));
  if (!proof && proof.error().reason() == "keystore.no-proof") return own_word(key, std::move(nonce));
  if (!proof) return proof.error();
  TRY_ASSIGN(attest::ResidencyProof residency, residency_of(call, *proof));
  return attest::KeyStatement{.key = key.info.public_key, .nonce = std::move(nonce), .proof = std::move(residency)};
}

Result<void> run_attest(const Invocation& call) {
  TRY_ASSIGN(const auto key, keystore::open_key(call.get("KEY")));
  TRY_ASSIGN(const attest::KeyStatement statement, attested(call, key));
  const Bytes text = statement.encode();
  TRY(attest::KeyStatement::parse(text));  // what nobody could read is not handed out
  TRY(os::replace_file(call.get("--out"), text));
  const bool certified = std::holds_alternative<attest::ResidencyProof>(statement.proof);
  const std::string_view basis =
      attest::name_of(certified                                               ? attest::Basis::certified
                      : key.info.protection == keystore::Protection::software ? attest::Basis::possession
                                                                              : attest::Basis::claim);
  call.out().line("Wrote " + printable(call.get("--out")) + ": an attestation of the key '" +
                  printable(key.info.label) + "'.");
  call.out().line(certified ? "  The device's TPM vouches for it. Whoever has the vendor's root can check it:"
                            : "  Nobody vouches for it but the key itself, so it proves possession and no more:");
  call.out().line("  signet key attest-verify " + printable(call.get("--out")));
  call.out().result(Json::object({{"file", call.get("--out")},
                                  {"basis", basis},
                                  {"fingerprint", to_hex(statement.key.fingerprint())},
                                  {"nonce", to_hex(statement.nonce)}}));
  return {};
}

// --- attest-verify ---

Result<void> check_wishes(const Invocation& call, const birth::JudgedKey& judged) {
  if (call.has("--serial") && (!judged.device() || judged.device()->serial() != call.get("--serial"))) {
    return Error(
        Errc::untrusted, "key.other-device",
        "the key is not shown to be in device " + printable(call.get("--serial"), 80) + ": it is " + place_of(judged),
        "Is the file the right one? A key of that device is vouched for by its own TPM.");
  }
  if (!call.has("--require-strength")) return {};
  TRY_ASSIGN(const attest::Strength least, strength_of(call.get("--require-strength")));
  if (judged.key().strength() >= least) return {};
  return Error(Errc::untrusted, "key.strength",
               "the key is proven to be " + std::string(attest::name_of(judged.key().strength())) + ", not " +
                   std::string(attest::name_of(least)),
               judged.notes().empty() ? std::string("The key must live in another device.")
                                      : "What is missing: " + judged.notes().front() + ".");
}

Result<std::optional<crypto::PublicKey>> expected_key(const Invocation& call) {
  if (!call.has("--public-key")) return std::optional<crypto::PublicKey>();
  TRY_ASSIGN(const Bytes pem, os::read_file(call.get("--public-key"), k_pem_bytes_max));
  TRY_ASSIGN(auto key, crypto::PublicKey::from_pem(as_text(pem)));
  return std::optional(std::move(key));
}

Result<void> run_verify(const Invocation& call) {
  TRY_ASSIGN(const auto key, expected_key(call));
  TRY_ASSIGN(const birth::JudgedKey judged, judge_attestation(call, call.get("FILE"), key));
  TRY(check_wishes(call, judged));
  Output& out = call.out();
  out.line("The statement holds. The key is " + place_of(judged) + ".");
  out.line("  fingerprint   " + to_hex(judged.key().key().fingerprint()));
  out.line("  algorithm     " + std::string(crypto::name_of(judged.key().key().algorithm())));
  out.line("  rests on      " + std::string(attest::name_of(judged.key().basis())));
  out.line("  strength      " + std::string(attest::name_of(judged.key().strength())));
  out.line(std::string("  made now      ") +
           (judged.key().freshness() == attest::Presence::proven ? "yes, it answers the nonce" : "unproven"));
  for (const tpm::PcrValue& pcr : judged.key().boot_state()) {
    out.line("  works while   PCR " + std::to_string(pcr.index) + " is " + to_hex(pcr.value));
  }
  for (const std::string& note : judged.notes()) out.line("  note          " + note);
  out.result(as_json(judged));
  return {};
}

Command attest_command() {
  return {
      .noun = "key",
      .verb = "attest",
      .summary = "Write down where a key lives, for others to check",
      .description =
          "A key that signet-keystored holds on a device that was born is vouched for by the device's TPM: it was made "
          "there and cannot leave. Anybody can check that, offline, with the vendor's root alone.\n\nA key on a "
          "PKCS#11 token, in a TPM without a birth or in a file has no such witness. Its statement is signed by the "
          "key itself and holds what its store says: possession is proven, and nothing else, and 'signet key "
          "attest-verify' says so.\n\nThe birth record in the statement tells what kind of TPM it is, and the "
          "certificates of the station that signed it are in the statement as well. A device whose station did not "
          "hand them over needs --station-certificate.",
      .positionals = {{.name = "KEY",
                       .help = "The key's URI, as `signet key list --json` prints it",
                       .complete = Complete::nothing}},
      .options =
          {{.name = "--out", .value = "FILE", .help = "File to write.", .required = true, .complete = Complete::file},
           nonce_option("Nonce of the one who asks, so that the statement is known to be new: 16 to 64 bytes."),
           {.name = "--station-certificate",
            .value = "FILE",
            .help = "Put this certificate of the station that signed the birth record in, and its issuers (PEM).",
            .complete = Complete::file}},
      .examples = {{"signet key attest 'keystored:?label=camera' --out camera-key.json",
                    "a key of this device, by the word of its TPM"},
                   {"signet key attest 'pkcs11:token=vendor;object=root' --out root-key.json "
                    "--nonce 8f1c2a90d75e43b6a1f00c9be2d71634",
                    "what a token says of a key"}},
      .run = run_attest};
}

Command verify_command() {
  std::vector<Option> options = id::trust_options(false);
  options.push_back(nonce_option("Nonce that the key's holder was asked with: 16 to 64 bytes."));
  options.push_back({.name = "--public-key",
                     .value = "FILE",
                     .help = "Refuse every key but this one (PEM).",
                     .complete = Complete::file});
  options.push_back({.name = "--serial", .value = "NAME", .help = "Refuse every device but this one."});
  options.push_back(strength_option("--require-strength", "Refuse keys that are not proven to be that strong."));
  return {
      .noun = "key",
      .verb = "attest-verify",
      .summary = "Judge where a key lives, from a statement about it",
      .description =
          "Takes what 'signet key attest' wrote. Works offline: for a key of a device all that is needed is the "
          "vendor's root.\n\nIt says on what the statement rests (certified: a TPM whose attestation key the factory "
          "certified; claim: the store's own word; possession: nothing) and how strong the key is proven to be. "
          "STRONG is a chip of its own, TRUSTED_ENVIRONMENT firmware, SOFTWARE everything else, and whatever nobody "
          "vouches for. What kind of TPM a device has stands in its birth record, which counts if a line's ledger "
          "holds it (--line-key) or a trusted station signed it (--station-key, or a certificate of the vendor's in "
          "the statement).",
      .positionals = {{"FILE", "Statement about a key."}},
      .options = std::move(options),
      .examples = {{"signet key attest-verify camera-key.json --anchor vendor-root.pem --line-key line.vkey "
                    "--require-strength strong",
                    "a key of a device, in a chip of its own"},
                   {"signet key attest-verify root-key.json --nonce 8f1c2a90d75e43b6a1f00c9be2d71634",
                    "the word of a token"}},
      .run = run_verify};
}

}  // namespace

std::vector<Command> key_attest_commands() { return {attest_command(), verify_command(), backend_test_command()}; }

}  // namespace signet::cli
