// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "props.hpp"
#include "stage.hpp"
#include "token.hpp"

#include <array>

namespace signet::cli::tour {

namespace {

using Words = std::vector<std::string>;

/// Makes a key in the token and has the vendor's authority certify it.
Result<void> certify(Stage& stage, const std::string& label, const std::string& variable, const std::string& name,
                     const std::string& profile) {
  stage.name_value(variable, vendor_key(label));
  TRY(stage.brief({"key", "generate", k_token, "--label", label}));
  TRY(stage.brief({"ca", "request", "--key", vendor_key(label), "--subject", "CN=" + name + ",O=Example", "--out",
                   label + ".csr"}));
  Words issue{"ca",    "issue",     "vendor-ca",    "--key", vendor_key("root"), "--profile",
              profile, "--request", label + ".csr", "--out", label + ".pem"};
  if (profile == "tls-server") issue.insert(issue.end(), {"--name", "updates.example.com"});
  return stage.brief(issue);
}

Result<void> pack(Stage& stage, const std::string& bundle, const std::string& version, int security_version,
                  const std::string& hardware, const std::string& image) {
  return stage.quietly({"firmware", "pack", "--product", "cam-a", "--hardware", hardware, "--version", version,
                        "--security-version", std::to_string(security_version), "--image", "rootfs=" + image, bundle});
}

Result<void> sign(Stage& stage, const std::string& bundle, const Words& signers) {
  for (const std::string& label : signers) {
    TRY(stage.quietly({"firmware", "sign", bundle, "--key", vendor_key(label), "--certificate", label + ".pem"}));
  }
  return {};
}

Words install(const std::string& bundle) { return {"firmware", "install", bundle, "--device", "cam/device.json"}; }

}  // namespace

Result<void> certify_quietly(Stage& stage, const std::string& label, const std::string& name,
                             const std::string& profile, const std::string& authority,
                             const std::string& authority_key) {
  TRY(stage.quietly({"key", "generate", k_token, "--label", label}));
  TRY(stage.quietly({"ca", "request", "--key", vendor_key(label), "--subject", "CN=" + name + ",O=Example", "--out",
                     label + ".csr"}));
  return stage.quietly({"ca", "issue", authority, "--key", authority_key, "--profile", profile, "--request",
                        label + ".csr", "--out", label + ".pem"});
}

Result<void> play_keys(Stage& stage) {
  stage.chapter("The maker's keys",
                "The vendor's root key and two release keys are made inside a PKCS#11 token (SoftHSM2 here; the same "
                "commands work with an HSM or "
                "a smart card) and never leave it. Two people sign each release.");
  TRY(os::make_folders(stage.path("tokens"), 0700));
  TRY(os::replace_file(stage.path("softhsm2.conf"), as_bytes("directories.tokendir = " + stage.path("tokens").string() +
                                                             "\nobjectstore.backend = file\nlog.level = ERROR\n")));
  TRY(os::replace_file(stage.path("pin"), as_bytes("123456\n"), 0600));
  TRY(stage.tool(
      {"softhsm2-util", "--init-token", "--free", "--label", "vendor", "--pin", "123456", "--so-pin", "12345678"}));
  stage.name_value("TOKEN", k_token);
  stage.name_value("ROOT", vendor_key("root"));
  TRY(stage.signet({"key", "generate", k_token, "--label", "root", "--algorithm", "p384"}));
  TRY(stage.signet({"ca", "init", "vendor-ca", "--key", vendor_key("root"), "--subject", "CN=Example Root,O=Example",
                    "--out", "root.pem"}));
  stage.say("Three keys get certificates: two that sign releases, one of a web server.");
  TRY(certify(stage, "alice", "ALICE", "Alice (release)", "firmware-signing"));
  TRY(certify(stage, "bob", "BOB", "Bob (security)", "firmware-signing"));
  TRY(certify(stage, "web", "WEB", "Web server", "tls-server"));
  return stage.signet({"ca", "list", "vendor-ca"});
}

Result<void> play_release(Stage& stage) {
  stage.chapter("A release",
                "A real image: an erofs file system with a small Debian root, made from packages of this machine. It "
                "is packed, signed by two keys in "
                "the token, and put on record in a ledger whose checkpoint a witness cosigns, so that anybody can tell "
                "when it existed.");
  TRY(make_root_image(stage.path("root-11.9"), "11.9", stage.path("rootfs-11.9.erofs")));
  TRY(make_root_image(stage.path("root-11.8"), "11.8", stage.path("rootfs-11.8.erofs")));
  TRY(stage.signet({"firmware", "pack", "--product", "cam-a", "--hardware", "cam-a-r2", "--version", "11.9",
                    "--security-version", "7", "--image", "rootfs=rootfs-11.9.erofs", "cam-a-11.9.bundle"}));
  stage.say(
      "Both sign; the floor's key approves the new floor; the ledger keeps the release; the witness saw it; approval "
      "and "
      "proof travel in the bundle.");
  for (const std::string label : {"alice", "bob"}) {
    TRY(stage.brief(
        {"firmware", "sign", "cam-a-11.9.bundle", "--key", vendor_key(label), "--certificate", label + ".pem"}));
  }
  TRY(stage.brief({"floor", "approve", "--key", vendor_key("floor"), "--bundle", "cam-a-11.9.bundle"}));
  TRY(stage.quietly({"key", "generate", "file:keys?passphrase=none", "--label", "log", "--algorithm", "ed25519"}));
  TRY(stage.quietly({"key", "generate", "file:keys?passphrase=none", "--label", "witness", "--algorithm", "ed25519"}));
  const std::string log_key = "file:keys?label=log&passphrase=none";
  const std::string witness_key = "file:keys?label=witness&passphrase=none";
  stage.name_value("LOG", log_key);
  stage.name_value("WITNESS", witness_key);
  TRY(stage.brief({"ledger", "vkey", "--key", log_key, "--name", "example.com/releases", "--out", "log.vkey"}));
  TRY(stage.brief(
      {"ledger", "vkey", "--key", witness_key, "--name", "witness.example.org", "--witness", "--out", "witness.vkey"}));
  TRY(stage.brief({"ledger", "init", "releases", "--origin", "example.com/releases"}));
  TRY(stage.brief({"firmware", "record", "cam-a-11.9.bundle", "--ledger", "releases"}));
  TRY(stage.brief({"ledger", "checkpoint", "releases", "--key", log_key, "--out", "checkpoint"}));
  TRY(stage.brief({"ledger", "witness", "checkpoint", "--log-key", "log.vkey", "--ledger", "releases", "--key",
                   witness_key, "--name", "witness.example.org", "--state", "witness.state", "--first", "--publish",
                   "--out", "cosigned"}));
  TRY(stage.brief({"firmware", "prove", "cam-a-11.9.bundle", "--ledger", "releases"}));
  TRY(stage.signet({"firmware", "verify", "cam-a-11.9.bundle", "--anchor", "root.pem", "--signers", "2", "--log-key",
                    "log.vkey", "--witness-key", "witness.vkey"}));
  stage.say("None of this has to be believed: manifest and signatures can be checked with openssl alone.");
  TRY(stage.brief({"firmware", "inspect", "cam-a-11.9.bundle", "--extract", "parts"}));
  return stage.tool({"openssl", "cms", "-verify", "-binary", "-purpose", "any", "-inform", "DER", "-in",
                     "parts/signature-1.p7s", "-content", "parts/manifest.json", "-CAfile", "root.pem", "-out",
                     "/dev/null"});
}

Result<void> play_device(Stage& stage) {
  stage.chapter(
      "A device takes it",
      "Unit A gets two slots and demands two signers. Its version floor lives in its TPM. The new release goes "
      "into the slot that does not run, is tried at the next start, and raises the floor when it is "
      "confirmed.");
  TRY(stage.signet({"firmware", "device", "cam", "--product", "cam-a", "--hardware", "cam-a-r2", "--role", "rootfs",
                    "--anchor", "root.pem", "--signers", "2", "--log-key", "log.vkey", "--witness-key", "witness.vkey",
                    "--keystored", "unit-a/keystored.sock"}));
  TRY(stage.signet(install("cam-a-11.9.bundle")));
  TRY(stage.signet({"firmware", "start", "--device", "cam/device.json"}));
  TRY(stage.signet({"firmware", "confirm", "--device", "cam/device.json"}));
  stage.say("What is in the slot is the image, byte for byte:");
  return stage.tool({"cmp", "cam/slots/b/rootfs", "rootfs-11.9.erofs"});
}

namespace {

/// Somebody with an authority of his own, under the same names.
Result<void> make_impostor(Stage& stage) {
  const std::string keys = "file:mallory?passphrase=none";
  const auto key = [](const std::string& label) { return "file:mallory?label=" + label + "&passphrase=none"; };
  for (const char* label : {"root", "alice", "bob"}) TRY(stage.quietly({"key", "generate", keys, "--label", label}));
  TRY(stage.quietly({"ca", "init", "mallory-ca", "--key", key("root"), "--subject", "CN=Example Root,O=Example",
                     "--out", "mallory-root.pem"}));
  TRY(pack(stage, "impostor.bundle", "11.10", 8, "cam-a-r2", "rootfs-11.9.erofs"));
  for (const std::string label : {"alice", "bob"}) {
    TRY(stage.quietly(
        {"ca", "request", "--key", key(label), "--subject", "CN=" + label + ",O=Example", "--out", "mallory.csr"}));
    TRY(stage.quietly({"ca", "issue", "mallory-ca", "--key", key("root"), "--profile", "firmware-signing", "--request",
                       "mallory.csr", "--out", "mallory-" + label + ".pem"}));
    TRY(stage.quietly(
        {"firmware", "sign", "impostor.bundle", "--key", key(label), "--certificate", "mallory-" + label + ".pem"}));
  }
  return {};
}

/// All bundles that the attackers bring, made without output.
Result<void> make_forgeries(Stage& stage) {
  TRY(pack(stage, "unsigned.bundle", "11.10", 8, "cam-a-r2", "rootfs-11.9.erofs"));
  TRY(make_impostor(stage));
  TRY(forge_payload(stage.path("cam-a-11.9.bundle"), stage.path("payload.bundle")));
  TRY(forge_security_version(stage.path("cam-a-11.9.bundle"), stage.path("manifest.bundle")));
  TRY(cut_in_half(stage.path("cam-a-11.9.bundle"), stage.path("half.bundle")));
  TRY(pack(stage, "alone.bundle", "11.10", 8, "cam-a-r2", "rootfs-11.9.erofs"));
  TRY(sign(stage, "alone.bundle", {"alice"}));
  TRY(pack(stage, "web.bundle", "11.10", 8, "cam-a-r2", "rootfs-11.9.erofs"));
  TRY(sign(stage, "web.bundle", {"alice", "web"}));
  TRY(pack(stage, "other.bundle", "11.10", 8, "cam-b-r1", "rootfs-11.9.erofs"));
  TRY(sign(stage, "other.bundle", {"alice", "bob"}));
  TRY(pack(stage, "unapproved.bundle", "11.10", 8, "cam-a-r2", "rootfs-11.9.erofs"));
  TRY(sign(stage, "unapproved.bundle", {"alice", "bob"}));
  TRY(pack(stage, "old.bundle", "11.8", 6, "cam-a-r2", "rootfs-11.8.erofs"));
  return sign(stage, "old.bundle", {"alice", "bob"});
}

}  // namespace

Result<void> play_forgeries(Stage& stage) {
  stage.chapter("The forgeries",
                "Ten ways to get other firmware onto the device, or to keep its floor down. Each is refused for its "
                "own reason, and the slots "
                "stay as they are.");
  TRY(make_forgeries(stage));
  struct Attack {
    std::string_view bundle;
    std::string_view what;
    std::string_view reason;
  };
  constexpr std::array k_attacks{
      Attack{"unsigned.bundle", "Firmware without a signature", "bundle.unsigned"},
      Attack{"impostor.bundle", "Signed twice under the right names, by somebody's own authority",
             "bundle.wrong-signer"},
      Attack{"payload.bundle", "One bit of the genuine image flipped", "bundle.payload-altered"},
      Attack{"manifest.bundle", "Security version raised in the genuine manifest, checksum mended", "bundle.altered"},
      Attack{"half.bundle", "A download that broke off", "bundle.truncated"},
      Attack{"alone.bundle", "Signed by one of the two release keys", "bundle.too-few-signers"},
      Attack{"web.bundle", "The second signature by the web server's key, which has a genuine certificate",
             "bundle.signer-usage"},
      Attack{"other.bundle", "Genuine firmware, for other hardware", "updated.wrong-hardware"},
      Attack{"old.bundle", "Genuine firmware of last year, with its known holes", "updated.rollback"},
      Attack{"unapproved.bundle", "A newer genuine release, its approval left out so that the floor stays low",
             "updated.no-floor-approval"},
  };
  for (const Attack& attack : k_attacks)
    TRY(stage.refused(attack.what, install(std::string(attack.bundle)), attack.reason));
  stage.say("After all of that, the device:");
  TRY(stage.signet({"firmware", "status", "--device", "cam/device.json"}));
  return stage.tool({"cmp", "cam/slots/b/rootfs", "rootfs-11.9.erofs"});
}

Result<void> play_ledger(Stage& stage) {
  stage.chapter("The ledger, offline",
                "Whoever holds a checkpoint of the release ledger needs no network and no trust in its keeper: every "
                "entry is hashed anew. "
                "Then the keeper changes one.");
  TRY(stage.signet({"ledger", "verify", "releases", "--log-key", "log.vkey", "--held", "cosigned"}));
  TRY(stage.tool({"cp", "-r", "releases", "releases-changed"}));
  TRY(flip_byte(stage.path("releases-changed/tile/entries/000.p/1")));
  return stage.refused("The keeper changes a release that is on record",
                       {"ledger", "verify", "releases-changed", "--log-key", "log.vkey", "--held", "cosigned"},
                       "ledger.altered");
}

}  // namespace signet::cli::tour
