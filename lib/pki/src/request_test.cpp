// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "issued_for_test.hpp"

#include <gtest/gtest.h>

using namespace signet;
using namespace signet::pki::issued;
using pki::Request;
using pki::Subject;

namespace {

const Subject k_subject{.common_name = "unit7.example",
                        .organization = "Exämple, Inc",
                        .organizational_unit = "R&D",
                        .country = "SE",
                        .serial_number = "ACCC8E000001"};

class RequestByKey : public ::testing::TestWithParam<KeyAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Request, RequestByKey,
                         ::testing::Values(KeyAlgorithm::ec_p256, KeyAlgorithm::ec_p384, KeyAlgorithm::rsa_2048,
                                           KeyAlgorithm::ed25519),
                         [](const auto& each) { return std::string(crypto::name_of(each.param)); });

}  // namespace

TEST_P(RequestByKey, IsReadAgainAndAcceptedByPeers) {
  const auto key = test::make_memory_signer(GetParam());
  const std::vector<std::string> names{"unit7.example", "192.0.2.7"};
  const auto der = pki::request(key, k_subject, names);
  ASSERT_OK(der);
  const auto request = Request::from_der(*der);
  ASSERT_OK(request);
  EXPECT_EQ(request->public_key(), key->public_key());
  EXPECT_EQ(*request->subject(), k_subject);
  EXPECT_EQ(request->dns_names(), names);
  EXPECT_EQ(Request::from_pem(request->pem())->der(), *der);
  const test::TempDir folder;
  const std::string file = save(folder / "csr.pem", request->pem());
  const auto openssl = peer({"openssl", "req", "-verify", "-noout", "-in", file});
  EXPECT_EQ(openssl.exit_code, 0) << openssl.err;
  EXPECT_EQ(peer({"certtool", "--crq-info", "--infile", file}).exit_code, 0);
}

TEST(Request, P_PKI_008_WithoutPossessionThereIsNone) {
  const auto key = test::make_memory_signer(KeyAlgorithm::ec_p256);
  const auto der = pki::request(key, k_subject, {});
  ASSERT_OK(der);
  std::size_t no_possession = 0;
  for (std::size_t i = 0; i < der->size(); ++i) {
    Bytes altered = *der;
    altered[i] ^= std::byte{0x04};
    const auto read = Request::from_der(altered);
    EXPECT_FALSE(read.has_value()) << "byte " << i;
    if (!read && read.error().reason() == "pki.no-possession") ++no_possession;
  }
  EXPECT_GT(no_possession, der->size() / 3);
}

TEST(Request, APeersRequestIsReadButAWeakOneIsNot) {
  const test::TempDir folder;
  const std::string out = (folder / "csr.pem").string();
  const std::vector<std::string> command{"openssl",  "req",
                                         "-new",     "-newkey",
                                         "rsa:2048", "-nodes",
                                         "-keyout",  (folder / "key").string(),
                                         "-out",     out,
                                         "-subj",    "/CN=Peer",
                                         "-addext",  "subjectAltName=DNS:peer.example"};
  ASSERT_EQ(peer(command).exit_code, 0);
  const auto request = Request::from_pem(as_text(*os::read_file(out, 65'536)));
  ASSERT_OK(request);
  EXPECT_EQ(request->subject()->common_name, "Peer");
  EXPECT_EQ(request->dns_names(), std::vector<std::string>{"peer.example"});
  auto weak = command;
  weak.insert(weak.end(), {"-sha1"});
  ASSERT_EQ(peer(weak).exit_code, 0);
  EXPECT_REASON(Request::from_pem(as_text(*os::read_file(out, 65'536))), "pki.weak-algorithm");
  auto email = command;
  email.at(11) = "/CN=Peer/emailAddress=a@b";
  ASSERT_EQ(peer(email).exit_code, 0);
  EXPECT_REASON(Request::from_pem(as_text(*os::read_file(out, 65'536)))->subject(), "pki.subject");
}

TEST(Request, MalformedOnesAreRefused) {
  for (const Bytes& bad : {Bytes{}, to_bytes("hello"), Bytes(65'537), make_root().certificate.der()}) {
    EXPECT_REASON(Request::from_der(bad), "pki.malformed");
  }
  EXPECT_REASON(Request::from_pem("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"), "pki.malformed");
}

TEST(Subject, IsReadFromText) {
  const auto subject = Subject::parse("CN=unit7.example, O=Exämple\\, Inc,OU=R&D,C=SE,serialNumber=ACCC8E000001");
  ASSERT_OK(subject);
  EXPECT_EQ(*subject, k_subject);
}

TEST(Subject, WhatIsNoneIsRefused) {
  for (const char* bad : {"", "CN", "CN=", "X=1", "CN=a,CN=b", "CN=a\\", "CN=a,,O=b", "C=S", "CN=a\nb", "cn=lower"}) {
    EXPECT_REASON(Subject::parse(bad), "pki.subject") << bad;
  }
  EXPECT_REASON(Subject::parse(std::string(2000, 'a')), "pki.subject");
}
