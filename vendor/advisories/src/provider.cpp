// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// CSAF 2.0 section 7.1, requirements 1 to 20 of a (trusted) provider; ROLIE is RFC 8322 as JSON.
#include "provider.hpp"

#include "drafts.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

constexpr std::string_view k_folder = "csaf/white/";
constexpr std::string_view k_feed_name = "csaf/white/csaf-feed-tlp-white.json";
constexpr std::string_view k_service_name = "csaf/service.json";
constexpr std::string_view k_schema = "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json";

Json link(std::string_view rel, const std::string& href) { return Json::object({{"rel", rel}, {"href", href}}); }

Json category() {
  return Json::array({Json::object({{"scheme", "urn:ietf:params:rolie:category:information-type"}, {"term", "csaf"}})});
}

Json feed_entry(const Distributed& one, const Publisher& publisher) {
  const std::string url = url_below(publisher, one.path);
  Json links = Json::array({link("self", url), link("hash", url + ".sha256"), link("hash", url + ".sha512")});
  if (one.is_signed) links.push(link("signature", url + ".asc"));
  return Json::object({{"id", one.id},
                       {"title", one.title},
                       {"link", std::move(links)},
                       {"published", to_rfc3339(one.first)},
                       {"updated", to_rfc3339(one.last)},
                       {"summary", Json::object({{"content", one.summary}})},
                       {"content", Json::object({{"type", "application/json"}, {"src", url}})},
                       {"format", Json::object({{"schema", k_schema}, {"version", "2.0"}})}});
}

Json feed(const std::vector<Distributed>& documents, const Publisher& publisher, Instant updated) {
  const std::string url = url_below(publisher, k_feed_name);
  Json entries = Json::array();
  for (const Distributed& one : documents) entries.push(feed_entry(one, publisher));
  return Json::object({{"feed", Json::object({{"id", "csaf-feed-tlp-white"},
                                              {"title", "TLP:WHITE advisories of " + publisher.name},
                                              {"link", Json::array({link("self", url)})},
                                              {"category", category()},
                                              {"updated", to_rfc3339(updated)},
                                              {"entry", std::move(entries)}})}});
}

Json service(const Publisher& publisher) {
  Json collection = Json::object({{"title", "TLP:WHITE advisories of " + publisher.name},
                                  {"href", url_below(publisher, k_feed_name)},
                                  {"categories", Json::object({{"category", category()}})}});
  Json workspace = Json::object({{"title", "Public CSAF feed"}, {"collection", Json::array({std::move(collection)})}});
  return Json::object({{"service", Json::object({{"workspace", Json::array({std::move(workspace)})}})}});
}

Json metadata(const Publisher& publisher, const std::string& fingerprint, Instant updated) {
  Json feeds = Json::array({Json::object(
      {{"summary", "All TLP:WHITE advisories."}, {"tlp_label", "WHITE"}, {"url", url_below(publisher, k_feed_name)}})});
  Json rolie =
      Json::object({{"feeds", std::move(feeds)}, {"services", Json::array({url_below(publisher, k_service_name)})}});
  Json distributions = Json::array(
      {Json::object({{"directory_url", url_below(publisher, k_folder)}}), Json::object({{"rolie", std::move(rolie)}})});
  Json own = Json::object({{"category", "vendor"},
                           {"contact_details", publisher.contact},
                           {"name", publisher.name},
                           {"namespace", publisher.url}});
  Json all = Json::object({{"canonical_url", url_below(publisher, k_metadata_name)},
                           {"distributions", std::move(distributions)},
                           {"last_updated", to_rfc3339(updated)},
                           {"list_on_CSAF_aggregators", true},
                           {"metadata_version", "2.0"},
                           {"mirror_on_CSAF_aggregators", true}});
  if (!fingerprint.empty()) {
    Json key = Json::object({{"fingerprint", fingerprint}, {"url", url_below(publisher, key_path(fingerprint))}});
    all.set("public_openpgp_keys", Json::array({std::move(key)}));
  }
  all.set("publisher", std::move(own));
  all.set("role", fingerprint.empty() ? "csaf_provider" : "csaf_trusted_provider");
  return all;
}

}  // namespace

std::string key_path(const std::string& fingerprint) { return "openpgp/" + fingerprint + ".asc"; }

void add_provider_files(const std::vector<Distributed>& documents, const Publisher& publisher,
                        const std::string& fingerprint, Tree& to) {
  Instant updated = publisher.since;
  std::string index;
  std::string changes;
  std::vector<const Distributed*> by_change;
  for (const Distributed& one : documents) {
    updated = std::max(updated, one.last);
    index += one.path.substr(k_folder.size()) + "\n";
    by_change.push_back(&one);
  }
  std::ranges::stable_sort(by_change, [](const auto* a, const auto* b) { return b->last < a->last; });
  for (const Distributed* one : by_change) {
    changes += "\"" + one->path.substr(k_folder.size()) + "\",\"" + to_rfc3339(one->last) + "\"\n";
  }
  to[std::string(k_folder) + "index.txt"] = index;
  to[std::string(k_folder) + "changes.csv"] = changes;
  to[std::string(k_feed_name)] = feed(documents, publisher, updated).dump(2) + "\n";
  to[std::string(k_service_name)] = service(publisher).dump(2) + "\n";
  to[std::string(k_metadata_name)] = metadata(publisher, fingerprint, updated).dump(2) + "\n";
}

}  // namespace signet::advisories
