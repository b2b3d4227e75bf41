// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// What people read: the advisory as plain text and as a page, and the list of all.
#include "drafts.hpp"
#include "facts.hpp"
#include "ranges.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

constexpr std::size_t k_columns = 72;

/// Breaks lines between words; what is longer than a line (a link) stays whole.
std::string wrapped(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::string current(indent);
    std::string_view rest = line;
    while (!rest.empty()) {
      const std::string_view word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      if (current.size() > indent.size() && current.size() + 1 + word.size() > k_columns) {
        out += current + "\n";
        current = indent;
      }
      current += (current.size() > indent.size() ? " " : "") + std::string(word);
    }
    out += current + "\n";
  }
  return out;
}

std::string versions_text(const Product& product) {
  if (product.status == ProductStatus::under_investigation) return "under investigation";
  if (product.status == ProductStatus::not_affected) {
    std::string text = "not affected";
    if (!product.justification.empty()) {
      std::string words = product.justification;
      std::ranges::replace(words, '_', ' ');
      text += " (" + words + ")";
    }
    return text + (product.impact.empty() ? "" : ": " + product.impact);
  }
  std::string affected;
  for (const Interval& one : intervals_of(product)) affected += (affected.empty() ? "" : ", ") + describe(one);
  std::string fixed;
  for (const std::string& one : product.fixed) fixed += (fixed.empty() ? "" : ", ") + one;
  return "affected: " + affected + "; " + (fixed.empty() ? "no fixed version yet" : "fixed in: " + fixed);
}

/// The advisory as headings and lines, which both forms show.
struct Section {
  std::string heading;
  std::vector<std::string> lines;
};

std::vector<Section> sections_of(const Draft& draft) {
  const Facts& facts = draft.one.facts();
  std::vector<Section> all;
  Section head{.heading = "At a glance", .lines = {}};
  head.lines.push_back("Advisory: " + draft.one.id() + ", revision " + std::to_string(draft.revision));
  if (!facts.cve.empty()) head.lines.push_back("Vulnerability: " + facts.cve);
  for (const std::string& one : facts.cvss) head.lines.push_back("Severity: " + severity_text(one) + ", " + one);
  for (const std::string& one : facts.cwe) head.lines.push_back("Weakness: " + one);
  head.lines.push_back((draft.is_public ? "Published: " : "Draft of: ") + to_rfc3339(draft.first));
  if (draft.revision > 1) head.lines.push_back("Last revised: " + to_rfc3339(draft.last));
  if (facts.exploited) head.lines.push_back("Exploitation: active exploitation is known");
  all.push_back(std::move(head));
  if (!facts.description.empty()) all.push_back({.heading = "Description", .lines = {facts.description}});
  Section products{.heading = "Products", .lines = {}};
  for (const Product& one : facts.products) {
    products.lines.push_back(one.vendor + " " + one.name + ": " + versions_text(one));
  }
  if (!products.lines.empty()) all.push_back(std::move(products));
  Section help{.heading = "What to do", .lines = {}};
  for (const Remediation& one : remediations_of(facts)) {
    help.lines.push_back(one.details + (one.url.empty() ? "" : " " + one.url));
  }
  all.push_back(std::move(help));
  Section thanks{.heading = "Acknowledgements", .lines = {}};
  for (const Credit& one : facts.credits) thanks.lines.push_back(credit_text(one));
  if (!thanks.lines.empty()) all.push_back(std::move(thanks));
  Section more{.heading = "References", .lines = {}};
  for (const Reference& one : facts.references) more.lines.push_back(one.summary + ": " + one.url);
  if (!more.lines.empty()) all.push_back(std::move(more));
  Section revisions{.heading = "Revisions", .lines = {}};
  std::size_t number = 0;
  for (const Act& act : draft.one.publications()) {
    const std::string summary = !act.note.empty() ? act.note : number == 0 ? "Initial version." : "Update.";
    revisions.lines.push_back(std::to_string(++number) + ", " + to_rfc3339(act.at) + ": " + summary);
  }
  if (!revisions.lines.empty()) all.push_back(std::move(revisions));
  all.push_back({.heading = "Contact", .lines = {draft.publisher.name + ": " + draft.publisher.contact}});
  return all;
}

std::string_view bare(std::string_view url) { return url.starts_with("mailto:") ? url.substr(7) : url; }

/// Links in a line become links; all else is text.
std::string linked(std::string_view line) {
  std::string out;
  while (!line.empty()) {
    const std::size_t at = std::min(line.find("https://"), line.find("http://"));
    out += escaped(line.substr(0, at));
    if (at == std::string_view::npos) break;
    line.remove_prefix(at);
    const std::string_view url = line.substr(0, line.find_first_of(" \n"));
    out += "<a href=\"" + escaped(url) + "\">" + escaped(url) + "</a>";
    line.remove_prefix(url.size());
  }
  return out;
}

constexpr std::string_view k_style =
    "body{font:1rem/1.5 sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;border-bottom:1px solid #bbb}li{margin:.2rem 0;white-space:pre-line}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc}"
    ".draft{border:2px solid #a00;padding:.5rem}@media(prefers-color-scheme:dark){body{color:#eee;background:#181818}"
    "a{color:#8bf}}";

constexpr std::string_view k_draft = "DRAFT: not published; do not pass it on.";

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string html_page(std::string_view title, std::string_view body) {
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" + escaped(title);
  page += "</title>\n<style>" + std::string(k_style) + "</style>\n</head>\n<body>\n";
  page += std::string(body) + "</body>\n</html>\n";
  return page;
}

std::string text_advisory(const Draft& draft) {
  std::string text = draft.is_public ? std::string() : std::string(k_draft) + "\n\n";
  text += wrapped(draft.one.facts().title, "") + "\n";
  for (const Section& section : sections_of(draft)) {
    text += section.heading + "\n" + std::string(section.heading.size(), '-') + "\n";
    for (const std::string& line : section.lines) text += wrapped(bare(line), "  ");
    text += "\n";
  }
  text.pop_back();
  return text;
}

std::string html_advisory(const Draft& draft) {
  std::string body = draft.is_public ? std::string() : "<p class=\"draft\">" + std::string(k_draft) + "</p>\n";
  body += "<h1>" + escaped(draft.one.facts().title) + "</h1>\n";
  for (const Section& section : sections_of(draft)) {
    body += "<h2>" + escaped(section.heading) + "</h2>\n<ul>\n";
    for (const std::string& line : section.lines) body += "<li>" + linked(line) + "</li>\n";
    body += "</ul>\n";
  }
  return html_page(draft.one.id() + ": " + draft.one.facts().title, body);
}

std::string list_page(const std::vector<Case>& cases, const Publisher& publisher) {
  std::string body = "<h1>Security advisories of " + escaped(publisher.name) + "</h1>\n";
  body += "<p>Report a vulnerability: <a href=\"" + escaped(publisher.contact) + "\">" +
          escaped(bare(publisher.contact)) + "</a>";
  if (!publisher.policy.empty()) body += "; <a href=\"" + escaped(publisher.policy) + "\">our policy</a>";
  body += ". <a href=\"feed.atom\">Feed</a>, <a href=\"csaf/white/index.txt\">CSAF</a>.</p>\n";
  body += "<table>\n<tr><th>Published</th><th>Advisory</th><th>Vulnerability</th><th>Severity</th></tr>\n";
  for (const Case& one : cases) {
    const Draft draft = draft_of(one, publisher);
    body += "<tr><td>" + to_rfc3339(draft.first).substr(0, 10) + "</td><td><a href=\"" + escaped(page_path(one)) +
            "\">" + escaped(one.facts().title) + "</a></td><td>" + escaped(called(one)) + "</td><td>" +
            escaped(severity_text(best_vector(one.facts()))) + "</td></tr>\n";
  }
  body += "</table>\n";
  if (cases.empty()) body += "<p>There are none.</p>\n";
  return html_page("Security advisories of " + publisher.name, body);
}

}  // namespace signet::advisories
