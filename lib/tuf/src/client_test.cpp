// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "client_fixture_test.hpp"

namespace signet::tuf {
namespace {

TEST_F(TufClient, P_TUF_001_refresh_takes_all_four_roles_and_keeps_their_bytes) {
  start();
  const auto done = refresh();
  ASSERT_OK(done);
  EXPECT_EQ(done->root_version, 1U);
  EXPECT_EQ(done->targets_version, 1U);
  EXPECT_EQ(to_rfc3339(done->valid_until), "2030-01-01T00:00:00Z");
  EXPECT_EQ(kept("timestamp"), as_text(repository_.files["metadata/timestamp.json"]));
  EXPECT_EQ(repository_.requests, (std::vector<std::string>{"metadata/2.root.json", "metadata/timestamp.json",
                                                            "metadata/1.snapshot.json", "metadata/1.targets.json"}));
}

TEST_F(TufClient, P_TUF_001_what_is_kept_and_still_named_is_not_fetched_again) {
  start();
  ASSERT_OK(refresh());
  repository_.requests.clear();
  ASSERT_OK(refresh());
  EXPECT_EQ(repository_.requests, (std::vector<std::string>{"metadata/2.root.json", "metadata/timestamp.json"}));
}

TEST_F(TufClient, P_TUF_001_begins_only_with_a_root_and_only_once) {
  EXPECT_REASON(Client::open(folder_.path()), "tuf.no-root");
  start();
  EXPECT_REASON(Client::init(folder_.path(), repository_.root()), "tuf.has-root");
  const Client client = *Client::open(folder_.path());
  EXPECT_REASON(Client::open(folder_.path()), "os.locked");
}

TEST_F(TufClient, P_TUF_001_nothing_is_located_before_a_refresh_succeeded) {
  start();
  Client client = *Client::open(folder_.path());
  EXPECT_REASON(client.locate(repository_, "a"), "tuf.not-refreshed");
  repository_.files.erase("metadata/timestamp.json");
  EXPECT_REASON(client.refresh(repository_, k_now), "test.not-found");
  EXPECT_REASON(client.locate(repository_, "a"), "tuf.not-refreshed");
}

// --- root (5.3) ---

TEST_F(TufClient, P_TUF_002_roots_are_walked_one_by_one) {
  start();
  for (int i = 0; i < 5; ++i) {  // each root hands on to a new key: signed by the old and the new
    FakeRepository::Role& root = repository_.roles["root"];
    const auto old = root.keys.front();
    root.keys = {FakeRepository::new_key(static_cast<crypto::KeyAlgorithm>(i == 3 ? 5 : i))};
    root.signers = {old, root.keys.front()};
    ++root.version;
    repository_.publish();
  }
  const auto done = refresh();
  ASSERT_OK(done);
  EXPECT_EQ(done->root_version, 6U);
}

TEST_F(TufClient, P_TUF_002_a_root_needs_both_thresholds) {
  start();
  FakeRepository::Role& root = repository_.roles["root"];
  const auto old = root.keys.front();
  root.keys = {FakeRepository::new_key()};
  ++root.version;
  for (const auto& signer : {old, root.keys.front()}) {
    root.signers = {signer};
    repository_.publish();
    EXPECT_REASON(refresh(), "tuf.threshold");
  }
  EXPECT_EQ(kept("root"), as_text(repository_.root(1)));
}

TEST_F(TufClient, P_TUF_002_a_root_of_another_version_than_its_name_is_refused) {
  start();
  repository_.publish([](const std::string& role, Json& part) {
    if (role == "root") part.set("version", 3);
  });
  repository_.files["metadata/2.root.json"] = repository_.files["metadata/1.root.json"];
  EXPECT_REASON(refresh(), "tuf.wrong-version");
}

TEST_F(TufClient, P_TUF_003_each_key_counts_once) {
  FakeRepository::Role& targets = repository_.roles["targets"];
  targets.threshold = 2;
  targets.keys.push_back(FakeRepository::new_key());
  // One key under a second name: another object of the same key, so another keyid.
  const auto key = targets.keys.front();
  Json twin = key_json(key->public_key()).set("x-note", "twin");
  const std::string twin_id = key_id(twin);
  repository_.publish([&](const std::string& role, Json& part) {
    if (role != "root") return;
    Json keys = *part.find("keys");
    Json roles = *part.find("roles");
    Json one = *roles.find("targets");
    Json ids = *one.find("keyids");
    keys.set(twin_id, twin);
    ids.push(twin_id);
    one.set("keyids", ids);
    roles.set("targets", one);
    part.set("keys", keys).set("roles", roles);
  });
  Json file = *Json::parse(repository_.files["metadata/1.targets.json"]);
  Json signatures = *file.find("signatures");
  Json twice = signatures.elements().front();
  signatures.push(twice.set("keyid", twin_id));
  repository_.files["metadata/1.targets.json"] = to_bytes(file.set("signatures", signatures).dump());
  start();
  EXPECT_REASON(refresh(), "tuf.threshold");
}

TEST_F(TufClient, P_TUF_003_a_keyid_that_stands_twice_is_refused) {
  start();
  Json file = *Json::parse(repository_.files["metadata/timestamp.json"]);
  Json signatures = *file.find("signatures");
  signatures.push(Json(signatures.elements().front()));
  repository_.files["metadata/timestamp.json"] = to_bytes(file.set("signatures", signatures).dump());
  EXPECT_REASON(refresh(), "tuf.malformed");
}

TEST_F(TufClient, P_TUF_003_two_of_three_must_sign_and_two_suffice) {
  FakeRepository::Role& targets = repository_.roles["targets"];
  targets.keys.push_back(FakeRepository::new_key(crypto::KeyAlgorithm::ec_p384));
  targets.keys.push_back(FakeRepository::new_key(crypto::KeyAlgorithm::rsa_2048));
  targets.threshold = 2;
  repository_.publish();
  start();
  EXPECT_REASON(refresh(), "tuf.threshold");
  targets.signers = {targets.keys[1], targets.keys[2]};
  repository_.publish();
  EXPECT_OK(refresh());
}

// --- rollback, fast-forward, freeze ---

TEST_F(TufClient, P_TUF_004_no_role_goes_back) {
  start();
  repository_.bump();
  repository_.roles["root"].version = 1;
  repository_.publish();
  ASSERT_OK(refresh());
  for (const char* role : {"timestamp", "snapshot", "targets"}) {
    const auto saved = repository_.roles;
    for (auto& [name, one] : repository_.roles) one.version += name == "root" ? 0U : 5U;
    repository_.roles[role].version = 1;
    repository_.publish();
    EXPECT_REASON(refresh(), "tuf.rollback") << role;
    repository_.roles = saved;
  }
}

TEST_F(TufClient, P_TUF_004_a_role_cannot_vanish_from_the_snapshot) {
  repository_.delegate("cam-a", {"cam-a/*"});
  repository_.publish();
  start();
  ASSERT_OK(refresh());
  ++repository_.roles["snapshot"].version;
  ++repository_.roles["timestamp"].version;
  repository_.publish([](const std::string& role, Json& part) {
    if (role == "snapshot") part.set("meta", Json::object({{"targets.json", Json::object({{"version", 1}})}}));
  });
  EXPECT_REASON(refresh(), "tuf.rollback");
}

TEST_F(TufClient, P_TUF_005_new_keys_end_a_fast_forward) {
  start();
  for (const char* role : {"timestamp", "snapshot", "targets"}) repository_.roles[role].version = 1'000'000;
  repository_.publish();
  ASSERT_OK(refresh());
  for (const char* role : {"timestamp", "snapshot"}) {
    repository_.roles[role] = FakeRepository::new_role();
    repository_.roles[role].version = 2;
  }
  repository_.roles["targets"].version = 2;
  repository_.roles["root"].version = 2;
  repository_.publish();
  const auto done = refresh();
  ASSERT_OK(done);
  EXPECT_EQ(done->timestamp_version, 2U);
  EXPECT_EQ(done->targets_version, 2U);
}

TEST_F(TufClient, P_TUF_005_taking_one_key_of_several_away_ends_it_too) {
  FakeRepository::Role& timestamp = repository_.roles["timestamp"];
  timestamp.keys.push_back(FakeRepository::new_key());
  repository_.publish();
  start();
  timestamp.version = 1'000'000;  // by the key that stays, so that what is kept still verifies
  repository_.publish();
  ASSERT_OK(refresh());
  timestamp.keys.pop_back();
  timestamp.version = 2;
  repository_.roles["root"].version = 2;
  repository_.publish();
  EXPECT_OK(refresh());
}

TEST_F(TufClient, P_TUF_005_a_kill_between_root_and_forgetting_is_made_good) {
  start();
  repository_.roles["timestamp"].version = 9;
  repository_.publish();
  ASSERT_OK(refresh());
  const std::string root = kept("root");
  const std::string mark = to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(root)));
  folder_.write(".rotation",
                as_bytes((mark.front() == '0' ? "1" : "0") + mark.substr(1)));  // the root that it speaks of never came
  ASSERT_OK(Client::open(folder_.path()));
  EXPECT_NE(kept("timestamp"), "");
  folder_.write(".rotation", as_bytes(mark));
  ASSERT_OK(Client::open(folder_.path()));
  EXPECT_EQ(kept("timestamp"), "");
  EXPECT_FALSE(std::filesystem::exists(folder_ / ".rotation"));
}

TEST_F(TufClient, P_TUF_006_expired_metadata_of_any_role_is_refused_and_not_kept) {
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
    FakeRepository repository;
    const test::TempDir folder;
    ASSERT_OK(Client::init(folder.path(), repository.root()));
    repository.roles[role].expires = "2026-11-22T12:00:00Z";  // the very second
    repository.roles["root"].version = 2;
    repository.publish();
    Client client = *Client::open(folder.path());
    EXPECT_REASON(client.refresh(repository, k_now), "tuf.expired") << role;
    EXPECT_EQ(std::filesystem::exists(folder / (std::string(role) + ".json")), std::string_view(role) == "root");
    EXPECT_OK(client.refresh(repository, {.now = *from_rfc3339("2026-11-22T11:59:59Z")}));
  }
}

TEST_F(TufClient, P_TUF_006_a_waiver_is_counted_in_days_and_reported) {
  start();
  repository_.roles["timestamp"].expires = "2026-11-20T12:00:00Z";
  repository_.publish();
  EXPECT_REASON(refresh({.now = k_now.now, .expiry_waiver_days = 2}), "tuf.expired");
  Client client = *Client::open(folder_.path());
  ASSERT_OK(client.refresh(repository_, {.now = k_now.now, .expiry_waiver_days = 3}));
  ASSERT_EQ(client.waived().size(), 1U);
  EXPECT_EQ(client.waived().front().role, "timestamp");
}

// --- metadata that is not what it should be ---

TEST_F(TufClient, P_TUF_007_every_byte_of_signed_metadata_counts) {
  start();
  const Bytes original = repository_.files["metadata/timestamp.json"];
  for (std::size_t i = 0; i < original.size(); ++i) {
    Bytes bent = original;
    bent[i] ^= std::byte{1};
    repository_.files["metadata/timestamp.json"] = bent;
    const auto done = refresh();
    // A change that JSON does not see (white space, the case of a digit of a signature) may pass; no other may.
    if (done) {
      const auto before = Json::parse(original);
      const auto after = Json::parse(bent);
      ASSERT_TRUE(after && *before->find("signed") == *after->find("signed")) << "byte " << i;
    }
  }
}

TEST_F(TufClient, P_TUF_007_bent_members_are_refused_even_if_signed) {
  struct Case {
    const char* role;
    const char* member;
    Json value;
    const char* reason;
  };
  const std::vector<Case> cases{
      {"timestamp", "_type", "snapshot", "tuf.wrong-role"},
      {"timestamp", "spec_version", "2.0.0", "tuf.spec-version"},
      {"timestamp", "version", 0, "tuf.malformed"},
      {"timestamp", "version", -1, "tuf.malformed"},
      {"timestamp", "version", "1", "tuf.malformed"},
      {"timestamp", "expires", "tomorrow", "tuf.malformed"},
      {"timestamp", "meta", Json::object(), "tuf.malformed"},
      {"snapshot", "version", 7, "tuf.wrong-version"},
      {"snapshot", "meta", Json::object(), "tuf.not-in-snapshot"},
      {"targets", "version", 7, "tuf.wrong-version"},
      {"targets", "targets", Json::array(), "tuf.malformed"},
      {"targets", "delegations", Json::object({{"succinct_roles", Json::object()}}), "tuf.malformed"},
  };
  for (const Case& one : cases) {
    FakeRepository repository;
    const test::TempDir folder;
    ASSERT_OK(Client::init(folder.path(), repository.root()));
    repository.publish([&](const std::string& role, Json& part) {
      if (role == one.role) part.set(one.member, one.value);
    });
    Client client = *Client::open(folder.path());
    EXPECT_REASON(client.refresh(repository, k_now), one.reason) << one.role << " " << one.member;
  }
}

TEST_F(TufClient, P_TUF_007_endless_metadata_is_cut_off) {
  start();
  repository_.files["metadata/timestamp.json"].resize(Limits().timestamp_size_bytes_max + 1, std::byte{' '});
  EXPECT_REASON(refresh(), "tuf.too-long");
}

}  // namespace
}  // namespace signet::tuf
