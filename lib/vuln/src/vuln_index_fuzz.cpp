// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"
#include "signet/vuln/match.hpp"

#include "index_format.hpp"
#include "versions_match.hpp"

#include <algorithm>

using namespace signet;

namespace {

/// Makes the checksums hold, so that what is behind them is reached.
Bytes repaired(ByteView input) {
  Bytes bytes = to_bytes(input);
  vuln::format::Header header{};
  if (bytes.size() < sizeof header) return bytes;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.magic = vuln::format::k_magic;
  header.version = vuln::format::k_version;
  header.header_size = sizeof header;
  header.file_size = bytes.size();
  header.checksum = vuln::format::hash_of(ByteView(bytes).subspan(sizeof header));
  const ByteView raw = std::as_bytes(std::span(&header, 1));
  header.header_checksum = vuln::format::hash_of(raw.first(sizeof header - sizeof header.header_checksum));
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

void ask(const vuln::Index& index, const vuln::Statement& statement) {
  sbom::Bom bom;
  for (const vuln::ProductName& product : statement.products) {
    sbom::Component component;
    component.name = product.text;
    component.ref = product.text;
    component.purl = product.kind == vuln::ProductName::Kind::purl ? product.text : "";
    component.cpe = product.kind == vuln::ProductName::Kind::cpe ? product.text : "";
    component.version = statement.rules.empty() ? "1.0" : statement.rules.front().from;
    bom.components.push_back(std::move(component));
    if (bom.components.size() > 3) break;
  }
  const vuln::MatchReport report = vuln::match(bom, index, {.product = {}, .vex = &index});
  for (const auto* list : {&report.open, &report.resolved}) {
    for (const vuln::Finding& finding : *list) {
      FUZZ_ASSERT(!finding.evidence.empty() && finding.component < bom.components.size());
      FUZZ_ASSERT(finding.status == finding.evidence.front().status);
      FUZZ_ASSERT(finding.is_open() == (list == &report.open));
    }
  }
}

}  // namespace

// An index whose checksums hold and whose content is hostile: every question has an answer within bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 20'000) return 0;
  static_cast<void>(vuln::Index::from_bytes(to_bytes(test::fuzz_input(data, size))));
  const auto index = vuln::Index::from_bytes(repaired(test::fuzz_input(data, size)));
  if (!index) return 0;
  const vuln::IndexInfo info = index->info();
  FUZZ_ASSERT(info.size_bytes == size && info.documents * 40 <= size && info.advisories * 64 <= size);
  constexpr std::uint64_t k_asked_max = 8;
  for (std::uint32_t i = 0; i < std::min(info.documents, k_asked_max); ++i) {
    static_cast<void>(index->document(i));
  }
  for (std::uint32_t i = 0; i < std::min(info.advisories, k_asked_max); ++i) {
    const auto ids = index->ids(i);
    FUZZ_ASSERT(!ids.empty());
    for (const auto& place : index->find_id(ids.front())) FUZZ_ASSERT(!index->ids(place.advisory).empty());
    static_cast<void>(index->kev(ids.front()));
    static_cast<void>(index->epss(ids.front()));
    FUZZ_ASSERT(index->statements_of(i).second <= info.statements);
  }
  for (std::uint32_t i = 0; i < std::min(info.statements, k_asked_max); ++i) {
    const vuln::Statement statement = index->statement(i);
    for (const char* version : {"1.0", "", "2:1.2-3~rc1"}) {
      static_cast<void>(vuln::judge(statement, {.text = version, .scheme = sbom::VersionScheme::deb}));
      static_cast<void>(vuln::judge(statement, {.text = version, .scheme = std::nullopt}));
    }
    ask(*index, statement);
  }
  static_cast<void>(index->statement(UINT32_MAX));
  return 0;
}
