// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "audit.hpp"

#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "usage.hpp"

#include <sys/stat.h>

#include <sstream>
#include <string>
#include <vector>

namespace signet::keystored {
namespace {

Use use(std::string key) {
  return {.time = Instant{1'790'000'000},
          .pid = 7,
          .uid = 33,
          .program = "/usr/sbin/nginx",
          .op = "sign",
          .key = std::move(key),
          .rule = "web",
          .outcome = "ok",
          .took_us = 12};
}

std::vector<Json> lines_of(const std::filesystem::path& file) {
  std::vector<Json> lines;
  const auto text = os::read_file(file, 1U << 24U);
  if (!text) return lines;
  std::istringstream in{std::string(as_text(*text))};
  for (std::string line; std::getline(in, line);) {
    auto json = Json::parse(as_bytes(line));
    lines.push_back(json ? *std::move(json) : Json("broken"));
  }
  return lines;
}

class AuditTest : public ::testing::Test {
 protected:
  Audit::Config config() {
    return {.folder = folder_ / "audit", .log = [this](LogLevel, const std::string& line) { log_ += line; }};
  }
  [[nodiscard]] std::filesystem::path file(const std::string& name = "uses.jsonl") const {
    return folder_ / "audit" / name;
  }
  test::TempDir folder_;
  std::string log_;
};

}  // namespace

TEST_F(AuditTest, P_KEYSTORED_035_each_use_is_one_line_with_who_what_and_how_it_ended) {
  Audit audit(config());
  audit.record(use("web"));
  Use refused = use("video");
  refused.rule.clear();
  refused.outcome = "keystored.policy";
  audit.record(refused);
  audit.flush();
  const auto lines = lines_of(file());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].dump(),
            R"({"number":0,"time":"2026-09-21T14:13:20Z","uid":33,"pid":7,"program":"/usr/sbin/nginx","op":"sign",)"
            R"("key":"web","rule":"web","outcome":"ok","took_us":12})");
  EXPECT_EQ(lines[1].string_at("outcome").value_or("?"), "keystored.policy");
  EXPECT_EQ(lines[1].find("rule"), nullptr);
  struct stat status{};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(AuditTest, P_KEYSTORED_035_files_turn_by_size_and_keep_all_that_fits) {
  Audit::Config small = config();
  small.file_bytes_max = 2000;
  small.files_max = 3;
  {
    Audit audit(small);
    for (int i = 0; i < 100; ++i) {
      audit.record(use("key-" + std::to_string(i)));
      audit.flush();
    }
  }
  std::uint64_t next = 100;
  for (const char* name : {"uses.jsonl", "uses.1.jsonl", "uses.2.jsonl"}) {
    EXPECT_LE(std::filesystem::file_size(file(name)), 2000U);
    const auto lines = lines_of(file(name));
    ASSERT_FALSE(lines.empty());
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
      EXPECT_EQ(line->uint_at("number").value_or(0), --next);
  }
  EXPECT_FALSE(std::filesystem::exists(file("uses.3.jsonl")));
}

TEST_F(AuditTest, P_KEYSTORED_035_what_is_lost_is_counted_and_said) {
  Audit::Config small = config();
  small.queue_max = 4;
  Audit audit(small);
  for (int i = 0; i < 10'000; ++i) audit.record(use("web"));
  audit.flush();
  const std::uint64_t lost = audit.lost();
  ASSERT_GT(lost, 0U);
  audit.record(use("last"));  // carries what no line has told yet
  audit.flush();
  std::uint64_t told = 0;
  std::uint64_t kept = 0;
  for (const Json& line : lines_of(file())) {
    told += line.uint_at("lost").value_or(0);
    if (line.find("op") != nullptr) ++kept;
  }
  EXPECT_EQ(told, lost);
  EXPECT_EQ(kept + lost, 10'001U);
}

TEST_F(AuditTest, P_KEYSTORED_035_a_disk_that_takes_nothing_is_said_once_and_recording_goes_on_afterwards) {
  ASSERT_OK(os::write_new_file(folder_ / "audit", as_bytes("in the way")));
  Audit audit(config());
  for (int i = 0; i < 3; ++i) {
    audit.record(use("web"));
    audit.flush();
  }
  EXPECT_EQ(audit.lost(), 3U);
  EXPECT_EQ(log_.find("not recorded"), log_.rfind("not recorded"));
  EXPECT_NE(log_.find("not recorded"), std::string::npos);
  ASSERT_OK(os::remove_file(folder_ / "audit"));
  audit.record(use("web"));
  audit.flush();
  const auto lines = lines_of(file());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].uint_at("lost").value_or(0), 3U);
}

TEST_F(AuditTest, a_line_that_a_power_cut_left_half_written_harms_no_other) {
  ASSERT_OK(os::make_folders(folder_ / "audit", 0700));
  ASSERT_OK(os::write_new_file(file(), as_bytes(R"({"number":0,"ti)")));
  Audit audit(config());
  audit.record(use("web"));
  audit.flush();
  const auto lines = lines_of(file());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].string_at("key").value_or("?"), "web");
}

TEST_F(AuditTest, P_KEYSTORED_036_who_watches_sees_each_use_once_and_how_many_he_missed) {
  Audit audit(config());
  audit.record(use("before"));
  audit.flush();
  Audit::Watched seen = audit.watch(std::nullopt, std::chrono::milliseconds(0));
  EXPECT_TRUE(seen.lines.empty()) << "from now on";
  for (int i = 0; i < 3; ++i) audit.record(use("key-" + std::to_string(i)));
  audit.flush();
  seen = audit.watch(seen.next, std::chrono::seconds(5));
  ASSERT_EQ(seen.lines.size(), 3U);
  EXPECT_NE(seen.lines[2].find("key-2"), std::string::npos);
  EXPECT_TRUE(audit.watch(seen.next, std::chrono::milliseconds(1)).lines.empty());
  EXPECT_TRUE(audit.watch(999, std::chrono::milliseconds(1)).lines.empty()) << "a number of another life";
  for (int i = 0; i < 4000; ++i) {
    audit.record(use("many"));
    if (i % 1000 == 0) audit.flush();
  }
  audit.flush();
  std::uint64_t count = 0;
  std::uint64_t missed = 0;
  for (auto more = audit.watch(seen.next, std::chrono::milliseconds(0)); !more.lines.empty() || more.missed > 0;
       more = audit.watch(more.next, std::chrono::milliseconds(0))) {
    count += more.lines.size();
    missed += more.missed;
  }
  EXPECT_EQ(count + missed, 4000U);
  EXPECT_GT(missed, 0U);
}

TEST_F(AuditTest, nobody_waits_for_uses_when_the_service_ends) {
  Audit audit(config());
  std::thread waiting([&] { (void)audit.watch(std::nullopt, std::chrono::hours(1)); });
  audit.interrupt();
  waiting.join();
}

TEST(Usage, counts_outlive_a_restart_and_follow_a_new_name) {
  const test::TempDir folder;
  const Instant now{1'790'000'000};
  {
    Usage usage(folder / "usage.json");
    usage.made("web", now);
    usage.used("web", now.plus_seconds(5));
    usage.used("web", now.plus_seconds(9));
    usage.used("older than this", now);
    ASSERT_OK(usage.save());
    usage.renamed("web", "web.old");
    usage.made("web", now.plus_days(1));
    usage.gone("older than this");
    ASSERT_OK(usage.save());
  }
  const Usage usage(folder / "usage.json");
  EXPECT_EQ(usage.of("web.old").uses, 2U);
  EXPECT_EQ(usage.of("web.old").made, now);
  EXPECT_EQ(usage.of("web.old").last_used, now.plus_seconds(9));
  EXPECT_EQ(usage.of("web").uses, 0U);
  EXPECT_EQ(usage.of("older than this").uses, 0U);
}

TEST(Usage, a_damaged_file_decides_nothing) {
  const test::TempDir folder;
  for (const char* text : {"", "[]", R"({"version":2,"keys":{}})", R"({"version":1,"keys":{"a":{"uses":-1}}})"}) {
    ASSERT_OK(os::replace_file(folder / "usage.json", as_bytes(text), 0600));
    Usage usage(folder / "usage.json");
    usage.used("a", Instant{0});
    ASSERT_OK(usage.save());
    EXPECT_EQ(Usage(folder / "usage.json").of("a").uses, 1U) << text;
  }
}

}  // namespace signet::keystored
