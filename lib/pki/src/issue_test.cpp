// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "issued_for_test.hpp"

#include <gtest/gtest.h>

using namespace signet;
using namespace signet::pki::issued;

namespace {

class IssueByKey : public ::testing::TestWithParam<KeyAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Issue, IssueByKey,
                         ::testing::Values(KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048,
                                           KeyAlgorithm::ed25519),
                         [](const auto& each) { return std::string(crypto::name_of(each.param)); });

struct World {
  pki::Issuer root;
  pki::Issuer fleet;
  pki::Issuer firmware;
  pki::Issuer server;

  explicit World(KeyAlgorithm algorithm)
      : root(make_root(algorithm)),
        fleet(below("fleet-ca", "Fleet", "4002", algorithm)),
        firmware(make_signer(root, algorithm)),
        server(tls(algorithm)) {}

 private:
  [[nodiscard]] pki::Issuer below(std::string_view profile, const std::string& name, const std::string& serial,
                                  KeyAlgorithm algorithm) const {
    auto signer = test::make_memory_signer(algorithm);
    return make_below(root, order(profile, name, signer->public_key(), serial), signer);
  }
  [[nodiscard]] pki::Issuer tls(KeyAlgorithm algorithm) const {
    auto signer = test::make_memory_signer(algorithm);
    auto wanted = order("tls-server", "manager.example", signer->public_key(), "4003");
    wanted.dns_names = {"manager.example", "*.fleet.example", "192.0.2.7", "2001:db8::7"};
    return make_below(fleet, wanted, signer);
  }
};

std::string text_of(const test::TempDir& folder, const pki::Certificate& certificate) {
  return peer({"openssl", "x509", "-noout", "-text", "-in", save(folder / "text.pem", certificate.pem())}).out;
}

}  // namespace

TEST_P(IssueByKey, P_PKI_005_OpensslAcceptsStrictly) {
  const World world(GetParam());
  const test::TempDir folder;
  const std::string root = save(folder / "root.pem", world.root.certificate.pem());
  const std::string fleet = save(folder / "fleet.pem", world.fleet.certificate.pem());
  const std::vector<std::string> strict{"openssl", "verify", "-x509_strict", "-check_ss_sig",
                                        "-CAfile", root,     "-untrusted",   fleet};
  const std::pair<const pki::Issuer*, std::vector<std::string>> judged[] = {
      {&world.root, {}},
      {&world.fleet, {}},
      {&world.firmware, {}},
      {&world.server, {"-purpose", "sslserver", "-verify_hostname", "unit7.fleet.example"}}};
  for (const auto& [issuer, more] : judged) {
    auto command = strict;
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(save(folder / "leaf.pem", issuer->certificate.pem()));
    const auto result = peer(command);
    EXPECT_EQ(result.exit_code, 0) << issuer->certificate.subject() << ": " << result.err;
  }
}

TEST_P(IssueByKey, P_PKI_006_CerttoolAccepts) {
  const World world(GetParam());
  const test::TempDir folder;
  const std::string root = save(folder / "root.pem", world.root.certificate.pem());
  const std::pair<const pki::Issuer*, std::string> judged[] = {
      {&world.firmware, world.firmware.certificate.pem()},
      {&world.server, world.server.certificate.pem() + world.fleet.certificate.pem()}};
  for (const auto& [issuer, chain] : judged) {
    const std::string file = save(folder / "chain.pem", chain);
    const auto result = peer({"certtool", "--verify", "--load-ca-certificate", root, "--infile", file});
    EXPECT_EQ(result.exit_code, 0) << issuer->certificate.subject() << ": " << result.out << result.err;
    EXPECT_EQ(peer({"certtool", "-i", "--infile", file}).exit_code, 0);
  }
}

TEST_P(IssueByKey, WhatIsIssuedHoldsForItsUsageOnly) {
  const World world(GetParam());
  pki::ValidationInput input{
      .anchors = {world.root.certificate}, .intermediates = {world.fleet.certificate}, .at = k_begin};
  EXPECT_OK(pki::validate(world.firmware.certificate, input));
  EXPECT_REASON(pki::validate(world.server.certificate, input), "pki.wrong-usage");
  EXPECT_REASON(pki::validate(world.root.certificate, input), "pki.wrong-usage");
  input.usage = pki::Usage::tls_server;
  EXPECT_OK(pki::validate(world.server.certificate, input));
  EXPECT_REASON(pki::validate(world.firmware.certificate, input), "pki.wrong-usage");
}

TEST_P(IssueByKey, P_PKI_013_AFleetCannotMakeAFirmwareSigner) {
  const World world(GetParam());
  const auto signer = make_signer(world.fleet);
  pki::ValidationInput input{.anchors = {world.root.certificate},
                             .intermediates = {world.fleet.certificate},
                             .at = k_begin,
                             .usage = pki::Usage::code_signing};
  EXPECT_REASON(pki::validate(signer.certificate, input), "pki.wrong-usage");
  EXPECT_OK(pki::validate(make_signer(world.root).certificate, input));  // the same leaf below the root
  // Others that bound a path by its issuers' usages say the same.
  const test::TempDir folder;
  const std::vector<std::string> judge = {"openssl",    "verify",
                                          "-CAfile",    save(folder / "root.pem", world.root.certificate.pem()),
                                          "-untrusted", save(folder / "fleet.pem", world.fleet.certificate.pem())};
  const auto as = [&](const char* purpose, const pki::Issuer& leaf) {
    auto command = judge;
    command.insert(command.end(), {"-purpose", purpose, save(folder / "leaf.pem", leaf.certificate.pem())});
    return peer(command).exit_code;
  };
  EXPECT_EQ(as("sslserver", world.server), 0);
  EXPECT_NE(as("smimesign", world.server), 0);  // a purpose that is not on the list
}

TEST(Issue, ExtensionsAreThoseOfTheProfile) {
  const World world(KeyAlgorithm::ec_p256);
  const test::TempDir folder;
  const std::pair<const pki::Issuer*, std::vector<std::string>> expected[] = {
      {&world.root,
       {"Basic Constraints: critical\n                CA:TRUE\n",
        "Key Usage: critical\n                Certificate Sign, CRL Sign\n"}},
      {&world.fleet,
       {"CA:TRUE, pathlen:0\n", "Authority Key Identifier",
        "TLS Web Client Authentication, TLS Web Server Authentication, CMC Registration Authority\n"}},
      {&world.firmware,
       {"CA:FALSE\n", "Key Usage: critical\n                Digital Signature\n", "Code Signing\n",
        "Subject Key Identifier"}},
      {&world.server,
       {"TLS Web Server Authentication\n",
        "DNS:manager.example, DNS:*.fleet.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7\n"}}};
  for (const auto& [issuer, fragments] : expected) {
    const std::string text = text_of(folder, issuer->certificate);
    for (const auto& fragment : fragments)
      EXPECT_NE(text.find(fragment), std::string::npos) << fragment << "\n" << text;
  }
  EXPECT_TRUE(world.root.certificate.is_ca());
  EXPECT_FALSE(world.firmware.certificate.is_ca());
  EXPECT_EQ(world.firmware.certificate.subject(), "CN=Release 1,O=Example");
  EXPECT_EQ(world.firmware.certificate.serial_hex(), "4001");
  EXPECT_EQ(world.server.certificate.dns_names(), (std::vector<std::string>{"manager.example", "*.fleet.example"}));
}

TEST(Issue, NoWellDefinedEndIsTheYear9999) {
  const auto root = make_root();
  auto wanted = order("vendor-root", "Endless", root.signer->public_key());
  wanted.not_after = Instant{253402300799};
  const auto endless = pki::issue_root(root.signer, wanted);
  ASSERT_OK(endless);
  EXPECT_EQ(to_rfc3339(endless->not_after()), "9999-12-31T23:59:59Z");
  EXPECT_NE(as_text(endless->der()).find("99991231235959Z"), std::string_view::npos);
  const test::TempDir folder;
  EXPECT_NE(text_of(folder, *endless).find("Dec 31 23:59:59 9999"), std::string::npos);
}

namespace {

struct BadOrder {
  const char* name;
  const char* reason;
  std::function<Result<pki::Certificate>(World&)> make;
};

template <typename Change>
Result<pki::Certificate> from_root(World& world, std::string_view profile, Change change) {
  auto wanted = order(profile, "Wanted", world.firmware.signer->public_key());
  change(wanted);
  return pki::issue(world.root, wanted);
}

const BadOrder k_bad[] = {
    {"issuer_is_no_ca", "pki.order",
     [](World& w) { return pki::issue(w.firmware, order("firmware-signing", "X", w.root.signer->public_key())); }},
    {"issuer_key_is_another", "pki.key-mismatch",
     [](World& w) {
       return pki::issue({w.root.certificate, w.fleet.signer},
                         order("firmware-signing", "X", w.root.signer->public_key()));
     }},
    {"ca_below_path_length_zero", "pki.order",
     [](World& w) { return pki::issue(w.fleet, order("fleet-ca", "X", w.root.signer->public_key())); }},
    {"outlasts_its_issuer", "pki.order",
     [](World& w) { return from_root(w, "firmware-signing", [](auto& o) { o.not_after = k_end.plus_seconds(1); }); }},
    {"begins_before_its_issuer", "pki.order",
     [](World& w) {
       return from_root(w, "firmware-signing", [](auto& o) { o.not_before = k_begin.plus_seconds(-1); });
     }},
    {"ends_before_it_begins", "pki.order",
     [](World& w) { return from_root(w, "firmware-signing", [](auto& o) { o.not_after = o.not_before; }); }},
    {"root_from_an_issuer", "pki.order", [](World& w) { return from_root(w, "vendor-root", [](auto&) {}); }},
    {"leaf_without_an_issuer", "pki.order",
     [](World& w) {
       return pki::issue_root(w.root.signer, order("firmware-signing", "X", w.root.signer->public_key()));
     }},
    {"root_for_another_key", "pki.order",
     [](World& w) { return pki::issue_root(w.root.signer, order("vendor-root", "X", w.fleet.signer->public_key())); }},
    {"server_without_a_name", "pki.order", [](World& w) { return from_root(w, "tls-server", [](auto&) {}); }},
    {"ca_with_a_dns_name", "pki.order",
     [](World& w) { return from_root(w, "fleet-ca", [](auto& o) { o.dns_names = {"a.example"}; }); }},
    {"dns_name_with_a_comma", "pki.dns-name",
     [](World& w) { return from_root(w, "tls-server", [](auto& o) { o.dns_names = {"a.example,DNS:evil.test"}; }); }},
    {"dns_name_empty_label", "pki.dns-name",
     [](World& w) { return from_root(w, "tls-server", [](auto& o) { o.dns_names = {"a..example"}; }); }},
    {"dns_name_of_zero_byte", "pki.dns-name",
     [](World& w) {
       return from_root(w, "tls-server", [](auto& o) { o.dns_names = {std::string("a.example\0.b", 12)}; });
     }},
    {"serial_zero", "pki.order",
     [](World& w) { return from_root(w, "firmware-signing", [](auto& o) { o.serial_hex = "00"; }); }},
    {"serial_empty", "pki.order",
     [](World& w) { return from_root(w, "firmware-signing", [](auto& o) { o.serial_hex = ""; }); }},
    {"serial_of_21_octets", "pki.order",
     [](World& w) { return from_root(w, "firmware-signing", [](auto& o) { o.serial_hex = std::string(40, 'f'); }); }},
    {"subject_empty", "pki.subject",
     [](World& w) { return from_root(w, "firmware-signing", [](auto& o) { o.subject = {.common_name = ""}; }); }},
    {"subject_too_long", "pki.subject",
     [](World& w) {
       return from_root(w, "firmware-signing", [](auto& o) { o.subject.common_name = std::string(65, 'x'); });
     }},
    {"country_of_three_letters", "pki.subject",
     [](World& w) { return from_root(w, "firmware-signing", [](auto& o) { o.subject.country = "SWE"; }); }},
};

class IssueRefusal : public ::testing::TestWithParam<BadOrder> {};
INSTANTIATE_TEST_SUITE_P(Issue, IssueRefusal, ::testing::ValuesIn(k_bad),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace

TEST_P(IssueRefusal, HasItsReason) {
  World world(KeyAlgorithm::ec_p256);
  EXPECT_REASON(GetParam().make(world), GetParam().reason);
}

TEST(Issue, ProfilesAreFoundByName) {
  for (const auto& profile : pki::profiles()) EXPECT_OK(pki::profile_named(profile.name));
  EXPECT_REASON(pki::profile_named("toaster"), "pki.profile");
}
