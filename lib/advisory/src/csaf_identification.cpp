// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
//
// How products are identified (CSAF section 6.1.13, 6.1.25, 6.1.42 to 6.1.44, 6.1.61, 6.2.8, 6.2.9, 6.2.16, ...).
#include "signet/sbom/purl.hpp"
#include "signet/vuln/cpe.hpp"

#include "csaf.hpp"

#include <algorithm>

namespace signet::advisory {

namespace {

const Node& helper_of(const Product& product) { return (*product.name)["product_identification_helper"]; }

/// Calls `each` with every package URL: the product and the text's node.
template <typename Each>
void each_purl(const Csaf& csaf, Each each) {
  for (const Product& product : csaf.products) {
    const Node& helper = helper_of(product);
    if (helper["purl"].is_string()) each(product, helper["purl"]);
    for (const Node& purl : helper["purls"].items()) each(product, purl);
  }
}

template <typename Each>
void each_hashes(const Csaf& csaf, Each each) {
  for (const Product& product : csaf.products) {
    for (const Node& hashes : helper_of(product)["hashes"].items()) each(hashes["file_hashes"]);
  }
}

void bad_purl(Csaf& csaf) {
  each_purl(csaf, [&](const Product&, const Node& node) {
    const auto purl = sbom::Purl::canonicalise(node.text());
    if (!purl) csaf.fail(node, quote(node.text()) + " is no package URL: " + purl.error().text());
  });
}

void different_purls(Csaf& csaf) {
  for (const Product& product : csaf.products) {
    std::optional<sbom::PurlParts> first;
    for (const Node& node : helper_of(product)["purls"].items()) {
      const auto purl = sbom::Purl::canonicalise(node.text());
      if (!purl) continue;
      sbom::PurlParts parts = purl->parts();
      parts.qualifiers.clear();
      if (!first) first = parts;
      if (*first != parts) csaf.fail(node, quote(node.text()) + " differs from the others in more than its qualifiers");
    }
  }
}

void twice_hashed(Csaf& csaf) {
  each_hashes(csaf, [&](const Node& hashes) {
    std::set<std::string_view> seen;
    for (const Node& one : hashes.items()) {
      const Node& algorithm = one["algorithm"];
      if (algorithm.is_string() && !seen.insert(algorithm.text()).second) {
        csaf.fail(algorithm, quote(algorithm.text()) + " is used twice for one file");
      }
    }
  });
}

void several_stars(Csaf& csaf, std::string_view list) {
  for (const Product& product : csaf.products) {
    for (const Node& one : helper_of(product)[list].items()) {
      const std::string_view text = one.text();
      std::size_t stars = 0;
      for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
          ++i;
        } else if (text[i] == '*') {
          ++stars;
        }
      }
      if (stars > 1) csaf.fail(one, quote(text) + " has several stars");
    }
  }
}
void model_stars(Csaf& csaf) { several_stars(csaf, "model_numbers"); }
void serial_stars(Csaf& csaf) { several_stars(csaf, "serial_numbers"); }
void sku_stars(Csaf& csaf) { several_stars(csaf, "skus"); }

void only_hash(Csaf& csaf, std::string_view weak) {
  each_hashes(csaf, [&](const Node& hashes) {
    const auto all = hashes.items();
    if (!all.empty() && std::ranges::all_of(all, [&](const Node& one) { return one["algorithm"].text() == weak; })) {
      csaf.fail(hashes, quote(weak) + " is the only hash of the file");
    }
  });
}
void only_md5(Csaf& csaf) { only_hash(csaf, "md5"); }
void only_sha1(Csaf& csaf) { only_hash(csaf, "sha1"); }

void short_hash(Csaf& csaf) {
  constexpr std::size_t k_digits_min = 64;
  each_hashes(csaf, [&](const Node& hashes) {
    for (const Node& one : hashes.items()) {
      if (one["value"].text().size() < k_digits_min) csaf.fail(one["value"], "the hash has fewer than 64 digits");
    }
  });
}

void unknown_hash(Csaf& csaf) {
  constexpr std::array<std::string_view, 18> k_known{
      "blake2b512", "blake2s256", "md4",      "md5",      "md5-sha1", "ripemd160", "sha1",       "sha224",     "sha256",
      "sha3-224",   "sha3-256",   "sha3-384", "sha3-512", "sha384",   "sha512",    "sha512-224", "sha512-256", "sm3"};
  each_hashes(csaf, [&](const Node& hashes) {
    for (const Node& one : hashes.items()) {
      const Node& algorithm = one["algorithm"];
      if (std::ranges::find(k_known, algorithm.text()) == k_known.end()) {
        csaf.fail(algorithm, quote(algorithm.text()) + " is named neither by the standard nor known here");
      }
    }
  });
}

void no_helper(Csaf& csaf) {
  for (const Product& product : csaf.products) {
    if (!helper_of(product).exists())
      csaf.fail(*product.name, quote(product.id) + " has no product_identification_helper");
  }
}

/// One spelling for each value, members in order.
void append_canonical(std::string& to, const Node& node) {
  if (node.is_object()) {
    std::vector<const Member*> members;
    for (const Member& one : node.members()) members.push_back(&one);
    std::ranges::sort(members, {}, &Member::name);
    to += '{';
    for (const Member* one : members) {
      to.append(one->name) += ':';
      append_canonical(to, one->value);
    }
    to += '}';
  } else if (node.is_array()) {
    std::vector<std::string> items;
    for (const Node& one : node.items()) append_canonical(items.emplace_back(), one);
    std::ranges::sort(items);
    to += '[';
    for (const std::string& one : items) to.append(one) += ',';
    to += ']';
  } else {
    to.append(node.text()) += ';';
  }
}

void same_helper(Csaf& csaf) {
  std::map<std::string, std::string_view> owners;
  for (const Product& product : csaf.products) {
    for (const Member& category : helper_of(product).members()) {
      const auto claim = [&](const Node& value) {
        std::string key(category.name);
        append_canonical(key += '=', value);
        const auto [owner, is_new] = owners.emplace(std::move(key), product.id);
        if (!is_new && owner->second != product.id) {
          csaf.fail(value, quote(product.id) + " and " + quote(owner->second) + " are identified by the same " +
                               std::string(category.name));
        }
      };
      if (!category.value.is_array()) claim(category.value);
      for (const Node& item : category.value.items()) claim(item);
    }
  }
}

/// What the branches say of a product.
struct Strings {
  std::string_view vendor, name, version, language, architecture, patch;
};

Strings strings_of(const Csaf& csaf, const Product& product) {
  Strings strings;
  for (int i = product.branch; i >= 0; i = csaf.branches[static_cast<std::size_t>(i)].parent) {
    const Branch& branch = csaf.branches[static_cast<std::size_t>(i)];
    const std::string_view category = branch.category();
    if (category == "vendor") strings.vendor = branch.name();
    if (category == "product_name") strings.name = branch.name();
    if (category == "product_version") strings.version = branch.name();
    if (category == "language") strings.language = branch.name();
    if (category == "architecture") strings.architecture = branch.name();
    if (category == "patch_level" || category == "service_pack") strings.patch = branch.name();
  }
  return strings;
}

void judge_cpe(Csaf& csaf, const Strings& strings, const Node& node) {
  const auto cpe = vuln::Cpe::parse(node.text());
  if (!cpe) return;
  using vuln::Cpe;
  const auto is_said = [&](Cpe::Attribute attribute) {
    return cpe->value(attribute).kind == vuln::CpeValue::Kind::text;
  };
  const auto compare = [&](Cpe::Attribute attribute, std::string_view said, std::string_view what, bool must_be_equal) {
    if (is_said(attribute) && said.empty()) {
      csaf.fail(node, "the CPE names a " + std::string(what) + ", the branches do not");
    } else if (is_said(attribute) && must_be_equal && cpe->value(attribute).text != lower(said)) {
      csaf.fail(node, "the CPE has the " + std::string(what) + " " + quote(cpe->value(attribute).text) +
                          ", the branches " + quote(said));
    }
  };
  if (!strings.vendor.empty() && !is_said(Cpe::vendor)) csaf.fail(node, "the CPE leaves out the vendor");
  if (!strings.name.empty() && !is_said(Cpe::product)) csaf.fail(node, "the CPE leaves out the product");
  if (!strings.version.empty() && !is_said(Cpe::version)) csaf.fail(node, "the CPE leaves out the version");
  compare(Cpe::version, strings.version, "version", true);
  compare(Cpe::update, strings.patch, "update", false);
  compare(Cpe::language, strings.language, "language", false);
  compare(Cpe::target_hw, strings.architecture, "target hardware", false);
}

void judge_purl(Csaf& csaf, const Strings& strings, const Node& node) {
  constexpr std::array<std::string_view, 4> k_with_vendor{"deb", "rpm", "apk", "alpm"};
  const auto purl = sbom::Purl::canonicalise(node.text());
  if (!purl || strings.version.empty()) return;
  const sbom::PurlParts& parts = purl->parts();
  const bool needs_vendor = std::ranges::find(k_with_vendor, parts.type) != k_with_vendor.end();
  if (needs_vendor && !strings.vendor.empty() && parts.name_space.empty()) {
    csaf.fail(node, quote(node.text()) + " leaves out the vendor");
  } else if (parts.version != strings.version) {
    csaf.fail(node, quote(node.text()) + " is not of the version " + quote(strings.version));
  }
}

void inconsistent_helper(Csaf& csaf) {
  for (const Product& product : csaf.products) {
    if (product.branch < 0) continue;
    const Strings strings = strings_of(csaf, product);
    const Node& helper = helper_of(product);
    if (helper["cpe"].is_string()) judge_cpe(csaf, strings, helper["cpe"]);
    for (const Node& purl : helper["purls"].items()) judge_purl(csaf, strings, purl);
  }
}

constexpr std::string_view k_star = "Escape stars that are meant as such, and use one wildcard at most.";

constexpr std::array<CsafTest, 13> k_identification_tests{{
    {"6.1.13", k_in_both, Weight::error, bad_purl, "Write it as ECMA-427 demands: pkg:TYPE/NAMESPACE/NAME@VERSION."},
    {"6.1.25", k_in_both, Weight::error, twice_hashed, "Leave one hash for each algorithm."},
    {"6.1.42", k_in_21, Weight::error, different_purls, "Define a product for each."},
    {"6.1.43", k_in_21, Weight::error, model_stars, k_star},
    {"6.1.44", k_in_21, Weight::error, serial_stars, k_star},
    {"6.1.61", k_in_21, Weight::error, sku_stars, k_star},
    {"6.2.8", k_in_both, Weight::warning, only_md5, "Add a hash of SHA-256."},
    {"6.2.9", k_in_both, Weight::warning, only_sha1, "Add a hash of SHA-256."},
    {"6.2.16", k_in_both, Weight::warning, no_helper, "Add a CPE, a package URL, or model numbers."},
    {"6.2.32", k_in_21, Weight::warning, same_helper, "Give each product its own."},
    {"6.2.42", k_in_21, Weight::warning, inconsistent_helper, "Let it say what the branches say."},
    {"6.2.52", k_in_21, Weight::warning, unknown_hash, "Use `sha256`, `sha384`, `sha512`, `sha3-512` or `blake2b512`."},
    {"6.3.5", k_in_both, Weight::note, short_hash, "Use SHA-256 or longer."},
}};

}  // namespace

std::span<const CsafTest> csaf_identification_tests() { return k_identification_tests; }

}  // namespace signet::advisory
