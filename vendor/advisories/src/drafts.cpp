// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "drafts.hpp"

#include "signet/advisory/validate.hpp"
#include "signet/crypto.hpp"
#include "signet/vuln/cvss.hpp"

#include "facts.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

struct FormName {
  Form form;
  std::string_view slug;
};

constexpr std::array<FormName, 17> k_forms{{{Form::csaf20, "csaf-2.0"},
                                            {Form::csaf21, "csaf-2.1"},
                                            {Form::cve51, "cve-5.1"},
                                            {Form::cve52, "cve-5.2"},
                                            {Form::openvex, "openvex"},
                                            {Form::cyclonedx, "cyclonedx"},
                                            {Form::osv, "osv"},
                                            {Form::text, "text"},
                                            {Form::html, "html"},
                                            {Form::mail, "mail"},
                                            {Form::atom, "atom"},
                                            {Form::cra_early_warning, "cra-early-warning"},
                                            {Form::cra_notification, "cra-notification"},
                                            {Form::cra_final_report, "cra-final-report"},
                                            {Form::cra_incident_early_warning, "cra-incident-early-warning"},
                                            {Form::cra_incident_notification, "cra-incident-notification"},
                                            {Form::cra_incident_final_report, "cra-incident-final-report"}}};

Result<Json> json_document(const Draft& draft, Form form) {
  switch (form) {
    case Form::csaf20:
      return csaf_document(draft, false);
    case Form::csaf21:
      return csaf_document(draft, true);
    case Form::cve51:
      return cve_record(draft, false);
    case Form::cve52:
      return cve_record(draft, true);
    case Form::openvex:
      return openvex_document(draft);
    case Form::cyclonedx:
      return cyclonedx_document(draft);
    default:
      return osv_record(draft);
  }
}

}  // namespace

std::string_view slug_of(Form form) {
  const auto* found = std::ranges::find(k_forms, form, &FormName::form);
  return found == k_forms.end() ? std::string_view() : found->slug;
}

std::optional<Form> form_from(std::string_view slug) {
  const auto* found = std::ranges::find(k_forms, slug, &FormName::slug);
  if (found == k_forms.end()) return std::nullopt;
  return found->form;
}

const std::vector<Form>& all_forms() {
  static const std::vector<Form> k_all = [] {
    std::vector<Form> all;
    for (const FormName& one : k_forms) all.push_back(one.form);
    return all;
  }();
  return k_all;
}

Result<std::string> make_document(const Case& one, const Publisher& publisher, Form form) {
  const Draft draft = draft_of(one, publisher);
  switch (form) {
    case Form::text:
      return text_advisory(draft);
    case Form::html:
      return html_advisory(draft);
    case Form::mail:
      return mail_notice(draft);
    case Form::atom:
      return atom_feed({one}, publisher);
    case Form::csaf20:
    case Form::csaf21:
    case Form::cve51:
    case Form::cve52:
    case Form::openvex:
    case Form::cyclonedx:
    case Form::osv: {
      TRY_ASSIGN(const Json json, json_document(draft, form));
      return json.dump(2) + "\n";
    }
    default:
      return cra_report(draft, form);
  }
}

Draft draft_of(const Case& one, const Publisher& publisher) {
  const std::vector<Act> publications = one.publications();
  const Act& begun = one.steps().front().act;
  return {.one = one,
          .publisher = publisher,
          .is_public = !publications.empty(),
          .first = publications.empty() ? begun.at : publications.front().at,
          .last = publications.empty() ? one.steps().back().act.at : publications.back().at,
          .revision = std::max<std::size_t>(publications.size(), 1)};
}

Json cvss_json(std::string_view text) {
  const auto vector = vuln::CvssVector::parse(text);
  if (!vector) return Json::object();
  const vuln::CvssScores scores = vector->scores();
  const bool is_v4 = vector->version() == vuln::CvssVersion::v4_0;
  const unsigned tenths = is_v4 ? scores.overall_tenths : scores.base_tenths;
  Json object = Json::object({{"version", name_of(vector->version())},
                              {"vectorString", text},
                              {"baseScore", static_cast<double>(tenths) / 10.0}});
  if (vector->version() != vuln::CvssVersion::v2) {
    object.set("baseSeverity", name_of(severity_of(vector->version(), tenths)));
  }
  return object;
}

void push_new(Json& list, Json item) {
  if (std::ranges::find(list.elements(), item) == list.elements().end()) list.push(std::move(item));
}

Json sorted(const Json& json) {
  if (json.is_array()) {
    Json array = Json::array();
    for (const Json& one : json.elements()) array.push(sorted(one));
    return array;
  }
  if (!json.is_object()) return json;
  Json::Object members = json.members();
  std::ranges::sort(members, {}, &Json::Member::first);
  Json object = Json::object();
  for (const auto& [name, value] : members) object.set(name, sorted(value));
  return object;
}

std::string uuid_of(std::string_view text) {
  Bytes bytes = crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(text));
  bytes.resize(16);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x80};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  const std::string hex = to_hex(bytes);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

std::string url_below(const Publisher& publisher, std::string_view path) {
  return publisher.base + "/" + std::string(path);
}

std::string host_of(std::string_view url) {
  const std::size_t at = url.find("://");
  url.remove_prefix(at == std::string_view::npos ? 0 : at + 3);
  return std::string(url.substr(0, url.find_first_of("/:?#")));
}

std::string csaf_path(const Draft& draft) {
  // The folder is the year of the first release (CSAF 2.0 section 7.1.11), the label WHITE what the world may read.
  return "csaf/white/" + to_rfc3339(draft.first).substr(0, 4) + "/" + advisory::csaf_file_name(draft.one.id());
}

std::string page_path(const Case& one) { return "advisories/" + one.id() + ".html"; }

std::vector<Remediation> remediations_of(const Facts& facts) {
  if (!facts.remediations.empty()) return facts.remediations;
  std::string versions;
  for (const Product& product : facts.products) {
    for (const std::string& one : product.fixed) versions += (versions.empty() ? "" : ", ") + product.name + " " + one;
  }
  if (versions.empty()) {
    return {{.category = "none_available", .details = "There is no repair or mitigation yet.", .url = {}}};
  }
  return {{.category = "vendor_fix", .details = "Install " + versions + ", or a later version.", .url = {}}};
}

std::string severity_text(std::string_view text) {
  const auto vector = vuln::CvssVector::parse(text);
  if (!vector) return {};
  const unsigned tenths = vector->scores().overall_tenths;
  return vuln::score_text(tenths) + " " + std::string(name_of(severity_of(vector->version(), tenths)));
}

std::string severity_word(const Facts& facts) {
  const std::string text = severity_text(best_vector(facts));
  return text.empty() ? text : text.substr(text.find(' ') + 1);
}

std::string called(const Case& one) { return one.facts().cve.empty() ? one.id() : one.facts().cve; }

std::string credit_text(const Credit& credit) {
  std::string role = credit.role;
  if (role.front() >= 'a' && role.front() <= 'z') role.front() = static_cast<char>(role.front() - 'a' + 'A');
  return role + ": " + credit.name + (credit.organization.empty() ? "" : " (" + credit.organization + ")");
}

}  // namespace signet::advisories
