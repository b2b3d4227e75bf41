// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/vuln/feed.hpp"

#include "json_view.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::sbom {
class Purl;
}

namespace signet::vuln {

// One function for each format. Each adds what it finds to `out`, or fails and is not asked about `out` any more.
Result<void> read_cve(JsonNode root, FeedContent& out);
Result<void> read_osv(JsonNode root, FeedContent& out);
Result<void> read_csaf(JsonNode root, FeedContent& out);
Result<void> read_openvex(JsonNode root, FeedContent& out);
Result<void> read_cyclonedx(JsonNode root, FeedContent& out);
Result<void> read_debian_tracker(JsonNode root, FeedContent& out);
Result<void> read_kev(JsonNode root, FeedContent& out);
Result<void> read_epss(std::string_view text, FeedContent& out);

/// Whether a root object looks like that of Debian's tracker: packages that have CVEs that have releases.
[[nodiscard]] bool is_debian_tracker(JsonNode root);

/// Longer texts are names of nothing; they are cut (titles, notes) or their entry is left out (versions, products).
inline constexpr std::size_t k_title_size_bytes_max = 240;
inline constexpr std::size_t k_name_size_bytes_max = 512;

[[nodiscard]] inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "CVE-2024-0001": a year of four digits and a number of four to nineteen.
[[nodiscard]] bool is_cve_id(std::string_view text);

/// At most `size_bytes_max` bytes, cut between characters.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t size_bytes_max = k_title_size_bytes_max);

[[nodiscard]] std::string in_lower_case(std::string_view text);

/// Takes a vector over if it is one, with score and severity.
void take_vector(Advisory& advisory, std::string_view vector);
/// Takes a word of severity over ("Important", "high") where there is no vector.
void take_severity(Advisory& advisory, std::string_view word);

/// A package URL as a product: without qualifiers, with the release of its `distro` qualifier. Nothing if it is none.
[[nodiscard]] std::optional<ProductName> purl_product(std::string_view purl);
[[nodiscard]] std::optional<ProductName> purl_product(const sbom::Purl& purl);
/// The same from the parts of a name in an ecosystem: ("maven", "org.apache:commons"), ("npm", "@scope/name").
[[nodiscard]] std::optional<ProductName> package_product(std::string_view type, std::string_view name);
/// A CPE name (also as URI) as a product. Nothing if it is none.
[[nodiscard]] std::optional<ProductName> cpe_product(std::string_view cpe);

/// "12" for "bookworm", "debian-12" and "12"; the text itself where it is no release that is known.
[[nodiscard]] std::string release_number(std::string_view release);

/// Rules from a version field that may have a range in words: "1.2.3", "< 6.9", ">= 1.0, < 2.0", "3.1 and earlier",
/// "All versions < V4.3". What cannot be understood becomes a rule of kind text.
[[nodiscard]] std::vector<VersionRule> rules_from_words(std::string_view words, Status status, std::string_view scheme);

/// Rules of status affected from a range: "vers:deb/>=1|<2" by its grammar, all else by its words. Of a version that
/// the range leaves out on purpose ("!=") nothing is known.
[[nodiscard]] std::vector<VersionRule> rules_from_range(std::string_view text);

}  // namespace signet::vuln
