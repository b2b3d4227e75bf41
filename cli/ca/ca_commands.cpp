// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ca/ca_commands.hpp"

#include "signet/ca.hpp"
#include "signet/keystore.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"
#include "signet/pki.hpp"

#include "ca/attested.hpp"
#include "ca/ca_words.hpp"
#include "id/identity_trust.hpp"
#include "key/attestation.hpp"

#include <algorithm>

namespace signet::cli {

namespace {

constexpr std::uint64_t k_input_size_bytes_max = 1U << 20U;
constexpr std::uint64_t k_days_max = 36'525;
const os::SystemClock k_clock;

// PEM to the file of --out, or to standard output where there is none; `said` is for people and goes with a file only.
Result<void> deliver(const Invocation& call, const std::string& pem, const std::string& said, Json json) {
  if (const std::string path = call.get("--out"); !path.empty()) {
    TRY(os::replace_file(path, as_bytes(pem)));
    call.out().line(said + " -> " + printable(path));
  } else if (!call.out().json()) {
    call.out().raw(as_bytes(pem));
  }
  call.out().result(std::move(json));
  return {};
}

// A file in PEM or DER.
template <typename T>
Result<T> read_either(const std::string& path, Result<T> (*from_pem)(std::string_view),
                      Result<T> (*from_der)(ByteView)) {
  TRY_ASSIGN(const Bytes bytes, os::read_file(path, k_input_size_bytes_max));
  const bool is_der = !bytes.empty() && bytes.front() == std::byte{0x30};
  return (is_der ? from_der(bytes) : from_pem(as_text(bytes))).context("read " + printable(path));
}

Result<std::optional<std::uint32_t>> days_of(const Invocation& call) {
  if (!call.has("--days")) return std::optional<std::uint32_t>();
  TRY_ASSIGN(const std::uint64_t days, call.get_uint("--days", 1, k_days_max));
  return std::optional(static_cast<std::uint32_t>(days));
}

Result<void> init(const Invocation& call) {
  TRY_ASSIGN(const auto days, days_of(call));
  const bool below = call.has("--certificate");
  if (below == call.has("--subject")) {
    return Error(
        Errc::usage, "ca.usage", "an authority needs either --subject or --certificate",
        "Give --subject for a root, or --certificate with the CA certificate that a root issued for this key.");
  }
  if (below) {
    TRY_ASSIGN(const auto certificate,
               read_either(call.get("--certificate"), &pki::Certificate::from_pem, &pki::Certificate::from_der));
    TRY_ASSIGN(auto signer, keystore::open_signer(call.get("--key")));
    TRY_ASSIGN(const auto authority,
               ca::Authority::create_below(call.get("FOLDER"), std::move(signer), certificate, k_clock));
    return deliver(call, certificate.pem(), "authority '" + certificate.subject() + "'", as_json(certificate));
  }
  TRY_ASSIGN(const auto profile, pki::profile_named(call.get("--profile")));
  TRY_ASSIGN(const auto subject, pki::Subject::parse(call.get("--subject")));
  TRY_ASSIGN(auto signer, keystore::open_signer(call.get("--key")));
  TRY_ASSIGN(const auto authority,
             ca::Authority::create_root(call.get("FOLDER"), std::move(signer), profile, subject, days, k_clock));
  const auto& root = authority.certificate();
  return deliver(call, root.pem(), "root '" + root.subject() + "', valid until " + to_rfc3339(root.not_after()),
                 as_json(root));
}

Result<ca::Application> application_for_key(const Invocation& call) {
  TRY_ASSIGN(const auto profile, pki::profile_named(call.get("--profile")));
  TRY_ASSIGN(const auto days, days_of(call));
  const std::vector<std::string>& names = call.all("--name");
  if (call.has("--request") == call.has("--public-key")) {
    return Error(Errc::usage, "ca.usage", "a certificate is issued for either a --request or a --public-key");
  }
  if (call.has("--request")) {
    TRY_ASSIGN(const auto request,
               read_either(call.get("--request"), &pki::Request::from_pem, &pki::Request::from_der));
    TRY_ASSIGN(const auto subject,
               call.has("--subject") ? pki::Subject::parse(call.get("--subject")) : request.subject());
    return ca::Application{.profile = profile,
                           .subject = subject,
                           .public_key = request.public_key(),
                           .dns_names = names.empty() && !profile.ca ? request.dns_names() : names,
                           .days = days};
  }
  if (!call.has("--subject"))
    return Error(Errc::usage, "ca.usage", "a public key does not say whose it is", "Name its owner with --subject.");
  TRY_ASSIGN(const auto subject, pki::Subject::parse(call.get("--subject")));
  TRY_ASSIGN(const auto key,
             read_either(call.get("--public-key"), &crypto::PublicKey::from_pem, &crypto::PublicKey::from_spki_der));
  return ca::Application{.profile = profile, .subject = subject, .public_key = key, .dns_names = names, .days = days};
}

// A device's serial number stands in its subject and in its hardware module; it is given once.
Result<ca::Application> application_of(const Invocation& call) {
  TRY_ASSIGN(auto application, application_for_key(call));
  std::string& serial = application.subject.serial_number;
  if (call.has("--device-serial")) {
    const std::string given = call.get("--device-serial");
    if (!serial.empty() && serial != given) {
      return Error(Errc::usage, "ca.usage",
                   "the subject has the serial number '" + printable(serial) + "', not '" + printable(given) + "'");
    }
    serial = given;
  }
  if (call.has("--hardware-type")) {
    application.hardware = pki::HardwareModule{.type_oid = call.get("--hardware-type"), .serial = to_bytes(serial)};
  }
  return application;
}

Result<void> issue(const Invocation& call) {
  TRY_ASSIGN(auto application, application_of(call));
  TRY_ASSIGN(const std::string place, add_attestation(call, application));
  TRY_ASSIGN(auto signer, keystore::open_signer(call.get("--key")));
  TRY_ASSIGN(auto authority, ca::Authority::open(call.get("FOLDER"), std::move(signer), k_clock));
  TRY_ASSIGN(const auto certificate, authority.issue(application));
  const std::string said = "certificate " + certificate.serial_hex() + " for '" + certificate.subject() +
                           "', valid until " + to_rfc3339(certificate.not_after()) + place;
  return deliver(call, certificate.pem(), said, as_json(certificate))
      .context("certificate " + certificate.serial_hex() +
               " is issued ('signet ca show' prints it), but was not delivered");
}

Result<void> revoke(const Invocation& call) {
  TRY_ASSIGN(const auto reason, pki::revocation_reason_from(call.get("--reason")));
  TRY_ASSIGN(auto authority, ca::Authority::open(call.get("FOLDER"), nullptr, k_clock));
  const std::string serial = serial_of(call);
  TRY(authority.revoke(serial, reason));
  call.out().line("certificate " + serial + " is revoked (" + std::string(pki::name_of(reason)) +
                  "); others learn of it from the next 'signet ca crl'");
  call.out().result(Json::object({{"serial", serial}, {"reason", pki::name_of(reason)}}));
  return {};
}

Result<void> crl(const Invocation& call) {
  TRY_ASSIGN(const std::uint64_t days, call.get_uint("--days", 1, k_days_max));
  TRY_ASSIGN(auto signer, keystore::open_signer(call.get("--key")));
  TRY_ASSIGN(auto authority, ca::Authority::open(call.get("FOLDER"), std::move(signer), k_clock));
  TRY_ASSIGN(const auto list, authority.crl(static_cast<std::uint32_t>(days)));
  Json json = Json::object(
      {{"number", authority.crl_number()}, {"revoked", static_cast<std::uint64_t>(list.revoked().size())}});
  json.set("this_update", to_rfc3339(list.this_update())).set("crl", list.pem());
  if (const auto next = list.next_update()) json.set("next_update", to_rfc3339(*next));
  const std::string said = "revocation list " + std::to_string(authority.crl_number()) + " with " +
                           std::to_string(list.revoked().size()) + " certificates";
  return deliver(call, list.pem(), said, std::move(json));
}

Result<void> list(const Invocation& call) {
  TRY_ASSIGN(const auto authority, ca::Authority::open(call.get("FOLDER"), nullptr, k_clock));
  const Instant now = k_clock.now();
  Json certificates = Json::array();
  for (const ca::Entry& entry : authority.list()) {
    std::string line = entry.serial_hex + "  " + std::string(state_of(entry, now)) + "  " + entry.profile + "  until " +
                       to_rfc3339(entry.not_after) + "  " + entry.subject;
    if (entry.revoked) line += "  (" + std::string(pki::name_of(entry.revoked->reason)) + ")";
    call.out().line(line);
    certificates.push(as_json(entry, now));
  }
  if (authority.list().empty()) call.out().line("no certificate issued yet");
  call.out().result(
      Json::object({{"authority", authority.certificate().subject()}, {"certificates", std::move(certificates)}}));
  return {};
}

Result<void> show(const Invocation& call) {
  TRY_ASSIGN(const auto authority, ca::Authority::open(call.get("FOLDER"), nullptr, k_clock));
  if (!call.has("SERIAL")) {
    const auto& own = authority.certificate();
    return deliver(call, own.pem(), "certificate of '" + own.subject() + "'", as_json(own));
  }
  const auto& entries = authority.list();
  const auto found = std::ranges::find(entries, serial_of(call), &ca::Entry::serial_hex);
  if (found == entries.end()) {
    return Error(Errc::not_found, "ca.no-such-serial", "this authority issued no certificate of that serial number",
                 "'signet ca list' shows them all.");
  }
  TRY_ASSIGN(const auto certificate, pki::Certificate::from_der(found->certificate_der));
  return deliver(call, certificate.pem(), "certificate of '" + certificate.subject() + "'", as_json(certificate));
}

Result<void> request(const Invocation& call) {
  TRY_ASSIGN(const auto subject, pki::Subject::parse(call.get("--subject")));
  TRY_ASSIGN(const auto signer, keystore::open_signer(call.get("--key")));
  TRY_ASSIGN(const Bytes der, pki::request(signer, subject, call.all("--name")));
  TRY_ASSIGN(const auto made, pki::Request::from_der(der));
  return deliver(call, made.pem(), "request", Json::object({{"request", made.pem()}}));
}

const Positional k_folder{.name = "FOLDER", .help = "The authority's folder.", .complete = Complete::folder};

Option key_option(const std::string& whose) {
  return {.name = "--key",
          .value = "URI",
          .help = "The " + whose + " private key (file: or pkcs11: URI).",
          .required = true};
}
Option out_option(const std::string& what) {
  return {.name = "--out",
          .value = "FILE",
          .help = "Write " + what + " there, in PEM, instead of printing it.",
          .complete = Complete::file};
}
Option days_option(const std::string& fallback) {
  return {.name = "--days", .value = "N", .help = "For how many days it is valid.", .fallback = fallback};
}
Option subject_option(bool required) {
  return {.name = "--subject",
          .value = "NAME",
          .help = "Whose it is: 'CN=Example Root,O=Example,C=SE'.",
          .required = required};
}
Option name_option() {
  return {.name = "--name", .value = "DNS", .help = "A DNS name or IP address of a server.", .repeatable = true};
}
Command init_command() {
  return {.noun = "ca",
          .verb = "init",
          .summary = "Make a certificate authority",
          .description =
              "Makes a folder that holds an authority's books: its certificate, what it issued and what it revoked. "
              "The key "
              "stays where --key says.\n\nWith --subject it is a root, which signs its own certificate. With "
              "--certificate it "
              "is an authority below another one, which issued that certificate from a request.",
          .positionals = {k_folder},
          .options = {key_option("authority's"), subject_option(false), profile_option(true), days_option(""),
                      Option{.name = "--certificate",
                             .value = "FILE",
                             .help = "The certificate that another authority issued.",
                             .complete = Complete::file},
                      out_option("its certificate")},
          .examples = {{"signet ca init vendor-ca --key 'pkcs11:token=vendor;object=root' --subject 'CN=Example "
                        "Root,O=Example' --out root.pem",
                        "make the maker's root with a key in a token"}},
          .run = init};
}

Command issue_command() {
  std::vector<Option> options{
      key_option("authority's"),
      profile_option(false),
      Option{
          .name = "--request", .value = "FILE", .help = "A certificate request (PKCS#10).", .complete = Complete::file},
      Option{.name = "--public-key", .value = "FILE", .help = "A public key.", .complete = Complete::file},
      subject_option(false),
      name_option(),
      Option{
          .name = "--device-serial", .value = "SERIAL", .help = "A device's serial number, for profiles of devices."},
      Option{.name = "--hardware-type",
             .value = "OID",
             .help = "What kind of hardware it is, below your own enterprise number."},
      Option{.name = "--attestation",
             .value = "FILE",
             .help = "Where the key lives: what 'signet key attest' wrote.",
             .complete = Complete::file},
      strength_option("--require-strength", "Refuse keys that are not proven to be that strong."),
      nonce_option("Nonce that the attestation must answer: 16 to 64 bytes."),
      days_option(""),
      out_option("the certificate")};
  for (Option& option : id::trust_options(false)) options.push_back(std::move(option));
  return {
      .noun = "ca",
      .verb = "issue",
      .summary = "Issue a certificate",
      .description =
          "Issues a certificate of one profile, for a request (whose sender has proved to hold the key) or for a "
          "public "
          "key that you got by a trusted way. It is on record before it is printed.\n\nWith --attestation it is known "
          "where the key lives: the statement must hold (--anchor and what follows it say by whose word) and be of "
          "this very key; how strong the key is goes on record. 'signet ca require' makes it a duty.",
      .positionals = {k_folder},
      .options = std::move(options),
      .examples =
          {{"signet ca issue vendor-ca --key 'pkcs11:token=vendor;object=root' --profile firmware-signing "
            "--request release.csr "
            "--out release.pem",
            "certify the key that signs releases"},
           {"signet ca issue line-3 --key 'pkcs11:token=line;object=ca' --profile idevid --public-key idevid.pub "
            "--subject 'CN=Camera,O=Example' --device-serial SN-0042 --hardware-type 1.3.6.1.4.1.32473.1 "
            "--out idevid.pem",
            "give a device its identity by hand; the station does it at each birth"},
           {"signet ca issue fleet-ca --key 'pkcs11:token=fleet;object=ca' --profile tls-server --request cam.csr "
            "--attestation cam-key.json --require-strength strong --anchor vendor-root.pem --line-key line.vkey "
            "--out cam.pem",
            "only for a key that is in a chip"}},
      .run = issue};
}

Command revoke_command() {
  std::vector<std::string> reasons;
  for (int i = 0; i <= static_cast<int>(pki::RevocationReason::privilege_withdrawn); ++i) {
    reasons.emplace_back(pki::name_of(static_cast<pki::RevocationReason>(i)));
  }
  return {.noun = "ca",
          .verb = "revoke",
          .summary = "Take a certificate back",
          .description =
              "Puts a certificate on record as revoked. It cannot be undone. Others learn of it from the next "
              "revocation list.",
          .positionals = {k_folder, Positional{.name = "SERIAL",
                                               .help = "The serial number, as 'signet ca list' shows it.",
                                               .complete = Complete::nothing}},
          .options = {Option{
              .name = "--reason", .value = "REASON", .help = "Why.", .fallback = "unspecified", .choices = reasons}},
          .examples = {{"signet ca revoke vendor-ca 5f2c9a0e7b1d4c3f8e6a5b4c3d2e1f00 --reason key-compromise",
                        "no device takes what that key signed any more"}},
          .run = revoke};
}

Command crl_command() {
  return {.noun = "ca",
          .verb = "crl",
          .summary = "Make a revocation list",
          .description =
              "Signs a list of all certificates revoked so far, also of those that have expired since: firmware is "
              "judged by the "
              "moment at which it was signed. Each list has a number one above the last.",
          .positionals = {k_folder},
          .options = {key_option("authority's"), days_option("30"), out_option("the list")},
          .examples = {{"signet ca crl vendor-ca --key 'pkcs11:token=vendor;object=root' --out vendor.crl",
                        "make this month's list"}},
          .run = crl};
}

Command list_command() {
  return {.noun = "ca",
          .verb = "list",
          .summary = "List the certificates that an authority issued",
          .description = "Shows each certificate with its state, oldest first. No key is needed.",
          .positionals = {k_folder},
          .examples = {{"signet ca list vendor-ca", "all certificates"},
                       {"signet ca list vendor-ca --json", "the same for machines"}},
          .run = list};
}

Command show_command() {
  return {.noun = "ca",
          .verb = "show",
          .summary = "Print a certificate on record",
          .description = "Prints the authority's own certificate, or one that it issued. No key is needed.",
          .positionals = {k_folder, Positional{.name = "SERIAL",
                                               .help = "Of the certificate; without it, the authority's own.",
                                               .required = false,
                                               .complete = Complete::nothing}},
          .options = {out_option("the certificate")},
          .examples = {{"signet ca show vendor-ca --out root.pem", "the root certificate, for devices"}},
          .run = show};
}

Command request_command() {
  return {.noun = "ca",
          .verb = "request",
          .summary = "Ask for a certificate",
          .description =
              "Makes a certificate request (PKCS#10), signed with the key it is for: to be sent to an authority.",
          .options = {key_option("requester's"), subject_option(true), name_option(), out_option("the request")},
          .examples = {{"signet ca request --key 'pkcs11:token=vendor;object=release' --subject 'CN=Release "
                        "2026,O=Example' --out release.csr",
                        "ask for a firmware-signing certificate"}},
          .run = request};
}

}  // namespace

std::vector<Command> ca_commands() {
  return {init_command(), issue_command(), require_command(), revoke_command(),
          crl_command(),  list_command(),  show_command(),    request_command()};
}

}  // namespace signet::cli
