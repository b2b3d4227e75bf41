// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Cases of a product security team: what is known of one vulnerability, from the report to the published advisory.
namespace signet::advisories {

/// Where a case stands. The one table of moves is in src/case.cpp.
enum class State : std::uint8_t {
  received,         ///< somebody reported something
  triaged,          ///< somebody of the team has looked and answered
  confirmed,        ///< it is a vulnerability of a product of ours
  rejected,         ///< it is not
  fix_in_progress,  ///< a repair is being made
  fix_available,    ///< customers can have a repair or a mitigation
  published,        ///< the advisory is public
  closed            ///< nothing is left to do
};
inline constexpr std::size_t k_states = 8;
/// "received", "triaged", "confirmed", "rejected", "fix_in_progress", "fix_available", "published", "closed".
[[nodiscard]] std::string_view name_of(State state);
[[nodiscard]] std::optional<State> state_from(std::string_view name);
/// The states that may follow, in the order of the enum.
[[nodiscard]] std::vector<State> next_states(State state);

/// What holds for a product; of an affected one, for the versions in `affected`.
enum class ProductStatus : std::uint8_t { affected, not_affected, under_investigation };
/// "affected", "not_affected", "under_investigation".
[[nodiscard]] std::string_view name_of(ProductStatus status);

/// A product of ours, and which of its versions have the vulnerability.
struct Product {
  std::string vendor;
  std::string name;
  std::string purl;  ///< package URL without version
  std::string cpe;   ///< CPE 2.3 name of which the version is any; may be empty
  ProductStatus status = ProductStatus::affected;
  std::string affected;               ///< vers range of =, >=, < and <= alone, so that every format can say it
  std::vector<std::string> fixed;     ///< versions that have the repair, one for each line of development
  std::vector<std::string> releases;  ///< versions that were ever given out: formats without ranges list them
  std::string justification;          ///< of one that is not affected: a label of VEX, or empty
  std::string impact;                 ///< of one that is not affected: why, in words

  friend bool operator==(const Product&, const Product&) = default;
};

/// What customers can do.
struct Remediation {
  std::string category;  ///< of CSAF 2.0: "vendor_fix", "workaround", "mitigation", "no_fix_planned", "none_available"
  std::string details;
  std::string url;  ///< may be empty

  friend bool operator==(const Remediation&, const Remediation&) = default;
};

/// Who is thanked.
struct Credit {
  std::string name;
  std::string organization;  ///< may be empty
  std::string role;          ///< of CVE: "finder", "reporter", "coordinator", ...

  friend bool operator==(const Credit&, const Credit&) = default;
};

/// Where to read more.
struct Reference {
  std::string summary;
  std::string url;

  friend bool operator==(const Reference&, const Reference&) = default;
};

/// What an authority or the CVE program was sent, and when: the names are those of clocks().
struct Sent {
  std::string what;
  Instant at;

  friend bool operator==(const Sent&, const Sent&) = default;
};

/// What is known. Each member may be changed at any time; what has to be there is asked for when the state is advanced.
struct Facts {
  std::string title;
  std::string description;           ///< product, flaw, attacker and impact in a few sentences
  std::string cve;                   ///< "CVE-2026-12345" once it is assigned
  std::vector<std::string> aliases;  ///< other identifiers
  std::vector<std::string> cwe;      ///< "CWE-306"
  std::vector<std::string> cvss;     ///< vectors, one of each edition at most
  std::vector<Product> products;
  std::vector<Remediation> remediations;
  std::vector<Credit> credits;
  std::vector<Reference> references;
  std::string reporter;                     ///< kept inside the team: never in a document
  std::optional<Instant> embargo;           ///< nothing may be public before
  std::optional<Instant> disclosed;         ///< when others made it public
  std::optional<Instant> exploited;         ///< when we learnt that it is actively exploited
  std::optional<Instant> incident;          ///< when we learnt of a severe incident that comes of it
  std::vector<std::string> made_available;  ///< Member States (ISO 3166) in which the products are known to be
  std::vector<Sent> sent;

  friend bool operator==(const Facts&, const Facts&) = default;
};

/// Who did something, and when.
struct Act {
  std::string by;
  Instant at;               ///< when it happened
  Instant recorded;         ///< when it was written down: never before `at`
  std::string note;         ///< may be empty
  std::uint64_t entry = 0;  ///< of the ledger, in which it stands

  friend bool operator==(const Act&, const Act&) = default;
};

/// One line of a case's history.
struct Step {
  State state = State::received;  ///< after it
  bool is_change = false;         ///< facts were changed and the state was not
  Act act;

  friend bool operator==(const Step&, const Step&) = default;
};

inline constexpr std::size_t k_case_size_bytes_max = 1U << 20U;

/// A case; a value that is always sound: its identifiers, ranges and vectors are ones, and its history is one that the
/// table of moves allows. Its file is docs/formats/advisory-case.md.
///
/// Refusals (invalid_input unless said): "case.id", "case.text" (too long, or control characters), "case.cve",
/// "case.cwe", "case.cvss", "case.purl", "case.cpe", "case.range", "case.version", "case.url", "case.word" (of a closed
/// list), "case.twice", "case.time", "case.step" (conflict: no such move), "case.needs" (conflict: facts that the state
/// asks for are missing), "case.embargo" (denied), "case.too-big" (exhausted).
class Case {
 public:
  static Result<Case> begin(std::string id, Facts facts, Act act);
  /// From its file; also "json.…" and "case.format".
  static Result<Case> parse(ByteView file);

  /// The case with other facts.
  [[nodiscard]] Result<Case> changed(Facts facts, Act act) const;
  /// The case in another state. What is published a second time is a new revision.
  [[nodiscard]] Result<Case> advanced(State to, Act act) const;

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] State state() const { return steps_.back().state; }
  [[nodiscard]] const Facts& facts() const { return facts_; }
  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  /// When a state was reached for the first time.
  [[nodiscard]] std::optional<Instant> reached(State state) const;
  /// The step that brought it into its state.
  [[nodiscard]] const Step& last_move() const;
  /// The steps that published it, oldest first: the revisions of its documents.
  [[nodiscard]] std::vector<Act> publications() const;
  /// The case as it was when it was published last, whatever was written into it since; nothing before that.
  [[nodiscard]] std::optional<Case> as_published() const;

  /// The file: JSON for people to read. parse(file()) is this case.
  [[nodiscard]] std::string file() const;
  /// What the ledger gets for the last step: who, when, what, and the digest of the file.
  [[nodiscard]] std::string ledger_entry() const;

  friend bool operator==(const Case&, const Case&) = default;

 private:
  Case() = default;
  Result<void> check() const;
  std::string id_;
  Facts facts_;
  std::optional<Facts> published_;
  std::vector<Step> steps_;
};

/// Reads those members of the file format that are facts, over facts that are there: what the text names is replaced.
/// "json.…", and as Case.
Result<Facts> merge_facts(Facts over, ByteView json);

/// Whether a version has the vulnerability by what the case says of the product.
enum class Verdict : std::uint8_t { affected, not_affected, fixed, under_investigation };
[[nodiscard]] Verdict verdict_on(const Product& product, std::string_view version);

}  // namespace signet::advisories
