// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Documents about vulnerabilities: what they must look like, and how a case becomes each of them.
namespace signet::advisory {

/// What a document is.
enum class Kind : std::uint8_t {
  csaf20,         ///< Common Security Advisory Framework 2.0
  csaf21,         ///< 2.1
  csaf_provider,  ///< provider-metadata.json of CSAF 2.0 or 2.1
  cve,            ///< CVE Record 5.0 to 5.2
  cyclonedx,      ///< CycloneDX 1.4 to 1.7 (bill, VEX, VDR)
  openvex,        ///< OpenVEX 0.2.0
  osv             ///< Open Source Vulnerability format 1.x
};

/// "CSAF 2.0", "CVE record", ...
[[nodiscard]] std::string_view name_of(Kind kind);
/// As --kind and JSON spell it: "csaf-2.0", "cve", ...
[[nodiscard]] std::string_view slug_of(Kind kind);
[[nodiscard]] std::optional<Kind> kind_from_slug(std::string_view slug);

/// How much a finding weighs.
enum class Weight : std::uint8_t {
  error,    ///< the document is not valid
  warning,  ///< valid, but not what a good one looks like (CSAF: recommended, "optional" in 2.0)
  note      ///< worth knowing (CSAF: informative)
};
/// "error", "warning", "note".
[[nodiscard]] std::string_view name_of(Weight weight);

/// One thing that is wrong.
struct Finding {
  Weight weight = Weight::error;
  std::string test;    ///< "6.1.8" for CSAF, "schema", "cve.score": stable
  std::string path;    ///< JSON pointer (RFC 6901) to what it is about; empty is the whole document
  std::string text;    ///< what is wrong
  std::string remedy;  ///< what to do about it
};

/// Which tests are run; each includes those before it. The names are those of CSAF 2.1 section 6.4.
enum class Preset : std::uint8_t { schema, basic, extended, full };

/// What some tests need from outside. What is not given, they skip.
struct Outside {
  /// The status code of HTTP that a URL answers with, 0 if none (CSAF 6.3.6 and 6.3.7).
  std::function<int(std::string_view url)> resolve;
  /// The words of a text that a dictionary of the language lacks; nothing if there is no such dictionary (6.3.8).
  std::function<std::optional<std::vector<std::string>>(std::string_view language, std::string_view text)> misspelt;
  /// Whether a text breaks the grammar of its language; nothing if that cannot be said (CSAF 2.1 6.3.16).
  std::function<std::optional<std::vector<std::string>>(std::string_view language, std::string_view text)>
      ungrammatical;
  /// Folders with schemas and metadata of CSAF extensions (CSAF 2.1 6.1.60).
  std::vector<std::filesystem::path> extensions;
  /// What "now" is for tests that ask (CSAF 2.1 6.2.33).
  std::optional<Instant> now;
};

/// What came out.
struct Report {
  Kind kind = Kind::csaf20;
  std::string id;       ///< by which the document calls itself; may be empty
  std::string version;  ///< of its format
  std::vector<Finding> findings;
  bool is_cut = false;  ///< there was more than k_findings_max

  /// No finding is an error.
  [[nodiscard]] bool is_valid() const;
};

inline constexpr std::size_t k_findings_max = 1000;

/// Judges documents, one after the other, in memory that it keeps. Not for several threads at once.
class Validator {
 public:
  explicit Validator(Preset preset = Preset::full, Outside outside = {});
  ~Validator();
  Validator(Validator&&) noexcept;
  Validator& operator=(Validator&&) noexcept;

  /// Malformed: "json.…" (no JSON, a member twice, too deep), "advisory.kind" (JSON, but no document of these kinds).
  /// A document that is not valid is no error but a report.
  Result<Report> validate(ByteView document, std::optional<Kind> kind = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A dictionary of hunspell for `Outside::misspelt`: from /usr/share/hunspell and the folders given.
[[nodiscard]] std::function<std::optional<std::vector<std::string>>(std::string_view, std::string_view)> hunspell(
    std::vector<std::filesystem::path> folders = {});

/// A few rules of English for `Outside::ungrammatical`: they find little, and what they find is wrong.
[[nodiscard]] std::function<std::optional<std::vector<std::string>>(std::string_view, std::string_view)>
english_grammar();

/// The name that a CSAF document's file must have (section 5.1): "example_company_-_2019-yh3234.json".
[[nodiscard]] std::string csaf_file_name(std::string_view tracking_id);

}  // namespace signet::advisory
