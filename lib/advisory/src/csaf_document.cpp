// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// The document as a whole (CSAF section 6.1.38 to 6.1.41, 6.2.10, 6.2.11, 6.2.13, 6.2.20, 6.2.22, 6.2.28 to 6.2.30).
#include "csaf.hpp"

#include <algorithm>

namespace signet::advisory {

namespace {

const Node& group_of(const Csaf& csaf) { return csaf.document["distribution"]["sharing_group"]; }

void max_uuid_not_clear(Csaf& csaf) {
  const Node& id = group_of(csaf)["id"];
  if (id.text() == k_max_uuid && csaf.tlp() != "CLEAR") {
    csaf.fail(id, "the sharing group is everybody, but the document is TLP:" + std::string(csaf.tlp()));
  }
}

void clear_with_group(Csaf& csaf) {
  const Node& id = group_of(csaf)["id"];
  if (!id.exists() || csaf.tlp() != "CLEAR" || id.text() == k_max_uuid) return;
  if (id.text() == k_nil_uuid && csaf.status() == "draft") return;
  csaf.fail(id, "the document is TLP:CLEAR, but the sharing group is not everybody");
}

void reserved_name(Csaf& csaf) {
  const Node& name = group_of(csaf)["name"];
  const std::string_view id = group_of(csaf)["id"].text();
  if ((name.text() == "Public" && id != k_max_uuid) || (name.text() == "No sharing allowed" && id != k_nil_uuid)) {
    csaf.fail(name, "the name " + quote(name.text()) + " is reserved");
  }
}

void missing_name(Csaf& csaf) {
  const Node& group = group_of(csaf);
  const std::string_view id = group["id"].text();
  const std::string_view name = id == k_max_uuid ? "Public" : id == k_nil_uuid ? "No sharing allowed" : "";
  if (!name.empty() && group["name"].text() != name)
    csaf.fail(group, "this sharing group must be called " + quote(name));
}

void uses_max_uuid(Csaf& csaf) {
  if (group_of(csaf)["id"].text() == k_max_uuid) csaf.fail(group_of(csaf)["id"], "the sharing group has the Max UUID");
}
void uses_nil_uuid(Csaf& csaf) {
  if (group_of(csaf)["id"].text() == k_nil_uuid) csaf.fail(group_of(csaf)["id"], "the sharing group has the Nil UUID");
}
void group_when_clear(Csaf& csaf) {
  if (csaf.tlp() == "CLEAR" && group_of(csaf).exists())
    csaf.fail(group_of(csaf), "a TLP:CLEAR document has a sharing group");
}

void missing_tlp(Csaf& csaf) {
  if (csaf.tlp().empty()) csaf.fail(csaf.document, "the document has no TLP label");
}

void no_canonical_url(Csaf& csaf) {
  const std::string file = "/" + csaf_file_name(csaf.tracking["id"].text());
  const bool has_one = std::ranges::any_of(csaf.document["references"].items(), [&](const Node& one) {
    const std::string_view url = one["url"].text();
    return one["category"].text() == "self" && url.starts_with("https://") && url.ends_with(file);
  });
  if (!has_one) csaf.fail(csaf.document, "no reference of the category `self` leads to https://.../" + file.substr(1));
}

void unsorted(Csaf& csaf, const Node& node) {
  std::string_view before;
  bool is_first = true;
  for (const Member& member : node.members()) {
    if (!is_first && member.name < before)
      csaf.fail(member.value, quote(member.name) + " stands after " + quote(before));
    before = member.name;
    is_first = false;
    unsorted(csaf, member.value);
  }
  for (const Node& item : node.items()) unsorted(csaf, item);
}
void sorted_keys(Csaf& csaf) { unsorted(csaf, csaf.root); }

void additional(Csaf& csaf) {
  if (conforms(*csaf.rules.document, csaf.root, Strictness::closed)) return;
  for (Violation& one : violations(*csaf.rules.document, csaf.root, Strictness::closed, k_findings_max)) {
    if (one.text.find("is not one that the schema knows") != std::string::npos) csaf.fail(*one.at, std::move(one.text));
  }
}

void id_in_title(Csaf& csaf) {
  const Node& title = csaf.document["title"];
  const std::string_view id = csaf.tracking["id"].text();
  if (!id.empty() && title.text().find(id) != std::string_view::npos)
    csaf.fail(title, "the title has the document's id");
}

constexpr std::string_view k_no_group = "Leave out `sharing_group`.";

constexpr std::array<CsafTest, 12> k_document_tests{{
    {"6.1.38", k_in_21, Weight::error, max_uuid_not_clear, k_no_group},
    {"6.1.39", k_in_21, Weight::error, clear_with_group, k_no_group},
    {"6.1.40", k_in_21, Weight::error, reserved_name, "Use another name."},
    {"6.1.41", k_in_21, Weight::error, missing_name, "Set that name."},
    {"6.2.10", k_in_20, Weight::warning, missing_tlp, "Add /document/distribution/tlp/label."},
    {"6.2.11", k_in_both, Weight::warning, no_canonical_url, "Add such a reference."},
    {"6.2.13", k_in_both, Weight::warning, sorted_keys, "Sort the members of each object by name."},
    {"6.2.20", k_in_both, Weight::warning, additional, "Leave it out."},
    {"6.2.22", k_in_21, Weight::warning, id_in_title, "Leave the id out of the title."},
    {"6.2.28", k_in_21, Weight::warning, uses_max_uuid, k_no_group},
    {"6.2.29", k_in_21, Weight::warning, uses_nil_uuid, k_no_group},
    {"6.2.30", k_in_21, Weight::warning, group_when_clear, k_no_group},
}};

}  // namespace

std::span<const CsafTest> csaf_document_tests() { return k_document_tests; }

}  // namespace signet::advisory
