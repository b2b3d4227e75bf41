// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
#include "signet/advisory/validate.hpp"

#include "signet/core/ensure.hpp"

#include "csaf.hpp"
#include "embedded.hpp"
#include "judges.hpp"

#include <algorithm>
#include <array>
#include <fstream>

namespace signet::advisory {

namespace {

struct KindInfo {
  Kind kind;
  std::string_view name;
  std::string_view slug;
};

constexpr std::array<KindInfo, 7> k_kinds{{
    {Kind::csaf20, "CSAF 2.0", "csaf-2.0"},
    {Kind::csaf21, "CSAF 2.1", "csaf-2.1"},
    {Kind::csaf_provider, "CSAF provider metadata", "csaf-provider"},
    {Kind::cve, "CVE record", "cve"},
    {Kind::cyclonedx, "CycloneDX", "cyclonedx"},
    {Kind::openvex, "OpenVEX", "openvex"},
    {Kind::osv, "OSV", "osv"},
}};

std::optional<Kind> kind_of(const Node& root) {
  const std::string_view csaf = root["document"]["csaf_version"].text();
  if (csaf == "2.0") return Kind::csaf20;
  if (csaf == "2.1") return Kind::csaf21;
  if (root.has("cveMetadata") || root["dataType"].text() == "CVE_RECORD") return Kind::cve;
  if (root.has("bomFormat") || root["$schema"].text().find("cyclonedx.org") != std::string_view::npos)
    return Kind::cyclonedx;
  if (root["@context"].text().find("openvex") != std::string_view::npos) return Kind::openvex;
  if (root.has("canonical_url") && root.has("metadata_version")) return Kind::csaf_provider;
  if (root.has("id") && root.has("modified")) return Kind::osv;
  return std::nullopt;
}

std::string_view id_of(Kind kind, const Node& root) {
  switch (kind) {
    case Kind::csaf20:
    case Kind::csaf21:
      return root["document"]["tracking"]["id"].text();
    case Kind::cve:
      return root["cveMetadata"]["cveId"].text();
    case Kind::cyclonedx:
      return root["serialNumber"].text();
    case Kind::openvex:
      return root["@id"].text();
    case Kind::csaf_provider:
      return root["canonical_url"].text();
    case Kind::osv:
      break;
  }
  return root["id"].text();
}

std::string_view version_of(Kind kind, const Node& root) {
  switch (kind) {
    case Kind::csaf20:
      return "2.0";
    case Kind::csaf21:
      return "2.1";
    case Kind::cve:
      return root["dataVersion"].text();
    case Kind::cyclonedx:
      return root["specVersion"].text();
    case Kind::openvex:
      return root["@context"].text();
    case Kind::csaf_provider:
      return root["metadata_version"].text();
    case Kind::osv:
      break;
  }
  return root["schema_version"].text();
}

constexpr std::string_view k_cvss = "https://www.first.org/cvss/cvss-v";
constexpr std::string_view k_csaf20 = "https://docs.oasis-open.org/csaf/csaf/v2.0/";
constexpr std::string_view k_csaf21 = "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/";
constexpr std::string_view k_ssvc = "https://certcc.github.io/SSVC/data/schema/v2/SelectionList_2_0_0.schema.json";
constexpr std::string_view k_cyclonedx = "http://cyclonedx.org/schema/";

void add(SchemaSet& set, std::string_view base, std::string_view name, std::string_view file) {
  const auto added = set.add(std::string(base) + std::string(name), embedded("schemas/" + std::string(file)));
  ensure(added.has_value(), "embedded schemas are JSON");
}

const Rule* rule(SchemaSet& set, const std::string& reference) {
  auto made = set.rule(reference);
  ensure(made.has_value(), "embedded schemas refer to each other");
  return *made;
}

void add_csaf21(SchemaSet& set) {
  for (const char* one : {"extension-content.json", "extension-metaschema.json"}) add(set, k_csaf21, one, one);
  for (const char* one : {"2.0.json", "3.0.json", "3.1.json", "4.0.json"}) {
    add(set, k_cvss, one, "cvss-v" + std::string(one));
  }
  add(set, k_csaf21, "csaf.json", "csaf-2.1.json");
  add(set, k_ssvc, "", "ssvc-selection-list-2.0.0.json");
}

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

constexpr std::array<std::span<const CsafTest> (*)(), 15> k_tables{
    csaf_counterpart_tests, csaf_product_tests, csaf_tracking_tests,    csaf_metric_tests,         csaf_weakness_tests,
    csaf_profile_tests,     csaf_range_tests,   csaf_remediation_tests, csaf_identification_tests, csaf_document_tests,
    csaf_language_tests,    csaf_license_tests, csaf_ssvc_tests,        csaf_extension_tests,      csaf_outside_tests};

}  // namespace

std::string_view name_of(Kind kind) { return k_kinds[static_cast<std::size_t>(kind)].name; }
std::string_view slug_of(Kind kind) { return k_kinds[static_cast<std::size_t>(kind)].slug; }

std::optional<Kind> kind_from_slug(std::string_view slug) {
  for (const KindInfo& one : k_kinds) {
    if (one.slug == slug) return one.kind;
  }
  return std::nullopt;
}

std::string_view name_of(Weight weight) {
  constexpr std::array<std::string_view, 3> k_names{"error", "warning", "note"};
  return k_names[static_cast<std::size_t>(weight)];
}

bool Report::is_valid() const {
  return std::ranges::none_of(findings, [](const Finding& one) { return one.weight == Weight::error; });
}

std::string csaf_file_name(std::string_view tracking_id) {
  std::string name;
  for (const char c : lower(tracking_id)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-';
    if (is_plain) {
      name += c;
    } else if (!name.ends_with('_')) {
      name += '_';
    }
  }
  return name + ".json";
}

struct Validator::State {
  State(Preset the_preset, Outside the_outside) : preset(the_preset), outside(std::move(the_outside)) {}

  Preset preset;
  Outside outside;
  TreeReader reader;
  std::optional<SchemaSet> csaf20_set, csaf21_set, other_set, extension_set;
  CsafRules csaf20_rules, csaf21_rules;
  std::map<std::string, const Rule*, std::less<>> rules;  // of the other kinds
  std::map<std::string, Extension, std::less<>> extensions;

  const CsafRules& csaf_rules(Kind kind);
  const Rule* other_rule(const std::string& reference, void (*fill)(SchemaSet&));
  Result<const Rule*> rule_for(Kind kind, const Node& root);
  Result<void> load_extensions();
  std::vector<RawFinding> judge(Kind kind, const Node& root, const Rule& schema);
};

const CsafRules& Validator::State::csaf_rules(Kind kind) {
  if (kind == Kind::csaf20) {
    if (!csaf20_set) {
      SchemaSet& set = csaf20_set.emplace();
      add(set, k_csaf20, "csaf_json_schema.json", "csaf-2.0.json");
      for (const char* one : {"2.0.json", "3.0.json", "3.1.json"}) add(set, k_cvss, one, "cvss-v" + std::string(one));
      const std::string cvss(k_cvss);
      csaf20_rules = {.document = rule(set, std::string(k_csaf20) + "csaf_json_schema.json"),
                      .cvss_v2 = rule(set, cvss + "2.0.json"),
                      .cvss_v30 = rule(set, cvss + "3.0.json"),
                      .cvss_v31 = rule(set, cvss + "3.1.json")};
    }
    return csaf20_rules;
  }
  if (!csaf21_set) {
    SchemaSet& set = csaf21_set.emplace();
    add_csaf21(set);
    const std::string cvss(k_cvss);
    csaf21_rules = {.document = rule(set, std::string(k_csaf21) + "csaf.json"),
                    .cvss_v2 = rule(set, cvss + "2.0.json"),
                    .cvss_v30 = rule(set, cvss + "3.0.json"),
                    .cvss_v31 = rule(set, cvss + "3.1.json"),
                    .cvss_v4 = rule(set, cvss + "4.0.json"),
                    .ssvc = rule(set, std::string(k_ssvc)),
                    .extension_content = rule(set, std::string(k_csaf21) + "extension-content.json")};
  }
  return csaf21_rules;
}

const Rule* Validator::State::other_rule(const std::string& reference, void (*fill)(SchemaSet&)) {
  const auto known = rules.find(reference);
  if (known != rules.end()) return known->second;
  if (!other_set) other_set.emplace();
  fill(*other_set);
  return rules[reference] = rule(*other_set, reference);
}

Result<const Rule*> Validator::State::rule_for(Kind kind, const Node& root) {
  switch (kind) {
    case Kind::csaf20:
    case Kind::csaf21:
      return csaf_rules(kind).document;
    case Kind::cve:
      return other_rule("cve-5", [](SchemaSet& set) { add(set, "cve-5", "", "cve-5.json"); });
    case Kind::openvex:
      return other_rule("openvex-0.2.0", [](SchemaSet& set) { add(set, "openvex-0.2.0", "", "openvex-0.2.0.json"); });
    case Kind::osv:
      return other_rule("osv-1", [](SchemaSet& set) { add(set, "osv-1", "", "osv.json"); });
    case Kind::csaf_provider:
      if (root["metadata_version"].text() == "2.1") {
        return other_rule(std::string(k_csaf21) + "provider.json", [](SchemaSet& set) {
          add(set, k_csaf21, "provider.json", "provider-2.1.json");
          add_csaf21(set);
        });
      }
      return other_rule(std::string(k_csaf20) + "provider_json_schema.json", [](SchemaSet& set) {
        add(set, k_csaf20, "provider_json_schema.json", "provider-2.0.json");
        add(set, k_csaf20, "csaf_json_schema.json", "csaf-2.0.json");
      });
    case Kind::cyclonedx:
      break;
  }
  constexpr std::array<std::string_view, 4> k_known{"1.4", "1.5", "1.6", "1.7"};
  const std::string version(root["specVersion"].text());
  if (std::ranges::find(k_known, version) == k_known.end()) {
    return Error(Errc::unsupported, "advisory.version", "CycloneDX " + quote(version) + " is not one of 1.4 to 1.7",
                 "Convert the bill to 1.6.");
  }
  if (rules.find("cyclonedx") == rules.end()) {
    if (!other_set) other_set.emplace();
    for (const std::string_view one : k_known) {
      add(*other_set, k_cyclonedx, "bom-" + std::string(one) + ".schema.json",
          "cyclonedx-" + std::string(one) + ".json");
    }
    add(*other_set, k_cyclonedx, "cryptography-defs.schema.json", "cyclonedx-cryptography-defs.json");
    add(*other_set, k_cyclonedx, "jsf-0.82.schema.json", "cyclonedx-jsf-0.82.json");
    add(*other_set, k_cyclonedx, "spdx.schema.json", "cyclonedx-spdx.json");
    rules["cyclonedx"] = nullptr;
  }
  return other_rule(std::string(k_cyclonedx) + "bom-" + version + ".schema.json", [](SchemaSet&) {});
}

/// Reads NAME-content_VERSION.json and NAME-metadata_VERSION.json below the given folders.
Result<void> Validator::State::load_extensions() {
  if (extension_set || outside.extensions.empty()) return {};
  SchemaSet set;
  add_csaf21(set);  // extensions refer to it
  TreeReader metadata_reader;
  std::vector<std::filesystem::path> metadata;
  for (const auto& folder : outside.extensions) {
    std::error_code failed;
    std::filesystem::recursive_directory_iterator at(folder, failed);
    for (; !failed && at != std::filesystem::recursive_directory_iterator(); at.increment(failed)) {
      const std::filesystem::path path = at->path();
      const std::string name = path.filename();
      if (path.extension() != ".json") continue;
      if (name.find("-metadata_") != std::string::npos) metadata.push_back(path);
      if (name.find("-content_") == std::string::npos) continue;
      const std::string text = read_whole(path);
      TRY(set.add(path.string(), as_bytes(text)).context("read the extension " + path.string()));
      TRY_ASSIGN(const Node* root, metadata_reader.read(as_bytes(text)));
      TRY_ASSIGN(extensions[std::string((*root)["$id"].text())].rule, set.rule(path.string()));
    }
    if (failed) {
      return Error(Errc::not_found, "advisory.extensions", "cannot read the folder " + folder.string(),
                   "Give a folder with extensions.");
    }
  }
  TRY(set.check_patterns());
  for (const auto& path : metadata) {
    TRY_ASSIGN(const Node* root, metadata_reader.read(as_bytes(read_whole(path))));
    const auto known = extensions.find((*root)["extension_schema"].text());
    if (known == extensions.end()) continue;
    for (const Node& one : (*root)["incompatible_extensions"].items())
      known->second.incompatible.emplace_back(one.text());
    for (const Member& one : (*root)["requirement"].members()) {
      known->second.occurrence_max[std::string(one.name)] =
          static_cast<std::uint64_t>(std::max<std::int64_t>(0, one.value["max_occurrence"].integer()));
    }
  }
  extension_set = std::move(set);
  return {};
}

std::vector<RawFinding> Validator::State::judge(Kind kind, const Node& root, const Rule& schema) {
  std::vector<RawFinding> findings;
  const bool meets_schema = conforms(schema, root);
  if (!meets_schema) {
    for (Violation& one : violations(schema, root, Strictness::as_written, k_findings_max)) {
      findings.push_back({Weight::error, "schema", one.at, std::move(one.text), "Write it as the schema has it."});
    }
  }
  if (preset == Preset::schema) return findings;
  std::vector<RawFinding> more;
  if (kind == Kind::csaf20 || kind == Kind::csaf21) {
    Csaf csaf(root, kind, csaf_rules(kind), outside, extensions, meets_schema);
    const Weight last = preset == Preset::basic      ? Weight::error
                        : preset == Preset::extended ? Weight::warning
                                                     : Weight::note;
    for (const auto table : k_tables) {
      for (const CsafTest& test : table()) {
        if (test.weight <= last && (test.editions & (kind == Kind::csaf20 ? k_in_20 : k_in_21)) != 0) csaf.run(test);
      }
    }
    more = std::move(csaf.findings);
  } else if (kind == Kind::cve) {
    more = lint_cve(root);
  } else if (kind == Kind::cyclonedx) {
    more = lint_cyclonedx(root);
  } else if (kind == Kind::openvex) {
    more = lint_openvex(root);
  } else if (kind == Kind::osv) {
    more = lint_osv(root);
  }
  findings.insert(findings.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return findings;
}

Validator::Validator(Preset preset, Outside outside) : state_(std::make_unique<State>(preset, std::move(outside))) {}
Validator::~Validator() = default;
Validator::Validator(Validator&&) noexcept = default;
Validator& Validator::operator=(Validator&&) noexcept = default;

Result<Report> Validator::validate(ByteView document, std::optional<Kind> kind) {
  TRY(state_->load_extensions());
  TRY_ASSIGN(const Node* root, state_->reader.read(document));
  if (!kind) kind = kind_of(*root);
  if (!kind) {
    return Error(Errc::invalid_input, "advisory.kind",
                 "this is JSON, but neither CSAF, CVE, CycloneDX, OpenVEX nor OSV",
                 "Say with --kind what it should be.");
  }
  TRY_ASSIGN(const Rule* schema, state_->rule_for(*kind, *root));
  std::vector<RawFinding> raw = state_->judge(*kind, *root, *schema);
  Report report{.kind = *kind,
                .id = std::string(id_of(*kind, *root)),
                .version = std::string(version_of(*kind, *root)),
                .findings = {},
                .is_cut = raw.size() > k_findings_max};
  if (report.is_cut) {  // what weighs most stays
    const auto is_error = [](const RawFinding& one) { return one.weight == Weight::error; };
    const auto others = std::ranges::partition(raw, is_error);
    std::ranges::sort(others, {}, &RawFinding::weight);
    raw.resize(k_findings_max);
  }
  std::vector<const Node*> nodes;
  for (const RawFinding& one : raw) nodes.push_back(one.at);
  std::vector<std::string> paths = pointers_to(*root, nodes);
  report.findings.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    report.findings.push_back({raw[i].weight, std::string(raw[i].test), std::move(paths[i]), std::move(raw[i].text),
                               std::string(raw[i].remedy)});
  }
  return report;
}

}  // namespace signet::advisory
