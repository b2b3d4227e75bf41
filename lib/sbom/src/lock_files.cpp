// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: bom_fuzz)
#include "signet/core/json.hpp"
#include "signet/sbom/bom.hpp"
#include "signet/sbom/purl.hpp"

#include "orders.hpp"
#include "root_files.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace signet::sbom {

namespace {

Error bad_lock(std::string text) {
  return {Errc::invalid_input, "bom.lock", std::move(text), "Make the lock file anew with the tool that owns it."};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string text_at(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  return member == nullptr ? std::string() : member->as_string().value_or("");
}

void set_purl(Component& component, const char* type) {
  PurlParts parts{.type = type,
                  .name_space = {},
                  .name = component.name,
                  .version = component.version,
                  .qualifiers = {},
                  .subpath = {}};
  const std::size_t slash = parts.name.rfind('/');
  if (slash != std::string::npos && parts.type == "npm") {
    parts.name_space = parts.name.substr(0, slash);
    parts.name = parts.name.substr(slash + 1);
  }
  if (const auto purl = Purl::build(std::move(parts))) component.purl = purl->to_string();
}

/// "sha512-BASE64" of Subresource Integrity; the first that is understood.
void add_integrity(Component& component, std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> k_kinds[] = {
      {"sha512-", "SHA-512"}, {"sha384-", "SHA-384"}, {"sha256-", "SHA-256"}, {"sha1-", "SHA-1"}};
  const std::string_view one = text.substr(0, text.find(' '));
  for (const auto& [prefix, name] : k_kinds) {
    if (!one.starts_with(prefix)) continue;
    if (const auto digest = from_base64(one.substr(prefix.size())))
      component.hashes.push_back({std::string(name), to_hex(*digest)});
    return;
  }
}

Component npm_component(std::string name, const Json& entry, std::string ref) {
  Component component;
  component.ref = std::move(ref);
  component.name = std::move(name);
  component.version = text_at(entry, "version");
  if (const std::string license = text_at(entry, "license"); !license.empty()) component.licenses.push_back(license);
  add_integrity(component, text_at(entry, "integrity"));
  set_purl(component, "npm");
  return component;
}

/// Where Node finds `name` from the folder `from`: in its own node_modules, then in those above.
std::string resolve_npm(const std::unordered_set<std::string_view>& paths, std::string from, std::string_view name) {
  while (true) {
    const std::string at = (from.empty() ? "" : from + "/") + "node_modules/" + std::string(name);
    if (paths.contains(at)) return at;
    const std::size_t up = from.rfind("node_modules/");
    if (from.empty()) return {};
    from = up == std::string::npos || up == 0 ? std::string() : from.substr(0, up - 1);
  }
}

/// lockfileVersion 2 and 3: flat, by the path of installation.
Result<void> add_npm_packages(const Json& packages, Bom& bom) {
  std::unordered_set<std::string_view> paths;
  for (const auto& [path, entry] : packages.members()) paths.insert(path);
  for (const auto& [path, entry] : packages.members()) {
    const std::size_t last = path.rfind("node_modules/");
    if (last == std::string::npos) continue;  // the project itself and its workspaces
    std::string name = text_at(entry, "name");
    if (name.empty()) name = path.substr(last + 13);
    if (name.empty()) return bad_lock("a package has no name");
    Component component = npm_component(std::move(name), entry, path);
    if (const Json* wanted = entry.find("dependencies")) {
      for (const auto& [dependency, range] : wanted->members()) {
        const std::string ref = resolve_npm(paths, path, dependency);
        if (!ref.empty()) component.depends_on.push_back(ref);
      }
    }
    bom.components.push_back(std::move(component));
  }
  return {};
}

/// lockfileVersion 1: a tree.
Result<void> add_npm_tree(const Json& dependencies, const std::string& above, Bom& bom) {
  for (const auto& [name, entry] : dependencies.members()) {
    if (name.empty()) return bad_lock("a package has no name");
    const std::string ref = above + "node_modules/" + name;
    bom.components.push_back(npm_component(name, entry, ref));
    if (const Json* inner = entry.find("dependencies")) TRY(add_npm_tree(*inner, ref + "/", bom));
  }
  return {};
}

Result<Bom> parse_npm(ByteView content) {
  TRY_ASSIGN(const Json json, Json::parse(content, {.size_bytes_max = k_bom_size_bytes_max, .values_max = 10'000'000}));
  Bom bom{.name = text_at(json, "name"), .version = text_at(json, "version"), .components = {}};
  if (const Json* packages = json.find("packages")) {
    TRY(add_npm_packages(*packages, bom));
  } else if (const Json* dependencies = json.find("dependencies")) {
    TRY(add_npm_tree(*dependencies, "", bom));
  } else if (json.find("lockfileVersion") == nullptr) {
    return bad_lock("this is no lock file of npm");
  }
  return bom;
}

std::string unquoted(std::string_view value) {
  value = trimmed(value);
  if (value.ends_with(',')) value = trimmed(value.substr(0, value.size() - 1));
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return {};
  return std::string(value.substr(1, value.size() - 2));
}

/// Cargo.lock is written by Cargo alone, in one shape: tables [[package]] of KEY = "VALUE" and one list, an item a
/// line.
Result<Bom> parse_cargo(std::string_view text) {
  Bom bom;
  std::vector<std::vector<std::string>> wanted;
  bool in_package = false;
  bool in_list = false;
  bool is_known = false;
  for_each_line(text, [&](std::string_view line) {
    line = trimmed(line);
    if (in_list) {
      in_list = !line.starts_with(']');
      if (in_list && !wanted.empty()) wanted.back().push_back(unquoted(line));
      return;
    }
    if (line.starts_with('[')) {
      in_package = line == "[[package]]";
      is_known = is_known || in_package;
      if (in_package) {
        bom.components.emplace_back();
        wanted.emplace_back();
      }
      return;
    }
    is_known = is_known || line.starts_with("version = ");
    if (!in_package) return;
    Component& component = bom.components.back();
    const std::size_t equals = line.find('=');
    const std::string_view key = trimmed(line.substr(0, equals));
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : trimmed(line.substr(equals + 1));
    if (key == "name") component.name = unquoted(value);
    if (key == "version") component.version = unquoted(value);
    if (key == "checksum") component.hashes.push_back({"SHA-256", unquoted(value)});
    in_list = key == "dependencies" && value == "[";
  });
  if (!is_known) return bad_lock("this is no lock file of Cargo");
  for (Component& component : bom.components) {
    if (component.name.empty() || component.version.empty()) return bad_lock("a package has no name or no version");
    component.ref = component.name + " " + component.version;
    set_purl(component, "cargo");
  }
  // A dependency is "NAME", "NAME VERSION" where several versions are locked, or that with a source behind it.
  std::unordered_map<std::string_view, std::string_view> refs;
  for (const Component& component : bom.components) {
    refs.emplace(component.name, component.ref);
    refs.emplace(component.ref, component.ref);
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    for (const std::string& one : wanted[i]) {
      const std::string_view name = std::string_view(one).substr(0, one.find(" ("));
      if (const auto at = refs.find(name); at != refs.end()) bom.components[i].depends_on.emplace_back(at->second);
    }
  }
  return bom;
}

/// NAME[extras]==VERSION ; marker --hash=sha256:HEX, with a backslash before a line that goes on.
void add_requirement(std::string_view line, Bom& bom) {
  const std::size_t pin = line.find("==");
  const std::size_t end = line.find_first_of(" ;\\#");
  if (pin == std::string_view::npos || pin == 0 || (end != std::string_view::npos && end < pin)) return;
  Component component;
  component.name = std::string(trimmed(line.substr(0, std::min(pin, line.find('[')))));
  std::string_view rest = line.substr(pin + 2);
  if (rest.starts_with('=')) rest.remove_prefix(1);
  component.version = std::string(rest.substr(0, rest.find_first_of(" ;\\#,")));
  if (component.name.empty() || component.version.empty() || component.version.ends_with('*')) return;
  for (std::size_t at = line.find("--hash=sha256:"); at != std::string_view::npos;
       at = line.find("--hash=sha256:", at + 1)) {
    const std::string_view hex = line.substr(at + 14, 64);
    if (from_hex(hex) && hex.size() == 64) component.hashes.push_back({"SHA-256", std::string(hex)});
  }
  component.ref = component.name + "==" + component.version;
  set_purl(component, "pypi");
  bom.components.push_back(std::move(component));
}

Bom parse_requirements(std::string_view text) {
  Bom bom;
  std::string whole;
  for_each_line(text, [&](std::string_view line) {
    const bool goes_on = line.ends_with('\\');
    if (goes_on) line.remove_suffix(1);
    whole += line;
    whole += ' ';
    if (goes_on) return;
    add_requirement(trimmed(whole), bom);
    whole.clear();
  });
  add_requirement(trimmed(whole), bom);
  return bom;
}

}  // namespace

Result<Bom> read_lock_file(std::string_view file_name, ByteView content) {
  if (content.size() > k_bom_size_bytes_max) return bad_lock("the lock file is too large");
  if (file_name == "package-lock.json" || file_name == "npm-shrinkwrap.json") return parse_npm(content);
  if (file_name == "Cargo.lock") return parse_cargo(as_text(content));
  if (file_name.starts_with("requirements") && file_name.ends_with(".txt")) return parse_requirements(as_text(content));
  return Error(Errc::unsupported, "bom.lock-file", "'" + printable(file_name, 60) + "' is no lock file that is known",
               "Known are package-lock.json, npm-shrinkwrap.json, Cargo.lock and requirements*.txt.");
}

}  // namespace signet::sbom
