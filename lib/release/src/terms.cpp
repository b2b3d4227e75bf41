// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: release_terms_fuzz)
#include "signet/release.hpp"

#include "errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::release {

namespace {

constexpr std::string_view k_format = "signet-lifecycle-1";
constexpr std::size_t k_tracks_max = 64;
constexpr std::size_t k_names_max = 256;
constexpr std::size_t k_fixes_max = 4096;
constexpr std::size_t k_sha256_digits = 64;

constexpr std::array<std::pair<TrackKind, std::string_view>, 2> k_kinds{
    {{TrackKind::active, "active"}, {TrackKind::long_term, "long-term"}}};

/// Whichever layer found the fault, it stands in what the vendor says.
template <typename T>
Result<T> as_terms(Result<T> read) {
  if (read || read.error().reason().starts_with("release.")) return read;
  return malformed(read.error().message());
}

Result<std::vector<std::string>> names_at(const Json& object, std::string_view member, std::size_t count_max) {
  std::vector<std::string> names;
  const Json* list = object.find(member);
  if (list == nullptr) return names;
  if (!list->is_array() || list->elements().size() > count_max) {
    return malformed("'" + std::string(member) + "' is no list of at most " + std::to_string(count_max) + " names");
  }
  for (const Json& one : list->elements()) {
    TRY_ASSIGN(std::string name, one.as_string(member));
    TRY(check_name(name, member));
    names.push_back(std::move(name));
  }
  return names;
}

Result<std::optional<Instant>> time_at(const Json& object, std::string_view member) {
  const Json* value = object.find(member);
  if (value == nullptr) return std::optional<Instant>();
  TRY_ASSIGN(const std::string text, value->as_string(member));
  TRY_ASSIGN(const Instant instant, from_rfc3339(text));
  return std::optional(instant);
}

/// A name, or nothing where there is no such member.
Result<std::string> name_at(const Json& object, std::string_view member) {
  const Json* value = object.find(member);
  if (value == nullptr) return std::string();
  TRY_ASSIGN(std::string name, value->as_string(member));
  TRY(check_name(name, member));
  return name;
}

Json names_json(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const std::string& name : names) list.push(name);
  return list;
}

Result<Terms> read_terms(const Json& custom) {
  Terms terms;
  TRY_ASSIGN(terms.supported_until, time_at(custom, "supported_until"));
  if (const Json* stone = custom.find("stepping_stone")) TRY(stone->as_bool(terms.stepping_stone, "stepping_stone"));
  TRY_ASSIGN(terms.upgrade_from, name_at(custom, "upgrade_from"));
  TRY_ASSIGN(terms.downgrade_to, name_at(custom, "downgrade_to"));
  TRY_ASSIGN(terms.fixes, names_at(custom, "fixes", k_fixes_max));
  TRY_ASSIGN(terms.sbom_sha256, name_at(custom, "sbom_sha256"));
  const bool hexadecimal = terms.sbom_sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!terms.sbom_sha256.empty() && (!hexadecimal || terms.sbom_sha256.size() != k_sha256_digits)) {
    return malformed("'sbom_sha256' is no SHA-256 in small hexadecimal digits");
  }
  return terms;
}

Result<Release> read_release(const std::string& path, std::uint64_t size_bytes, const Json& custom) {
  Release release{.path = path,
                  .version = {},
                  .security_version = 0,
                  .tracks = {},
                  .hardware = {},
                  .published = {},
                  .size_bytes = size_bytes,
                  .terms = {}};
  TRY_ASSIGN(release.version, custom.string_at("version"));
  TRY(check_name(release.version, "version"));
  TRY_ASSIGN(release.security_version, custom.uint_at("security_version"));
  TRY_ASSIGN(release.tracks, names_at(custom, "tracks", k_tracks_max));
  TRY_ASSIGN(release.hardware, names_at(custom, "hardware", k_names_max));
  TRY_ASSIGN(release.published, time_at(custom, "published"));
  TRY_ASSIGN(release.terms, read_terms(custom));
  return release;
}

Result<Track> read_track(const Json& object) {
  TRY(object.only_members({"name", "kind", "supported_from", "supported_until"}));
  Track track;
  TRY_ASSIGN(track.name, object.string_at("name"));
  TRY(check_name(track.name, "track"));
  TRY_ASSIGN(const std::string kind, object.string_at("kind"));
  TRY_ASSIGN(track.kind, track_kind(kind));
  TRY_ASSIGN(track.supported_from, time_at(object, "supported_from"));
  TRY_ASSIGN(track.supported_until, time_at(object, "supported_until"));
  return track;
}

Result<std::vector<Track>> read_lifecycle(ByteView bytes, const ProductId& product) {
  TRY_ASSIGN(const Json json, Json::parse(bytes, {.size_bytes_max = k_lifecycle_size_bytes_max, .depth_max = 4}));
  TRY(json.only_members({"format", "product", "tracks"}));
  TRY_ASSIGN(const std::string format, json.string_at("format"));
  if (format != k_format)
    return malformed("the format is '" + printable(format, 40) + "', not " + std::string(k_format));
  TRY_ASSIGN(const std::string named, json.string_at("product"));
  if (named != product.str()) {
    return Error(Errc::untrusted, "release.wrong-product",
                 "the tracks are those of '" + printable(named, 60) + "', not of " + product.str(), k_ask_vendor);
  }
  TRY_ASSIGN(const Json::Array list, json.array_at("tracks"));
  if (list.size() > k_tracks_max) return malformed("there are more than " + std::to_string(k_tracks_max) + " tracks");
  std::vector<Track> tracks;
  for (const Json& one : list) {
    TRY_ASSIGN(Track track, read_track(one));
    if (std::ranges::find(tracks, track.name, &Track::name) != tracks.end()) {
      return malformed("the track '" + track.name + "' is described twice");
    }
    tracks.push_back(std::move(track));
  }
  return tracks;
}

}  // namespace

std::string_view name_of(TrackKind kind) {
  return std::ranges::find(k_kinds, kind, &std::pair<TrackKind, std::string_view>::first)->second;
}

Result<TrackKind> track_kind(std::string_view name) {
  const auto found = std::ranges::find(k_kinds, name, &std::pair<TrackKind, std::string_view>::second);
  if (found != k_kinds.end()) return found->first;
  return Error(Errc::invalid_input, "release.track-kind",
               "a track is active or long-term, not '" + printable(name, 40) + "'", "Say 'active' or 'long-term'.");
}

Json to_json(const Terms& terms) {
  Json json = Json::object();
  if (terms.supported_until) json.set("supported_until", to_rfc3339(*terms.supported_until));
  if (terms.stepping_stone) json.set("stepping_stone", true);
  if (!terms.upgrade_from.empty()) json.set("upgrade_from", terms.upgrade_from);
  if (!terms.downgrade_to.empty()) json.set("downgrade_to", terms.downgrade_to);
  if (!terms.fixes.empty()) json.set("fixes", names_json(terms.fixes));
  if (!terms.sbom_sha256.empty()) json.set("sbom_sha256", terms.sbom_sha256);
  return json;
}

Result<void> check(const Terms& terms) {
  auto read = as_terms(read_terms(to_json(terms)));
  if (!read) return std::move(read).error();
  return {};
}

Result<Release> parse_release(const std::string& path, std::uint64_t size_bytes, const Json& custom) {
  return as_terms(read_release(path, size_bytes, custom));
}

Json lifecycle_json(const ProductId& product, const std::vector<Track>& tracks) {
  Json list = Json::array();
  for (const Track& track : tracks) {
    Json one = Json::object({{"name", track.name}, {"kind", name_of(track.kind)}});
    if (track.supported_from) one.set("supported_from", to_rfc3339(*track.supported_from));
    if (track.supported_until) one.set("supported_until", to_rfc3339(*track.supported_until));
    list.push(std::move(one));
  }
  return Json::object({{"format", k_format}, {"product", product.str()}, {"tracks", std::move(list)}});
}

Result<std::vector<Track>> parse_lifecycle(ByteView bytes, const ProductId& product) {
  return as_terms(read_lifecycle(bytes, product));
}

}  // namespace signet::release
