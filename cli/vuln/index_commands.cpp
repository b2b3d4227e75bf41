// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/clock.hpp"
#include "signet/vuln/index.hpp"

#include "vuln/vuln_commands.hpp"

#include <memory>

namespace signet::cli {

namespace {

Json info_json(const vuln::IndexInfo& info) {
  return Json::object({{"created", to_rfc3339(info.created)},
                       {"size_bytes", info.size_bytes},
                       {"documents", info.documents},
                       {"advisories", info.advisories},
                       {"statements", info.statements},
                       {"known_exploited", info.kev},
                       {"epss", info.epss}});
}

void print_info(const vuln::IndexInfo& info, Output& out) {
  out.line("The index has " + std::to_string(info.documents) + " documents with " + std::to_string(info.advisories) +
           " advisories and " + std::to_string(info.statements) + " statements about products, " +
           std::to_string(info.kev) + " vulnerabilities known to be exploited, " + std::to_string(info.epss) +
           " EPSS scores; " + std::to_string(info.size_bytes) + " bytes, made " + to_rfc3339(info.created) + ".");
}

Json names_json(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const std::string& name : names) list.push(name);
  return list;
}

Result<void> write_index(const Invocation& call, vuln::IndexMode mode) {
  const vuln::FeedTrust trust{.openpgp_keys = call.get("--openpgp-keys")};
  std::vector<std::unique_ptr<vuln::FeedSource>> feeds;
  for (const std::string& path : call.all("FEED")) {
    TRY_ASSIGN(auto feed, vuln::open_feed(path, trust));
    feeds.push_back(std::move(feed));
  }
  if (feeds.empty()) {
    return Error(Errc::usage, "vuln.no-feed", "there is no feed to read", "Name files, folders or archives behind it.");
  }
  const auto bad = call.has("--skip-bad") ? vuln::BadDocuments::skip : vuln::BadDocuments::refuse;
  TRY_ASSIGN(const vuln::IndexUpdate update,
             vuln::update_index(call.get("--index"), mode, feeds, os::SystemClock().now(), bad));
  Output& out = call.out();
  out.line(std::to_string(update.documents_read) + " documents read: " + std::to_string(update.documents_new) +
           " new, " + std::to_string(update.documents_changed) + " changed, " + std::to_string(update.documents_same) +
           " known already, " + std::to_string(update.documents_older) + " older than what the index has.");
  for (const std::string& line : update.skipped) out.line("left out: " + printable(line, 400));
  if (update.ignored_count > 0) {
    out.line(std::to_string(update.ignored_count) + " files are of no kind that is read, the first is " +
             printable(update.ignored.front()) + ".");
  }
  print_info(update.info, out);
  out.result(Json::object({{"read", update.documents_read},
                           {"new", update.documents_new},
                           {"changed", update.documents_changed},
                           {"same", update.documents_same},
                           {"older", update.documents_older},
                           {"bytes_read", update.bytes_read},
                           {"skipped", update.skipped_count},
                           {"skipped_names", names_json(update.skipped)},
                           {"ignored", update.ignored_count},
                           {"ignored_names", names_json(update.ignored)},
                           {"index", info_json(update.info)}}));
  return {};
}

Result<void> index(const Invocation& call) {
  const std::string action = call.get("ACTION");
  if (action == "build") return write_index(call, vuln::IndexMode::build);
  if (action == "update") return write_index(call, vuln::IndexMode::update);
  if (action != "info") {
    return Error(Errc::usage, "vuln.action", "'" + printable(action, 40) + "' is none of build, update and info",
                 "See signet vuln index --help.");
  }
  TRY_ASSIGN(const vuln::Index opened, vuln::Index::open(call.get("--index")));
  print_info(opened.info(), call.out());
  call.out().result(info_json(opened.info()));
  return {};
}

Json rules_json(const vuln::Statement& statement) {
  Json rules = Json::array();
  for (const vuln::VersionRule& rule : statement.rules) {
    Json json = Json::object({{"status", name_of(rule.status)}});
    if (rule.kind == vuln::VersionRule::Kind::exact) json.set("version", rule.from);
    if (rule.kind == vuln::VersionRule::Kind::text) json.set("words", rule.from);
    if (rule.kind == vuln::VersionRule::Kind::range) {
      if (!rule.from.empty()) json.set(rule.from_excluded ? "after" : "from", rule.from);
      if (!rule.to.empty()) json.set(rule.to_included ? "up_to" : "before", rule.to);
    }
    if (!rule.scheme.empty()) json.set("order", rule.scheme);
    rules.push(std::move(json));
  }
  return rules;
}

Json statement_json(const vuln::Statement& statement, Output& out) {
  Json products = Json::array();
  std::string names;
  for (const vuln::ProductName& product : statement.products) {
    const std::string name = product.vendor.empty() ? product.text : product.vendor + " " + product.text;
    names += (names.empty() ? "" : ", ") + printable(name, 100);
    if (!product.release.empty()) names += " (release " + printable(product.release, 20) + ")";
    products.push(Json::object({{"name", name}, {"release", product.release}}));
  }
  out.line("    " + names + ": " + std::to_string(statement.rules.size()) + " entries on versions, otherwise " +
           std::string(name_of(statement.otherwise)) +
           (statement.note.empty() ? "" : "; " + printable(statement.note)));
  return Json::object({{"products", std::move(products)},
                       {"versions", rules_json(statement)},
                       {"otherwise", name_of(statement.otherwise)},
                       {"note", statement.note},
                       {"within", statement.within},
                       {"condition", statement.condition}});
}

Result<void> show(const Invocation& call) {
  TRY_ASSIGN(const vuln::Index opened, vuln::Index::open(call.get("--index")));
  const std::string id = call.get("ID");
  const auto places = opened.find_id(id);
  if (places.empty()) {
    return Error(Errc::not_found, "vuln.unknown-id", "the index knows nothing of " + printable(id, 60),
                 "Update it, or check the spelling: CVE-2024-0001.");
  }
  Output& out = call.out();
  Json documents = Json::array();
  for (const vuln::StatementPlace& place : places) {
    const vuln::Advisory advisory = opened.advisory(place.advisory);
    const vuln::Document document = opened.document(place.document);
    out.line(printable(advisory.id) + "  " + advisory.severity + "  " + printable(advisory.title, 300));
    out.line("  " + std::string(name_of(document.kind)) + " " + printable(document.id) + " by " +
             printable(document.publisher) + ", " + to_rfc3339(document.modified) +
             (advisory.is_withdrawn ? ", withdrawn" : ""));
    Json statements = Json::array();
    const auto [first, count] = opened.statements_of(place.advisory);
    for (std::uint32_t i = 0; i < count; ++i) statements.push(statement_json(opened.statement(first + i), out));
    documents.push(Json::object({{"id", advisory.id},
                                 {"kind", name_of(document.kind)},
                                 {"document", document.id},
                                 {"publisher", document.publisher},
                                 {"modified", to_rfc3339(document.modified)},
                                 {"withdrawn", advisory.is_withdrawn},
                                 {"title", advisory.title},
                                 {"cvss", advisory.cvss},
                                 {"severity", advisory.severity},
                                 {"statements", std::move(statements)}}));
  }
  Json result = Json::object({{"id", id}, {"documents", std::move(documents)}});
  if (const auto kev = opened.kev(id)) {
    out.line("  Known to be exploited since " + printable(kev->added) + ".");
    result.set("known_exploited", Json::object({{"added", kev->added}, {"due", kev->due}}));
  }
  if (const auto epss = opened.epss(id)) {
    result.set("epss", static_cast<double>(epss->probability_ppm) / 1e6);
  }
  out.result(std::move(result));
  return {};
}

}  // namespace

Option index_option() {
  return {.name = "--index",
          .value = "FILE",
          .help = "The index of vulnerabilities.",
          .required = true,
          .complete = Complete::file};
}

std::vector<Command> vuln_index_commands() {
  return {
      {.noun = "vuln",
       .verb = "index",
       .summary = "Read feeds of vulnerabilities into an index",
       .description =
           "`vuln index build` reads feeds into a new index; `vuln index update` reads them into one that exists, "
           "keeps "
           "what they do not mention, and never replaces a document by an older one; `vuln index info` says what an "
           "index holds.\n\n"
           "A feed is a file, a folder or an archive (zip, tar) with CVE records of version 5, OSV, CSAF 2.0 and 2.1, "
           "OpenVEX, CycloneDX VEX, Debian's security tracker, the KEV catalogue, or EPSS. Digests and signatures that "
           "lie beside the documents are checked. Whatever is wrong with a feed is named, and the old index stays as "
           "it was; it does too if the command is interrupted.",
       .positionals = {{.name = "ACTION", .help = "What to do: build, update or info", .complete = Complete::nothing},
                       {.name = "FEED",
                        .help = "A file, a folder or an archive with documents.",
                        .required = false,
                        .repeatable = true}},
       .options = {index_option(),
                   {.name = "--openpgp-keys",
                    .value = "FILE",
                    .help = "OpenPGP public keys: each CSAF document must be signed by one of them.",
                    .complete = Complete::file},
                   {.name = "--skip-bad", .help = "Leave bad documents out, and name them, instead of stopping."}},
       .examples = {{"signet vuln index build cvelistV5.zip --index vuln.index", "Read the whole CVE list."},
                    {"signet vuln index update csaf/ osv.zip kev.json --index vuln.index", "Add other feeds to it."},
                    {"signet vuln index info --index vuln.index", "See what it holds."}},
       .run = index},
      {.noun = "vuln",
       .verb = "show",
       .summary = "Show what the index knows of one vulnerability",
       .description = "All documents that name it, by its own identifier or as an alias, with the products and the "
                      "versions that they state, and whether it is known to be exploited.",
       .positionals = {{.name = "ID", .help = "An identifier: of CVE, GHSA, DSA, ...", .complete = Complete::nothing}},
       .options = {index_option()},
       .examples = {{"signet vuln show CVE-2023-38545 --index vuln.index", "Read what is said of it."}},
       .run = show},
  };
}

}  // namespace signet::cli
