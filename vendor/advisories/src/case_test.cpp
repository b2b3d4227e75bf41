// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/json.hpp"
#include "signet/crypto.hpp"

#include "cases_for_test.hpp"

#include <algorithm>

namespace signet::advisories {
namespace {

using test::act;
using test::at;
using test::samples;

constexpr std::array<State, k_states> k_all{State::received,  State::triaged,         State::confirmed,
                                            State::rejected,  State::fix_in_progress, State::fix_available,
                                            State::published, State::closed};

TEST(Case, P_CASE_001_only_the_moves_of_the_table_are_made) {
  // The product team's way, written down once more: from, and what may follow.
  const std::pair<State, std::vector<State>> k_table[] = {
      {State::received, {State::triaged, State::rejected}},
      {State::triaged, {State::confirmed, State::rejected}},
      {State::confirmed, {State::rejected, State::fix_in_progress, State::fix_available, State::published}},
      {State::rejected, {State::triaged, State::closed}},
      {State::fix_in_progress, {State::rejected, State::fix_available, State::published}},
      {State::fix_available, {State::published}},
      {State::published, {State::fix_available, State::published, State::closed}},
      {State::closed, {State::published}}};
  for (const auto& [from, next] : k_table) {
    for (const State to : k_all) {
      const std::vector<State> found = next_states(from);
      EXPECT_EQ(std::ranges::find(found, to) != found.end(), std::ranges::find(next, to) != next.end())
          << name_of(from) << " -> " << name_of(to);
    }
    EXPECT_EQ(state_from(name_of(from)), from);
  }
  EXPECT_FALSE(state_from("fixed"));
}

TEST(Case, P_CASE_001_a_refused_move_leaves_the_case_as_it_was) {
  const auto begun = Case::begin("EXAMPLE-2026-001", samples()[0].facts, act("2026-02-01T08:00:00Z", 0));
  ASSERT_OK(begun);
  for (const State to : {State::received, State::confirmed, State::fix_available, State::published, State::closed}) {
    EXPECT_REASON(begun->advanced(to, act("2026-02-02T08:00:00Z", 1)), "case.step") << name_of(to);
  }
  EXPECT_REASON(begun->advanced(State::triaged, act("2026-01-31T08:00:00Z", 1)), "case.time");  // before the report
  Act future = act("2026-02-02T08:00:00Z", 1);
  future.recorded = at("2026-02-01T09:00:00Z");
  EXPECT_REASON(begun->advanced(State::triaged, future), "case.time");
  EXPECT_REASON(begun->advanced(State::rejected, act("2026-02-02T08:00:00Z", 1)), "case.needs");  // why?
  Act nobody = act("2026-02-02T08:00:00Z", 1);
  nobody.by.clear();
  EXPECT_REASON(begun->advanced(State::triaged, nobody), "case.text");
}

TEST(Case, P_CASE_001_a_rejected_case_that_is_closed_is_not_published_by_reopening) {
  auto one = Case::begin("EXAMPLE-2026-001", samples()[0].facts, act("2026-02-01T08:00:00Z", 0));
  ASSERT_OK(one);
  one = one->advanced(State::rejected, act("2026-02-02T08:00:00Z", 1, "Not ours."));
  ASSERT_OK(one);
  one = one->advanced(State::closed, act("2026-02-03T08:00:00Z", 2));
  ASSERT_OK(one);
  EXPECT_REASON(one->advanced(State::published, act("2026-02-04T08:00:00Z", 3)), "case.step");
}

struct Need {
  State to;
  std::function<void(Facts&)> without;
  std::string reason;
};

TEST(Case, P_CASE_002_a_state_asks_for_the_facts_that_it_needs) {
  const Need k_table[] = {
      {State::confirmed, [](Facts& f) { f.products.clear(); }, "case.needs"},
      {State::published, [](Facts& f) { f.description.clear(); }, "case.needs"},
      {State::published, [](Facts& f) { f.cvss.clear(); }, "case.needs"},
      {State::published, [](Facts& f) { f.cwe.clear(); }, "case.needs"},
      {State::published, [](Facts& f) { f.embargo = at("2026-02-05T08:00:01Z"); }, "case.embargo"},
      {State::fix_available, [](Facts& f) { f.products[0].fixed.clear(); }, "case.needs"},
  };
  for (const Need& need : k_table) {
    Facts facts = samples()[0].facts;
    need.without(facts);
    auto one = Case::begin("EXAMPLE-2026-001", facts, act("2026-02-01T08:00:00Z", 0));
    ASSERT_OK(one);
    one = one->advanced(State::triaged, act("2026-02-02T08:00:00Z", 1));
    ASSERT_OK(one);
    if (need.to != State::confirmed) {
      one = one->advanced(State::confirmed, act("2026-02-03T08:00:00Z", 2));
      ASSERT_OK(one);
    }
    EXPECT_REASON(one->advanced(need.to, act("2026-02-05T08:00:00Z", 3)), need.reason) << name_of(need.to);
    const auto full = one->changed(samples()[0].facts, act("2026-02-04T08:00:00Z", 3));
    ASSERT_OK(full);
    EXPECT_OK(full->advanced(need.to, act("2026-02-05T08:00:00Z", 4))) << name_of(need.to);
  }
}

struct Bad {
  std::string name;
  std::function<void(Facts&)> spoil;
  std::string reason;
};

std::vector<Bad> bad_facts() {
  const auto product = [](const std::function<void(Product&)>& spoil) {
    return [spoil](Facts& f) { spoil(f.products[0]); };
  };
  return {
      {"no title", [](Facts& f) { f.title.clear(); }, "case.text"},
      {"a title of two lines", [](Facts& f) { f.title = "a\nb"; }, "case.text"},
      {"a long title", [](Facts& f) { f.title = std::string(241, 'x'); }, "case.text"},
      {"a description that rings", [](Facts& f) { f.description = "a\ab"; }, "case.text"},
      {"a CVE of three digits", [](Facts& f) { f.cve = "CVE-2026-123"; }, "case.cve"},
      {"the CVE as its own alias", [](Facts& f) { f.aliases = {f.cve}; }, "case.twice"},
      {"a category as weakness", [](Facts& f) { f.cwe = {"CWE-16"}; }, "case.cwe"},
      {"a prohibited weakness", [](Facts& f) { f.cwe = {"CWE-840"}; }, "case.cwe"},
      {"no vector", [](Facts& f) { f.cvss = {"9.8"}; }, "case.cvss"},
      {"a vector in another order", [](Facts& f) { f.cvss = {"CVSS:3.1/AC:L/AV:N/PR:N/UI:N/S:U/C:N/I:N/A:H"}; },
       "case.cvss"},
      {"two vectors of one edition", [](Facts& f) { f.cvss.push_back("CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"); },
       "case.twice"},
      {"a package URL with a version", product([](Product& p) { p.purl += "@1.0"; }), "case.purl"},
      {"no package URL", product([](Product& p) { p.purl.clear(); }), "case.purl"},
      {"a CPE name of one version",
       product([](Product& p) { p.cpe = "cpe:2.3:o:example:camera_os:1.0:*:*:*:*:*:*:*"; }), "case.cpe"},
      {"a CPE name of nothing", product([](Product& p) { p.cpe = "cpe:2.3:o:*:*:*:*:*:*:*:*:*:*"; }), "case.cpe"},
      {"no range", product([](Product& p) { p.affected.clear(); }), "case.range"},
      {"a range in words", product([](Product& p) { p.affected = "before 1.2.3"; }), "case.range"},
      {"a range out of order", product([](Product& p) { p.affected = "vers:semver/<1.2.3|>=1.0.0"; }), "case.range"},
      {"a range that leaves out a version", product([](Product& p) { p.affected = "vers:semver/!=1.0.0|<1.2.3"; }),
       "case.range"},
      {"a range that begins after a version", product([](Product& p) { p.affected = "vers:semver/>1.0.0|<1.2.3"; }),
       "case.range"},
      {"a fixed version that is affected", product([](Product& p) { p.fixed = {"1.1.0"}; }), "case.version"},
      {"a fixed version that is a range", product([](Product& p) { p.fixed = {">=3.0.0"}; }), "case.version"},
      {"a release twice", product([](Product& p) { p.releases = {"1.0.0", "1.0.0"}; }), "case.twice"},
      {"a reason beside an affected product", product([](Product& p) { p.impact = "None."; }), "case.word"},
      {"an unknown justification", product([](Product& p) { p.justification = "lucky"; }), "case.word"},
      {"not affected without a reason", product([](Product& p) {
         p.status = ProductStatus::not_affected;
         p.affected.clear();
         p.fixed.clear();
       }),
       "case.word"},
      {"a product twice", [](Facts& f) { f.products.push_back(f.products[0]); }, "case.twice"},
      {"a link of another kind", [](Facts& f) { f.references[0].url = "javascript:alert(1)"; }, "case.url"},
      {"a link with a quote", [](Facts& f) { f.references[0].url = "https://example.com/\">"; }, "case.url"},
      {"a link twice", [](Facts& f) { f.references.push_back(f.references[0]); }, "case.twice"},
      {"an unknown remediation", [](Facts& f) { f.remediations = {{"pray", "Pray.", ""}}; }, "case.word"},
      {"remediations that contradict each other",
       [](Facts& f) { f.remediations = {{"vendor_fix", "Install it.", ""}, {"none_available", "There is none.", ""}}; },
       "case.word"},
      {"an unknown role", [](Facts& f) { f.credits[0].role = "hero"; }, "case.word"},
      {"a country in words", [](Facts& f) { f.made_available = {"Germany"}; }, "case.word"},
      {"something that is never sent", [](Facts& f) { f.sent = {{"flowers", Instant{1}}}; }, "case.word"},
      {"too many references",
       [](Facts& f) {
         f.references.clear();
         for (int i = 0; i < 501; ++i) f.references.push_back({"One", "https://example.com/" + std::to_string(i)});
       },
       "case.too-big"},
  };
}

TEST(Case, P_CASE_003_facts_that_are_not_sound_are_refused) {
  for (const Bad& bad : bad_facts()) {
    Facts facts = samples()[0].facts;
    bad.spoil(facts);
    const auto begun = Case::begin("EXAMPLE-2026-001", facts, act("2026-02-01T08:00:00Z", 0));
    EXPECT_REASON(begun, bad.reason) << bad.name;
    EXPECT_TRUE(begun || !begun.error().hint().empty()) << bad.name;
  }
  for (const char* id : {"", "../x", ".x", "a b", "-x"}) {
    EXPECT_REASON(Case::begin(id, samples()[0].facts, act("2026-02-01T08:00:00Z", 0)), "case.id") << id;
  }
}

TEST(Case, P_CASE_004_the_file_read_back_is_the_case) {
  for (const test::Sample& sample : samples()) {
    Facts facts = sample.facts;
    facts.embargo = at("2026-02-20T00:00:00Z");
    facts.sent = {{.what = "cra-early-warning", .at = at("2026-02-11T00:00:00Z")}};
    auto one = test::published(facts);
    facts.title = "Another title";
    facts.embargo.reset();
    one = *one.changed(facts, act("2026-03-02T08:00:00Z", 9, "Typo."));
    const std::string file = one.file();
    const auto read = Case::parse(as_bytes(file));
    ASSERT_OK(read) << sample.name;
    EXPECT_EQ(*read, one) << sample.name;
    EXPECT_EQ(read->file(), file) << sample.name;
    EXPECT_EQ(read->as_published()->facts().title, sample.facts.title);
  }
}

struct Spoilt {
  std::string from;
  std::string to;
  std::string reason;
};

TEST(Case, P_CASE_005_a_file_that_was_altered_into_nonsense_is_refused) {
  const std::string file = test::published(samples()[0].facts).file();
  const Spoilt k_table[] = {
      {"signet-case-1", "signet-case-2", "case.format"},
      {"\"state\": \"published\",\n  \"facts\"", "\"state\": \"closed\",\n  \"facts\"", "case.format"},
      {"\"state\": \"triaged\"", "\"state\": \"published\"", "case.step"},
      {"\"state\": \"received\"", "\"state\": \"triaged\"", "case.format"},
      {"2026-02-02T08:00:00Z", "2026-02-09T08:00:00Z", "case.time"},
      {"2026-02-02T08:00:00Z", "yesterday", "time.syntax"},
      {"\"entry\": 2", "\"entry\": 1", "case.format"},
      {"\"by\": \"alice\"", "\"by\": \"\"", "case.text"},
      {"\"title\"", "\"titel\"", "case.format"},
      {"\"cvss\": [", "\"cvss\": [7, ", "json.type"},
      {"EXAMPLE-2026-001", "../etc", "case.id"},
      {"\"published\": {", "\"unpublished\": {", "json.unknown-member"},
  };
  ASSERT_OK(Case::parse(as_bytes(file)));
  for (const Spoilt& one : k_table) {
    std::string text = file;
    const std::size_t place = text.find(one.from);
    ASSERT_NE(place, std::string::npos) << one.from;
    text.replace(place, one.from.size(), one.to);
    const auto read = Case::parse(as_bytes(text));
    ASSERT_FALSE(read.has_value()) << one.from << " -> " << one.to;
    if (one.reason != "time.syntax" && one.reason != "json.type") {
      EXPECT_REASON(read, one.reason) << one.from << " -> " << one.to;
    }
  }
}

TEST(Case, P_CASE_014_the_ledger_entry_has_who_when_what_and_the_digest_of_the_file) {
  const Case one = test::published(samples()[0].facts);
  const std::string entry = one.ledger_entry();
  const auto json = Json::parse(as_bytes(entry));
  ASSERT_OK(json);
  EXPECT_EQ(*json->string_at("case"), "EXAMPLE-2026-001");
  EXPECT_EQ(*json->string_at("state"), "published");
  EXPECT_EQ(*json->string_at("by"), "alice");
  EXPECT_EQ(*json->string_at("at"), "2026-03-01T08:00:00Z");
  const std::string file = one.file();
  EXPECT_EQ(*json->string_at("sha256"), to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(file))));
}

TEST(Case, P_CASE_015_what_is_published_stays_as_it_was_until_it_is_published_again) {
  const Case first = test::published(samples()[0].facts);
  Facts facts = first.facts();
  facts.title = "A better title";
  auto next = first.changed(facts, act("2026-03-05T08:00:00Z", 7));
  ASSERT_OK(next);
  EXPECT_EQ(*next->as_published(), *first.as_published());
  next = next->advanced(State::published, act("2026-03-06T08:00:00Z", 8, "Better title."));
  ASSERT_OK(next);
  EXPECT_EQ(next->as_published()->facts().title, "A better title");
  EXPECT_EQ(next->publications().size(), 2U);
  const auto csaf = make_document(*next->as_published(), test::publisher(), Form::csaf20);
  ASSERT_OK(csaf);
  EXPECT_NE(csaf->find("\"version\": \"2\""), std::string::npos);
  EXPECT_NE(csaf->find("Better title."), std::string::npos);
}

TEST(Case, P_CASE_003_merging_replaces_what_is_named_and_nothing_else) {
  const Facts facts = samples()[0].facts;
  const auto merged =
      merge_facts(facts, as_bytes(std::string_view(R"({"title":"New","cvss":[],"embargo":"2026-05-01T00:00:00Z"})")));
  ASSERT_OK(merged);
  EXPECT_EQ(merged->title, "New");
  EXPECT_TRUE(merged->cvss.empty());
  EXPECT_EQ(merged->embargo, at("2026-05-01T00:00:00Z"));
  EXPECT_EQ(merged->products, facts.products);
  EXPECT_FALSE(merge_facts(*merged, as_bytes(std::string_view(R"({"embargo":null})")))->embargo);
  for (const std::string_view bad : {R"({"state":"closed"})", R"([])", R"({"products":{}})", R"({"title":7})", "{",
                                     R"({"products":[{"name":"x","status":"fine"}]})"}) {
    EXPECT_FALSE(merge_facts(facts, as_bytes(bad)).has_value()) << bad;
  }
}

}  // namespace
}  // namespace signet::advisories
