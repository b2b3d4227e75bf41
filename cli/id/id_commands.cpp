// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "id/id_commands.hpp"

#include "signet/birth.hpp"
#include "signet/identity.hpp"
#include "signet/keystored.hpp"
#include "signet/os/file.hpp"

#include "id/identity_trust.hpp"
#include "id/tls_peer.hpp"

#include <variant>

namespace signet::cli {

namespace {

constexpr std::uint64_t k_statement_bytes_max = 1U << 20U;

// --- show ---

Result<void> run_show(const Invocation& call) {
  keystore::KeystoredClient keystored(call.get("--keystored"));
  Json arguments = Json::object();
  if (call.has("--nonce")) {
    TRY_ASSIGN(const Bytes nonce, from_hex(call.get("--nonce")));
    arguments.set("nonce", to_base64(nonce));
  }
  TRY_ASSIGN(const Json answer, keystored.call("identity", std::move(arguments)));
  TRY_ASSIGN(const Json json, answer.object_at("statement"));
  const std::string text = json.dump(2) + "\n";
  TRY_ASSIGN(const attest::IdentityStatement statement, attest::IdentityStatement::parse(as_bytes(text)));
  if (call.has("--out")) TRY(os::replace_file(call.get("--out"), as_bytes(text)));
  const pki::Certificate& certificate = statement.idevid.front();
  call.out().line("This device is " + certificate.device_serial() + ".");
  call.out().line("  certificate       " + certificate.subject());
  call.out().line("  issued by         " + certificate.issuer());
  call.out().line("  fingerprint       " + to_hex(certificate.fingerprint()));
  call.out().line(std::string("  birth record      ") + (statement.birth_record ? "here" : "none") +
                  (statement.receipt ? ", with a receipt of the line's ledger" : ""));
  if (call.has("--out")) {
    call.out().line("Wrote " + printable(call.get("--out")) +
                    ". Whoever has the vendor's root can check it: signet id verify");
  }
  call.out().result(json);
  return {};
}

// --- certificate ---

Result<void> run_certificate(const Invocation& call) {
  keystore::KeystoredClient keystored(call.get("--keystored"));
  const std::string label = call.get("LABEL");
  TRY_ASSIGN(const Json answer, keystored.call("certificates", Json::object({{"label", label}})));
  TRY_ASSIGN(const Json::Array rows, answer.array_at("certificates"));
  std::string pem;
  std::vector<pki::Certificate> chain;
  for (const Json& row : rows) {
    TRY_ASSIGN(const std::string text, row.as_string());
    TRY_ASSIGN(const Bytes der, from_base64(text));
    TRY_ASSIGN(pki::Certificate one, pki::Certificate::from_der(der));
    pem += one.pem();
    chain.push_back(std::move(one));
  }
  if (chain.empty()) {
    return Error(Errc::invalid_input, "keystored.answer", "signet-keystored answers without a certificate",
                 "Are program and service of the same version?");
  }
  TRY(os::replace_file(call.get("--out"), as_bytes(pem)));
  call.out().line("Wrote " + printable(call.get("--out")) + ": " + chain.front().subject() + ", issued by " +
                  chain.front().issuer() + ".");
  call.out().result(Json::object({{"subject", chain.front().subject()},
                                  {"serial", chain.front().device_serial()},
                                  {"certificates", std::uint64_t{chain.size()}},
                                  {"file", call.get("--out")}}));
  return {};
}

// --- verify ---

std::string residency_words(const birth::GenuineDevice& identity) {
  std::string words;
  switch (identity.residency()) {
    case birth::Residency::certificate:
      words = "the factory's certificate says that it was checked to be in a TPM";
      break;
    case birth::Residency::attested:
      words = "attested by the TPM's own key, which the factory certified";
      break;
  }
  if (identity.record()) {
    words += "; " + std::string(attest::name_of(identity.record()->strength));
    if (!identity.record()->tpm_model.empty()) words += " (" + printable(identity.record()->tpm_model, 80) + ")";
  }
  return words;
}

std::string birth_words(const birth::GenuineDevice& identity) {
  if (!identity.record()) return "unproven";
  const birth::Record& record = *identity.record();
  return to_rfc3339(record.born) + " at " + printable(record.station, 64) + ", line " + printable(record.line, 64) +
         (identity.recorded() == birth::Recorded::ledger ? ", in the line's ledger" : ", signed by the station");
}

void print_identity(Output& out, const birth::GenuineDevice& identity) {
  out.line("Genuine: device " + identity.serial() + " of " + identity.vendor().subject() + ".");
  out.line("  certificate       " + identity.certificate().subject());
  out.line("  key               " + residency_words(identity));
  out.line("  born              " + birth_words(identity));
  out.line(std::string("  it is here now    ") +
           (identity.presence() == attest::Presence::proven ? "yes, it used its key" : "unproven"));
  for (const std::string& note : identity.notes()) out.line("  note              " + note);
  Json notes = Json::array();
  for (const std::string& note : identity.notes()) notes.push(note);
  Json json = Json::object({{"genuine", true},
                            {"serial", identity.serial()},
                            {"vendor", identity.vendor().subject()},
                            {"certificate_sha256", to_hex(identity.certificate().fingerprint())},
                            {"residency", birth::name_of(identity.residency())},
                            {"recorded", birth::name_of(identity.recorded())},
                            {"present", identity.presence() == attest::Presence::proven},
                            {"notes", std::move(notes)}});
  if (identity.record()) {
    json.set("strength", attest::name_of(identity.record()->strength));
    json.set("product", identity.record()->product.str());
    json.set("born", to_rfc3339(identity.record()->born));
  }
  out.result(std::move(json));
}

Result<birth::GenuineDevice> judge(const std::string& what, const birth::IdentityTrust& trust) {
  if (what.starts_with("https://")) {
    TRY_ASSIGN(const std::vector<pki::Certificate> chain, id::certificates_of(what));
    return birth::judge_device_certificate(chain, trust);
  }
  if (what.find("://") != std::string::npos) {
    return Error(Errc::usage, "id.url", "a device cannot be asked by '" + printable(what, 120) + "'",
                 "Write https://HOST or https://HOST:PORT, or name a file.");
  }
  TRY_ASSIGN(const Bytes text, os::read_file(what, k_statement_bytes_max));
  TRY_ASSIGN(const attest::IdentityStatement statement, attest::IdentityStatement::parse(text));
  return birth::judge_identity(statement, trust);
}

Result<void> run_verify(const Invocation& call) {
  TRY_ASSIGN(birth::IdentityTrust trust, id::trust_from(call));
  if (call.has("--nonce")) {
    TRY_ASSIGN(trust.nonce, from_hex(call.get("--nonce")));
  }
  TRY_ASSIGN(const birth::GenuineDevice identity, judge(call.get("WHAT"), trust));
  if (call.has("--serial") && identity.serial() != call.get("--serial")) {
    return Error(Errc::untrusted, "id.other-device",
                 "this is device " + printable(identity.serial(), 80) + ", not " + printable(call.get("--serial"), 80),
                 "It is genuine, but another one. Is the address or the file the right one? If it is, somebody put "
                 "this device in the place of yours.");
  }
  print_identity(call.out(), identity);
  return {};
}

// --- birth ---

/// What a station says next. Over a serial line a unit also hears what was meant for the one before it, until it is
/// asked itself; and the question that it has answered, once more.
Result<Bytes> hear(birth::Channel& station, bool first, bool serial) {
  while (true) {
    TRY_ASSIGN(Bytes said, station.receive());
    TRY_ASSIGN(const birth::Message message, birth::parse_message(said));
    if (!serial || std::holds_alternative<birth::Begin>(message) == first) return said;
  }
}

/// One step of a birth: what the station said goes to the TPM's holder, its answer to the station.
Result<birth::Message> relay(birth::Channel& station, keystore::KeystoredClient& keystored, std::string_view op,
                             const Bytes& said, Json arguments) {
  TRY_ASSIGN(const birth::Message message, birth::parse_message(said));
  if (const auto* refused = std::get_if<birth::Refused>(&message)) {
    // The station's reason is passed on where it looks like one, so that scripts can tell refusals apart.
    constexpr std::string_view k_slug = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    const bool slug = !refused->reason.empty() && refused->reason.size() <= 64 &&
                      refused->reason.find_first_not_of(k_slug) == std::string::npos;
    return Error(Errc::denied, slug ? refused->reason : "birth.refused",
                 "the station refused this unit: " + printable(refused->text),
                 "The station shows who was refused and why: 'signet station units CONFIG --failed'.");
  }
  TRY_ASSIGN(Json json, Json::parse(said));
  arguments.set("message", std::move(json));
  auto answer = keystored.call(op, std::move(arguments));
  if (!answer) {  // the station must know why, or it would wait
    const Bytes no = birth::encode(birth::Refused{answer.error().reason(), answer.error().message()});
    const auto sent = station.send(no);  // if it does not arrive, the station sees the connection end
    return sent ? std::move(answer).error() : std::move(answer).error().with_context("the station was not told");
  }
  TRY_ASSIGN(const Json reply, answer->object_at("message"));
  const std::string text = reply.dump();
  TRY_ASSIGN(birth::Message said_back, birth::parse_message(as_bytes(text)));
  TRY(station.send(as_bytes(text)));
  return said_back;
}

Result<void> run_birth(const Invocation& call) {
  keystore::KeystoredClient keystored(call.get("--keystored"));
  Json unit = Json::object(
      {{"serial", call.get("--serial")}, {"product", call.get("--product")}, {"hardware", call.get("--hardware")}});
  if (call.has("--vendor-key")) {
    TRY_ASSIGN(const Bytes pem, os::read_file(call.get("--vendor-key"), k_statement_bytes_max));
    unit.set("vendor_key", std::string(as_text(pem)));
  }
  TRY_ASSIGN(birth::Channel station, birth::Channel::connect(call.get("--station"), std::chrono::seconds(60)));
  const bool serial = call.get("--station").starts_with("serial:");
  const auto step = [&](std::uint64_t done) { call.out().progress("being born", done, 3); };
  step(0);
  TRY_ASSIGN(Bytes said, hear(station, true, serial));
  TRY_ASSIGN(const birth::Message first, relay(station, keystored, "birth-begin", said, std::move(unit)));
  if (!std::holds_alternative<birth::Installed>(first)) {  // else only the last word of an earlier try was missing
    step(1);
    TRY_ASSIGN(said, hear(station, false, serial));
    TRY(relay(station, keystored, "birth-prove", said, Json::object()));
    step(2);
    TRY_ASSIGN(said, hear(station, false, serial));
    TRY(relay(station, keystored, "birth-install", said, Json::object()));
  }
  step(3);
  call.out().line("Born: this unit is " + call.get("--serial") + ", and its TPM is closed. See 'signet id show'.");
  call.out().result(Json::object({{"serial", call.get("--serial")}}));
  return {};
}

Option keystored_option() {
  return {.name = "--keystored",
          .value = "SOCKET",
          .help = "Socket of signet-keystored.",
          .fallback = std::string(keystore::k_keystored_socket),
          .complete = Complete::file};
}

Command certificate_command() {
  return {
      .noun = "id",
      .verb = "certificate",
      .summary = "Write down the certificates of one of this device's keys",
      .description =
          "A birth certifies the device ID (idevid), the attestation key (iak) and the keys that the vendor's policy "
          "names, such as the one that signs video. Programs that use such a key through signet-keystored need its "
          "certificate and those of its issuers: this writes them as PEM, the key's own first, without the root.",
      .positionals = {{"LABEL", "Key whose certificates are wanted: idevid, iak, video, ..."}},
      .options =
          {keystored_option(),
           {.name = "--out", .value = "FILE", .help = "File to write.", .required = true, .complete = Complete::file}},
      .examples = {{"signet id certificate video --out video.pem", "For a camera that signs its recordings"}},
      .run = run_certificate};
}

Command verify_command() {
  std::vector<Option> options = id::trust_options(true);
  options.push_back({.name = "--serial", .value = "NAME", .help = "Refuse every device but this one."});
  options.push_back({.name = "--nonce", .value = "HEX", .help = "Challenge that the device was sent: 16 to 64 bytes."});
  return {.noun = "id",
          .verb = "verify",
          .summary = "Judge a device's identity: genuine or not, whose, which serial",
          .description =
              "Takes a statement that 'signet id show --out' wrote, or the address of a device, whose TLS certificate "
              "is then judged, once it has used its key in a handshake. Works without a network for files: all that is "
              "needed is the vendor's root. Without --serial every device of the vendor is as good as yours.\n\n"
              "What a statement carries must hold, or the device is refused: certificates, the TPM's attestation, the "
              "birth record, its receipt. What it does not carry is said, and lowers what is known. With --nonce the "
              "device must have answered that challenge, so a copied statement is refused.",
          .positionals = {{"WHAT", "Statement file, or https://HOST[:PORT]."}},
          .options = std::move(options),
          .examples = {{"signet id verify device.json --anchor vendor-root.pem --line-key line.vkey",
                        "Offline, with the line's ledger"},
                       {"signet id verify https://192.0.2.7 --anchor vendor-root.pem --serial CAM0001",
                        "A device on the network"}},
          .run = run_verify};
}

}  // namespace

std::vector<Command> id_commands() {
  Command show{
      .noun = "id",
      .verb = "show",
      .summary = "Show this device's identity, and write it down for others",
      .description =
          "Asks signet-keystored for the device ID certificate and its proofs. With --nonce the device ID key "
          "signs a challenge, so that a verifier knows that the device is here now.",
      .positionals = {},
      .options = {keystored_option(),
                  {.name = "--nonce", .value = "HEX", .help = "Challenge to answer: 16 to 64 bytes."},
                  {.name = "--out", .value = "FILE", .help = "Write the statement there.", .complete = Complete::file}},
      .examples = {{"signet id show --out device.json", "Write a statement that others can check"},
                   {"signet id show --nonce 8f1c2a90d75e43b6a1f00c9be2d71634 --out device.json",
                    "Answer a verifier's challenge"}},
      .run = run_show};
  Command birth{.noun = "id",
                .verb = "birth",
                .summary = "Have this unit born at a factory station",
                .description =
                    "Connects the station with signet-keystored and hands on what they say; holds no key itself. A "
                    "birth that was cut off is simply begun again. At the end the unit has its certificates, and the "
                    "TPM's hierarchies are closed for good.",
                .positionals = {},
                .options = {keystored_option(),
                            {.name = "--station",
                             .value = "WHERE",
                             .help = "Where the station is: tcp:HOST:PORT or serial:DEVICE@BAUD.",
                             .required = true},
                            {.name = "--serial", .value = "NAME", .help = "Serial of this unit.", .required = true},
                            {.name = "--product", .value = "NAME", .help = "Product that it is.", .required = true},
                            {.name = "--hardware", .value = "NAME", .help = "Hardware that it is.", .required = true},
                            {.name = "--vendor-key",
                             .value = "FILE",
                             .help = "Vendor's key that must have signed the birth policy (PEM).",
                             .complete = Complete::file}},
                .examples = {{"signet id birth --station tcp:10.0.0.1:4433 --serial CAM0001 --product cam-a --hardware "
                              "cam-a-r2 --vendor-key vendor.pub.pem",
                              "On the unit, at the line"}},
                .run = run_birth};
  return {std::move(show), certificate_command(), verify_command(), std::move(birth)};
}

}  // namespace signet::cli
