// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_bill_fuzz)
//
// What the schemas of CycloneDX, OpenVEX and OSV let pass.
#include "signet/sbom/purl.hpp"

#include "judges.hpp"

#include <algorithm>
#include <unordered_set>

namespace signet::advisory {

namespace {

class Linter {
 public:
  void add(Weight weight, std::string_view test, const Node& at, std::string text, std::string_view remedy) {
    findings_.push_back({weight, test, &at, std::move(text), remedy});
  }

  void purl(const Node& node, std::string_view test) {
    if (!node.is_string() || !node.text().starts_with("pkg:")) return;
    if (!sbom::Purl::canonicalise(node.text())) {
      add(Weight::warning, test, node, quote(node.text()) + " is no package URL", "Write it as ECMA-427 demands.");
    }
  }

  void order(const Node& earlier, const Node& later, std::string_view test) {
    const auto a = parse_moment(earlier.text());
    const auto b = parse_moment(later.text());
    if (a && b && *b < *a)
      add(Weight::warning, test, later, "it was changed before it was made", "Put the dates right.");
  }

  std::vector<RawFinding> take() { return std::move(findings_); }

 private:
  std::vector<RawFinding> findings_;
};

void collect_refs(Linter& lint, const Node& node, std::unordered_set<std::string_view>& refs) {
  const Node& ref = node["bom-ref"];
  if (ref.is_string() && !refs.insert(ref.text()).second) {
    lint.add(Weight::warning, "cyclonedx.ref", ref, quote(ref.text()) + " is used twice",
             "Give each part its own bom-ref.");
  }
  lint.purl(node["purl"], "cyclonedx.purl");
  for (const Member& member : node.members()) collect_refs(lint, member.value, refs);
  for (const Node& item : node.items()) collect_refs(lint, item, refs);
}

}  // namespace

std::vector<RawFinding> lint_cyclonedx(const Node& root) {
  Linter lint;
  std::unordered_set<std::string_view> refs;
  collect_refs(lint, root, refs);
  const auto need = [&](const Node& ref) {
    if (ref.is_string() && !ref.text().starts_with("urn:cdx:") && !refs.contains(ref.text())) {
      lint.add(Weight::warning, "cyclonedx.ref", ref, "nothing has the bom-ref " + quote(ref.text()),
               "Name a part of this bill.");
    }
  };
  for (const Node& one : root["dependencies"].items()) {
    need(one["ref"]);
    for (const Node& on : one["dependsOn"].items()) need(on);
  }
  for (const Node& one : root["vulnerabilities"].items()) {
    const Node& analysis = one["analysis"];
    if (analysis["state"].text() == "not_affected" && !analysis.has("justification") && !analysis.has("detail")) {
      lint.add(Weight::warning, "cyclonedx.vex", analysis, "nothing says why it is not affected",
               "Add a justification.");
    }
    lint.order(one["published"], one["updated"], "cyclonedx.dates");
  }
  return lint.take();
}

std::vector<RawFinding> lint_openvex(const Node& root) {
  Linter lint;
  lint.order(root["timestamp"], root["last_updated"], "openvex.dates");
  std::unordered_set<std::string> seen;
  for (const Node& statement : root["statements"].items()) {
    lint.order(statement["timestamp"], statement["last_updated"], "openvex.dates");
    const std::string_view status = statement["status"].text();
    if (status == "affected" && !statement.has("action_statement")) {
      lint.add(Weight::warning, "openvex.action", statement, "nothing says what to do", "Add an action_statement.");
    }
    if (statement["products"].size() == 0) {
      lint.add(Weight::warning, "openvex.products", statement, "the statement is about no product", "Add products.");
    }
    for (const Node& product : statement["products"].items()) {
      lint.purl(product["@id"], "openvex.purl");
      lint.purl(product["identifiers"]["purl"], "openvex.purl");
      std::string key =
          std::string(statement["vulnerability"]["name"].text()) + "\n" + std::string(product["@id"].text());
      if (!statement.has("timestamp") && product.has("@id") && !product.has("subcomponents") &&
          !seen.insert(std::move(key)).second) {
        lint.add(Weight::warning, "openvex.twice", product, "two statements of one time are about this product",
                 "Leave one, or date them.");
      }
    }
  }
  return lint.take();
}

std::vector<RawFinding> lint_osv(const Node& root) {
  Linter lint;
  lint.order(root["published"], root["modified"], "osv.dates");
  for (const Node& affected : root["affected"].items()) {
    lint.purl(affected["package"]["purl"], "osv.purl");
    for (const Node& range : affected["ranges"].items()) {
      const auto events = range["events"].items();
      if (!std::ranges::any_of(events, [](const Node& one) { return one.has("introduced"); })) {
        lint.add(Weight::error, "osv.introduced", range, "the range does not begin",
                 "Add an event \"introduced\"; \"0\" is the beginning.");
      }
    }
  }
  return lint.take();
}

}  // namespace signet::advisory
