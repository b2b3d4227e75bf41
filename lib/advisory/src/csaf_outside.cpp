// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// What asks the world: links, spelling, grammar (CSAF section 6.3.6 to 6.3.8, 6.3.16).
#include "csaf.hpp"

#include <algorithm>

namespace signet::advisory {

namespace {

/// Calls `each` with every URL: its node, and whether it is a reference of the category "self".
template <typename Each>
void each_url(const Node& node, Each each) {
  const bool is_self = node["category"].text() == "self" && node.has("url");
  for (const Member& member : node.members()) {
    if (member.name == "x_extensions" || member.name == "$schema") continue;
    const std::string_view text = member.value.text();
    const bool is_link = text.starts_with("https://") || text.starts_with("http://");
    const bool is_place = member.name == "url" || member.name == "namespace" || member.name == "sbom_url";
    if (is_link && (is_place || member.name == "system_name" || member.name == "uri"))
      each(member.value, is_self && member.name == "url");
    if (member.name == "urls" || member.name == "sbom_urls") {
      for (const Node& item : member.value.items()) each(item, false);
    } else {
      each_url(member.value, each);
    }
  }
  for (const Node& item : node.items()) each_url(item, each);
}

void dead_link(Csaf& csaf) {
  if (!csaf.outside.resolve) return;
  each_url(csaf.root, [&](const Node& node, bool is_self) {
    if (is_self) return;
    const int status = csaf.outside.resolve(node.text());
    if (status < 200 || status > 399)
      csaf.fail(node, quote(node.text()) + " does not resolve (" + std::to_string(status) + ")");
  });
}

void dead_self_link(Csaf& csaf) {
  if (!csaf.outside.resolve) return;
  each_url(csaf.root, [&](const Node& node, bool is_self) {
    if (!is_self) return;
    const int status = csaf.outside.resolve(node.text());
    if (status < 100 || status > 399)
      csaf.fail(node, quote(node.text()) + " does not resolve (" + std::to_string(status) + ")");
  });
}

/// Calls `each` with every text that is written for people.
template <typename Each>
void each_text(const Node& node, Each each) {
  constexpr std::array<std::string_view, 9> k_names{"text",         "title",          "details",
                                                    "summary",      "audience",       "issuing_authority",
                                                    "entitlements", "legacy_version", "description"};
  for (const Member& member : node.members()) {
    if (member.name == "x_extensions" || member.name == "ids" || member.name.starts_with("cvss_")) continue;
    if (!member.value.is_string()) {
      each_text(member.value, each);
    } else if (std::ranges::find(k_names, member.name) != k_names.end()) {
      each(member.value);
    }
  }
  for (const Node& item : node.items()) each_text(item, each);
}

using Checker = std::function<std::optional<std::vector<std::string>>(std::string_view, std::string_view)>;

void check_texts(Csaf& csaf, const Checker& checker, std::string_view what) {
  if (!checker || csaf.language().empty()) return;
  bool is_supported = true;
  each_text(csaf.root, [&](const Node& node) {
    if (!is_supported) return;
    const auto faults = checker(csaf.language(), node.text());
    if (!faults) {
      is_supported = false;
      return;
    }
    for (const std::string& one : *faults) csaf.fail(node, quote(one) + " " + std::string(what));
  });
  if (!is_supported)
    csaf.fail(csaf.document["lang"], "the language " + quote(csaf.language()) + " cannot be checked here");
}

void spelling(Csaf& csaf) { check_texts(csaf, csaf.outside.misspelt, "is not in the dictionary"); }
void grammar(Csaf& csaf) { check_texts(csaf, csaf.outside.ungrammatical, "breaks the grammar"); }

constexpr std::array<CsafTest, 4> k_outside_tests{{
    {"6.3.6", k_in_both, Weight::note, dead_link, "Put the link right, or leave it out."},
    {"6.3.7", k_in_both, Weight::note, dead_self_link, "Publish the document there."},
    {"6.3.8", k_in_both, Weight::note, spelling, "Put the word right, or add it to your dictionary."},
    {"6.3.16", k_in_21, Weight::note, grammar, "Put the sentence right."},
}};

}  // namespace

std::span<const CsafTest> csaf_outside_tests() { return k_outside_tests; }

}  // namespace signet::advisory
