// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "purl_types.hpp"

#include "signet/core/bytes.hpp"

#include "orders.hpp"

#include <algorithm>
#include <array>

namespace signet::sbom {

namespace {

enum class Namespace : std::uint8_t { optional, required, prohibited };

// Which parts are the same in any case, and so are written small
constexpr unsigned k_fold_namespace = 1;
constexpr unsigned k_fold_name = 2;
constexpr unsigned k_fold_version = 4;
constexpr unsigned k_fold_both = k_fold_namespace | k_fold_name;

/// A type as github.com/package-url/purl-spec defines it (types/*-definition.json).
struct TypeInfo {
  std::string_view type;
  Namespace name_space;
  unsigned folded;
  std::string_view qualifiers;  // between blanks
  std::string_view required_qualifier;
};

using enum Namespace;

// In the order of the alphabet
constexpr std::array<TypeInfo, 42> k_types{
    {{"alpm", required, k_fold_both, "arch", ""},
     {"apk", required, k_fold_both, "arch", ""},
     {"bazel", prohibited, 0, "repository_url", ""},
     {"bitbucket", required, k_fold_both, "", ""},
     {"bitnami", prohibited, k_fold_name, "arch distro", ""},
     {"brew", optional, k_fold_both, "repository_url", ""},
     {"cargo", prohibited, 0, "", ""},
     {"chrome-extension", prohibited, k_fold_name, "", ""},
     {"cocoapods", prohibited, 0, "", ""},
     {"composer", required, k_fold_both, "", ""},
     {"conan", optional, 0, "user channel rrev prev", ""},
     {"conda", prohibited, 0, "build channel subdir type", ""},
     {"cpan", optional, 0, "author distpath repository_url download_url vcs_url ext", ""},
     {"cran", prohibited, 0, "", ""},
     {"deb", required, k_fold_both, "arch", ""},
     {"docker", optional, 0, "", ""},
     {"gem", prohibited, 0, "platform", ""},
     {"generic", optional, 0, "download_url checksum", ""},
     {"git", required, k_fold_both, "", ""},
     {"github", required, k_fold_both, "", ""},
     {"golang", optional, k_fold_both, "", ""},
     {"hackage", prohibited, 0, "", ""},
     {"hex", optional, k_fold_both, "", ""},
     {"huggingface", optional, k_fold_version, "", ""},
     {"julia", prohibited, 0, "uuid", "uuid"},
     {"luarocks", optional, k_fold_both, "repository_url", ""},
     {"maven", required, 0, "classifier type", ""},
     {"mlflow", prohibited, 0, "model_uuid run_id", ""},
     {"npm", optional, 0, "", ""},
     {"nuget", prohibited, 0, "", ""},
     {"oci", prohibited, k_fold_name | k_fold_version, "arch repository_url tag", ""},
     {"opam", prohibited, 0, "", ""},
     {"otp", prohibited, k_fold_name, "repository_url platform arch", ""},
     {"pub", prohibited, k_fold_name, "", ""},
     {"pypi", prohibited, k_fold_name | k_fold_version, "file_name", ""},
     {"qpkg", required, k_fold_namespace, "", ""},
     {"rpm", required, k_fold_namespace, "epoch arch", ""},
     {"swid", optional, 0, "tag_id tag_version patch tag_creator_name tag_creator_regid", "tag_id"},
     {"swift", required, 0, "", ""},
     {"vcpkg", prohibited, 0, "port_version repository_revision triplet", ""},
     {"vscode-extension", required, k_fold_both | k_fold_version, "platform", ""},
     {"yocto", optional, k_fold_namespace, "repository_url layer_version", ""}}};

const TypeInfo* find_type(std::string_view type) {
  const auto at = std::ranges::find(k_types, type, &TypeInfo::type);
  return at == k_types.end() ? nullptr : &*at;
}

Error bad(std::string_view reason, std::string text, std::string hint) {
  return {Errc::invalid_input, "purl." + std::string(reason), std::move(text), std::move(hint)};
}

void lower(std::string& text) { std::ranges::transform(text, text.begin(), to_lower); }

std::string_view value_of(const PurlParts& parts, std::string_view key) {
  const auto at =
      std::ranges::find(parts.qualifiers, key, [](const auto& pair) { return std::string_view(pair.first); });
  return at == parts.qualifiers.end() ? std::string_view() : std::string_view(at->second);
}

Result<void> check_chrome(PurlParts& parts) {
  const bool is_id =
      parts.name.size() == 32 && std::ranges::all_of(parts.name, [](char c) { return c >= 'a' && c <= 'p'; });
  if (!is_id)
    return bad("name", "a Chrome extension is named by 32 letters from a to p", "Take them from its store page.");
  std::string_view rest = parts.version;
  for (int fields = 1; !rest.empty(); ++fields) {
    if (is_number(take_until(rest, '.')) && fields <= 4 && !parts.version.ends_with('.')) continue;
    return bad("version", "a Chrome extension has one to four numbers as its version", "Write it as in 1.2.3.4.");
  }
  return {};
}

Result<void> check_cpan(PurlParts& parts) {
  if (parts.name.find("::") != std::string::npos) {
    return bad("name", "'" + printable(parts.name, 60) + "' names a module, not a distribution", "Write - for ::.");
  }
  std::ranges::transform(parts.name_space, parts.name_space.begin(),
                         [](char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; });
  return {};
}

Result<void> spell_pypi(PurlParts& parts) {
  std::ranges::replace(parts.name, '_', '-');
  return {};
}

Result<void> spell_pub(PurlParts& parts) {
  std::ranges::replace_if(parts.name, [](char c) { return !is_lower(c) && !is_digit(c); }, '_');
  return {};
}

/// The namespace is the host; the whole path on it is the name.
Result<void> spell_git(PurlParts& parts) {
  const std::size_t slash = parts.name_space.find('/');
  if (slash == std::string::npos) return {};
  parts.name = parts.name_space.substr(slash + 1) + "/" + parts.name;
  parts.name_space.resize(slash);
  return {};
}

/// Databricks ignores the case of names, other servers do not.
Result<void> spell_mlflow(PurlParts& parts) {
  if (value_of(parts, "repository_url").find("databricks") != std::string_view::npos) lower(parts.name);
  return {};
}

struct Special {
  std::string_view type;
  Result<void> (*apply)(PurlParts&);
};

constexpr std::array<Special, 6> k_special{{{"chrome-extension", check_chrome},
                                            {"git", spell_git},
                                            {"cpan", check_cpan},
                                            {"pypi", spell_pypi},
                                            {"pub", spell_pub},
                                            {"mlflow", spell_mlflow}}};

}  // namespace

bool defines_qualifier(std::string_view type, std::string_view key) {
  const TypeInfo* info = find_type(type);
  std::string_view all = info == nullptr ? std::string_view() : info->qualifiers;
  while (!all.empty()) {
    if (take_until(all, ' ') == key) return true;
  }
  return false;
}

Result<void> apply_type_rules(PurlParts& parts) {
  const TypeInfo* info = find_type(parts.type);
  if (info == nullptr) return {};
  if (info->name_space == required && parts.name_space.empty()) {
    return bad("namespace", "a package of type " + parts.type + " has a namespace", "Write it before the name.");
  }
  if (info->name_space == prohibited && !parts.name_space.empty()) {
    return bad("namespace", "a package of type " + parts.type + " has no namespace", "Leave it out.");
  }
  if (!info->required_qualifier.empty() && value_of(parts, info->required_qualifier).empty()) {
    return bad(
        "qualifier",
        "a package of type " + parts.type + " is only known by its qualifier " + std::string(info->required_qualifier),
        "Add it behind a question mark.");
  }
  if ((info->folded & k_fold_namespace) != 0) lower(parts.name_space);
  if ((info->folded & k_fold_name) != 0) lower(parts.name);
  if ((info->folded & k_fold_version) != 0) lower(parts.version);
  const auto special = std::ranges::find(k_special, parts.type, &Special::type);
  return special == k_special.end() ? Result<void>() : special->apply(parts);
}

}  // namespace signet::sbom
