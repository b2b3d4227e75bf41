// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "client_fixture_test.hpp"

#include <algorithm>

namespace signet::tuf {
namespace {

TEST_F(TufClient, P_TUF_008_a_target_arrives_whole_or_not_at_all) {
  repository_.add_target("targets", "dir/file one", "the content of it");
  repository_.publish();
  start();
  EXPECT_REASON(get("dir/file one"), "test.not-found");  // asked for percent-encoded
  const auto at = std::ranges::find_if(repository_.files, [](const auto& f) { return f.first.ends_with("file one"); });
  const std::string encoded = at->first.substr(0, at->first.size() - 8) + "file%20one";
  Bytes& served = repository_.files[encoded] = at->second;
  const auto whole = get("dir/file one");
  ASSERT_OK(whole);
  EXPECT_EQ(*whole, "the content of it");
  served.front() ^= std::byte{1};
  EXPECT_REASON(get("dir/file one"), "tuf.wrong-hash");
  served.push_back(std::byte{0});
  EXPECT_REASON(get("dir/file one"), "tuf.wrong-length");
  served.resize(3);
  EXPECT_REASON(get("dir/file one"), "tuf.wrong-length");
}

TEST_F(TufClient, P_TUF_008_paths_that_lead_elsewhere_are_refused) {
  for (const char* path : {"../x", "a/../x", "/etc/passwd", "a//b", "a/./b", "a\\b", "", "a/", "a\nb", ".."}) {
    repository_.add_target("targets", path, "content");
  }
  repository_.publish();
  start();
  for (const char* path : {"../x", "a/../x", "/etc/passwd", "a//b", "a/./b", "a\\b", "", "a/", "a\nb", ".."}) {
    EXPECT_REASON(get(path), "tuf.unsafe-path") << path;
  }
}

TEST_F(TufClient, P_TUF_009_a_delegate_speaks_only_for_its_paths) {
  repository_.delegate("cam-a", {"cam-a/*"});
  repository_.add_target("cam-a", "cam-a/1.bundle", "one");
  repository_.add_target("cam-a", "cam-b/1.bundle", "two");
  repository_.publish();
  start();
  EXPECT_OK(get("cam-a/1.bundle"));
  EXPECT_REASON(get("cam-b/1.bundle"), "tuf.no-target");
  Client client = *Client::open(folder_.path());
  ASSERT_OK(client.refresh(repository_, k_now));
  const auto listed = client.list(repository_, "cam-a");
  ASSERT_OK(listed);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().path(), "cam-a/1.bundle");
  EXPECT_EQ(listed->front().role(), "cam-a");
  EXPECT_EQ(*listed->front().custom().string_at("note"), "for cam-a/1.bundle");
  EXPECT_REASON(client.list(repository_, "cam-b"), "tuf.no-role");
}

TEST_F(TufClient, P_TUF_009_the_first_delegation_wins_and_a_terminating_one_ends_the_search) {
  repository_.delegate("first", {"*"}).more[1].second = true;
  repository_.delegate("second", {"*"});
  repository_.add_target("first", "both", "by first");
  repository_.add_target("second", "both", "by second");
  repository_.add_target("second", "only", "by second");
  repository_.publish();
  start();
  EXPECT_EQ(*get("both"), "by first");
  EXPECT_REASON(get("only"), "tuf.no-target");
  repository_.roles["first"].more[1].second = false;
  repository_.bump();
  repository_.roles["root"].version = 1;
  repository_.publish();
  EXPECT_EQ(*get("only"), "by second");
}

TEST_F(TufClient, P_TUF_009_hash_prefixes_select_as_paths_do) {
  const std::string hash = to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes("file")));
  FakeRepository::Role& bin = repository_.delegate("bin", {});
  bin.more[0] = {"path_hash_prefixes", Json::array({hash.substr(0, 2)})};
  repository_.add_target("bin", "file", "content");
  repository_.add_target("bin", "elsewhere", "content");
  repository_.publish();
  start();
  EXPECT_OK(get("file"));
  EXPECT_REASON(get("elsewhere"), "tuf.no-target");
  repository_.bump();
  repository_.roles["root"].version = 1;
  bin.more.emplace_back("paths", Json::array({"*"}));
  repository_.publish();
  EXPECT_REASON(get("file"), "tuf.malformed");  // either, never both
}

TEST_F(TufClient, P_TUF_009_a_search_ends) {
  for (int i = 0; i < 40; ++i) repository_.delegate("role" + std::to_string(i), {"*"});
  repository_.add_target("role39", "far", "content");
  repository_.publish();
  start();
  repository_.requests.clear();
  EXPECT_REASON(get("far"), "tuf.no-target");
  EXPECT_EQ(repository_.requests.size(), 4U + 31U);  // targets itself is one of the 32
}

TEST_F(TufClient, P_TUF_009_no_role_is_delegated_to_under_a_top_level_name) {
  for (const char* name : {"root", "snapshot", "timestamp", "targets"}) {
    FakeRepository repository;
    repository.publish([&](const std::string& role, Json& part) {
      if (role != "targets") return;
      const auto key = repository.roles["targets"].keys.front();
      const Json object = key_json(key->public_key());
      Json one = FakeRepository::key_list({key}, 1);
      one.set("name", name).set("paths", Json::array({"*"}));
      part.set("delegations",
               Json::object({{"keys", Json::object({{key_id(object), object}})}, {"roles", Json::array({one})}}));
    });
    const test::TempDir folder;
    ASSERT_OK(Client::init(folder.path(), repository.root()));
    Client client = *Client::open(folder.path());
    EXPECT_REASON(client.refresh(repository, k_now), "tuf.malformed") << name;
  }
}

}  // namespace
}  // namespace signet::tuf
