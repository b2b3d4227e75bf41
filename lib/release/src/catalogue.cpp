// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/release.hpp"

#include "errors.hpp"
#include "order.hpp"

#include <algorithm>
#include <utility>

namespace signet::release {

namespace {

constexpr std::string_view k_bundle_suffix = ".bundle";

Result<std::vector<Track>> read_tracks(tuf::Client& client, tuf::Fetcher& fetcher, const tuf::VerifiedTarget& target,
                                       const ProductId& product) {
  if (target.size_bytes() > k_lifecycle_size_bytes_max) return malformed("the description of the tracks is too long");
  Bytes bytes;
  TRY(client.download(fetcher, target, [&](ByteView piece) -> Result<void> {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  }));
  return parse_lifecycle(bytes, product);
}

}  // namespace

const Release* Catalogue::find(std::string_view version) const {
  const auto found = std::ranges::find(releases, version, &Release::version);
  return found == releases.end() ? nullptr : &*found;
}

Result<Catalogue> read_catalogue(tuf::Client& client, tuf::Fetcher& fetcher, const ProductId& product) {
  Catalogue catalogue{.product = product.str(), .releases = {}, .tracks = {}};
  TRY_ASSIGN(const std::vector<tuf::VerifiedTarget> targets, client.list(fetcher, product.str()));
  for (const tuf::VerifiedTarget& target : targets) {
    if (target.path() == product.str() + "/" + std::string(k_lifecycle_name)) {
      TRY_ASSIGN(catalogue.tracks, read_tracks(client, fetcher, target, product));
    } else if (target.path().ends_with(k_bundle_suffix)) {
      auto release = parse_release(target.path(), target.size_bytes(), target.custom());
      if (!release) return std::move(release).error().with_context("'" + printable(target.path(), 100) + "'");
      catalogue.releases.push_back(*std::move(release));
    }
  }
  std::ranges::sort(catalogue.releases, [](const Release& a, const Release& b) { return older(a.version, b.version); });
  return catalogue;
}

}  // namespace signet::release
