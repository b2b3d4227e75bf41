// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "issued_for_test.hpp"
#include "raw_for_test.hpp"

#include <gtest/gtest.h>

using namespace signet;
using namespace signet::pki::issued;
using pki::Crl;
using pki::RevocationReason;

namespace {

const std::vector<pki::Revoked> k_revoked{
    {.serial_hex = "4001", .when = *from_rfc3339("2026-02-03T04:05:06Z"), .reason = RevocationReason::key_compromise},
    {.serial_hex = "7fffffffffffffffffffffffffffffffffffffff",
     .when = k_begin,
     .reason = RevocationReason::unspecified}};

}  // namespace

TEST(Crl, WhatIsIssuedIsReadAgain) {
  const auto root = make_root();
  const auto crl = pki::issue_crl(root, 7, k_begin, k_begin.plus_days(30), k_revoked);
  ASSERT_OK(crl);
  const auto again = Crl::from_pem(crl->pem());
  ASSERT_OK(again);
  EXPECT_EQ(again->der(), crl->der());
  EXPECT_EQ(again->issuer(), "CN=Example Root,O=Example");
  EXPECT_EQ(again->number(), 7U);
  EXPECT_EQ(again->this_update(), k_begin);
  EXPECT_EQ(again->next_update(), k_begin.plus_days(30));
  ASSERT_EQ(again->revoked().size(), 2U);
  EXPECT_EQ(again->revoked()[0].serial_hex, "4001");
  EXPECT_EQ(again->revoked()[0].when, k_revoked[0].when);
  EXPECT_EQ(again->revoked()[0].reason, RevocationReason::key_compromise);
  EXPECT_EQ(again->revoked()[1].serial_hex, k_revoked[1].serial_hex);
}

TEST(Crl, P_PKI_007_OpensslRefusesWhatIsListedAndCerttoolReadsIt) {
  const auto root = make_root();
  const auto signer = make_signer(root);
  const test::TempDir folder;
  const auto now = *from_rfc3339("2026-03-01T00:00:00Z");
  const std::string anchor = save(folder / "root.pem", root.certificate.pem());
  const std::string leaf = save(folder / "leaf.pem", signer.certificate.pem());
  for (const bool listed : {false, true}) {
    const auto crl = pki::issue_crl(root, 1, k_begin, k_end, listed ? k_revoked : std::vector<pki::Revoked>{});
    ASSERT_OK(crl);
    const std::string file = save(folder / "crl.pem", crl->pem());
    const auto result = peer({"openssl", "verify", "-x509_strict", "-crl_check", "-attime",
                              std::to_string(now.seconds_since_epoch), "-CAfile", anchor, "-CRLfile", file, leaf});
    EXPECT_EQ(result.exit_code == 0, !listed) << result.err;
    EXPECT_EQ(peer({"certtool", "--crl-info", "--infile", file}).exit_code, 0);
    const auto ours = pki::validate(signer.certificate, {.anchors = {root.certificate}, .crls = {*crl}, .at = now});
    EXPECT_EQ(ours.has_value(), !listed);
  }
}

TEST(Crl, NumbersAndReasonsOfEveryKindSurvive) {
  const auto root = make_root();
  for (const char* name : {"unspecified", "key-compromise", "ca-compromise", "affiliation-changed", "superseded",
                           "cessation-of-operation", "privilege-withdrawn"}) {
    const auto reason = pki::revocation_reason_from(name);
    ASSERT_OK(reason);
    const auto crl =
        pki::issue_crl(root, UINT64_MAX, k_begin, k_end, std::vector<pki::Revoked>{{"01", k_begin, *reason}});
    ASSERT_OK(crl);
    EXPECT_EQ(pki::name_of(crl->revoked().at(0).reason), name);
    EXPECT_EQ(crl->number(), UINT64_MAX);
  }
  EXPECT_REASON(pki::revocation_reason_from("bored"), "pki.revocation-reason");
}

TEST(Crl, OnlyACaIssuesLists) {
  const auto root = make_root();
  EXPECT_REASON(pki::issue_crl(make_signer(root), 1, k_begin, k_end, {}), "pki.order");
  EXPECT_REASON(pki::issue_crl(root, 1, k_begin, k_begin, {}), "pki.order");
}

TEST(Crl, ListsThatSayMoreThanIsUnderstoodAreUnsupported) {
  const auto issuer = pki::raw::make({.name = "CA", .extensions = pki::raw::k_ca});
  const std::vector<std::pair<int, std::string>> unsupported{
      {NID_delta_crl, "critical,DER:02:01:01"},
      {NID_issuing_distribution_point, "critical,DER:30:03:84:01:ff"},
      {NID_netscape_comment, "critical,DER:16:02:68:69"}};
  for (const auto& extension : unsupported) {
    const auto refused = Crl::from_der(pki::raw::make_list_der({.extensions = {extension}}, issuer));
    EXPECT_REASON(refused, "pki.crl-unsupported");
    EXPECT_EQ(refused.error().code(), Errc::unsupported);
  }
  EXPECT_OK(
      Crl::from_der(pki::raw::make_list_der({.extensions = {{NID_netscape_comment, "DER:16:02:68:69"}}}, issuer)));
}

TEST(Crl, MalformedListsAreRefused) {
  const auto root = make_root();
  const auto crl = pki::issue_crl(root, 1, k_begin, k_end, k_revoked);
  ASSERT_OK(crl);
  Bytes longer = crl->der();
  longer.push_back(std::byte{0});
  Bytes shorter = crl->der();
  shorter.pop_back();
  for (const Bytes& bad : {Bytes{}, longer, shorter, root.certificate.der(), Bytes((1U << 20U) + 1)}) {
    EXPECT_REASON(Crl::from_der(bad), "pki.malformed");
  }
  EXPECT_REASON(Crl::from_pem(root.certificate.pem()), "pki.malformed");
  EXPECT_REASON(Crl::from_pem(crl->pem() + crl->pem()), "pki.malformed");
  EXPECT_EQ(Crl::all_from_pem(crl->pem() + root.certificate.pem() + crl->pem())->size(), 2U);
}
