// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/device_certificate.hpp"

#include "signet/test/expect.hpp"

#include "issued_for_test.hpp"

#include <gtest/gtest.h>

#include <functional>

using namespace signet;
using namespace signet::pki::issued;
using pki::DevicePurpose;

namespace {

constexpr std::string_view k_hardware = "1.3.6.1.4.1.32473.1";  // below the example number of RFC 5612
constexpr std::string_view k_serial = "SN-0042";
const Instant k_in_forty_years = *from_rfc3339("2066-01-01T00:00:00Z");

pki::Order device_order(std::string_view profile, const crypto::PublicKey& key, std::string_view serial = k_serial) {
  auto wanted = order(profile, "Camera 7", key, "5001");
  wanted.subject.serial_number = serial;
  wanted.not_after = pki::k_no_end;
  if (wanted.profile.needs_hardware_module) {
    wanted.hardware = pki::HardwareModule{.type_oid = std::string(k_hardware), .serial = to_bytes(serial)};
  }
  return wanted;
}

struct Factory {
  pki::Issuer root;
  pki::Issuer ca;
  std::shared_ptr<crypto::Signer> device;

  explicit Factory(KeyAlgorithm algorithm = KeyAlgorithm::ec_p256)
      : root(make_root(algorithm)), ca(make_ca(root, algorithm)), device(test::make_memory_signer(algorithm)) {}
  static pki::Issuer make_ca(const pki::Issuer& root, KeyAlgorithm algorithm) {
    auto signer = test::make_memory_signer(algorithm);
    return make_below(root, order("factory-ca", "Line 3", signer->public_key(), "4010"), signer);
  }
  [[nodiscard]] pki::Certificate make(std::string_view profile, std::string_view serial = k_serial) const {
    auto made = pki::issue(ca, device_order(profile, device->public_key(), serial));
    ensure(made.has_value(), "test: a device's certificate");
    return *std::move(made);
  }
  [[nodiscard]] pki::Certificate station() const {
    return make_below(ca, order("station", "Station 1", device->public_key(), "4011"), device).certificate;
  }
  [[nodiscard]] pki::ValidationInput input() const {
    return {.anchors = {root.certificate}, .intermediates = {ca.certificate}, .at = k_begin, .usage = pki::Usage::any};
  }
};

class DeviceByKey : public ::testing::TestWithParam<KeyAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(DeviceCertificate, DeviceByKey,
                         ::testing::Values(KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048),
                         [](const auto& each) { return std::string(crypto::name_of(each.param)); });

constexpr std::string_view k_kinds[] = {"idevid", "iak", "media-signing"};

DevicePurpose purpose_of(std::string_view name) {
  for (const auto each : {DevicePurpose::idevid, DevicePurpose::iak, DevicePurpose::media_signing}) {
    if (pki::name_of(each) == name) return each;
  }
  return DevicePurpose::idevid;
}

}  // namespace

TEST_P(DeviceByKey, P_PKI_009_OpensslAndCerttoolAcceptWhatAFactoryIssues) {
  const Factory factory(GetParam());
  const test::TempDir folder;
  const std::string root = save(folder / "root.pem", factory.root.certificate.pem());
  const std::string ca = save(folder / "ca.pem", factory.ca.certificate.pem());
  for (const std::string_view kind : k_kinds) {
    const std::string pem = factory.make(kind).pem();
    const std::string leaf = save(folder / "leaf.pem", pem);
    const auto openssl = peer({"openssl", "verify", "-x509_strict", "-CAfile", root, "-untrusted", ca, leaf});
    EXPECT_EQ(openssl.exit_code, 0) << kind << ": " << openssl.err;
    const std::string chain =
        save(folder / "chain.pem", pem + factory.ca.certificate.pem() + factory.root.certificate.pem());
    const auto certtool = peer({"certtool", "--verify-chain", "--infile", chain});
    EXPECT_EQ(certtool.exit_code, 0) << kind << ": " << certtool.out << certtool.err;
  }
}

TEST(DeviceCertificate, OpensslShowsWhatTheStandardWants) {
  const Factory factory;
  const test::TempDir folder;
  const auto text_of = [&folder](const pki::Certificate& each) {
    return peer({"openssl", "x509", "-noout", "-text", "-in", save(folder / "text.pem", each.pem())}).out;
  };
  const std::pair<std::string_view, std::vector<std::string>> expected[] = {
      {"idevid",
       {"serialNumber = SN-0042\n", "Not After : Dec 31 23:59:59 9999 GMT", "othername: 1.3.6.1.5.5.7.8.4::",
        "X509v3 Key Usage: critical\n                Digital Signature\n", "Policy: 2.23.133.11.1.1\n",
        "Policy: 2.23.133.11.1.2\n", "Authority Key Identifier", "Subject Key Identifier"}},
      {"iak", {"Policy: 2.23.133.11.1.3\n", "othername: 1.3.6.1.5.5.7.8.4::"}},
      {"media-signing", {"serialNumber = SN-0042\n", "1.3.6.1.5.5.7.3.36\n"}}};
  for (const auto& [kind, fragments] : expected) {
    const std::string text = text_of(factory.make(kind));
    for (const auto& fragment : fragments) EXPECT_NE(text.find(fragment), std::string::npos) << fragment << text;
    EXPECT_EQ(text.find("Extended Key Usage") == std::string::npos, kind != "media-signing");
  }
  const auto idevid = factory.make("idevid");
  EXPECT_NE(as_text(idevid.der()).find("99991231235959Z"), std::string_view::npos);
  const std::string ca = text_of(factory.ca.certificate);
  EXPECT_NE(ca.find("CA:TRUE, pathlen:0\n"), std::string::npos);
}

TEST(DeviceCertificate, HardwareModuleIsAsRfc4108WritesIt) {
  const auto idevid = Factory().make("idevid");
  // otherName { 1.3.6.1.5.5.7.8.4, [0] { SEQUENCE { OBJECT 1.3.6.1.4.1.32473.1, OCTET STRING "SN-0042" } } }
  EXPECT_NE(to_hex(idevid.der())
                .find("06082b06010505070804a0163014"
                      "06092b0601040181fd5901"
                      "0407534e2d30303432"),
            std::string::npos)
      << to_hex(idevid.der());
}

TEST(DeviceCertificate, SaysWhoseItIs) {
  const Factory factory;
  const auto idevid = factory.make("idevid");
  EXPECT_EQ(idevid.device_serial(), k_serial);
  ASSERT_TRUE(idevid.hardware_module().has_value());
  EXPECT_EQ(idevid.hardware_module()->type_oid, k_hardware);
  EXPECT_EQ(as_text(idevid.hardware_module()->serial), k_serial);
  EXPECT_EQ(idevid.policies(), (std::vector<std::string>{"2.23.133.11.1.1", "2.23.133.11.1.2"}));
  EXPECT_EQ(factory.root.certificate.device_serial(), "");
  EXPECT_FALSE(factory.make("media-signing").hardware_module().has_value());
  EXPECT_TRUE(factory.root.certificate.policies().empty());
}

TEST(DeviceCertificate, P_PKI_010_EachKindIsGoodForItsPurposeOnly) {
  const Factory factory;
  for (const std::string_view kind : k_kinds) {
    const auto certificate = factory.make(kind);
    for (const std::string_view wanted : k_kinds) {
      const auto judged = pki::validate_device(certificate, purpose_of(wanted), factory.input());
      if (kind == wanted) {
        EXPECT_OK(judged);
        EXPECT_EQ(judged->serial(), k_serial);
      } else {
        EXPECT_REASON(judged, "pki.wrong-usage") << kind << " as " << wanted;
      }
    }
    EXPECT_REASON(pki::validate_station(certificate, factory.input()), "pki.wrong-usage") << kind;
    auto input = factory.input();
    for (const auto usage : {pki::Usage::code_signing, pki::Usage::tls_client, pki::Usage::tls_server}) {
      input.usage = usage;
      EXPECT_REASON(pki::validate(certificate, input), "pki.wrong-usage") << kind;
    }
  }
  EXPECT_OK(pki::validate_station(factory.station(), factory.input()));
  EXPECT_REASON(pki::validate_device(factory.station(), DevicePurpose::idevid, factory.input()), "pki.wrong-usage");
  EXPECT_REASON(pki::validate_station(make_signer(factory.root).certificate, factory.input()), "pki.wrong-usage");
  EXPECT_REASON(pki::validate_station(factory.ca.certificate, factory.input()), "pki.device-profile");
}

TEST(DeviceCertificate, P_PKI_011_AFactoryCannotMakeAFirmwareSigner) {
  const Factory factory;
  auto input = factory.input();
  input.usage = pki::Usage::code_signing;
  EXPECT_REASON(pki::validate(make_signer(factory.ca).certificate, input), "pki.wrong-usage");
  EXPECT_REASON(pki::issue(factory.ca, order("fleet-ca", "Below", factory.device->public_key())), "pki.order");
}

TEST(DeviceCertificate, OutlivesTheRootOnlyByARenewedOne) {
  const Factory factory;
  auto input = factory.input();
  input.at = k_in_forty_years;
  EXPECT_REASON(pki::validate_device(factory.make("idevid"), DevicePurpose::idevid, input), "pki.expired");
  auto root_order = order("vendor-root", "Example Root", factory.root.signer->public_key(), "4100");
  root_order.not_after = pki::k_no_end;
  const auto root = pki::issue_root(factory.root.signer, root_order);
  ASSERT_OK(root);
  auto ca_order = order("factory-ca", "Line 3", factory.ca.signer->public_key(), "4101");
  ca_order.not_after = pki::k_no_end;
  const auto ca = pki::issue({*root, factory.root.signer}, ca_order);
  ASSERT_OK(ca);
  input.anchors = {*root};
  input.intermediates = {*ca};
  EXPECT_OK(pki::validate_device(factory.make("idevid"), DevicePurpose::idevid, input));
}

TEST(DeviceCertificate, TwoOfOneDeviceAreKnownAsSuch) {
  const Factory factory;
  const auto judge = [&factory](std::string_view kind, std::string_view serial) {
    return *pki::validate_device(factory.make(kind, serial), purpose_of(kind), factory.input());
  };
  const auto idevid = judge("idevid", k_serial);
  EXPECT_EQ(pki::same_device(idevid, judge("media-signing", k_serial)), pki::SameDevice::same);
  EXPECT_EQ(pki::same_device(idevid, judge("iak", k_serial)), pki::SameDevice::same);
  EXPECT_EQ(pki::same_device(idevid, judge("iak", "SN-0043")), pki::SameDevice::other);
  const Factory other;
  const auto foreign = pki::validate_device(other.make("iak"), DevicePurpose::iak, other.input());
  ASSERT_OK(foreign);
  EXPECT_EQ(pki::same_device(idevid, *foreign), pki::SameDevice::other);
}

namespace {

struct BadDevice {
  const char* name;
  const char* text;  ///< in the error
  std::function<void(pki::Order&)> change;
};
const BadDevice k_bad[] = {
    {"no_serial", "needs the device's serial number", [](auto& o) { o.subject.serial_number = ""; }},
    {"no_hardware", "needs the object identifier", [](auto& o) { o.hardware.reset(); }},
    {"two_serials", "is not that of the subject", [](auto& o) { o.hardware->serial = to_bytes("SN-0043"); }},
    {"an_end", "whole life", [](auto& o) { o.not_after = k_end; }},
    {"a_second_less", "whole life", [](auto& o) { o.not_after = Instant{pki::k_no_end.seconds_since_epoch - 1}; }},
    {"no_oid", "names no hardware", [](auto& o) { o.hardware->type_oid = "camera"; }},
    {"empty_oid", "names no hardware", [](auto& o) { o.hardware->type_oid = ""; }},
    {"before_the_ca", "beyond its issuer", [](auto& o) { o.not_before = k_begin.plus_days(-1); }},
};
class BadDeviceOrder : public ::testing::TestWithParam<BadDevice> {};
INSTANTIATE_TEST_SUITE_P(DeviceCertificate, BadDeviceOrder, ::testing::ValuesIn(k_bad),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace

TEST_P(BadDeviceOrder, P_PKI_012_IsNotIssued) {
  const Factory factory;
  auto wanted = device_order("idevid", factory.device->public_key());
  GetParam().change(wanted);
  const auto made = pki::issue(factory.ca, wanted);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().reason(), "pki.order");
  EXPECT_NE(made.error().message().find(GetParam().text), std::string::npos) << made.error().message();
}

TEST(DeviceCertificate, OnlyDevicesHaveHardware) {
  const Factory factory;
  auto wanted = order("station", "Station 1", factory.device->public_key());
  wanted.hardware = pki::HardwareModule{.type_oid = std::string(k_hardware), .serial = {}};
  EXPECT_REASON(pki::issue(factory.ca, wanted), "pki.order");
}

namespace {

struct BadProfile {
  const char* name;
  const char* reason;
  std::function<void(pki::Order&)> change;  ///< of an order that issue() fulfils, since its profile says so
};
const BadProfile k_bad_profiles[] = {
    {"ends", "pki.device-profile",
     [](auto& o) {
       o.profile.endless = false;
       o.not_after = k_end;
     }},
    {"no_hardware", "pki.device-profile",
     [](auto& o) {
       o.profile.needs_hardware_module = false;
       o.hardware.reset();
     }},
    {"no_serial", "pki.device-profile",
     [](auto& o) {
       o.profile.needs_device_serial = o.profile.needs_hardware_module = false;
       o.hardware.reset();
       o.subject.serial_number = "";
     }},
    {"encrypts", "pki.device-profile", [](auto& o) { o.profile.key_usage = "digitalSignature,keyEncipherment"; }},
    {"signs_certificates", "pki.device-profile", [](auto& o) { o.profile.key_usage = "digitalSignature,keyCertSign"; }},
    {"no_policies", "pki.wrong-usage", [](auto& o) { o.profile.policies = ""; }},
    {"not_fixed", "pki.wrong-usage", [](auto& o) { o.profile.policies = "2.23.133.11.1.1"; }},
    {"tls_usage", "pki.wrong-usage", [](auto& o) { o.profile.extended_usage = "clientAuth"; }},
};
class BadDeviceProfile : public ::testing::TestWithParam<BadProfile> {};
INSTANTIATE_TEST_SUITE_P(DeviceCertificate, BadDeviceProfile, ::testing::ValuesIn(k_bad_profiles),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace

TEST_P(BadDeviceProfile, IsRefused) {
  const Factory factory;
  auto wanted = device_order("idevid", factory.device->public_key());
  GetParam().change(wanted);
  if (wanted.not_after == k_end) wanted.not_after = factory.ca.certificate.not_after();
  const auto made = pki::issue(factory.ca, wanted);
  ASSERT_OK(made);
  EXPECT_REASON(pki::validate_device(*made, DevicePurpose::idevid, factory.input()), GetParam().reason);
}
