// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "key/rotate_command.hpp"

#include "signet/keystore.hpp"
#include "signet/keystored.hpp"
#include "signet/os/file.hpp"
#include "signet/pki.hpp"

#include <optional>
#include <string>

namespace signet::cli {

namespace {

using keystore::KeystoredClient;
using keystore::KeystoredKey;

constexpr std::uint64_t k_certificate_bytes_max = 1U << 20U;

Error wrong(std::string text, std::string hint) { return {Errc::usage, "cli.usage", std::move(text), std::move(hint)}; }

Json arguments_of(const KeystoredKey& key) {
  return Json::object({{"label", key.label}, {"purpose", name_of(key.purpose)}});
}

/// The key that comes next, with its request; the old one stays where it is.
Result<void> prepare(const Invocation& call, KeystoredClient& keystored, const KeystoredKey& before) {
  Json arguments = arguments_of(before);
  if (call.has("--subject")) arguments.set("subject", call.get("--subject"));
  TRY_ASSIGN(const Json answer, keystored.call("rotate-prepare", std::move(arguments)));
  TRY_ASSIGN(const KeystoredKey next, KeystoredKey::parse(answer));
  if (answer.find("request") == nullptr) {
    return wrong("the key '" + printable(before.label) + "' does not sign, so it has no certificate",
                 "Rotate it without --request.");
  }
  TRY_ASSIGN(const Bytes der, keystore::bytes_at(answer, "request"));
  TRY_ASSIGN(const pki::Request request, pki::Request::from_der(der));
  const std::string& file = call.get("--request");
  TRY(os::replace_file(file, as_bytes(request.pem())));
  call.out().line("prepared     " + printable(next.label) + ", whose request is in " + printable(file));
  call.out().line("fingerprint  " + to_hex(next.public_key.fingerprint()));
  call.out().line("The key '" + printable(before.label) +
                  "' and its certificate stay as they are. When the new one is there:");
  call.out().line("  signet key rotate " + call.get("KEY") + " --certificate NEW.pem --install THE-SERVICES.pem");
  call.out().result(Json::object({{"label", before.label},
                                  {"next_label", next.label},
                                  {"fingerprint", to_hex(next.public_key.fingerprint())},
                                  {"request", request.pem()}}));
  return {};
}

/// The new certificate, if it is of the key that comes next.
Result<std::string> fitting_certificate(const Invocation& call, KeystoredClient& keystored,
                                        const KeystoredKey& before) {
  TRY_ASSIGN(const Bytes text, os::read_file(call.get("--certificate"), k_certificate_bytes_max));
  TRY_ASSIGN(const auto chain, pki::Certificate::all_from_pem(as_text(text)));
  TRY_ASSIGN(const crypto::PublicKey certified, chain.front().public_key());
  const auto next = keystored.find(before.label + ".next");
  if (!next && next.error().reason() == "keystore.no-key") {
    return Error(Errc::not_found, "key.rotate-not-prepared",
                 "there is no key '" + printable(before.label) + ".next' that a certificate could be of",
                 "Begin with --request FILE.");
  }
  if (!next) return next.error();
  if (certified == next->public_key) return std::string(as_text(text));
  return Error(
      Errc::untrusted, "key.other-key",
      "the certificate is of another key than '" + printable(next->label) + "'; nothing was changed",
      certified == before.public_key ? "It is the old one's." : "Was it issued for the request of this rotation?");
}

/// Puts the certificate where the service reads it, and keeps the old one beside it.
Result<void> install(const std::string& file, const std::string& certificate) {
  const auto old = os::read_file(file, k_certificate_bytes_max);
  if (!old && old.error().code() != Errc::not_found) return old.error();
  if (old) TRY(os::replace_file(file + ".old", *old));
  return os::replace_file(file, as_bytes(certificate));
}

Result<void> exchange(const Invocation& call, KeystoredClient& keystored, const KeystoredKey& before) {
  std::optional<std::string> certificate;
  if (call.has("--certificate")) {
    TRY_ASSIGN(certificate, fitting_certificate(call, keystored, before));
  }
  TRY_ASSIGN(const Json answer, keystored.call("rotate", arguments_of(before)));
  TRY_ASSIGN(const KeystoredKey after, KeystoredKey::parse(answer));
  if (certificate && call.has("--install")) TRY(install(call.get("--install"), *certificate));
  Output& out = call.out();
  out.line("rotated      " + printable(after.label));
  out.line("purpose      " + std::string(name_of(after.purpose)));
  out.line("algorithm    " + std::string(name_of(after.public_key.algorithm())));
  out.line("fingerprint  " + to_hex(after.public_key.fingerprint()));
  const std::string old_label = before.label + ".old";
  out.line("before       " + to_hex(before.public_key.fingerprint()) + ", now called " + printable(old_label));
  if (!certificate) {
    out.line("The old certificate does not fit the new key. Get one for it, and until then let the service use " +
             printable(old_label) + ".");
  } else if (call.has("--install")) {
    out.line("certificate  " + printable(call.get("--install")) +
             ", the old one beside it in .old; reload the service");
  } else {
    out.line("Put the certificate where the service reads it, and reload the service.");
  }
  out.line("When nothing needs the old key any more: signet key retire, with label=" + printable(old_label));
  out.result(Json::object({{"label", after.label},
                           {"purpose", name_of(after.purpose)},
                           {"algorithm", name_of(after.public_key.algorithm())},
                           {"fingerprint", to_hex(after.public_key.fingerprint())},
                           {"public_key", after.public_key.pem()},
                           {"old_label", old_label},
                           {"old_fingerprint", to_hex(before.public_key.fingerprint())}}));
  return {};
}

Result<void> rotate(const Invocation& call) {
  if (call.has("--request") && call.has("--certificate"))
    return wrong("a rotation has its --request first and its --certificate later", "Give one of the two.");
  if (call.has("--subject") && !call.has("--request"))
    return wrong("--subject goes with --request", "Add --request FILE.");
  if (call.has("--install") && !call.has("--certificate"))
    return wrong("--install goes with --certificate", "Add --certificate FILE.");
  TRY_ASSIGN(const auto key, keystore::open_key(call.get("KEY")));
  TRY_ASSIGN(const keystore::StoreInfo store, key.store->describe());
  if (store.backend != "keystored") {
    return Error(Errc::unsupported, "key.rotate-unsupported", "only signet-keystored rotates keys",
                 "Here: make a new key with `signet key generate`, then retire the old one.");
  }
  KeystoredClient keystored(store.label);
  TRY_ASSIGN(const KeystoredKey before, keystored.find(key.info.label));
  return call.has("--request") ? prepare(call, keystored, before) : exchange(call, keystored, before);
}

}  // namespace

Command rotate_command() {
  return {
      .noun = "key",
      .verb = "rotate",
      .summary = "Put a new key of the same kind in the place of an old one",
      .description =
          "Makes a new key with the algorithm and the purpose of the old one, in the same TPM; one that is bound to a "
          "boot state is bound to the state of now. It takes the old key's label; the old key is called LABEL.old "
          "from then on and works until `signet key retire` destroys it.\n\nA key with a certificate is rotated in "
          "two steps, so that the service never has one without the other. --request makes the new key beside the "
          "old one, called LABEL.next, and writes the request for its certificate. --certificate checks that the "
          "certificate is of that key, exchanges the keys, and with --install replaces the service's file, whose "
          "old content is kept in FILE.old.",
      .positionals = {{.name = "KEY",
                       .help = "The key's URI, as `signet key list --json` prints it",
                       .complete = Complete::nothing}},
      .options = {{.name = "--request",
                   .value = "FILE",
                   .help = "First step: make the new key, and write the request for its certificate.",
                   .complete = Complete::file},
                  {.name = "--subject", .value = "NAME", .help = "Whom the certificate is to name; else CN=LABEL."},
                  {.name = "--certificate",
                   .value = "FILE",
                   .help = "Second step: the new certificate, and its issuers (PEM).",
                   .complete = Complete::file},
                  {.name = "--install",
                   .value = "FILE",
                   .help = "Put the new certificate there, and keep the old one beside it.",
                   .complete = Complete::file}},
      .examples = {{"signet key rotate 'keystored:?label=web' --request web.csr", "a new key, not in use yet"},
                   {"signet key rotate 'keystored:?label=web' --certificate web-new.pem --install /etc/nginx/web.pem",
                    "key and certificate at once"},
                   {"signet key rotate 'keystored:?label=vault'", "a key that has no certificate"}},
      .run = rotate};
}

}  // namespace signet::cli
