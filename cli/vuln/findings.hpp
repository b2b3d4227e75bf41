// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/cli.hpp"
#include "signet/vuln/match.hpp"

#include <string>

namespace signet::cli {

/// A report and what it was made of, for all three ways to show it.
struct FindingsView {
  const sbom::Bom& bom;
  const vuln::MatchReport& report;
  vuln::IndexInfo index;
  Instant now;
};

/// For machines: docs/formats/vuln-report.md.
[[nodiscard]] Json findings_json(const FindingsView& view);

/// A table for the terminal: what is open, and with `with_resolved` what was found not to be.
void print_findings(const FindingsView& view, bool with_resolved, Output& out);

/// One file of HTML that needs no other: pictures by severity, age and fix, and all findings with their reasons.
[[nodiscard]] std::string findings_html(const FindingsView& view);

/// The severity as one of CRITICAL, HIGH, MEDIUM, LOW, NONE, UNKNOWN.
[[nodiscard]] std::string severity_of(const vuln::Finding& finding);

}  // namespace signet::cli
