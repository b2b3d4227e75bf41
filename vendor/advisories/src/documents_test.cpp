// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisory/validate.hpp"
#include "signet/vuln/feed.hpp"
#include "signet/vuln/match.hpp"

#include "cases_for_test.hpp"
#include "drafts.hpp"
#include "facts.hpp"
#include "ranges.hpp"

#include <algorithm>
#include <set>

namespace signet::advisories {
namespace {

using test::at;
using test::samples;

constexpr std::array<Form, 7> k_readable{Form::csaf20,  Form::csaf21,    Form::cve51, Form::cve52,
                                         Form::openvex, Form::cyclonedx, Form::osv};

/// The document, or the reason why the sample says that there is none.
std::optional<std::string> document_of(const test::Sample& sample, Form form) {
  const Case one = test::published(sample.facts);
  auto text = make_document(one, test::publisher(), form);
  const std::string prefix = std::string(slug_of(form)) + " ";
  for (const std::string& missing : sample.missing) {
    if (!missing.starts_with(prefix)) continue;
    EXPECT_REASON(text, missing.substr(prefix.size())) << sample.name;
    EXPECT_TRUE(text || text.error().code() == Errc::unsupported) << sample.name;
    return std::nullopt;
  }
  EXPECT_OK(text) << sample.name << " as " << slug_of(form);
  if (!text) return std::nullopt;
  return *std::move(text);
}

std::string findings_text(const advisory::Report& report, advisory::Weight weight) {
  std::string text;
  for (const advisory::Finding& one : report.findings) {
    if (one.weight == weight) text += "\n  " + one.test + " at " + one.path + ": " + one.text;
  }
  return text;
}

TEST(Documents, P_CASE_006_every_document_passes_the_validator) {
  advisory::Outside outside;
  outside.now = at("2026-11-23T00:00:00Z");
  advisory::Validator validator(advisory::Preset::full, outside);
  for (const test::Sample& sample : samples()) {
    for (const Form form : k_readable) {
      const auto text = document_of(sample, form);
      if (!text) continue;
      const auto report = validator.validate(as_bytes(*text));
      ASSERT_OK(report) << sample.name << " as " << slug_of(form);
      EXPECT_TRUE(report->is_valid()) << sample.name << " as " << slug_of(form)
                                      << findings_text(*report, advisory::Weight::error);
    }
  }
}

/// What a good document looks like as well: the warnings that a complete case may give, and no others.
TEST(Documents, P_CASE_006_a_complete_case_gives_no_warnings_but_these) {
  advisory::Outside outside;
  outside.now = at("2026-11-23T00:00:00Z");
  advisory::Validator validator(advisory::Preset::full, outside);
  const std::set<std::string> k_known{"6.2.43"};  // no licence: that is the publisher's to choose
  for (const Form form : {Form::csaf20, Form::csaf21, Form::cve51, Form::cve52, Form::openvex, Form::cyclonedx}) {
    const Case one = test::published(samples()[1].facts);
    const auto text = make_document(one, test::publisher(), form);
    ASSERT_OK(text);
    const auto report = validator.validate(as_bytes(*text));
    ASSERT_OK(report);
    for (const advisory::Finding& finding : report->findings) {
      EXPECT_TRUE(finding.weight == advisory::Weight::note || k_known.contains(finding.test))
          << slug_of(form) << ": " << finding.test << " at " << finding.path << ": " << finding.text;
    }
  }
}

struct TextFeed : vuln::FeedSource {
  explicit TextFeed(std::string given) : text(std::move(given)) {}
  [[nodiscard]] std::string name() const override { return "text"; }
  Result<void> read(const Take& take) override { return take("text.json", as_bytes(text)); }
  std::string text;
};

vuln::Index index_of(const std::string& text) {
  std::vector<std::unique_ptr<vuln::FeedSource>> feeds;
  feeds.push_back(std::make_unique<TextFeed>(text));
  auto bytes = vuln::make_index(feeds, Instant{1});
  EXPECT_OK(bytes);
  return *vuln::Index::from_bytes(*std::move(bytes));
}

sbom::Bom device_with(const Product& product, const std::string& version) {
  sbom::Component component;
  component.ref = "part";
  component.name = product.name;
  component.version = version;
  component.purl = purl_at(product, version);
  component.cpe = cpe_at(product, version);
  sbom::Bom bom;
  bom.name = "device";
  bom.components.push_back(std::move(component));
  return bom;
}

/// OSV has an id of its own, which is the one that counts where there is no CVE.
std::string id_in(Form form, const Case& one) {
  return form == Form::osv && one.facts().cve.empty() ? "x_" + one.id() : called(one);
}

/// What the matcher of lib/vuln says of one version by one document alone: "affected", "investigated" or "fine".
std::string heard(const vuln::Index& index, const Product& product, const std::string& version, const std::string& id) {
  const vuln::MatchReport report = vuln::match(device_with(product, version), index);
  for (const vuln::Finding& finding : report.open) {
    EXPECT_EQ(finding.vulnerability, id);
    if (finding.status == vuln::Status::affected) return "affected";
    return "investigated";
  }
  return "fine";
}

std::string said(const Product& product, const std::string& version) {
  switch (verdict_on(product, version)) {
    case Verdict::affected:
      return "affected";
    case Verdict::under_investigation:
      return "investigated";
    default:
      return "fine";
  }
}

/// Every release, every end of a range and its neighbours.
std::vector<std::string> probes_of(const Product& product) {
  std::vector<std::string> all = product.releases;
  all.insert(all.end(), product.fixed.begin(), product.fixed.end());
  for (const Interval& one : intervals_of(product)) {
    for (const std::string& end : {one.from, one.to}) {
      if (!end.empty()) all.push_back(end);
    }
  }
  if (all.empty()) all = {"1.0.0", "7.5.1"};
  return all;
}

bool lists_versions(Form form) { return form == Form::openvex; }

TEST(Documents, P_CASE_007_every_document_read_back_gives_the_same_verdicts) {
  std::size_t verdicts = 0;
  for (const test::Sample& sample : samples()) {
    const Case one = test::published(sample.facts);
    for (const Form form : k_readable) {
      const auto text = document_of(sample, form);
      if (!text) continue;
      const vuln::Index index = index_of(*text);
      for (const Product& product : one.facts().products) {
        for (const std::string& version : probes_of(product)) {
          const bool is_listed = std::ranges::find(product.releases, version) != product.releases.end() ||
                                 std::ranges::find(product.fixed, version) != product.fixed.end();
          if (lists_versions(form) && product.status == ProductStatus::affected && !is_listed) continue;
          EXPECT_EQ(heard(index, product, version, id_in(form, one)), said(product, version))
              << sample.name << " as " << slug_of(form) << ": " << product.name << " " << version;
          ++verdicts;
        }
      }
    }
  }
  EXPECT_GT(verdicts, 250U);
}

struct Wanted {
  bool has_title;
  std::string_view cvss;
};

Wanted wanted_of(Form form, const Facts& facts) {
  if (form == Form::openvex) return {false, ""};
  std::string_view cvss = best_vector(facts);
  if (form == Form::csaf20 && cvss.starts_with("CVSS:4.0")) {  // 2.0 has no room for it
    cvss = facts.cvss.size() > 1 ? std::string_view(facts.cvss.front()) : std::string_view();
  }
  const bool has_affected = std::ranges::any_of(
      facts.products, [](const Product& product) { return product.status == ProductStatus::affected; });
  const bool is_csaf = form == Form::csaf20 || form == Form::csaf21;  // scores there are of products that are affected
  return {true, is_csaf && !has_affected ? std::string_view() : cvss};
}

TEST(Documents, P_CASE_007_every_document_read_back_gives_the_same_facts) {
  vuln::FeedReader reader;
  for (const test::Sample& sample : samples()) {
    const Case one = test::published(sample.facts);
    for (const Form form : k_readable) {
      const auto text = document_of(sample, form);
      if (!text) continue;
      const auto read = reader.read(as_bytes(*text));
      ASSERT_OK(read) << sample.name << " as " << slug_of(form);
      ASSERT_EQ(read->documents.size(), 1U);
      const Wanted wanted = wanted_of(form, one.facts());
      ASSERT_FALSE(read->documents[0].advisories.empty()) << sample.name << " as " << slug_of(form);
      EXPECT_EQ(read->documents[0].modified, at("2026-03-01T08:00:00Z"));
      for (const vuln::Advisory& advisory : read->documents[0].advisories) {
        EXPECT_EQ(advisory.id, id_in(form, one)) << slug_of(form);
        EXPECT_EQ(advisory.title, wanted.has_title ? one.facts().title : std::string()) << slug_of(form);
        EXPECT_EQ(advisory.cvss, wanted.cvss) << sample.name << " as " << slug_of(form);
        EXPECT_FALSE(advisory.is_withdrawn);
        for (const std::string& alias : one.facts().aliases) {
          if (form == Form::cve51 || form == Form::cve52) continue;  // CVE records name no other identifiers
          EXPECT_NE(std::ranges::find(advisory.aliases, alias), advisory.aliases.end()) << slug_of(form);
        }
      }
    }
  }
}

TEST(Documents, P_CASE_008_nothing_of_the_reporter_or_the_team_is_in_any_document) {
  Facts facts = samples()[1].facts;
  facts.reporter = "Secret Person <secret@example.org>";
  facts.exploited = at("2026-02-10T10:00:00Z");
  facts.incident = at("2026-02-11T10:00:00Z");
  const Case one = test::published(facts);
  std::size_t count = 0;
  for (const Form form : all_forms()) {
    const auto text = make_document(one, test::publisher(), form);
    if (!text) continue;
    ++count;
    EXPECT_EQ(text->find("ecret"), std::string::npos) << slug_of(form);
    EXPECT_EQ(text->find("alice"), std::string::npos) << slug_of(form);
    EXPECT_EQ(*text, *make_document(one, test::publisher(), form)) << "the same again: " << slug_of(form);
  }
  EXPECT_EQ(count, all_forms().size() - 1);  // no OSV of firmware
}

TEST(Documents, P_CASE_009_a_draft_says_that_it_is_one) {
  const auto one = Case::begin("EXAMPLE-2026-009", samples()[0].facts, test::act("2026-02-01T08:00:00Z", 0));
  ASSERT_OK(one);
  const std::pair<Form, std::string> k_table[] = {{Form::csaf20, "\"status\": \"draft\""},
                                                  {Form::csaf20, "\"label\": \"AMBER\""},
                                                  {Form::csaf21, "\"status\": \"draft\""},
                                                  {Form::text, "DRAFT"},
                                                  {Form::html, "DRAFT"},
                                                  {Form::mail, "Subject: [DRAFT] EXAMPLE-2026-009"}};
  for (const auto& [form, word] : k_table) {
    const auto text = make_document(*one, test::publisher(), form);
    ASSERT_OK(text);
    EXPECT_NE(text->find(word), std::string::npos) << slug_of(form);
  }
}

TEST(Documents, P_CASE_010_texts_cannot_become_markup_or_headers) {
  const Case one = test::published(samples().back().facts);
  for (const Form form : {Form::html, Form::atom}) {
    const auto text = make_document(one, test::publisher(), form);
    ASSERT_OK(text);
    EXPECT_EQ(text->find("<script"), std::string::npos) << slug_of(form);
    EXPECT_NE(text->find("&lt;viewer&gt; &amp; &quot;co&quot;"), std::string::npos) << slug_of(form);
  }
  const auto mail = make_document(one, test::publisher(), Form::mail);
  ASSERT_OK(mail);
  // RFC 5322 section 2.1.1 and 2.3: lines of at most 998 characters, ended by CRLF; here all of 7 bits, at most 78.
  std::string_view rest = *mail;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    ASSERT_NE(end, std::string_view::npos) << "the last line has no end";
    const std::string_view line = rest.substr(0, end);
    EXPECT_LE(line.size(), 78U) << line;
    EXPECT_TRUE(std::ranges::all_of(line, [](char c) { return c >= ' ' && c < 0x7f; })) << line;
    rest.remove_prefix(end + 2);
  }
  EXPECT_NE(mail->find("Subject: =?utf-8?B?"), std::string::npos);
}

TEST(Documents, P_CASE_011_reports_of_the_resilience_act_have_what_the_article_wants) {
  Facts facts = samples()[0].facts;
  const Case quiet = test::published(facts);
  for (const Form form : all_forms()) {
    if (slug_of(form).starts_with("cra-")) {
      EXPECT_REASON(make_document(quiet, test::publisher(), form), "document.no-event");
    }
  }
  facts.exploited = at("2026-02-10T10:00:00Z");
  facts.incident = at("2026-02-11T10:00:00Z");
  const Case loud = test::published(facts);
  const std::pair<Form, std::string> k_table[] = {
      {Form::cra_early_warning, "2026-02-11T10:00:00Z (Regulation (EU) 2024/2847 Article 14(2)(a))"},
      {Form::cra_early_warning, "Member States in which the products are known to be available: DE, FR"},
      {Form::cra_early_warning, "To: CSIRT of Example Land"},
      {Form::cra_notification, "2026-02-13T10:00:00Z (Regulation (EU) 2024/2847 Article 14(2)(b))"},
      {Form::cra_notification, "General nature of the vulnerability: A missing check"},
      {Form::cra_notification, "General nature of the exploit: [what is known"},
      {Form::cra_final_report, "Severity: 7.5 HIGH"},
      {Form::cra_final_report, "security update: Camera OS 1.2.3"},
      {Form::cra_incident_early_warning, "unlawful or malicious acts: [yes or no]"},
      {Form::cra_incident_notification, "Initial assessment of the incident: 7.5 HIGH"},
      {Form::cra_incident_final_report, "waits for the incident notification"}};
  for (const auto& [form, line] : k_table) {
    const auto text = make_document(loud, test::publisher(), form);
    ASSERT_OK(text);
    EXPECT_TRUE(text->starts_with("DRAFT - ")) << slug_of(form);
    EXPECT_NE(text->find(line), std::string::npos) << slug_of(form) << ": " << line << "\n" << *text;
  }
}

TEST(Documents, P_CASE_012_what_was_rejected_becomes_a_rejected_record) {
  auto one = Case::begin("EXAMPLE-2026-010", samples()[0].facts, test::act("2026-02-01T08:00:00Z", 0));
  ASSERT_OK(one);
  one = one->advanced(State::rejected, test::act("2026-02-02T08:00:00Z", 1, "It is a duplicate of another report."));
  ASSERT_OK(one);
  const auto text = make_document(*one, test::publisher(), Form::cve51);
  ASSERT_OK(text);
  advisory::Validator validator;
  const auto report = validator.validate(as_bytes(*text));
  ASSERT_OK(report);
  EXPECT_TRUE(report->is_valid()) << findings_text(*report, advisory::Weight::error);
  vuln::FeedReader reader;
  const auto read = reader.read(as_bytes(*text));
  ASSERT_OK(read);
  EXPECT_TRUE(read->documents.at(0).advisories.at(0).is_withdrawn);
}

TEST(Documents, P_CASE_013_security_txt_has_the_fields_of_its_standard) {
  EXPECT_EQ(security_txt(test::publisher()),
            "Contact: mailto:psirt@example.com\nExpires: 2027-06-01T00:00:00Z\nCanonical: "
            "https://example.com/security/.well-known/security.txt\nPolicy: https://example.com/disclosure\n"
            "Preferred-Languages: en\nCSAF: https://example.com/security/.well-known/csaf/provider-metadata.json\n");
}

}  // namespace
}  // namespace signet::advisories
