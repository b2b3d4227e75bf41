// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "stage.hpp"
#include "token.hpp"

namespace signet::cli::tour {

namespace {

using Words = std::vector<std::string>;

const std::string k_line_key = "file:line-keys?label=line&passphrase=none";

/// The maker of the units' TPMs: swtpm, with a certification authority of its own.
Result<void> make_tpm_maker(Stage& stage) {
  const std::string folder = stage.path("tpm-maker").string();
  TRY(os::make_folders(folder, 0700));
  TRY(os::replace_file(folder + "/options", {}));
  TRY(os::replace_file(folder + "/localca.conf",
                       as_bytes("statedir = " + folder + "\nsigningkey = " + folder + "/signkey.pem\nissuercert = " +
                                folder + "/issuercert.pem\ncertserial = " + folder + "/certserial\n")));
  return os::replace_file(folder + "/setup.conf",
                          as_bytes("create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = " + folder +
                                   "/localca.conf\ncreate_certs_tool_options = " + folder + "/options\n"));
}

/// A box with a TPM of its own is switched on, and the program starts that alone may use this TPM.
Result<void> switch_on(Stage& stage, const std::string& unit) {
  TRY(os::make_folders(stage.path(unit + "/tpm"), 0700));
  TRY(stage.backstage({"swtpm_setup", "--tpm2", "--tpmstate", "dir://" + stage.path(unit + "/tpm").string(),
                       "--create-ek-cert", "--lock-nvram", "--pcr-banks", "sha256", "--config",
                       stage.path("tpm-maker/setup.conf").string(), "--logfile",
                       stage.path(unit + "/tpm.log").string()}));
  TRY(stage.start({"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + unit + "/tpm", "--server",
                   "type=unixio,path=" + unit + "/tpm.sock", "--ctrl", "type=unixio,path=" + unit + "/tpm.sock.ctrl",
                   "--flags", "not-need-init,startup-clear"},
                  unit + "/tpm.sock"));
  TRY(stage.start({stage.program("signet-keystored"), "--tpm", "swtpm:path=" + unit + "/tpm.sock", "--state",
                   unit + "/disk", "--socket", unit + "/keystored.sock"},
                  unit + "/keystored.sock"));
  return {};
}

/// The factory's authority and its station's key.
Result<void> set_up_factory(Stage& stage) {
  TRY(certify_quietly(stage, "factory", "Example Factory", "factory-ca", "vendor-ca", vendor_key("root")));
  TRY(stage.quietly({"ca", "init", "factory-ca", "--key", vendor_key("factory"), "--certificate", "factory.pem"}));
  TRY(certify_quietly(stage, "station", "Station 1", "station", "factory-ca", vendor_key("factory")));
  TRY(stage.quietly(
      {"key", "generate", "file:line-keys?passphrase=none", "--label", "line", "--algorithm", "ed25519"}));
  return stage.quietly({"ledger", "vkey", "--key", k_line_key, "--name", "example.com/line-7", "--out", "line.vkey"});
}

/// What the vendor orders for every unit of the product.
Result<void> order(Stage& stage) {
  for (const std::string label : {"floor", "orders"}) {
    TRY(stage.quietly({"key", "generate", k_token, "--label", label}));
  }
  stage.name_value("FLOOR", vendor_key("floor"));
  stage.name_value("ORDERS", vendor_key("orders"));
  TRY(stage.save({"key", "show", vendor_key("orders"), "--public-key"}, "orders.pub.pem"));
  TRY(stage.tool({"openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "escrow.key"}));
  TRY(stage.tool({"openssl", "ec", "-in", "escrow.key", "-pubout", "-out", "escrow.pub.pem"}));
  return stage.signet({"station", "policy", "birth-policy.json", "--key", vendor_key("orders"), "--product", "cam-a",
                       "--floor", "1", "--floor-key", vendor_key("floor"), "--escrow-key", "escrow.pub.pem", "--anchor",
                       "root.pem", "--further-key", "video", "--minimum-strength", "SOFTWARE"});
}

Json station_config() {
  return Json::object(
      {{"station", "station-1"},
       {"line", "line-7"},
       {"listen", "127.0.0.1:0"},
       {"organization", "Example"},
       {"hardware_type", "1.3.6.1.4.1.32473.1"},
       {"state", "station-state"},
       {"ca", Json::object({{"folder", "factory-ca"}, {"key", vendor_key("factory")}})},
       {"signing", Json::object({{"key", vendor_key("station")}, {"certificate", "station.pem"}})},
       {"ledger", Json::object({{"folder", "line"}, {"origin", "example.com/line-7"}, {"key", k_line_key}})},
       {"vendor", Json::object({{"policy", "birth-policy.json"}, {"key", "orders.pub.pem"}})},
       {"tpm",
        Json::object({{"makers", Json::Array{Json::object({{"certificate", "tpm-maker/swtpm-localca-rootca-cert.pem"},
                                                           {"strength", "SOFTWARE"}})}},
                      {"intermediates", Json::Array{"tpm-maker/issuercert.pem"}}})}});
}

/// The port that the station's line about being ready names.
Result<std::string> start_station(Stage& stage) {
  TRY(os::replace_file(stage.path("line-7.json"), as_bytes(station_config().dump(2) + "\n")));
  TRY(stage.brief({"station", "init", "line-7.json"}));
  TRY_ASSIGN(const std::string ready, stage.start({stage.program("signet-station"), "line-7.json"}, "ready units="));
  const std::size_t begin = ready.find('=') + 1;
  return ready.substr(begin, ready.find(' ', begin) - begin);
}

Words birth(const std::string& port, const std::string& unit, const std::string& serial) {
  return {"id",           "birth",
          "--station",    "tcp:127.0.0.1:" + port,
          "--keystored",  unit + "/keystored.sock",
          "--serial",     serial,
          "--product",    "cam-a",
          "--hardware",   "cam-a-r2",
          "--vendor-key", "orders.pub.pem"};
}

Words verify(const std::string& statement) {
  return {"id",        "verify",   statement,
          "--anchor",  "root.pem", "--line-key",
          "line.vkey", "--nonce",  "5ec2e7c0ffee4b1d9a3f0c7715d2e8b4"};
}

}  // namespace

Result<void> play_birth(Stage& stage) {
  stage.chapter(
      "Birth",
      "Units come to the factory's station as boxes that nobody trusts. Each proves by its TPM's endorsement "
      "certificate which chip it has, makes its keys inside, closes the TPM to everybody else, and leaves with "
      "an IEEE 802.1AR device ID. The TPMs are swtpm here, and reported as such.");
  TRY(make_tpm_maker(stage));
  TRY(set_up_factory(stage));
  TRY(order(stage));
  stage.say("Three boxes are switched on, each with a TPM. The third one is going to lie.");
  for (const char* unit : {"unit-a", "unit-b", "unit-c"}) TRY(switch_on(stage, unit));
  stage.say("The station of the line begins its day:");
  TRY_ASSIGN(const std::string port, start_station(stage));
  stage.say("Two are born at once:");
  TRY(stage.together({birth(port, "unit-a", "CAM0001"), birth(port, "unit-b", "CAM0002")}));
  TRY(stage.refused("A clone: another box, with its own TPM, says that it is unit CAM0002",
                    birth(port, "unit-c", "CAM0002"), "station.serial-taken"));
  TRY(stage.signet({"station", "units", "line-7.json"}));
  stage.say(
      "Anybody who holds the vendor's root and the line's key can check a unit, offline. It answers a challenge, so "
      "a copied file does not do:");
  TRY(stage.brief({"id", "show", "--keystored", "unit-a/keystored.sock", "--nonce", "5ec2e7c0ffee4b1d9a3f0c7715d2e8b4",
                   "--out", "unit-a.json"}));
  TRY(stage.signet(verify("unit-a.json")));
  TRY(stage.quietly({"id", "show", "--keystored", "unit-b/keystored.sock", "--out", "unit-b.json"}));
  return stage.refused("A statement of unit B, copied from its disk, in answer to the challenge", verify("unit-b.json"),
                       "attest.no-answer");
}

}  // namespace signet::cli::tour
