// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/ids.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/tuf.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a vendor says of its releases and of the tracks they are on, and what that means for one device: which release
/// is the newest for it, by which steps it gets there, how far behind it is, and until when somebody stands behind what
/// it runs. All of it is read from verified update metadata (docs/formats/update-repository.md). Versions are ordered
/// as Debian orders them (deb-version(7)): "11.9.60" after "11.9.8", "12.0~rc1" before "12.0".
namespace signet::release {

/// What the releases of a track bring.
enum class TrackKind : std::uint8_t {
  active,     ///< new features and fixes
  long_term,  ///< fixes only
};
/// "active", "long-term".
[[nodiscard]] std::string_view name_of(TrackKind kind);
/// "release.track-kind" (invalid_input).
Result<TrackKind> track_kind(std::string_view name);

/// A line of releases that devices follow.
struct Track {
  std::string name;
  TrackKind kind = TrackKind::active;
  std::optional<Instant> supported_from = {};
  std::optional<Instant> supported_until = {};  ///< nothing: no end has been named

  friend bool operator==(const Track&, const Track&) = default;
};

/// What is said of one release beyond what TUF needs.
struct Terms {
  std::optional<Instant> supported_until = {};
  bool stepping_stone = false;          ///< no device passes it by
  std::string upgrade_from = {};        ///< the oldest version over which it may be installed; empty: any
  std::string downgrade_to = {};        ///< the oldest version that may follow it; empty: nothing older may
  std::vector<std::string> fixes = {};  ///< vulnerabilities that it ends, "CVE-2026-1234"
  std::string sbom_sha256 = {};         ///< of its bill of materials, hexadecimal; empty: not said

  friend bool operator==(const Terms&, const Terms&) = default;
};
/// The members of a target's "custom" that carry the terms.
[[nodiscard]] Json to_json(const Terms& terms);
/// Refuses what parse_release() would: "release.malformed" (invalid_input).
Result<void> check(const Terms& terms);

/// A release that update metadata offers.
struct Release {
  std::string path;  ///< of its target, for tuf::Client::locate()
  std::string version;
  std::uint64_t security_version = 0;
  std::vector<std::string> tracks;
  std::vector<std::string> hardware;
  std::optional<Instant> published;
  std::uint64_t size_bytes = 0;
  Terms terms;

  friend bool operator==(const Release&, const Release&) = default;
};
/// Reads a target's "custom"; unknown members are ignored. "release.malformed" (invalid_input).
Result<Release> parse_release(const std::string& path, std::uint64_t size_bytes, const Json& custom);

inline constexpr std::uint64_t k_lifecycle_size_bytes_max = 64U << 10U;
/// The name of the target below PRODUCT/ that describes the product's tracks.
inline constexpr std::string_view k_lifecycle_name = "lifecycle.json";
/// The document "signet-lifecycle-1" of a product.
[[nodiscard]] Json lifecycle_json(const ProductId& product, const std::vector<Track>& tracks);
/// "release.malformed" (invalid_input), "release.wrong-product" (untrusted).
Result<std::vector<Track>> parse_lifecycle(ByteView bytes, const ProductId& product);

/// All that update metadata says of a product.
struct Catalogue {
  std::string product;
  std::vector<Release> releases;  ///< oldest version first
  std::vector<Track> tracks;

  [[nodiscard]] const Release* find(std::string_view version) const;
};
/// Reads a product's catalogue through a refreshed client. "tuf.no-role" (not_found) for an unknown product.
Result<Catalogue> read_catalogue(tuf::Client& client, tuf::Fetcher& fetcher, const ProductId& product);

/// What a device runs.
struct Installed {
  std::string hardware;
  std::string version;
  std::uint64_t version_floor = 0;  ///< nothing below this security version is taken
};

/// What its owner wants.
struct Wish {
  std::string track;
  bool downgrade =
      false;  ///< take an older version where the track has nothing newer, if its maker allows the way back
};

/// How a device stands towards its track.
enum class Standing : std::uint8_t {
  current,  ///< it runs the newest release
  behind,   ///< `way` leads to the newest
  ahead,    ///< it runs something newer than the track has; `way` leads back if that is wished for and allowed
  no_way,   ///< there is a newer one, and no permitted steps lead to it
  nothing,  ///< the track has nothing for this hardware and floor
};
/// "current", "behind", "ahead", "no-way", "nothing".
[[nodiscard]] std::string_view name_of(Standing standing);

/// Whether anybody still makes fixes.
enum class Support : std::uint8_t {
  open,    ///< no end has been named
  lasts,   ///< more than k_support_warning_days
  ending,  ///< less than that
  ended,
};
[[nodiscard]] std::string_view name_of(Support support);
inline constexpr std::int64_t k_support_warning_days = 180;

/// What a catalogue means for one device.
struct Answer {
  Standing standing = Standing::nothing;
  std::string reason;             ///< for people, where there is no way
  std::optional<Release> newest;  ///< on the track, for this hardware and floor
  std::vector<Release> way;       ///< what to install, in this order
  std::size_t releases_behind = 0;
  std::optional<std::int64_t> seconds_behind;  ///< since the first release that it lacks was published
  std::vector<std::string> fixes;              ///< what the newest ends that the installed one has; sorted
  bool unlisted = false;  ///< the vendor does not offer the installed version any more, or never did
  std::optional<Instant> release_supported_until;  ///< of the installed one
  std::optional<Instant> track_supported_until;
  Support track_support = Support::open;
};
/// Pure. "release.no-track" (not_found) for a track that neither a release nor the lifecycle names.
Result<Answer> decide(const Catalogue& catalogue, const Installed& installed, const Wish& wish, Instant now);

}  // namespace signet::release
