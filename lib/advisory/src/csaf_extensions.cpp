// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// Extensions (CSAF 2.1 section 6.1.60, 6.2.54, 6.3.21).
#include "csaf.hpp"

#include <algorithm>

namespace signet::advisory {

namespace {

constexpr std::string_view k_official = "https://docs.oasis-open.org/csaf/";

constexpr std::string_view k_path_name = "$.product_tree.product_paths[*].full_product_name.x_extensions";
constexpr const char* k_old_path_name = "$.product_tree.relationships[*].full_product_name.x_extensions";

/// A list of extensions, and where it stands as metadata of extensions say it.
struct Place {
  const Node* list = nullptr;
  std::string path;
};

std::vector<Place> places(const Csaf& csaf) {
  std::vector<Place> all;
  const auto add = [&](const Node& holder, std::string path) {
    if (holder.has("x_extensions")) all.push_back({&holder["x_extensions"], std::move(path)});
  };
  add(csaf.root, "$.x_extensions");
  add(csaf.document, "$.document.x_extensions");
  for (const Product& one : csaf.products) {
    add(*one.name, one.branch >= 0       ? "$.product_tree.branches..product.x_extensions"
                   : one.path != nullptr ? "$.product_tree.product_paths[*].full_product_name.x_extensions"
                                         : "$.product_tree.full_product_names[*].x_extensions");
  }
  for (const Branch& one : csaf.branches) add(*one.node, "$.product_tree.branches..x_extensions");
  for (const Node& one : csaf.product_tree["product_paths"].items())
    add(one, "$.product_tree.product_paths[*].x_extensions");
  for (const Node& vulnerability : csaf.vulnerabilities.items()) {
    add(vulnerability, "$.vulnerabilities[*].x_extensions");
    for (const Node& metric : vulnerability["metrics"].items()) {
      add(metric["content"], "$.vulnerabilities[*].metrics[*].content.x_extensions");
      add(metric, "$.vulnerabilities[*].metrics[*].x_extensions");
    }
  }
  return all;
}

template <typename Each>
void each_extension(const Csaf& csaf, Each each) {
  for (const Place& place : places(csaf)) {
    for (const Node& item : place.list->items()) each(item);
  }
}

void content_schema(Csaf& csaf) {
  if (csaf.meets_schema) return;
  each_extension(csaf, [&](const Node& item) {
    for (Violation& one : violations(*csaf.rules.extension_content, item, Strictness::as_written, k_findings_max)) {
      csaf.fail(*one.at, std::move(one.text));
    }
  });
}

const Extension* known(const Csaf& csaf, const Node& item) {
  const auto found = csaf.extensions.find(item["$schema"].text());
  return found == csaf.extensions.end() ? nullptr : &found->second;
}

std::string_view class_of(const Node& item) {
  return item["$schema"].text().starts_with(k_official) ? "official" : "experimental";  // none is registered yet
}

void declared_schema(Csaf& csaf) {
  each_extension(csaf, [&](const Node& item) {
    const Extension* extension = known(csaf, item);
    if (extension == nullptr) {
      csaf.note(item["$schema"], "the " + std::string(class_of(item)) + " extension " + quote(item["$schema"].text()) +
                                     " is not known here: not tested");
      return;
    }
    for (Violation& one : violations(*extension->rule, item, Strictness::as_written, k_findings_max)) {
      csaf.fail(*one.at, std::move(one.text));
    }
  });
}

void metadata(Csaf& csaf) {
  std::map<std::string_view, const Node*> used;
  each_extension(csaf, [&](const Node& item) { used.emplace(item["$schema"].text(), &item); });
  for (const Place& place : places(csaf)) {
    std::map<std::string_view, std::uint64_t> counts;
    for (const Node& item : place.list->items()) {
      const Extension* extension = known(csaf, item);
      if (extension == nullptr) continue;
      auto max = extension->occurrence_max.find(place.path);
      if (place.path == k_path_name && max == extension->occurrence_max.end()) {
        max = extension->occurrence_max.find(k_old_path_name);  // what the place was called in CSAF 2.0
      }
      const std::uint64_t allowed = max == extension->occurrence_max.end() ? 0 : max->second;
      if (++counts[item["$schema"].text()] > allowed) {
        csaf.fail(item, "the extension may stand " + std::to_string(allowed) + " times at " + place.path);
      }
    }
  }
  for (const auto& [schema, item] : used) {
    const Extension* extension = known(csaf, *item);
    if (extension == nullptr) continue;
    for (const std::string& other : extension->incompatible) {
      if (used.contains(other)) csaf.fail(*item, "the extension cannot be used together with " + quote(other));
    }
  }
}

void unregistered(Csaf& csaf) {
  each_extension(csaf, [&](const Node& item) {
    if (class_of(item) == "experimental") csaf.fail(item, "the extension is neither official nor registered");
  });
}
void unofficial(Csaf& csaf) {
  each_extension(csaf, [&](const Node& item) {
    if (class_of(item) != "official") csaf.fail(item, "the extension is not official");
  });
}
void critical(Csaf& csaf) {
  each_extension(csaf, [&](const Node& item) {
    if (item["critical"].is_true())
      csaf.fail(item["critical"], "the extension is critical: who does not know it misreads the document");
  });
}
void experimental(Csaf& csaf, bool when_clear) {
  if ((csaf.tlp() == "CLEAR") != when_clear) return;
  each_extension(csaf, [&](const Node& item) {
    if (class_of(item) == "experimental") csaf.fail(item, "the extension is experimental");
  });
}
void experimental_when_clear(Csaf& csaf) { experimental(csaf, true); }
void experimental_when_not(Csaf& csaf) { experimental(csaf, false); }

void essential(Csaf& csaf) {
  each_extension(csaf, [&](const Node& item) {
    if (item["category"].text() == "essential")
      csaf.fail(item["category"], "the extension is essential: its readers must know it");
  });
}

void used_at(Csaf& csaf, std::initializer_list<std::string_view> prefixes) {
  for (const Place& place : places(csaf)) {
    if (std::ranges::any_of(prefixes, [&](std::string_view one) { return place.path.starts_with(one); })) {
      csaf.fail(*place.list, "usage of extensions");
    }
  }
}
void at_document(Csaf& csaf) { used_at(csaf, {"$.document."}); }
void at_branches(Csaf& csaf) { used_at(csaf, {"$.product_tree.branches"}); }
void at_names(Csaf& csaf) { used_at(csaf, {"$.product_tree.full_product_names"}); }
void at_paths(Csaf& csaf) { used_at(csaf, {"$.product_tree.product_paths"}); }
void at_metrics(Csaf& csaf) { used_at(csaf, {"$.vulnerabilities[*].metrics"}); }
void at_vulnerabilities(Csaf& csaf) { used_at(csaf, {"$.vulnerabilities[*].x_"}); }
void at_root(Csaf& csaf) { used_at(csaf, {"$.x_"}); }

constexpr std::string_view k_plain = "Say it with what the standard has, where you can.";

constexpr std::array<CsafTest, 16> k_extension_tests{{
    {"6.1.60.1", k_in_21, Weight::error, content_schema, "Write it as the schema of extensions has it."},
    {"6.1.60.2", k_in_21, Weight::error, declared_schema, "Write it as its own schema has it."},
    {"6.1.60.3", k_in_21, Weight::error, metadata, "Use it where and as often as its metadata allow."},
    {"6.2.54.1", k_in_21, Weight::warning, unregistered, k_plain},
    {"6.2.54.2", k_in_21, Weight::warning, unofficial, k_plain},
    {"6.2.54.3", k_in_21, Weight::warning, critical, k_plain},
    {"6.2.54.4", k_in_21, Weight::warning, experimental_when_clear, k_plain},
    {"6.3.21.1", k_in_21, Weight::note, essential, k_plain},
    {"6.3.21.2", k_in_21, Weight::note, experimental_when_not, k_plain},
    {"6.3.21.3", k_in_21, Weight::note, at_document, k_plain},
    {"6.3.21.4", k_in_21, Weight::note, at_branches, k_plain},
    {"6.3.21.5", k_in_21, Weight::note, at_names, k_plain},
    {"6.3.21.6", k_in_21, Weight::note, at_paths, k_plain},
    {"6.3.21.7", k_in_21, Weight::note, at_metrics, k_plain},
    {"6.3.21.8", k_in_21, Weight::note, at_vulnerabilities, k_plain},
    {"6.3.21.9", k_in_21, Weight::note, at_root, k_plain},
}};

}  // namespace

std::span<const CsafTest> csaf_extension_tests() { return k_extension_tests; }

}  // namespace signet::advisory
