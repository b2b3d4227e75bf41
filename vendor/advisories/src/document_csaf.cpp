// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// CSAF 2.0 and 2.1 (docs.oasis-open.org/csaf). Members stand in the order of their names (test 6.2.13).
#include "signet/advisory/weakness.hpp"
#include "signet/core/version.hpp"
#include "signet/vuln/cvss.hpp"

#include "drafts.hpp"
#include "facts.hpp"
#include "ranges.hpp"

#include <algorithm>
#include <map>

namespace signet::advisories {

namespace {

constexpr Instant k_newest{253'402'300'799};

class CsafMaker {
 public:
  CsafMaker(const Draft& draft, bool is_21) : draft_(draft), facts_(draft.one.facts()), is_21_(is_21) {}

  Json make() {
    Json root = Json::object({{"product_tree", product_tree()}});  // first: it gives out the ids of products
    root.set("document", document());
    root.set("vulnerabilities", Json::array({vulnerability()}));
    if (is_21_) root.set("$schema", "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json");
    return sorted(root);
  }

 private:
  /// A product of the tree: in which list of product_status it stands.
  struct Listed {
    std::string id;
    const Product* product;
    std::string_view status;
  };

  Json document() {
    const std::string label = !draft_.is_public ? "AMBER" : is_21_ ? "CLEAR" : "WHITE";
    Json publisher = Json::object({{"category", "vendor"},
                                   {"name", draft_.publisher.name},
                                   {"namespace", draft_.publisher.url},
                                   {"contact_details", draft_.publisher.contact}});
    Json document =
        Json::object({{"category", ids("known_affected").elements().empty() ? "csaf_vex" : "csaf_security_advisory"},
                      {"csaf_version", is_21_ ? "2.1" : "2.0"},
                      {"distribution", Json::object({{"tlp", Json::object({{"label", label}})}})},
                      {"lang", "en"},
                      {"notes", Json::array({note("summary", "Summary")})},
                      {"publisher", std::move(publisher)},
                      {"references", references()},
                      {"title", facts_.title},
                      {"tracking", tracking()}});
    const std::string severity = severity_word(facts_);
    if (!severity.empty()) {
      document.set("aggregate_severity",
                   Json::object({{"namespace", "https://www.first.org/cvss/"}, {"text", severity}}));
    }
    return document;
  }

  Json note(std::string_view category, std::string_view title) const {
    const std::string& text = facts_.description.empty() ? facts_.title : facts_.description;
    return Json::object({{"category", category}, {"text", text}, {"title", title}});
  }

  Json references() const {
    const auto own = [&](std::string_view summary, std::string_view path) {
      return Json::object({{"category", "self"}, {"summary", summary}, {"url", url_below(draft_.publisher, path)}});
    };
    Json list = Json::array({own("Canonical URL", csaf_path(draft_)), own("Page for people", page_path(draft_.one))});
    for (const Reference& one : facts_.references) {
      list.push(Json::object({{"category", "external"}, {"summary", one.summary}, {"url", one.url}}));
    }
    return list;
  }

  Json tracking() const {
    Json history = Json::array();
    std::uint64_t number = 0;
    for (const Act& act : draft_.one.publications()) {
      const std::string summary = !act.note.empty() ? act.note : number == 0 ? "Initial version." : "Update.";
      history.push(
          Json::object({{"date", to_rfc3339(act.at)}, {"number", std::to_string(++number)}, {"summary", summary}}));
    }
    if (number == 0) {
      history.push(Json::object({{"date", to_rfc3339(draft_.last)}, {"number", "1"}, {"summary", "Draft."}}));
    }
    Json engine = Json::object({{"name", "Signet"}, {"version", project_version()}});
    return Json::object(
        {{"current_release_date", to_rfc3339(draft_.last)},
         {"generator", Json::object({{"date", to_rfc3339(draft_.last)}, {"engine", std::move(engine)}})},
         {"id", draft_.one.id()},
         {"initial_release_date", to_rfc3339(draft_.is_public ? draft_.first : draft_.last)},
         {"revision_history", std::move(history)},
         {"status", draft_.is_public ? "final" : "draft"},
         {"version", std::to_string(draft_.revision)}});
  }

  Json full_name(const Product& product, const std::string& name, std::string_view version, std::string_view status) {
    const std::string id = "P" + std::to_string(listed_.size() + 1);
    listed_.push_back({.id = id, .product = &product, .status = status});
    Json helper = Json::object();
    if (!product.cpe.empty()) helper.set("cpe", cpe_at(product, version));
    const std::string purl = version.empty() ? product.purl : purl_at(product, version);
    if (is_21_) {
      helper.set("purls", Json::array({purl}));
    } else {
      helper.set("purl", purl);
    }
    return Json::object({{"name", name}, {"product_id", id}, {"product_identification_helper", std::move(helper)}});
  }

  Json version_branch(const Product& product, const std::string& version, std::string_view status) {
    return Json::object(
        {{"category", "product_version"},
         {"name", version},
         {"product", full_name(product, product.vendor + " " + product.name + " " + version, version, status)}});
  }

  Json product_branch(const Product& product) {
    Json branch = Json::object({{"category", "product_name"}, {"name", product.name}});
    const std::string name = product.vendor + " " + product.name;
    if (product.status != ProductStatus::affected) {
      const bool is_open = product.status == ProductStatus::under_investigation;
      branch.set("product", full_name(product, name, "", is_open ? "under_investigation" : "known_not_affected"));
      return branch;
    }
    Json versions = Json::array();
    const std::vector<Interval> intervals = intervals_of(product);
    if (intervals.size() == 1 && intervals.front().is_single) {  // one version is no range (test 6.1.59)
      versions.push(version_branch(product, intervals.front().from, "known_affected"));
    } else {
      std::string words;
      for (const Interval& one : intervals) words += (words.empty() ? "" : ", ") + describe(one);
      versions.push(Json::object({{"category", "product_version_range"},
                                  {"name", product.affected},
                                  {"product", full_name(product, name + " " + words, "", "known_affected")}}));
    }
    for (const std::string& fixed : product.fixed) versions.push(version_branch(product, fixed, "fixed"));
    branch.set("branches", std::move(versions));
    return branch;
  }

  Json product_tree() {
    std::map<std::string_view, Json> vendors;
    for (const Product& product : facts_.products) {
      Json& branches = vendors.try_emplace(product.vendor, Json::array()).first->second;
      branches.push(product_branch(product));
    }
    Json list = Json::array();
    for (auto& [vendor, branches] : vendors) {
      list.push(Json::object({{"category", "vendor"}, {"name", vendor}, {"branches", std::move(branches)}}));
    }
    return Json::object({{"branches", std::move(list)}});
  }

  Json ids(std::string_view status) const {
    Json list = Json::array();
    for (const Listed& one : listed_) {
      if (one.status == status) list.push(one.id);
    }
    return list;
  }

  void add_weaknesses(Json& to) const {
    Json list = Json::array();
    for (const std::string& id : facts_.cwe) {
      auto known = advisory::known_weakness(id, draft_.last);
      if (!known) known = advisory::known_weakness(id, k_newest);
      if (!known) continue;
      if (!is_21_) return static_cast<void>(to.set("cwe", Json::object({{"id", id}, {"name", known->name}})));
      list.push(Json::object({{"id", id}, {"name", known->name}, {"version", known->release}}));
    }
    if (!list.elements().empty()) to.set("cwes", std::move(list));
  }

  void add_scores(Json& to) const {
    Json content = Json::object();
    auto newest_v3 = vuln::CvssVersion::v2;
    for (const std::string& text : facts_.cvss) {
      const auto vector = vuln::CvssVector::parse(text);
      if (!vector) continue;
      const vuln::CvssVersion edition = vector->version();
      if (edition == vuln::CvssVersion::v2) content.set("cvss_v2", cvss_json(text));
      if (edition == vuln::CvssVersion::v4_0 && is_21_) content.set("cvss_v4", cvss_json(text));
      const bool is_v3 = edition == vuln::CvssVersion::v3_0 || edition == vuln::CvssVersion::v3_1;
      if (is_v3 && edition > newest_v3) {
        content.set("cvss_v3", cvss_json(text));
        newest_v3 = edition;
      }
    }
    if (content.members().empty()) return;
    if (is_21_) {
      to.set("metrics",
             Json::array({Json::object({{"content", std::move(content)}, {"products", ids("known_affected")}})}));
      return;
    }
    content.set("products", ids("known_affected"));
    to.set("scores", Json::array({std::move(content)}));
  }

  void add_remediations(Json& to) const {
    Json list = Json::array();
    for (const Remediation& one : remediations_of(facts_)) {
      Json item =
          Json::object({{"category", one.category}, {"details", one.details}, {"product_ids", ids("known_affected")}});
      if (!one.url.empty()) item.set("url", one.url);
      list.push(std::move(item));
    }
    to.set("remediations", std::move(list));
  }

  /// Why products are not affected (flags and impact), and whether attackers use it.
  void add_threats(Json& to) const {
    Json flags = Json::array();
    Json threats = Json::array();
    for (const Listed& one : listed_) {
      if (!one.product->justification.empty()) {
        flags.push(Json::object({{"label", one.product->justification}, {"product_ids", Json::array({one.id})}}));
      }
      if (!one.product->impact.empty()) {
        threats.push(Json::object(
            {{"category", "impact"}, {"details", one.product->impact}, {"product_ids", Json::array({one.id})}}));
      }
    }
    if (facts_.exploited && !ids("known_affected").elements().empty()) {
      threats.push(Json::object({{"category", "exploit_status"},
                                 {"details", "The vulnerability is actively exploited."},
                                 {"product_ids", ids("known_affected")}}));
    }
    if (!flags.elements().empty()) to.set("flags", std::move(flags));
    if (!threats.elements().empty()) to.set("threats", std::move(threats));
  }

  void add_acknowledgments(Json& to) const {
    Json list = Json::array();
    for (const Credit& one : facts_.credits) {
      Json item = Json::object({{"names", Json::array({one.name})}, {"summary", one.role}});
      if (!one.organization.empty()) item.set("organization", one.organization);
      list.push(std::move(item));
    }
    if (!list.elements().empty()) to.set("acknowledgments", std::move(list));
  }

  Json vulnerability() {
    Json one = Json::object({{"title", facts_.title}, {"notes", Json::array({note("description", "Description")})}});
    Json other_ids = Json::array();
    const auto add_id = [&](const std::string& text) {
      push_new(other_ids, Json::object({{"system_name", draft_.publisher.name}, {"text", text}}));
    };
    if (facts_.cve.empty()) {
      add_id(draft_.one.id());
    } else {
      one.set("cve", facts_.cve);
    }
    for (const std::string& alias : facts_.aliases) add_id(alias);
    if (!other_ids.elements().empty()) one.set("ids", std::move(other_ids));
    if (draft_.is_public) one.set(is_21_ ? "disclosure_date" : "release_date", to_rfc3339(draft_.first));
    Json status = Json::object();
    for (const std::string_view name : {"known_affected", "fixed", "known_not_affected", "under_investigation"}) {
      if (Json list = ids(name); !list.elements().empty()) status.set(name, std::move(list));
    }
    one.set("product_status", std::move(status));
    add_weaknesses(one);
    add_threats(one);
    add_acknowledgments(one);
    if (ids("known_affected").elements().empty()) return one;
    add_scores(one);
    add_remediations(one);
    return one;
  }

  const Draft& draft_;
  const Facts& facts_;
  bool is_21_;
  std::vector<Listed> listed_;
};

}  // namespace

Result<Json> csaf_document(const Draft& draft, bool is_21) {
  if (draft.one.facts().products.empty()) {
    return Error(Errc::unsupported, "document.no-products", "the case names no product, and CSAF wants one",
                 "Give products in a file: `signet advisory set --facts FILE`.");
  }
  return CsafMaker(draft, is_21).make();
}

}  // namespace signet::advisories
