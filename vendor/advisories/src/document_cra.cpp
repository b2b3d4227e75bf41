// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Drafts of what Regulation (EU) 2024/2847 (Cyber Resilience Act) Article 14 wants. The single reporting platform takes
// them as form fields; each line here is one answer, and what only a person can know stands in brackets.
#include "signet/advisories/clocks.hpp"

#include "drafts.hpp"
#include "facts.hpp"
#include "ranges.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

struct Report {
  Form form;
  std::string_view title;
  std::string_view clock;
  bool is_incident;
  int stage;  ///< 0 early warning, 1 notification, 2 final report
};

constexpr std::array<Report, 6> k_reports{
    {{Form::cra_early_warning, "Early warning of an actively exploited vulnerability", "cra-early-warning", false, 0},
     {Form::cra_notification, "Vulnerability notification", "cra-notification", false, 1},
     {Form::cra_final_report, "Final report on an actively exploited vulnerability", "cra-final-report", false, 2},
     {Form::cra_incident_early_warning, "Early warning of a severe incident", "cra-incident-early-warning", true, 0},
     {Form::cra_incident_notification, "Incident notification", "cra-incident-notification", true, 1},
     {Form::cra_incident_final_report, "Final report on a severe incident", "cra-incident-final-report", true, 2}}};

class Writer {
 public:
  void line(std::string_view name, const std::string& value, std::string_view ask = "to be filled in") {
    text_ += std::string(name) + ": " + (value.empty() ? "[" + std::string(ask) + "]" : value) + "\n";
  }
  void plain(const std::string& text) { text_ += text + "\n"; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string products_text(const Facts& facts) {
  std::string text;
  for (const Product& product : facts.products) {
    if (product.status == ProductStatus::not_affected) continue;
    text += "\n  - " + product.vendor + " " + product.name + " (" + product.purl + ")";
    for (const Interval& one : intervals_of(product)) text += ", " + describe(one);
    if (product.status == ProductStatus::under_investigation) text += ", under investigation";
  }
  return text;
}

std::string measures_text(const Facts& facts) {
  std::string text;
  for (const Remediation& one : facts.remediations) text += "\n  - " + one.category + ": " + one.details;
  for (const Product& product : facts.products) {
    for (const std::string& fixed : product.fixed) text += "\n  - security update: " + product.name + " " + fixed;
  }
  return text;
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& one : items) text += (text.empty() ? "" : ", ") + one;
  return text;
}

/// Article 14(2)(b) and 14(4)(b): the nature of it, and what was and can be done.
void write_notification(Writer& out, const Facts& facts, bool is_incident) {
  out.line("General nature of the vulnerability", facts.description);
  out.line("Weakness", joined(facts.cwe), "under analysis");
  if (is_incident) {
    out.line("Nature of the incident", "");
    out.line("Initial assessment of the incident", severity_text(best_vector(facts)), "under assessment");
  } else {
    out.line("General nature of the exploit", "", "what is known of how it is exploited");
  }
  out.line("Corrective or mitigating measures taken, and measures that users can take", measures_text(facts),
           "none yet");
  out.line("Sensitivity of this information", facts.embargo ? "under embargo until " + to_rfc3339(*facts.embargo) : "",
           "how sensitive we consider it");
}

/// Article 14(2)(c) and 14(4)(c).
void write_final(Writer& out, const Case& one, bool is_incident) {
  const Facts& facts = one.facts();
  out.line("Description", facts.description);
  out.line("Severity", severity_text(best_vector(facts)) + (facts.cvss.empty() ? "" : ", " + joined(facts.cvss)));
  out.line("Impact", "", "what attackers reached, and for how many users");
  if (is_incident) {
    out.line("Type of threat or root cause", joined(facts.cwe));
    out.line("Applied and ongoing mitigation measures", measures_text(facts), "none");
    return;
  }
  out.line("Malicious actor who has exploited or is exploiting it", "", "where information is available");
  out.line("Security update or other corrective measures", measures_text(facts), "none yet");
  const auto available = one.reached(State::fix_available);
  out.line("Available since", available ? to_rfc3339(*available) : std::string(), "not available yet");
}

std::string due_text(const Case& one, std::string_view clock) {
  const Instant now = one.steps().back().act.recorded;
  for (const Deadline& deadline : clocks(one, now)) {
    if (deadline.what != clock) continue;
    std::string text = deadline.due ? to_rfc3339(*deadline.due) : describe(deadline, now);
    return text + " (" + std::string(deadline.rule) + ")";
  }
  return {};
}

}  // namespace

Result<std::string> cra_report(const Draft& draft, Form form) {
  const auto* report = std::ranges::find(k_reports, form, &Report::form);
  const Facts& facts = draft.one.facts();
  const auto& aware = report->is_incident ? facts.incident : facts.exploited;
  if (!aware) {
    return Error(Errc::unsupported, "document.no-event",
                 report->is_incident ? "the case has no severe incident" : "the case has no active exploitation",
                 report->is_incident ? "Say when you learnt of it: `signet advisory set --incident TIME`."
                                     : "Say when you learnt of it: `signet advisory set --exploited TIME`.");
  }
  Writer out;
  out.plain("DRAFT - " + std::string(report->title));
  out.plain("Regulation (EU) 2024/2847 (Cyber Resilience Act), Article 14");
  out.plain("");
  out.line("Due", due_text(draft.one, report->clock));
  out.line("To", draft.publisher.csirt, "the CSIRT designated as coordinator, and ENISA");
  out.line("Manufacturer", draft.publisher.name + ", " + draft.publisher.url);
  out.line("Contact", draft.publisher.contact);
  out.line("Our reference", draft.one.id());
  out.line("Vulnerability", facts.cve, "no CVE yet");
  out.line("Title", facts.title);
  out.line("Aware since", to_rfc3339(*aware));
  out.line("Products with digital elements", products_text(facts), "under analysis");
  out.line("Member States in which the products are known to be available", joined(facts.made_available));
  if (report->is_incident && report->stage == 0) {
    out.line("Suspected of being caused by unlawful or malicious acts", "", "yes or no");
  }
  if (report->stage == 1) write_notification(out, facts, report->is_incident);
  if (report->stage == 2) write_final(out, draft.one, report->is_incident);
  out.plain("");
  out.plain("Users: Article 14(8) also wants those who are impacted to be told, with what they can do.");
  return out.take();
}

}  // namespace signet::advisories
