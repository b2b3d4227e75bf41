// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/sbom/versions.hpp"
#include "signet/vuln/advisory.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace signet::vuln {

/// A version to be judged, and the order that its ecosystem has; none for a bare upstream version.
struct JudgedVersion {
  std::string text;
  std::optional<sbom::VersionScheme> scheme;
};

/// What a statement says of one version, and why.
struct Judgement {
  Status status = Status::unknown;
  std::string because;
  std::string fixed_in;
  bool is_exact = false;      ///< an entry names this very version
  bool says_nothing = false;  ///< the statement is about other versions only
  bool is_readable = true;    ///< false: the entries could not be put beside the version, so nothing is known
};

[[nodiscard]] Judgement judge(const Statement& statement, const JudgedVersion& version);

/// The version that upstream gave, out of a distribution's: "2:7.88.1+dfsg-10+deb12u5" is "7.88.1".
[[nodiscard]] std::string upstream_version(std::string_view purl_type, std::string_view version);

}  // namespace signet::vuln
