// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "raw_for_test.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

using namespace signet;
using pki::raw::Made;
using pki::raw::make;
using pki::raw::make_list;

namespace {

// One small world: a root, an authority below it, and a signer below that.
struct World {
  Made root = make({.name = "Root", .extensions = pki::raw::k_ca, .serial = 1});
  Made middle = make({.name = "Middle", .extensions = pki::raw::k_ca, .serial = 2}, &root);
  Made leaf = make({.name = "Leaf", .serial = 3}, &middle);

  [[nodiscard]] pki::ValidationInput input() const {
    return {.anchors = {root.certificate},
            .intermediates = {middle.certificate},
            .crls = {},
            .at = pki::raw::k_within,
            .usage = pki::Usage::code_signing};
  }
};

pki::raw::Extensions with(pki::raw::Extensions base, int nid, const std::string& value) {
  std::erase_if(base, [nid](const auto& each) { return each.first == nid; });
  if (!value.empty()) base.emplace_back(nid, value);
  return base;
}

const pki::raw::Extensions& ca() { return pki::raw::k_ca; }
const pki::raw::Extensions& signing() { return pki::raw::k_signing; }
Instant at(const char* text) { return *from_rfc3339(text); }

// The leaf to judge and what to judge it by, made from the world.
struct Case {
  const char* name;
  const char* reason;
  std::function<Result<pki::ValidatedChain>(World&)> judge;
};

Result<pki::ValidatedChain> judge_leaf(World& world, const pki::raw::Recipe& recipe) {
  return pki::validate(make(recipe, &world.middle).certificate, world.input());
}

Result<pki::ValidatedChain> judge_below(World& world, const pki::raw::Recipe& middle) {
  const Made issuer = make(middle, &world.root);
  const Made leaf = make({.name = "Leaf", .serial = 4}, &issuer);
  auto input = world.input();
  input.intermediates = {issuer.certificate};
  return pki::validate(leaf.certificate, input);
}

Result<pki::ValidatedChain> judge_with_lists(World& world, std::vector<pki::Crl> crls,
                                             Instant when = pki::raw::k_within) {
  auto input = world.input();
  input.crls = std::move(crls);
  input.at = when;
  return pki::validate(world.leaf.certificate, input);
}

pki::Certificate altered(const pki::Certificate& certificate) {
  Bytes der = certificate.der();
  der.back() ^= std::byte{1};
  return *pki::Certificate::from_der(der);
}

const Case k_cases[] = {
    {"no_anchors_at_all", "pki.no-anchor",
     [](World& w) {
       auto input = w.input();
       input.anchors.clear();
       return pki::validate(w.leaf.certificate, input);
     }},
    {"root_given_as_helper_only", "pki.no-anchor",
     [](World& w) {
       auto input = w.input();
       input.anchors.clear();
       input.intermediates.push_back(w.root.certificate);
       return pki::validate(w.leaf.certificate, input);
     }},
    {"intermediate_missing", "pki.no-anchor",
     [](World& w) {
       auto input = w.input();
       input.intermediates.clear();
       return pki::validate(w.leaf.certificate, input);
     }},
    {"self_signed_stranger", "pki.no-anchor",
     [](World& w) { return pki::validate(make({.name = "Stranger"}).certificate, w.input()); }},
    {"root_of_the_same_name", "pki.bad-signature",
     [](World& w) {
       auto input = w.input();
       input.anchors = {make({.name = "Root", .extensions = ca()}).certificate};
       return pki::validate(w.leaf.certificate, input);
     }},
    {"altered_leaf", "pki.bad-signature",
     [](World& w) { return pki::validate(altered(w.leaf.certificate), w.input()); }},
    {"altered_intermediate", "pki.bad-signature",
     [](World& w) {
       auto input = w.input();
       input.intermediates = {altered(w.middle.certificate)};
       return pki::validate(w.leaf.certificate, input);
     }},
    {"issuer_is_an_end_entity", "pki.bad-path",
     [](World& w) { return judge_below(w, {.name = "Middle", .extensions = signing()}); }},
    {"issuer_without_basic_constraints", "pki.bad-path",
     [](World& w) { return judge_below(w, {.name = "Middle", .extensions = with(ca(), NID_basic_constraints, "")}); }},
    {"issuer_may_not_sign_certificates", "pki.bad-path",
     [](World& w) {
       return judge_below(w, {.name = "Middle", .extensions = with(ca(), NID_key_usage, "critical,cRLSign")});
     }},
    {"issuer_without_key_usage", "pki.bad-path",
     [](World& w) { return judge_below(w, {.name = "Middle", .extensions = with(ca(), NID_key_usage, "")}); }},
    {"issuer_of_version_1", "pki.bad-path",
     [](World& w) { return judge_below(w, {.name = "Middle", .extensions = {}, .version = X509_VERSION_1}); }},
    {"root_of_version_1", "pki.bad-path",
     [](World& w) {
       const Made root = make({.name = "Old", .extensions = {}, .version = X509_VERSION_1});
       auto input = w.input();
       input.anchors = {root.certificate};
       return pki::validate(make({.name = "Leaf"}, &root).certificate, input);
     }},
    {"path_too_long_for_its_issuer", "pki.bad-path",
     [](World& w) {
       const Made issuer = make(
           {.name = "Short", .extensions = with(ca(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0")}, &w.root);
       const Made below = make({.name = "Below", .extensions = ca()}, &issuer);
       auto input = w.input();
       input.intermediates = {issuer.certificate, below.certificate};
       return pki::validate(make({.name = "Leaf"}, &below).certificate, input);
     }},
    {"more_than_eight_intermediates", "pki.bad-path",
     [](World& w) {
       auto input = w.input();
       Made above = w.root;
       for (int i = 0; i < 9; ++i) {
         above = make({.name = "Level " + std::to_string(i), .extensions = ca()}, &above);
         input.intermediates.push_back(above.certificate);
       }
       return pki::validate(make({.name = "Leaf"}, &above).certificate, input);
     }},
    {"name_outside_constraints", "pki.bad-path",
     [](World& w) {
       const Made issuer =
           make({.name = "Named", .extensions = with(ca(), NID_name_constraints, "critical,permitted;DNS:example.com")},
                &w.root);
       auto input = w.input();
       input.intermediates = {issuer.certificate};
       return pki::validate(
           make({.name = "Leaf", .extensions = with(signing(), NID_subject_alt_name, "DNS:evil.test")}, &issuer)
               .certificate,
           input);
     }},
    {"unknown_critical_extension", "pki.bad-path",
     [](World& w) {
       return judge_leaf(w, {.extensions = with(signing(), NID_netscape_comment, "critical,DER:16:02:68:69")});
     }},
    {"broken_extension", "pki.malformed",
     [](World& w) { return judge_leaf(w, {.extensions = with(signing(), NID_basic_constraints, "DER:30:03:02:01")}); }},
    {"leaf_signed_over_sha1", "pki.weak-algorithm", [](World& w) { return judge_leaf(w, {.hash = "SHA1"}); }},
    {"intermediate_signed_over_sha1", "pki.weak-algorithm",
     [](World& w) { return judge_below(w, {.name = "Middle", .extensions = ca(), .hash = "SHA1"}); }},
    {"leaf_signed_over_md5", "pki.weak-algorithm",
     [](World& w) {
       const Made root = make({.name = "RSA", .extensions = ca(), .key = pki::raw::make_rsa_key(2048)});
       auto input = w.input();
       input.anchors = {root.certificate};
       return pki::validate(make({.hash = "MD5"}, &root).certificate, input);
     }},
    {"key_of_another_curve", "pki.weak-algorithm",
     [](World& w) { return judge_leaf(w, {.key = pki::raw::make_key("P-521")}); }},
    {"key_too_small", "pki.weak-algorithm",
     [](World& w) { return judge_leaf(w, {.key = pki::raw::make_rsa_key(1024)}); }},
    {"leaf_revoked", "pki.revoked",
     [](World& w) { return judge_with_lists(w, {make_list({.serials = {9, 3}}, w.middle)}); }},
    {"intermediate_revoked", "pki.revoked",
     [](World& w) { return judge_with_lists(w, {make_list({.serials = {2}}, w.root)}); }},
    {"revoked_by_a_stale_list", "pki.revoked",
     [](World& w) {
       return judge_with_lists(w, {make_list({.serials = {3}, .next_update = at("2026-01-02T00:00:00Z")}, w.middle)});
     }},
    {"revoked_after_the_moment_judged", "pki.revoked",
     [](World& w) {
       return judge_with_lists(
           w, {make_list(
                  {.serials = {3}, .this_update = at("2026-12-01T00:00:00Z"), .revoked_at = at("2026-12-01T00:00:00Z")},
                  w.middle)});
     }},
    {"an_older_list_revokes_beside_a_newer_one", "pki.revoked",
     [](World& w) {
       return judge_with_lists(w, {make_list({.this_update = at("2026-05-01T00:00:00Z")}, w.middle),
                                   make_list({.serials = {3}}, w.middle)});
     }},
    {"leaf_not_yet_valid", "pki.not-yet-valid",
     [](World& w) { return judge_with_lists(w, {}, at("2025-12-31T23:59:59Z")); }},
    {"leaf_expired", "pki.expired", [](World& w) { return judge_with_lists(w, {}, at("2027-01-01T00:00:01Z")); }},
    {"intermediate_expired", "pki.expired",
     [](World& w) {
       return judge_below(w, {.name = "Middle", .extensions = ca(), .not_after = at("2026-05-01T00:00:00Z")});
     }},
    {"no_extended_usage", "pki.wrong-usage",
     [](World& w) { return judge_leaf(w, {.extensions = with(signing(), NID_ext_key_usage, "")}); }},
    {"another_extended_usage", "pki.wrong-usage",
     [](World& w) { return judge_leaf(w, {.extensions = with(signing(), NID_ext_key_usage, "serverAuth")}); }},
    {"any_extended_usage_is_not_this_one", "pki.wrong-usage",
     [](World& w) { return judge_leaf(w, {.extensions = with(signing(), NID_ext_key_usage, "anyExtendedKeyUsage")}); }},
    {"key_may_not_sign", "pki.wrong-usage",
     [](World& w) { return judge_leaf(w, {.extensions = with(signing(), NID_key_usage, "critical,keyAgreement")}); }},
    {"issuer_restricted_to_another_usage", "pki.wrong-usage",
     [](World& w) {
       return judge_below(w, {.name = "Middle", .extensions = with(ca(), NID_ext_key_usage, "serverAuth")});
     }},
    // The order in which two faults are reported.
    {"order_no_anchor_before_expired", "pki.no-anchor",
     [](World& w) {
       auto input = w.input();
       input.anchors.clear();
       input.at = at("2030-01-01T00:00:00Z");
       return pki::validate(w.leaf.certificate, input);
     }},
    {"order_bad_signature_before_expired", "pki.bad-signature",
     [](World& w) {
       auto input = w.input();
       input.at = at("2030-01-01T00:00:00Z");
       return pki::validate(altered(w.leaf.certificate), input);
     }},
    {"order_revoked_before_expired", "pki.revoked",
     [](World& w) { return judge_with_lists(w, {make_list({.serials = {3}}, w.middle)}, at("2030-01-01T00:00:00Z")); }},
    {"order_weak_before_revoked", "pki.weak-algorithm",
     [](World& w) {
       auto input = w.input();
       input.crls = {make_list({.serials = {3}}, w.middle)};
       return pki::validate(make({.hash = "SHA1", .serial = 3}, &w.middle).certificate, input);
     }},
    {"order_expired_before_wrong_usage", "pki.expired",
     [](World& w) {
       auto input = w.input();
       input.at = at("2030-01-01T00:00:00Z");
       return pki::validate(
           make({.extensions = with(signing(), NID_ext_key_usage, "serverAuth")}, &w.middle).certificate, input);
     }},
};

class Refusal : public ::testing::TestWithParam<Case> {};

TEST_P(Refusal, P_PKI_001_HasItsReason) {
  World world;
  EXPECT_REASON(GetParam().judge(world), GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(Validate, Refusal, ::testing::ValuesIn(k_cases),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace

TEST(Validate, AGoodChainIsGivenLeafFirst) {
  const World world;
  const auto chain = pki::validate(world.leaf.certificate, world.input());
  ASSERT_OK(chain);
  ASSERT_EQ(chain->certificates().size(), 3U);
  EXPECT_EQ(chain->leaf(), world.leaf.certificate);
  EXPECT_EQ(chain->certificates()[1], world.middle.certificate);
  EXPECT_EQ(chain->anchor(), world.root.certificate);
  EXPECT_EQ(chain->usage(), pki::Usage::code_signing);
  EXPECT_EQ(chain->at(), pki::raw::k_within);
  EXPECT_EQ(chain->revocation().issuers_uncovered, 2U);
}

TEST(Validate, ASelfSignedLeafHoldsIfItIsAnAnchor) {
  const World world;
  const Made lone = make({.name = "Lone"});
  auto input = world.input();
  input.anchors.push_back(lone.certificate);
  EXPECT_OK(pki::validate(lone.certificate, input));
}

TEST(Validate, AnAnchorsOwnSignatureMayBeOld) {
  const Made root = make({.name = "Old", .extensions = pki::raw::k_ca, .hash = "SHA1"});
  const Made leaf = make({.name = "Leaf"}, &root);
  EXPECT_OK(pki::validate(leaf.certificate,
                          {.anchors = {root.certificate}, .intermediates = {}, .crls = {}, .at = pki::raw::k_within}));
}

TEST(Validate, TimeIsJudgedToTheSecondAndIncludesBothEnds) {
  const World world;
  for (const Instant moment : {pki::raw::k_begin, pki::raw::k_end}) {
    auto input = world.input();
    input.at = moment;
    EXPECT_OK(pki::validate(world.leaf.certificate, input));
  }
}

TEST(Validate, EachUsageIsDemandedByName) {
  World world;
  const std::map<pki::Usage, std::string> usages{{pki::Usage::code_signing, "codeSigning"},
                                                 {pki::Usage::tls_server, "serverAuth"},
                                                 {pki::Usage::tls_client, "clientAuth"}};
  for (const auto& [has, words] : usages) {
    const Made leaf = make({.extensions = with(pki::raw::k_signing, NID_ext_key_usage, words)}, &world.middle);
    for (const auto& [wanted, ignored] : usages) {
      auto input = world.input();
      input.usage = wanted;
      EXPECT_EQ(pki::validate(leaf.certificate, input).has_value(), has == wanted)
          << words << " as " << pki::name_of(wanted);
    }
    auto input = world.input();
    input.usage = pki::Usage::any;
    EXPECT_OK(pki::validate(leaf.certificate, input));
  }
}

TEST(Validate, AListOfSomebodyElseIsIgnoredAndCounted) {
  World world;
  const Made stranger = make({.name = "Middle", .extensions = pki::raw::k_ca});
  const auto chain = judge_with_lists(world, {make_list({.serials = {3}}, stranger),
                                              make_list({.serials = {7}}, world.middle), make_list({}, world.root)});
  ASSERT_OK(chain);
  EXPECT_EQ(chain->revocation().crls_used, 2U);
  EXPECT_EQ(chain->revocation().crls_ignored, 1U);
  EXPECT_EQ(chain->revocation().issuers_uncovered, 0U);
  EXPECT_EQ(chain->revocation().fresh_until, pki::raw::k_end);
}

TEST(Validate, AnIssuerThatMayNotSignListsSignsNone) {
  World world;
  const Made issuer =
      make({.name = "Middle", .extensions = with(pki::raw::k_ca, NID_key_usage, "critical,keyCertSign")}, &world.root);
  const Made leaf = make({.serial = 3}, &issuer);
  auto input = world.input();
  input.intermediates = {issuer.certificate};
  input.crls = {make_list({.serials = {3}}, issuer)};
  const auto chain = pki::validate(leaf.certificate, input);
  ASSERT_OK(chain);
  EXPECT_EQ(chain->revocation().crls_ignored, 1U);
}

TEST(Validate, TooManyHelpersAreRefused) {
  const World world;
  auto input = world.input();
  input.intermediates.assign(65, world.middle.certificate);
  EXPECT_REASON(pki::validate(world.leaf.certificate, input), "pki.too-many");
}

TEST(Validate, TheErrorNamesTheCertificateAtFault) {
  World world;
  const auto refused = judge_with_lists(world, {make_list({.serials = {2}}, world.root)});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().text().find("CN=Middle"), std::string::npos) << refused.error().text();
  EXPECT_NE(refused.error().text().find("2026-01-01T00:00:00Z"), std::string::npos) << refused.error().text();
}
