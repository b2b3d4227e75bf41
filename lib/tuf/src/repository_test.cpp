// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/tuf.hpp"
#include "signet/tuf_repository.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace signet::tuf {
namespace {

using SignerPtr = std::shared_ptr<crypto::Signer>;

/// A vendor with a key for each person, and a device that follows.
class TufRepository : public ::testing::Test {
 protected:
  SignerPtr key(const std::string& name) {
    SignerPtr& one = keys_[name];
    if (!one) {
      one = test::make_memory_signer(keys_.size() % 2 == 0 ? crypto::KeyAlgorithm::ed25519
                                                           : crypto::KeyAlgorithm::ec_p256);
    }
    return one;
  }
  NamedKey named(const std::string& name) { return {.name = name, .key = key(name)->public_key()}; }
  RoleSetup role(const std::vector<std::string>& names, std::uint64_t threshold = 1, std::uint32_t days = 365) {
    RoleSetup setup{.keys = {}, .threshold = threshold, .days_valid = days};
    for (const std::string& name : names) setup.keys.push_back(named(name));
    return setup;
  }
  tuf::Setup two_of_three() {
    return {.root = role({"alice", "bob", "carol"}, 2),
            .targets = role({"release"}),
            .snapshot = role({"snapshot"}, 1, 30),
            .timestamp = role({"timestamp"}, 1, 7)};
  }
  Repository make() { return *Repository::create(folder_ / "repo", two_of_three(), now_); }
  /// With a product, all of it public.
  Repository made() {
    Repository repository = make();
    EXPECT_OK(repository.add_product(product_, role({"team"}, 1, 90), now_));
    for (const char* name : {"alice", "carol", "release", "team"}) EXPECT_OK(repository.sign(*key(name)));
    EXPECT_OK(go(repository));
    return repository;
  }
  Result<Released> go(Repository& repository) { return repository.release({key("snapshot"), key("timestamp")}, now_); }
  Release release(const std::string& version, const std::string& track = "active") {
    return {.version = version,
            .security_version = 7,
            .track = track,
            .file = folder_.write("bundle-" + version, as_bytes("bytes of " + version)),
            .hardware = {"r2"}};
  }
  /// What a device that has been away since it was last asked finds on a track now.
  Result<std::vector<std::string>> device_finds(const std::string& track) {
    const auto fetcher = make_folder_fetcher(folder_ / "repo/public");
    const auto device = folder_ / "device";
    if (!std::filesystem::exists(device / "root.json")) {
      TRY_ASSIGN(const Bytes root, os::read_file(folder_ / "repo/public/metadata/1.root.json", 1U << 20U));
      TRY(Client::init(device, root));
    }
    TRY_ASSIGN(Client client, Client::open(device));
    TRY(client.refresh(*fetcher, {.now = now_}));
    TRY_ASSIGN(const auto targets, client.list(*fetcher, product_.str()));
    std::vector<std::string> found;
    for (const VerifiedTarget& target : targets) {
      TRY_ASSIGN(const Json::Array tracks, target.custom().array_at("tracks"));
      if (std::ranges::find(tracks, Json(track)) == tracks.end()) continue;
      std::string content;
      TRY(client.download(*fetcher, target, [&](ByteView piece) -> Result<void> {
        content += as_text(piece);
        return {};
      }));
      TRY_ASSIGN(const std::string version, target.custom().string_at("version"));
      if (content != "bytes of " + version) return Error(Errc::untrusted, "test.bytes", content);
      found.push_back(version);
    }
    return found;
  }
  std::vector<std::string> files() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "repo/public")) {
      if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }
  RoleStatus status_of(const Repository& repository, const std::string& name) {
    const auto all = repository.status();
    EXPECT_OK(all);
    return *std::ranges::find(*all, name, &RoleStatus::role);
  }

  test::TempDir folder_;
  Instant now_ = *from_rfc3339("2026-11-22T12:00:00Z");
  ProductId product_ = *ProductId::parse("cam-a");
  std::map<std::string, SignerPtr> keys_;
};

using Names = std::vector<std::string>;

TEST_F(TufRepository, P_TUF_011_nothing_is_public_before_enough_have_signed) {
  Repository repository = make();
  ASSERT_OK(repository.sign(*key("alice")));
  ASSERT_OK(repository.sign(*key("release")));
  const auto early = go(repository);
  ASSERT_OK(early);
  EXPECT_TRUE(early->roles.empty());
  EXPECT_EQ(early->waits_for, "signatures for root version 1");
  EXPECT_TRUE(files().empty());
  const RoleStatus root = status_of(repository, "root");
  ASSERT_TRUE(root.draft);
  EXPECT_EQ(root.draft->needs.back().signed_by, (Names{"alice"}));
  EXPECT_EQ(root.draft->needs.back().missing, (Names{"bob", "carol"}));
  EXPECT_EQ(root.draft->needs.back().still_needed(), 1U);
  EXPECT_EQ(*repository.sign(*key("bob")), (Names{"root"}));
  const auto done = go(repository);
  ASSERT_OK(done);
  EXPECT_EQ(done->roles, (Names{"targets version 1", "snapshot version 1", "root version 1", "timestamp version 1"}));
  EXPECT_EQ(files(), (Names{"1.root.json", "1.snapshot.json", "1.targets.json", "timestamp.json"}));
  EXPECT_FALSE(status_of(repository, "root").draft);
}

TEST_F(TufRepository, P_TUF_011_a_stranger_and_an_impossible_threshold_are_refused) {
  Repository repository = make();
  EXPECT_REASON(repository.sign(*key("mallory")), "repo.no-key");
  EXPECT_REASON(repository.add_product(product_, role({"team"}, 2), now_), "repo.keys");
  EXPECT_REASON(repository.add_product(*ProductId::parse("root"), role({"team"}), now_), "repo.keys");
  EXPECT_REASON(repository.publish(product_, release("1.0"), now_), "repo.no-product");
  EXPECT_REASON(Repository::create(folder_ / "repo", two_of_three(), now_), "repo.exists");
  EXPECT_REASON(Repository::open(folder_ / "nowhere"), "repo.no-repository");
}

TEST_F(TufRepository, P_TUF_011_without_the_online_keys_all_stays_as_it_was) {
  Repository repository = made();
  ASSERT_OK(repository.publish(product_, release("1.0"), now_));
  ASSERT_OK(repository.sign(*key("team")));
  EXPECT_REASON(repository.release({key("snapshot")}, now_), "repo.online-keys");
  EXPECT_EQ(*device_finds("active"), Names{});
  ASSERT_OK(go(repository));
  EXPECT_EQ(*device_finds("active"), (Names{"1.0"}));
}

TEST_F(TufRepository, P_TUF_011_a_key_that_is_at_hand_twice_signs_once) {
  Repository repository = make();
  for (const char* name : {"alice", "bob", "release"}) ASSERT_OK(repository.sign(*key(name)));
  ASSERT_OK(repository.release({key("snapshot"), key("timestamp"), key("snapshot"), key("timestamp")}, now_));
  EXPECT_EQ(*status_of(repository, "timestamp").version, 1U);
}

TEST_F(TufRepository, P_TUF_013_publish_promote_withdraw) {
  Repository repository = made();
  for (const char* version : {"1.0", "1.1"}) {
    ASSERT_OK(repository.publish(product_, release(version), now_));
  }
  EXPECT_REASON(repository.publish(product_, release("1.0"), now_), "repo.version-taken");
  ASSERT_OK(repository.sign(*key("team")));
  ASSERT_OK(go(repository));
  EXPECT_EQ(*device_finds("active"), (Names{"1.0", "1.1"}));
  EXPECT_EQ(*device_finds("lts-2026"), Names{});

  const auto bundles = [&] {
    Names all = files();
    std::erase_if(all, [](const std::string& name) { return !name.ends_with(".bundle"); });
    return all;
  };
  const Names before = bundles();
  ASSERT_OK(repository.promote(product_, "1.0", "lts-2026", now_));
  EXPECT_REASON(repository.promote(product_, "1.0", "lts-2026", now_), "repo.on-track");
  EXPECT_REASON(repository.promote(product_, "9.9", "lts-2026", now_), "repo.no-release");
  ASSERT_OK(repository.sign(*key("team")));
  ASSERT_OK(go(repository));
  EXPECT_EQ(bundles(), before);
  EXPECT_EQ(*device_finds("lts-2026"), (Names{"1.0"}));
  EXPECT_EQ(*device_finds("active"), (Names{"1.0", "1.1"}));

  ASSERT_OK(repository.withdraw(product_, "1.0", "active", now_));
  ASSERT_OK(repository.withdraw(product_, "1.1", std::nullopt, now_));
  EXPECT_REASON(repository.withdraw(product_, "1.0", "active", now_), "repo.no-release");
  ASSERT_OK(repository.sign(*key("team")));
  ASSERT_OK(go(repository));
  EXPECT_EQ(*device_finds("active"), Names{});
  EXPECT_EQ(*device_finds("lts-2026"), (Names{"1.0"}));
}

TEST_F(TufRepository, P_TUF_011_a_change_voids_the_signatures_of_a_draft) {
  Repository repository = made();
  ASSERT_OK(repository.publish(product_, release("1.0"), now_));
  ASSERT_OK(repository.sign(*key("team")));
  ASSERT_OK(repository.publish(product_, release("1.1"), now_));
  EXPECT_EQ(go(repository)->waits_for, "signatures for cam-a version 2");
  EXPECT_EQ(*device_finds("active"), Names{});
}

TEST_F(TufRepository, P_TUF_012_a_root_key_is_replaced_twice_while_a_device_is_away) {
  Repository repository = made();
  ASSERT_OK(device_finds("active"));
  const auto replace = [&](const std::string& old, const std::string& fresh, const Names& signers) {
    EXPECT_OK(repository.change_keys("root", {.add = {named(fresh)}, .remove = {old}, .threshold = {}}, now_));
    for (const std::string& name : signers) EXPECT_OK(repository.sign(*key(name)));
  };
  replace("carol", "dave", {"dave", "alice"});  // one of the two old signatures is missing
  EXPECT_EQ(go(repository)->waits_for, "signatures for root version 2");
  ASSERT_OK(repository.sign(*key("bob")));
  ASSERT_OK(go(repository));
  replace("bob", "erin", {"alice", "dave", "erin"});
  ASSERT_OK(go(repository));
  ASSERT_OK(device_finds("active"));
  EXPECT_EQ(*status_of(repository, "root").version, 3U);
  EXPECT_EQ(status_of(repository, "root").keys, (Names{"alice", "dave", "erin"}));
}

TEST_F(TufRepository, P_TUF_012_a_new_targets_key_waits_for_what_it_must_sign) {
  Repository repository = made();
  ASSERT_OK(
      repository.change_keys("targets", {.add = {named("release-2")}, .remove = {"release"}, .threshold = {}}, now_));
  for (const char* name : {"alice", "bob"}) ASSERT_OK(repository.sign(*key(name)));
  const auto early = go(repository);  // the root is complete, but would leave targets without a valid signature
  ASSERT_OK(early);
  EXPECT_EQ(early->waits_for, "signatures for targets version 2");
  EXPECT_EQ(*status_of(repository, "root").version, 1U);
  ASSERT_OK(device_finds("active"));
  ASSERT_OK(repository.sign(*key("release-2")));
  ASSERT_OK(go(repository));
  EXPECT_EQ(*status_of(repository, "root").version, 2U);
  ASSERT_OK(device_finds("active"));
}

TEST_F(TufRepository, P_TUF_012_a_stolen_online_key_is_replaced_in_one_step) {
  Repository repository = made();
  ASSERT_OK(device_finds("active"));
  ASSERT_OK(repository.change_keys("timestamp",
                                   {.add = {named("timestamp-2")}, .remove = {"timestamp"}, .threshold = {}}, now_));
  for (const char* name : {"alice", "bob"}) ASSERT_OK(repository.sign(*key(name)));
  EXPECT_REASON(repository.release({key("snapshot"), key("timestamp")}, now_), "repo.online-keys");
  ASSERT_OK(repository.release({key("snapshot"), key("timestamp-2")}, now_));
  ASSERT_OK(device_finds("active"));
}

TEST_F(TufRepository, P_TUF_012_a_product_gets_new_keys) {
  Repository repository = made();
  ASSERT_OK(repository.publish(product_, release("1.0"), now_));
  ASSERT_OK(repository.sign(*key("team")));
  ASSERT_OK(go(repository));
  ASSERT_OK(repository.change_keys("cam-a", {.add = {named("team-2")}, .remove = {"team"}, .threshold = {}}, now_));
  EXPECT_REASON(repository.change_keys("cam-b", {.add = {named("x")}, .remove = {}, .threshold = {}}, now_),
                "repo.no-product");
  EXPECT_REASON(repository.change_keys("cam-a", {.add = {}, .remove = {"nobody"}, .threshold = {}}, now_),
                "repo.no-key");
  ASSERT_OK(repository.sign(*key("release")));
  EXPECT_EQ(go(repository)->waits_for, "signatures for cam-a version 3");
  EXPECT_EQ(*device_finds("active"), (Names{"1.0"}));
  ASSERT_OK(repository.sign(*key("team-2")));
  ASSERT_OK(go(repository));
  EXPECT_EQ(*device_finds("active"), (Names{"1.0"}));
}

TEST_F(TufRepository, P_TUF_011_the_timestamp_is_renewed_and_the_snapshot_in_time) {
  Repository repository = made();
  EXPECT_TRUE(go(repository)->roles.empty());
  for (int day = 6; day <= 18; day += 6) {
    now_ = *from_rfc3339("2026-11-22T12:00:00Z");
    now_ = now_.plus_days(day);
    ASSERT_OK(repository.renew("timestamp", now_));
    const auto done = go(repository);
    ASSERT_OK(done);
    EXPECT_EQ(done->roles.size(), day > 15 ? 2U : 1U) << day;  // half of 30 days
    EXPECT_OK(device_finds("active"));
  }
}

TEST_F(TufRepository, P_TUF_011_what_a_client_would_refuse_is_not_released) {
  Repository repository = made();
  now_ = now_.plus_days(200);  // the product's metadata has expired meanwhile
  ASSERT_OK(repository.renew("timestamp", now_));
  EXPECT_REASON(go(repository), "tuf.expired");
  ASSERT_OK(repository.renew("cam-a", now_));
  ASSERT_OK(repository.sign(*key("team")));
  ASSERT_OK(go(repository));
  EXPECT_OK(device_finds("active"));
}

TEST_F(TufRepository, P_TUF_011_signatures_come_back_from_elsewhere) {
  Repository repository = make();
  const auto path = folder_ / "repo/drafts/root.json";
  const Bytes unsigned_root = *os::read_file(path, 1U << 20U);
  ASSERT_OK(repository.sign(*key("bob")));
  const Bytes by_bob = *os::read_file(path, 1U << 20U);
  ASSERT_OK(os::replace_file(path, unsigned_root));  // bob had a copy
  ASSERT_OK(repository.sign(*key("alice")));
  ASSERT_OK(repository.attach(by_bob));
  EXPECT_EQ(status_of(repository, "root").draft->needs.back().still_needed(), 0U);
  ASSERT_OK(repository.renew("root", now_.plus_days(1)));
  EXPECT_REASON(repository.attach(by_bob), "repo.other-draft");
  EXPECT_REASON(repository.attach(as_bytes("{}")), "tuf.malformed");
}

TEST_F(TufRepository, P_TUF_014_a_release_cut_short_anywhere_is_finished_by_the_next) {
  Repository repository = made();
  ASSERT_OK(repository.publish(product_, release("1.0"), now_));
  ASSERT_OK(repository.change_keys("snapshot", {.add = {named("snapshot-2")}, .remove = {"snapshot"}, .threshold = {}},
                                   now_));
  for (const char* name : {"alice", "bob", "team"}) ASSERT_OK(repository.sign(*key(name)));
  const auto public_before = folder_ / "before";
  std::filesystem::copy(folder_ / "repo", public_before, std::filesystem::copy_options::recursive);
  const std::vector<SignerPtr> online{key("snapshot-2"), key("timestamp")};
  const auto done = repository.release(online, now_);
  ASSERT_OK(done);
  ASSERT_EQ(done->roles, (Names{"cam-a version 2", "snapshot version 2", "root version 2", "timestamp version 2"}));
  const Names written{"2.cam-a.json", "2.snapshot.json", "2.root.json", "timestamp.json"};
  std::map<std::string, Bytes> bytes;
  for (const std::string& name : written) {
    bytes[name] = *os::read_file(repository.public_folder() / "metadata" / name, 1U << 20U);
  }
  for (std::size_t kept = 0; kept <= written.size(); ++kept) {  // so many files were written, then the power went
    const auto cut = folder_ / ("cut-" + std::to_string(kept));
    std::filesystem::copy(public_before, cut, std::filesystem::copy_options::recursive);
    for (std::size_t i = 0; i < kept; ++i) {
      ASSERT_OK(os::replace_file(cut / "public/metadata" / written[i], bytes[written[i]]));
    }
    Repository again = *Repository::open(cut);
    ASSERT_OK(again.release(online, now_)) << kept;
    const auto fetcher = make_folder_fetcher(cut / "public");
    const test::TempDir device;
    ASSERT_OK(Client::init(device.path(), *os::read_file(cut / "public/metadata/1.root.json", 1U << 20U)));
    Client client = *Client::open(device.path());
    ASSERT_OK(client.refresh(*fetcher, {.now = now_})) << kept;
    EXPECT_EQ(client.list(*fetcher, "cam-a")->size(), 1U) << kept;
  }
}

}  // namespace
}  // namespace signet::tuf
