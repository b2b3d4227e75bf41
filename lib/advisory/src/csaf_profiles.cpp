// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// What each profile demands (CSAF section 6.1.26, 6.1.27, 6.2.38, 6.2.39).
#include "csaf.hpp"

#include <algorithm>
#include <unordered_set>

namespace signet::advisory {

namespace {

constexpr std::string_view k_advisory = "csaf_security_advisory";
constexpr std::string_view k_old_advisory = "csaf_deprecated_security_advisory";
constexpr std::string_view k_vex = "csaf_vex";
constexpr std::string_view k_information = "csaf_informational_advisory";
constexpr std::string_view k_response = "csaf_security_incident_response";
constexpr std::string_view k_withdrawn = "csaf_withdrawn";
constexpr std::string_view k_superseded = "csaf_superseded";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, text) != list.end();
}

bool is_advisory_or_vex(const Csaf& csaf) { return is_one_of(csaf.category(), {k_advisory, k_vex, k_old_advisory}); }
bool is_ended(const Csaf& csaf) { return is_one_of(csaf.category(), {k_withdrawn, k_superseded}); }

/// Small letters, without blanks, dashes and underscores of any script.
std::string squeezed(std::string_view text) {
  constexpr std::array<std::string_view, 26> k_dropped{
      "\u00a0", "\u00ad", "\u058a", "\u1806", "\u2000", "\u2001", "\u2002", "\u2003", "\u2007",
      "\u2009", "\u200a", "\u202f", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015",
      "\u2212", "\u2017", "\u203f", "\u0332", "\ufe58", "\ufe63", "\uff0d", "\uff3f"};
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto dropped =
        std::ranges::find_if(k_dropped, [&](std::string_view one) { return text.substr(i).starts_with(one); });
    if (dropped != k_dropped.end()) {
      i += dropped->size();
      continue;
    }
    const char c = text[i++];
    if (c != '-' && c != '_' && c != ' ' && c != '\t' && c != '\n' && c != '\r') out += c;
  }
  return lower(out);
}

void prohibited_category(Csaf& csaf) {
  constexpr std::array<std::string_view, 8> k_profiles{"csaf_base", k_response,     k_information, k_advisory,
                                                       k_vex,       k_old_advisory, k_superseded,  k_withdrawn};
  const auto known = std::span(k_profiles).first(csaf.is_21 ? k_profiles.size() : 5);
  const std::string_view category = csaf.category();
  if (std::ranges::find(known, category) != known.end()) return;
  const std::string plain = squeezed(category);
  const bool is_name = std::ranges::any_of(known.subspan(1), [&](std::string_view one) {
    return plain == squeezed(one) || plain == squeezed(one.substr(5));
  });
  if (is_name || lower(category).starts_with("csaf_")) {
    csaf.fail(csaf.document["category"], quote(category) + " is, or looks like, the name of another profile");
  }
}

bool has_note(const Csaf& csaf, std::initializer_list<std::string_view> categories) {
  return std::ranges::any_of(csaf.document["notes"].items(),
                             [&](const Node& one) { return is_one_of(one["category"].text(), categories); });
}

void informational_notes(Csaf& csaf) {
  if (!is_one_of(csaf.category(), {k_information, k_response})) return;
  if (!has_note(csaf, {"description", "details", "general", "summary"})) {
    csaf.fail(csaf.document, "no note of the document describes what it is about");
  }
}

void informational_references(Csaf& csaf) {
  if (!is_one_of(csaf.category(), {k_information, k_response})) return;
  const auto references = csaf.document["references"].items();
  const bool has_external = std::ranges::any_of(references, [](const Node& one) {  // which is the default
    return one["category"].text() == "external" || !one.has("category");
  });
  if (!has_external) csaf.fail(csaf.document, "no reference is to an external source");
}

void no_vulnerabilities(Csaf& csaf) {
  const bool applies = csaf.category() == k_information || (csaf.is_21 && is_ended(csaf));
  if (applies && csaf.vulnerabilities.exists()) csaf.fail(csaf.vulnerabilities, "this profile has no vulnerabilities");
}

void missing_product_tree(Csaf& csaf) {
  if (is_advisory_or_vex(csaf) && !csaf.product_tree.exists()) csaf.fail(csaf.root, "there is no product_tree");
}

void vulnerability_notes(Csaf& csaf) {
  if (!is_advisory_or_vex(csaf)) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    if (!one.has("notes")) csaf.fail(one, "the vulnerability has no notes");
  }
}

void product_status(Csaf& csaf) {
  if (!is_one_of(csaf.category(), {k_advisory, k_old_advisory})) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    if (!one.has("product_status")) csaf.fail(one, "the vulnerability has no product_status");
  }
}

void vex_status(Csaf& csaf) {
  if (csaf.category() != k_vex) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    const Node& status = one["product_status"];
    const bool has_any = status.has("fixed") || status.has("known_affected") || status.has("known_not_affected") ||
                         status.has("under_investigation");
    if (!has_any)
      csaf.fail(status.exists() ? status : one, "no product is fixed, affected, not affected or investigated");
  }
}

void vulnerability_id(Csaf& csaf) {
  if (csaf.category() != k_vex) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    if (one.has("cve")) continue;
    if (!one.has("ids")) {
      csaf.fail(one, "the vulnerability has neither cve nor ids");
      continue;
    }
    const auto ids = one["ids"].items();
    if (!csaf.is_21 || !std::ranges::all_of(ids, [&](const Node& id) { return csaf.names_products(id); })) continue;
    std::unordered_set<std::string_view> assigned;
    for (const Node& id : ids) {
      for (const std::string_view product : csaf.products_of(id)) assigned.insert(product);
    }
    for (const Member& list : one["product_status"].members()) {
      for (const Node& product : list.value.items()) {
        if (assigned.contains(product.text())) continue;
        csaf.fail(product, "product id " + quote(product.text()) +
                               " does not have a vulnerability id assigned nor a CVE or general vulnerability id");
      }
    }
  }
}

/// Fails for each product of a list that no item of `lists` names.
void need_statement(Csaf& csaf, const Node& vulnerability, const Node& products, std::vector<const Node*> statements,
                    std::string_view kind) {
  if (vulnerability["product_status"].type() == Node::Type::missing) return;
  std::unordered_set<std::string_view> covered;
  for (const Node* statement : statements) {
    for (const std::string_view id : csaf.products_of(*statement)) covered.insert(id);
  }
  for (const Node& id : products.items()) {
    if (!covered.contains(id.text())) {
      csaf.fail(id, "there is no " + std::string(kind) + " statement for " + quote(id.text()));
    }
  }
}

void impact_statement(Csaf& csaf) {
  if (csaf.category() != k_vex) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    std::vector<const Node*> statements;
    for (const Node& flag : one["flags"].items()) statements.push_back(&flag);
    for (const Node& threat : one["threats"].items()) {
      if (threat["category"].text() == "impact") statements.push_back(&threat);
    }
    need_statement(csaf, one, one["product_status"]["known_not_affected"], std::move(statements), "impact");
  }
}

void action_statement(Csaf& csaf) {
  if (csaf.category() != k_vex) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    std::vector<const Node*> statements;
    for (const Node& remediation : one["remediations"].items()) statements.push_back(&remediation);
    need_statement(csaf, one, one["product_status"]["known_affected"], std::move(statements), "action");
  }
}

void missing_vulnerabilities(Csaf& csaf) {
  if (is_advisory_or_vex(csaf) && !csaf.vulnerabilities.exists()) csaf.fail(csaf.root, "there are no vulnerabilities");
}

void affected_products(Csaf& csaf) {
  if (csaf.category() != k_advisory) return;
  for (const Node& one : csaf.vulnerabilities.items()) {
    const Node& status = one["product_status"];
    if (!status.has("known_affected")) csaf.fail(status.exists() ? status : one, "no product is known_affected");
  }
}

void ended_notes(Csaf& csaf) {
  if (is_ended(csaf) && !has_note(csaf, {"description"})) csaf.fail(csaf.document, "no note says why");
}

void ended_product_tree(Csaf& csaf) {
  if (is_ended(csaf) && csaf.product_tree.exists()) csaf.fail(csaf.product_tree, "this profile has no product_tree");
}

void ended_history(Csaf& csaf) {
  if (is_ended(csaf) && csaf.revisions.size() < 2) {
    csaf.fail(csaf.tracking["revision_history"], "what ends must have been there before: at least two items");
  }
}

/// Exactly one note of that title, and it is of that category.
void need_note(Csaf& csaf, std::string_view title, std::string_view category) {
  std::size_t count = 0;
  const Node* wrong = nullptr;
  for (const Node& note : csaf.document["notes"].items()) {
    if (note["title"].text() != title) continue;
    ++count;
    if (note["category"].text() != category) wrong = &note;
  }
  if (wrong != nullptr) {
    csaf.fail((*wrong)["category"], "the note " + quote(title) + " must have the category " + quote(category));
  } else if (count != 1) {
    csaf.fail(csaf.document, "there must be exactly one note with the title " + quote(title));
  }
}

void withdrawal_reason(Csaf& csaf) {
  if (csaf.category() == k_withdrawn && csaf.is_english()) need_note(csaf, "Reasoning for Withdrawal", "description");
}

void supersession_reason(Csaf& csaf) {
  if (csaf.category() == k_superseded && csaf.is_english())
    need_note(csaf, "Reasoning for Supersession", "description");
}

void need_superseding(Csaf& csaf, std::string_view summary) {
  const Node* wrong = nullptr;
  for (const Node& reference : csaf.document["references"].items()) {
    if (!reference["summary"].text().starts_with(summary)) continue;
    if (reference["category"].text() == "external") return;
    wrong = &reference;
  }
  csaf.fail(wrong != nullptr ? *wrong : csaf.document, "no external reference is called " + quote(summary));
}

void superseding_document(Csaf& csaf) {
  if (csaf.category() == k_superseded && csaf.is_english()) need_superseding(csaf, "Superseding Document");
}

/// The TC's translations of fixed terms.
struct Terms {
  std::string_view language, withdrawal, supersession, superseding, license, description;
};
constexpr std::array<Terms, 1> k_terms{{{"de", "Begründung für die Zurückziehung", "Begründung für die Ersetzung",
                                         "Ersetzendes Dokument", "Lizenz", "Produktbeschreibung"}}};

const Terms* terms_of(const Csaf& csaf) {
  const std::string tag = lower(csaf.language());
  for (const Terms& one : k_terms) {
    if (tag.substr(0, tag.find('-')) == one.language) return &one;
  }
  return nullptr;
}

/// The terms of a language that is not English; says so where none are known.
const Terms* foreign_terms(Csaf& csaf) {
  if (csaf.is_english()) return nullptr;
  const Terms* terms = terms_of(csaf);
  if (terms == nullptr) csaf.note(csaf.document["lang"], "no translation of the fixed terms is known: not tested");
  return terms;
}

void foreign_withdrawal(Csaf& csaf) {
  if (csaf.category() != k_withdrawn) return;
  if (const Terms* terms = foreign_terms(csaf)) need_note(csaf, terms->withdrawal, "description");
}

void foreign_supersession(Csaf& csaf) {
  if (csaf.category() != k_superseded) return;
  if (const Terms* terms = foreign_terms(csaf)) need_note(csaf, terms->supersession, "description");
}

void foreign_superseding(Csaf& csaf) {
  if (csaf.category() != k_superseded) return;
  if (const Terms* terms = foreign_terms(csaf)) need_superseding(csaf, terms->superseding);
}

void description_without_product(Csaf& csaf) {
  std::string_view title = "Product Description";
  if (!csaf.is_english()) {
    const Terms* terms = terms_of(csaf);
    if (terms == nullptr) return;
    title = terms->description;
  }
  for (const Node& note : csaf.document["notes"].items()) {
    if (note["category"].text() == "description" && note["title"].text().starts_with(title) &&
        !csaf.names_products(note)) {
      csaf.fail(note, "the description of a product does not say of which");
    }
  }
}

void deprecated_profile(Csaf& csaf) {
  if (csaf.category().starts_with("csaf_deprecated_")) {
    csaf.fail(csaf.document["category"], "deprecated profile " + quote(csaf.category()) + " used");
  }
}

void extension_at_end(Csaf& csaf) {
  if (!is_ended(csaf)) return;
  for (const Node* place : {&csaf.document["x_extensions"], &csaf.root["x_extensions"]}) {
    if (place->exists()) csaf.fail(*place, "a document that has ended holds no extensions");
  }
}

constexpr std::string_view k_base = "Add it, or set the category to `csaf_base`.";

constexpr std::array<CsafTest, 25> k_profile_tests{{
    {"6.1.26", k_in_both, Weight::error, prohibited_category, "Use the profile's value, or another name."},
    {"6.1.27.1", k_in_both, Weight::error, informational_notes, k_base},
    {"6.1.27.2", k_in_both, Weight::error, informational_references, k_base},
    {"6.1.27.3", k_in_both, Weight::error, no_vulnerabilities, "Leave it out, or set the category to `csaf_base`."},
    {"6.1.27.4", k_in_both, Weight::error, missing_product_tree, k_base},
    {"6.1.27.5", k_in_both, Weight::error, vulnerability_notes, k_base},
    {"6.1.27.6", k_in_both, Weight::error, product_status, k_base},
    {"6.1.27.7", k_in_both, Weight::error, vex_status, "Say the status of at least one product."},
    {"6.1.27.8", k_in_both, Weight::error, vulnerability_id, "Give the CVE, or an id of your own."},
    {"6.1.27.9", k_in_both, Weight::error, impact_statement, "Say by a flag or a threat why it is not affected."},
    {"6.1.27.10", k_in_both, Weight::error, action_statement, "Say by a remediation what to do."},
    {"6.1.27.11", k_in_both, Weight::error, missing_vulnerabilities, k_base},
    {"6.1.27.12", k_in_21, Weight::error, affected_products, "List the affected products."},
    {"6.1.27.14", k_in_21, Weight::error, ended_notes, "Add a note of the category `description`."},
    {"6.1.27.15", k_in_21, Weight::error, ended_product_tree, "Leave it out."},
    {"6.1.27.16", k_in_21, Weight::error, ended_history, "Keep the items of the releases before."},
    {"6.1.27.17", k_in_21, Weight::error, withdrawal_reason, "Write such a note."},
    {"6.1.27.18", k_in_21, Weight::error, supersession_reason, "Write such a note."},
    {"6.1.27.19", k_in_21, Weight::error, superseding_document, "Refer to the document that takes its place."},
    {"6.2.38", k_in_21, Weight::warning, deprecated_profile, "Use the profile that took its place."},
    {"6.2.39.2", k_in_21, Weight::warning, foreign_withdrawal, "Write such a note."},
    {"6.2.39.3", k_in_21, Weight::warning, foreign_supersession, "Write such a note."},
    {"6.2.39.4", k_in_21, Weight::warning, foreign_superseding, "Refer to the document that takes its place."},
    {"6.2.39.5", k_in_21, Weight::warning, extension_at_end, "Leave the extensions out."},
    {"6.2.40", k_in_21, Weight::warning, description_without_product, "Name the products in product_ids or group_ids."},
}};

}  // namespace

std::span<const CsafTest> csaf_profile_tests() { return k_profile_tests; }

}  // namespace signet::advisory
