// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/release.hpp"
#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

namespace signet::release {
namespace {

const std::string k_digest(64, 'a');
const ProductId k_product = *ProductId::parse("cam-a");

Json custom() {
  return Json::object({{"version", "1.0"}, {"security_version", 1}, {"tracks", Json::array({"active"})}});
}

TEST(Terms, P_RELEASE_005_terms_are_read_as_they_were_written) {
  const Terms terms{.supported_until = from_rfc3339("2031-06-30T23:59:59Z").value(),
                    .stepping_stone = true,
                    .upgrade_from = "0.9",
                    .downgrade_to = "0.8",
                    .fixes = {"CVE-2026-1", "CVE-2026-2"},
                    .sbom_sha256 = k_digest};
  ASSERT_OK(check(terms));
  Json json = custom();
  const Json written = to_json(terms);
  for (const auto& [name, value] : written.members()) json.set(name, value);
  json.set("from-the-future", 1);
  const auto release = parse_release("cam-a/1.0.bundle", 5, json);
  ASSERT_OK(release);
  EXPECT_EQ(release->terms, terms);
  EXPECT_EQ(to_json(Terms{}), Json::object());
}

TEST(Terms, P_RELEASE_005_what_is_malformed_is_refused) {
  const std::vector<std::pair<const char*, Json>> wrong{
      {"version", ""},
      {"version", "../x"},
      {"version", 1},
      {"security_version", -1},
      {"tracks", "active"},
      {"tracks", Json::array({1})},
      {"tracks", Json::array(Json::Array(65, "active"))},
      {"hardware", Json::array({"a b"})},
      {"published", "yesterday"},
      {"supported_until", 7},
      {"stepping_stone", "yes"},
      {"upgrade_from", "a/b"},
      {"downgrade_to", Json()},
      {"fixes", Json::array({"CVE 1"})},
      {"sbom_sha256", "abc"},
      {"sbom_sha256", std::string(64, 'G')},
  };
  for (const auto& [member, value] : wrong) {
    Json json = custom();
    json.set(member, value);
    EXPECT_REASON(parse_release("cam-a/1.0.bundle", 5, json), "release.malformed") << member << " " << value.dump();
  }
  EXPECT_REASON(parse_release("cam-a/1.0.bundle", 5, Json()), "release.malformed");
  EXPECT_REASON(check({.fixes = {"not a name"}}), "release.malformed");
}

TEST(Lifecycle, P_RELEASE_006_tracks_are_read_as_they_were_written) {
  const std::vector<Track> tracks{{.name = "active", .kind = TrackKind::active},
                                  {.name = "lts-2026",
                                   .kind = TrackKind::long_term,
                                   .supported_from = from_rfc3339("2026-06-01T00:00:00Z").value(),
                                   .supported_until = from_rfc3339("2031-06-30T23:59:59Z").value()}};
  const std::string text = lifecycle_json(k_product, tracks).dump();
  const auto read = parse_lifecycle(as_bytes(text), k_product);
  ASSERT_OK(read);
  EXPECT_EQ(*read, tracks);
  EXPECT_REASON(parse_lifecycle(as_bytes(text), *ProductId::parse("cam-b")), "release.wrong-product");
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_REASON(parse_lifecycle(as_bytes(text).first(size), k_product), "release.malformed") << size;
  }
}

TEST(Lifecycle, P_RELEASE_006_what_is_malformed_is_refused) {
  const auto text = [](const std::string& tracks) {
    return R"({"format":"signet-lifecycle-1","product":"cam-a","tracks":)" + tracks + "}";
  };
  const std::vector<std::string> wrong{
      "[]",
      R"({"format":"signet-lifecycle-2","product":"cam-a","tracks":[]})",
      R"({"format":"signet-lifecycle-1","product":"cam-a","tracks":[],"more":1})",
      text("{}"),
      text(R"([{"name":"a b","kind":"active"}])"),
      text(R"([{"name":"a","kind":"lts"}])"),
      text(R"([{"name":"a"}])"),
      text(R"([{"name":"a","kind":"active","supported_until":"2031"}])"),
      text(R"([{"name":"a","kind":"active"},{"name":"a","kind":"long-term"}])"),
      text("[" + std::string(100'000, ' ') + "]"),
  };
  for (const std::string& one : wrong) {
    const auto read = parse_lifecycle(as_bytes(one), k_product);
    ASSERT_FALSE(read.has_value()) << one.substr(0, 100);
    EXPECT_EQ(read.error().reason().substr(0, 8), "release.") << one.substr(0, 100);
  }
  EXPECT_OK(parse_lifecycle(as_bytes(text("[]")), k_product));
}

}  // namespace
}  // namespace signet::release
