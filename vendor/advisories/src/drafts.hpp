// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/documents.hpp"
#include "signet/core/json.hpp"

namespace signet::advisories {

/// What all documents of one case have in common.
struct Draft {
  const Case& one;
  const Publisher& publisher;
  bool is_public = false;
  Instant first;             ///< of the first publication; of the first step while it is a draft
  Instant last;              ///< of the last one
  std::size_t revision = 1;  ///< of the publication; 1 while it is a draft
};
[[nodiscard]] Draft draft_of(const Case& one, const Publisher& publisher);

/// One function for each machine-readable format.
Result<Json> csaf_document(const Draft& draft, bool is_21);
Result<Json> cve_record(const Draft& draft, bool is_52);
Result<Json> openvex_document(const Draft& draft);
Result<Json> cyclonedx_document(const Draft& draft);
Result<Json> osv_record(const Draft& draft);
/// One for each that people read.
[[nodiscard]] std::string text_advisory(const Draft& draft);
[[nodiscard]] std::string html_advisory(const Draft& draft);
[[nodiscard]] std::string mail_notice(const Draft& draft);
Result<std::string> cra_report(const Draft& draft, Form form);

/// A CVSS vector as FIRST's schemas have it: version, vectorString, baseScore and, but for v2, baseSeverity.
[[nodiscard]] Json cvss_json(std::string_view vector);
/// Appends what is not in the list already: schemas want items that differ.
void push_new(Json& list, Json item);
/// Members of all objects in the order of their names.
[[nodiscard]] Json sorted(const Json& json);
/// A UUID of the version 8 (RFC 9562) that is made of a text.
[[nodiscard]] std::string uuid_of(std::string_view text);
/// Below the publisher's base: "https://example.com/security/csaf/white/2026/example-2026-001.json".
[[nodiscard]] std::string url_below(const Publisher& publisher, std::string_view path);
/// Where publish() puts the documents of a case, relative to the base.
[[nodiscard]] std::string csaf_path(const Draft& draft);
[[nodiscard]] std::string page_path(const Case& one);
/// What customers are told to do: the remediations, or that there is none.
[[nodiscard]] std::vector<Remediation> remediations_of(const Facts& facts);
/// "9.8 CRITICAL", or empty.
[[nodiscard]] std::string severity_text(std::string_view vector);
/// "LOW", ..., of the vector that counts; empty if there is none.
[[nodiscard]] std::string severity_word(const Facts& facts);
/// How people call a vulnerability: the CVE, else the id of the case.
[[nodiscard]] std::string called(const Case& one);
/// What somebody did, in one line: "Finder: A. Person (Company)".
[[nodiscard]] std::string credit_text(const Credit& credit);

/// The host of a URL of http or https.
[[nodiscard]] std::string host_of(std::string_view url);

/// Text as HTML or XML, with all signs of markup escaped.
[[nodiscard]] std::string escaped(std::string_view text);
/// The frame of a page.
[[nodiscard]] std::string html_page(std::string_view title, std::string_view body);
/// An Atom entry (RFC 4287) without its document.
[[nodiscard]] std::string atom_entry(const Draft& draft);

}  // namespace signet::advisories
