// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signet::vuln {

/// What a document says of a product and a vulnerability. "Unknown" is an answer of its own and never becomes another.
enum class Status : std::uint8_t { unknown, affected, not_affected, fixed, under_investigation };

/// "unknown", "affected", "not_affected", "fixed", "under_investigation".
[[nodiscard]] std::string_view name_of(Status status);

/// Which format a document has.
enum class DocumentKind : std::uint8_t { cve, osv, csaf, openvex, cyclonedx, debian, kev, epss };

/// "cve", "osv", "csaf", "openvex", "cyclonedx", "debian", "kev", "epss".
[[nodiscard]] std::string_view name_of(DocumentKind kind);

/// How a document names a product.
struct ProductName {
  enum class Kind : std::uint8_t {
    purl,  ///< a package URL; with a version, only that version is meant
    cpe,   ///< a CPE 2.3 name, formatted string
    name,  ///< vendor and product in free text
    ref    ///< the reference of a component in one bill of materials
  };

  Kind kind = Kind::name;
  std::string text;
  std::string vendor;   ///< of a name; may be empty
  std::string release;  ///< of a distribution: "12"; empty means any

  friend bool operator==(const ProductName&, const ProductName&) = default;
};

/// One entry of a list of versions. Entries are judged in their order; the first that holds a version decides.
struct VersionRule {
  enum class Kind : std::uint8_t {
    exact,  ///< `from` alone
    range,  ///< from `from` (empty: the beginning) to `to` (empty: no end)
    text    ///< a range in words that no program can read; `from` has them
  };

  Status status = Status::affected;
  Kind kind = Kind::exact;
  bool from_excluded = false;
  bool to_included = false;
  std::string scheme;  ///< the order as the document names it ("semver", "deb", "custom"); may be empty
  std::string from;
  std::string to;

  friend bool operator==(const VersionRule&, const VersionRule&) = default;
};

/// What a document says of some products: their versions, and what holds for all others.
struct Statement {
  std::vector<ProductName> products;  ///< other names of one thing
  std::vector<VersionRule> rules;
  Status otherwise = Status::unknown;  ///< where no rule holds the version
  bool only_listed = false;            ///< of a version that no rule holds it says nothing at all
  std::string note;                    ///< the justification or impact, in the document's words
  std::string within;                  ///< the package URL of the product that the component must be part of, or empty
  std::string condition;               ///< what must hold besides and cannot be seen here ("needs also ..."), or empty

  friend bool operator==(const Statement&, const Statement&) = default;
};

/// One vulnerability as one document has it.
struct Advisory {
  std::string id;                    ///< "CVE-2024-0001" where there is one, else the document's own
  std::vector<std::string> aliases;  ///< other identifiers of the same vulnerability
  std::string title;
  std::string cvss;      ///< a vector, or empty
  std::string severity;  ///< as CVSS spells it, from the vector or the document's word; empty if neither
  unsigned score_tenths = 0;
  Instant published;
  Instant modified;
  bool is_withdrawn = false;
  std::vector<Statement> statements;

  friend bool operator==(const Advisory&, const Advisory&) = default;
};

/// One document of a feed and all that it says.
struct Document {
  DocumentKind kind = DocumentKind::cve;
  std::string id;  ///< unique for its kind and publisher
  std::string publisher;
  bool is_vendor = false;  ///< its publisher speaks of products of its own
  Instant modified;
  std::vector<Advisory> advisories;

  friend bool operator==(const Document&, const Document&) = default;
};

/// An entry of the catalogue of known exploited vulnerabilities (CISA).
struct KevEntry {
  std::string id;
  std::string added;  ///< "2021-11-03"
  std::string due;
  bool in_ransomware = false;

  friend bool operator==(const KevEntry&, const KevEntry&) = default;
};

/// A row of FIRST's Exploit Prediction Scoring System, in millionths.
struct EpssEntry {
  std::string id;
  std::uint32_t probability_ppm = 0;
  std::uint32_t percentile_ppm = 0;

  friend bool operator==(const EpssEntry&, const EpssEntry&) = default;
};

}  // namespace signet::vuln
