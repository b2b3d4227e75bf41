// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/advisories/case.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::advisories {

/// Who publishes, and where: the same in all documents. File: docs/formats/advisory-case.md.
struct Publisher {
  std::string name;
  std::string url;      ///< "https://example.com": CSAF's namespace
  std::string base;     ///< below it the published folder is served: "https://example.com/security"
  std::string prefix;   ///< of ids: "EXAMPLE"
  std::string contact;  ///< "mailto:psirt@example.com" or a page
  std::string policy;   ///< page of the disclosure policy; may be empty
  std::string cna_org;  ///< UUID in the CVE program; empty: no CNA
  std::string cna_name;
  std::string csirt;      ///< the CSIRT that is coordinator for our main establishment; may be empty
  Instant contact_until;  ///< RFC 9116 "Expires"
  Instant since;          ///< when the first case could be there

  /// "publisher.…" (invalid_input), "json.…".
  static Result<Publisher> parse(ByteView file);
  [[nodiscard]] std::string file() const;
  /// The same checks for one that was put together.
  [[nodiscard]] Result<void> check() const;

  friend bool operator==(const Publisher&, const Publisher&) = default;
};

/// What one case becomes.
enum class Form : std::uint8_t {
  csaf20,
  csaf21,
  cve51,  ///< with CPE names
  cve52,  ///< with package URLs
  openvex,
  cyclonedx,
  osv,
  text,
  html,
  mail,  ///< RFC 5322
  atom,  ///< RFC 4287, one entry as a document
  cra_early_warning,
  cra_notification,
  cra_final_report,
  cra_incident_early_warning,
  cra_incident_notification,
  cra_incident_final_report
};
/// "csaf-2.0", "csaf-2.1", "cve-5.1", "cve-5.2", "openvex", "cyclonedx", "osv", "text", "html", "mail", "atom",
/// "cra-early-warning", ...
[[nodiscard]] std::string_view slug_of(Form form);
[[nodiscard]] std::optional<Form> form_from(std::string_view slug);
[[nodiscard]] const std::vector<Form>& all_forms();

/// The document; the same text for the same case. Before publication it is a draft and says so where its format can.
///
/// What a format cannot say is refused (unsupported), never left out: "document.no-cve" (CVE records),
/// "document.no-cna", "document.no-ecosystem" (OSV knows packages of ecosystems only), "document.no-releases" (OpenVEX
/// has no ranges), "document.no-products", "document.not-affected" (a CVE record of nothing), "document.no-event" (a
/// CRA report without exploitation or incident).
Result<std::string> make_document(const Case& one, const Publisher& publisher, Form form);

/// security.txt (RFC 9116).
[[nodiscard]] std::string security_txt(const Publisher& publisher);

/// An Atom feed of cases, the newest first.
[[nodiscard]] std::string atom_feed(const std::vector<Case>& cases, const Publisher& publisher);
/// A page that lists cases, the newest first.
[[nodiscard]] std::string list_page(const std::vector<Case>& cases, const Publisher& publisher);

}  // namespace signet::advisories
