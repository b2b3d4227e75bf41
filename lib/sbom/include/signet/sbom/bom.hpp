// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Bills of materials: which components a product has, and who made each.
namespace signet::sbom {

/// A digest of a component as its document gives it.
struct ComponentHash {
  std::string algorithm;  ///< as CycloneDX spells it: "SHA-256"
  std::string value;      ///< small hexadecimal digits

  friend bool operator==(const ComponentHash&, const ComponentHash&) = default;
};

/// One part of a product.
struct Component {
  std::string ref;               ///< by which depends_on names it; unique within its bill
  std::string type = "library";  ///< of CycloneDX: "library", "application", "operating-system", ...
  std::string name;
  std::string version;
  std::string purl;
  std::string cpe;
  std::string supplier;
  std::string source;                 ///< the source package that it was built from, "NAME@VERSION"
  std::vector<std::string> licenses;  ///< as found: SPDX identifiers and expressions, or Debian's short names
  std::vector<ComponentHash> hashes;
  std::vector<std::string> depends_on;  ///< refs
};

/// All parts of a product.
struct Bom {
  std::string name;
  std::string version;
  std::vector<Component> components;
};

inline constexpr std::size_t k_bom_size_bytes_max = 64U << 20U;
inline constexpr std::size_t k_bom_components_max = 500'000;

/// The packages that dpkg says are installed in the root file system at `root`: names, versions, architectures,
/// dependencies, and licences from /usr/share/doc. Nothing is read that a link takes out of `root`.
/// Not found: "bom.no-packages". Malformed: "bom.dpkg".
Result<Bom> read_debian_root(const std::filesystem::path& root);

/// The packages that a lock file pins; which kind it is follows from `file_name`: package-lock.json and
/// npm-shrinkwrap.json, Cargo.lock, requirements*.txt (its pinned lines). Unsupported: "bom.lock-file". Malformed:
/// "bom.lock", "json.…".
Result<Bom> read_lock_file(std::string_view file_name, ByteView content);

/// A bill in CycloneDX JSON 1.2 to 1.7, SPDX JSON 2.2, 2.3 or 3.0 (JSON-LD). Unsupported: "bom.format", "bom.version".
/// Malformed: "bom.document", "json.…".
Result<Bom> read_bom(ByteView document);

/// The formats that are written: CycloneDX 1.6 and SPDX 2.3, both as JSON.
enum class BomFormat : std::uint8_t { cyclonedx, spdx };

/// The document, the same bytes for the same components and time: sorted, each component once, its serial number made
/// of its content.
[[nodiscard]] std::string write_bom(const Bom& bom, BomFormat format, Instant created);

/// One component that two bills have differently; an empty version is one that has none of it.
struct BomChange {
  std::string package;  ///< the package URL without version and qualifiers, or the name
  std::string before;
  std::string after;

  friend bool operator==(const BomChange&, const BomChange&) = default;
};

/// What changed from `before` to `after`, sorted; several versions of a package are compared as a set.
[[nodiscard]] std::vector<BomChange> diff(const Bom& before, const Bom& after);

/// All components of all bills, each once; what one bill leaves open, another fills in.
[[nodiscard]] Bom merge(std::span<const Bom> bills);

/// Which files of a root file system belong to a package.
struct Coverage {
  std::uint64_t files = 0;           ///< regular files and links, outside dev, proc, run, sys and tmp
  std::uint64_t owned = 0;           ///< that a package lists
  std::vector<std::string> unowned;  ///< absolute within the root, sorted; as many as were asked for
};

/// Looks up every file of the root in the lists of dpkg, with merged /usr and diversions.
/// Not found: "bom.no-packages".
Result<Coverage> measure_coverage(const std::filesystem::path& root, std::size_t unowned_max);

}  // namespace signet::sbom
