// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// The policy at work: the whole service over a software TPM, and the program as it is shipped with real users.
#include "signet/keystored_policy.hpp"
#include "signet/pki.hpp"
#include "signet/test/emulator.hpp"
#include "signet/test/expect.hpp"
#include "signet/tpm.hpp"

#include "program_test.hpp"
#include "unit_test.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

namespace signet::keystored {
namespace {

using fake::Program;
using fake::Unit;

constexpr uid_t k_web = 4242;
constexpr uid_t k_video = 4343;
constexpr uid_t k_pin = 4444;
constexpr uid_t k_guard = 4545;

constexpr const char* k_policy = R"({"version":1,"rules":[
  {"name":"admin","who":{"user":"0"},"may":["generate","list","rotate","destroy","token"]},
  {"name":"web","who":{"user":"4242"},"may":["sign"],"keys":["web"],"purposes":["tls"]},
  {"name":"video","who":{"user":"4343"},"may":["sign"],"purposes":["video"],"rate":{"per_minute":1,"burst":3}},
  {"name":"with PIN","who":{"user":"4444"},"may":["sign"],"keys":["web"],"pin":true},
  {"name":"guard","who":{"user":"4545"},"may":["watch"]}
]})";

Json key(const char* label, const char* purpose) { return Json::object({{"label", label}, {"purpose", purpose}}); }
Json to_sign(const char* label, const char* purpose) {
  const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, {});
  return key(label, purpose).set("scheme", "ecdsa-sha256").set("input", to_base64(digest));
}
Json pin(const char* text) {
  return Json::object({{"owner", "user"}, {"pin", to_base64(as_bytes(std::string_view(text)))}});
}

class Rights : public ::testing::Test {
 protected:
  void SetUp() override {
    NEEDS_SWTPM();
    unit_ = std::make_unique<Unit>();
    ASSERT_OK(unit_->call("generate", key("web", "tls").set("algorithm", "p256")));
    ASSERT_OK(unit_->call("generate", key("camera", "video").set("algorithm", "p256")));
    unit_->stop();
    unit_->use_policy(k_policy);
    unit_->start();
  }
  Result<Json> sign(uid_t uid, const char* label, const char* purpose) {
    return unit_->call("sign", to_sign(label, purpose), uid);
  }
  std::string labels_for(uid_t uid) {
    const auto answer = unit_->call("list", Json::object(), uid);
    if (!answer) return answer.error().reason();
    std::string labels;
    for (const Json& each : answer->find("keys")->elements()) labels += each.string_at("label").value_or("?") + " ";
    return labels;
  }
  std::unique_ptr<Unit> unit_;
};

}  // namespace

TEST_F(Rights, P_KEYSTORED_030_each_user_does_what_the_policy_says_and_nothing_else) {
  EXPECT_OK(sign(k_web, "web", "tls"));
  EXPECT_REASON(sign(k_web, "camera", "video"), "keystored.policy");
  EXPECT_REASON(sign(k_web, "camera", "tls"), "keystored.policy");
  EXPECT_REASON(sign(k_web, "nothing", "tls"), "keystored.policy");
  EXPECT_REASON(sign(k_web, "web", "video"), "keystored.policy");
  EXPECT_OK(sign(k_video, "camera", "video"));
  // A purpose that is only claimed lets through to the key's own, which refuses.
  EXPECT_REASON(sign(k_video, "web", "video"), "keystore.purpose");
  EXPECT_REASON(sign(0, "web", "tls"), "keystored.policy") << "root as well";
  EXPECT_REASON(sign(4243, "web", "tls"), "keystored.peer");
  for (const char* op : {"generate", "import", "destroy", "rotate"}) {
    EXPECT_REASON(unit_->call(op, key("web", "tls"), k_web), "keystored.policy") << op;
  }
  EXPECT_REASON(unit_->call("seal", Json::object({{"data", "AAAA"}}), k_web), "keystored.policy");
  EXPECT_REASON(unit_->call("certify", Json::object({{"label", "web"}, {"nonce", "AAAA"}}), k_web), "keystored.policy");
  EXPECT_REASON(unit_->call("object-put", Json::object({{"name", "a"}, {"data", "AAAA"}}), k_web), "keystored.policy");
  EXPECT_REASON(unit_->call("token-init", Json::object({{"pin", "MTIzNA=="}, {"label", "x"}}), k_web),
                "keystored.policy");
  EXPECT_REASON(unit_->call("watch", Json::object({{"wait_ms", 0}}), k_web), "keystored.policy");
  EXPECT_OK(unit_->describe()) << "root administers whatever the policy says";
  EXPECT_OK(unit_->call("describe", Json::object(), k_web));
  EXPECT_REASON(unit_->call("birth-begin", Json::object(), k_web), "keystored.peer");
}

TEST_F(Rights, P_KEYSTORED_030_a_list_shows_what_one_may_see) {
  EXPECT_EQ(labels_for(0), "camera web ");
  EXPECT_EQ(labels_for(k_web), "web ");
  EXPECT_EQ(labels_for(k_video), "camera ");
  EXPECT_EQ(labels_for(k_guard), "");
  EXPECT_EQ(labels_for(4243), "keystored.peer");
  EXPECT_OK(unit_->call("public", Json::object({{"label", "web"}}), k_web));
  EXPECT_REASON(unit_->call("public", Json::object({{"label", "camera"}}), k_web), "keystored.policy");
}

TEST_F(Rights, P_KEYSTORED_031_too_often_is_too_often_on_however_many_connections) {
  for (int i = 0; i < 3; ++i) ASSERT_OK(sign(k_video, "camera", "video"));
  for (int i = 0; i < 3; ++i) EXPECT_REASON(sign(k_video, "camera", "video"), "keystored.rate");
  EXPECT_OK(sign(k_web, "web", "tls"));
}

TEST_F(Rights, P_KEYSTORED_034_where_the_policy_asks_for_a_pin_no_connection_signs_without_it) {
  Service& service = unit_->service();
  const os::Peer peer{.pid = ::getpid(), .uid = k_pin, .gid = k_pin};
  const auto officer = to_base64(as_bytes(std::string_view("12345678")));
  const auto user = to_base64(as_bytes(std::string_view("1234")));
  ASSERT_OK(unit_->call("token-init", Json::object({{"pin", officer}, {"label", "signet"}})));
  ASSERT_OK(unit_->call("token-init-pin", Json::object({{"pin", officer}, {"new", user}})));
  Connection one = Service::connect(peer);
  const auto sign_on = [&](Connection& at) { return unit_->call_on(at, "sign", to_sign("web", "tls")); };
  EXPECT_REASON(sign_on(one), "keystored.pin");
  EXPECT_REASON(unit_->call_on(one, "token-login", pin("4321")), "token.pin-wrong");
  EXPECT_REASON(sign_on(one), "keystored.pin");
  const Json officer_login = Json::object({{"owner", "so"}, {"pin", officer}});
  ASSERT_OK(unit_->call_on(one, "token-login", officer_login));
  EXPECT_REASON(sign_on(one), "keystored.pin") << "the security officer's PIN opens no key";
  const auto login = unit_->call_on(one, "token-login", pin("1234"));
  ASSERT_OK(login);
  EXPECT_OK(sign_on(one));
  Connection two = Service::connect(peer);
  EXPECT_REASON(sign_on(two), "keystored.pin") << "each connection for itself";
  ASSERT_OK(unit_->call_on(two, "token-join", Json::object({{"ticket", *login->find("ticket")}})));
  EXPECT_OK(sign_on(two));
  ASSERT_OK(unit_->call_on(two, "token-logout", Json::object()));
  EXPECT_REASON(sign_on(one), "keystored.pin");
  ASSERT_OK(unit_->call_on(one, "token-login", pin("1234")));
  ASSERT_OK(unit_->call("token-init-pin", Json::object({{"pin", officer}, {"new", officer}})));
  EXPECT_REASON(sign_on(one), "keystored.pin") << "a new PIN ends every login";
  EXPECT_OK(sign(k_web, "web", "tls")) << "no PIN where the policy asks for none";
  service.flush();
}

TEST_F(Rights, P_KEYSTORED_035_uses_and_refusals_are_on_record_and_a_flood_of_refusals_pushes_no_use_out) {
  ASSERT_OK(sign(k_web, "web", "tls"));
  for (int i = 0; i < 300; ++i) (void)sign(4243, "web", "tls");
  for (int i = 0; i < 300; ++i) (void)sign(k_web, "camera", "video");
  ASSERT_OK(sign(k_web, "web", "tls"));
  unit_->service().flush();
  const auto text = os::read_file(unit_->state() / "audit/uses.jsonl", 1U << 24U);
  ASSERT_OK(text);
  std::size_t good = 0;
  std::size_t refused = 0;
  std::size_t strangers = 0;
  std::string_view left = as_text(*text);
  for (; !left.empty(); left.remove_prefix(left.find('\n') + 1)) {
    const std::string_view line = left.substr(0, left.find('\n'));
    if (line.find(R"("outcome":"ok")") != std::string_view::npos) ++good;
    if (line.find(R"("outcome":"keystored.policy")") != std::string_view::npos) ++refused;
    if (line.find(R"("outcome":"keystored.peer")") != std::string_view::npos) ++strangers;
    EXPECT_EQ(line.find("MEU"), std::string_view::npos) << "no signature, and nothing that was signed";
  }
  EXPECT_EQ(good, 4U) << "two keys made, two signatures";
  for (const std::size_t count : {refused, strangers}) {
    EXPECT_GE(count, 100U);
    EXPECT_LT(count, 200U);
  }
}

TEST_F(Rights, P_KEYSTORED_036_who_may_watch_sees_uses_and_a_list_counts_them) {
  const auto begin = unit_->call("watch", Json::object({{"wait_ms", 0}}), k_guard);
  ASSERT_OK(begin);
  ASSERT_OK(sign(k_web, "web", "tls"));
  ASSERT_OK(sign(k_web, "web", "tls"));
  unit_->service().flush();
  const Json more = Json::object({{"next", *begin->find("next")}, {"wait_ms", 5000}});
  const auto seen = unit_->call("watch", more, k_guard);
  ASSERT_OK(seen);
  ASSERT_EQ(seen->find("uses")->elements().size(), 2U);
  const Json& use = seen->find("uses")->elements()[0];
  EXPECT_EQ(use.uint_at("uid").value_or(0), k_web);
  EXPECT_EQ(use.string_at("key").value_or("?"), "web");
  EXPECT_REASON(unit_->call("watch", Json::object({{"wait_ms", 10'001}}), k_guard), "keystored.request");
  const auto listed = unit_->call("list", Json::object(), k_web);
  ASSERT_OK(listed);
  const Json& row = listed->find("keys")->elements()[0];
  EXPECT_EQ(row.uint_at("uses").value_or(0), 2U);
  EXPECT_OK(row.string_at("made"));
  EXPECT_OK(row.string_at("last_used"));
}

TEST_F(Rights, P_KEYSTORED_037_a_rotated_key_is_another_one_under_its_name_and_the_old_one_works_until_it_is_retired) {
  const auto before = unit_->call("public", Json::object({{"label", "web"}}));
  const auto after = unit_->call("rotate", key("web", "tls"));
  ASSERT_OK(after);
  EXPECT_NE(*before->find("public_key"), *after->find("public_key"));
  EXPECT_EQ(*before->find("purpose"), *after->find("purpose"));
  EXPECT_OK(sign(k_web, "web", "tls"));
  const auto old = unit_->call("public", Json::object({{"label", "web.old"}}));
  ASSERT_OK(old);
  EXPECT_EQ(*old->find("public_key"), *before->find("public_key"));
  EXPECT_REASON(sign(k_web, "web.old", "tls"), "keystored.policy") << "the rule does not name it";
  EXPECT_REASON(unit_->call("rotate", key("web", "tls")), "keystore.label-taken");
  EXPECT_OK(unit_->call("destroy", key("web.old", "tls")));
  EXPECT_OK(unit_->call("rotate", key("web", "tls")));
}

TEST_F(Rights, P_KEYSTORED_039_who_may_rotate_gets_a_request_for_the_new_key_while_the_old_one_serves) {
  const auto before = unit_->call("public", Json::object({{"label", "web"}}));
  EXPECT_REASON(unit_->call("rotate-prepare", key("web", "tls"), k_web), "keystored.policy");
  const auto prepared = unit_->call("rotate-prepare", key("web", "tls").set("subject", "CN=web,O=Example"));
  ASSERT_OK(prepared);
  EXPECT_EQ(prepared->string_at("label").value_or(""), "web.next");
  const auto request = pki::Request::from_der(*keystore::bytes_at(*prepared, "request"));
  ASSERT_OK(request);
  EXPECT_EQ(request->subject()->organization, "Example");
  EXPECT_EQ(to_base64(request->public_key().spki_der()), prepared->string_at("public_key").value_or(""));
  EXPECT_EQ(*unit_->call("public", Json::object({{"label", "web"}}))->find("public_key"), *before->find("public_key"));
  EXPECT_OK(sign(k_web, "web", "tls"));
  EXPECT_REASON(unit_->call("rotate-prepare", key("web", "tls").set("subject", "XY=web")), "pki.subject");
  const auto after = unit_->call("rotate", key("web", "tls"));
  ASSERT_OK(after);
  EXPECT_EQ(*after->find("public_key"), *prepared->find("public_key"));
  EXPECT_EQ(*unit_->call("public", Json::object({{"label", "web.old"}}))->find("public_key"),
            *before->find("public_key"));
}

TEST_F(Rights, P_KEYSTORED_038_a_bound_key_is_refused_in_another_boot_state_and_the_explanation_says_so) {
  const auto extend = [&](unsigned pcr) {
    unit_->stop();
    const auto tpm = tpm::Tpm::connect(unit_->tpm().tcti());
    ASSERT_OK(tpm);
    ASSERT_OK((*tpm)->extend_pcr(pcr, crypto::digest(crypto::HashAlgorithm::sha256, as_bytes("another image"))));
  };
  const auto state = [&] {
    const auto told =
        unit_->call("policy-explain", Json::object({{"act", "sign"}, {"label", "web"}, {"uid", std::uint64_t{k_web}}}));
    const auto explanation = Explanation::parse(told->object_at("explanation").value_or(Json::object()));
    return explanation && explanation->boot_state ? explanation->boot_state->state : BootFinding::State::unknown;
  };
  ASSERT_OK(unit_->call("destroy", key("web", "tls")));
  Json wanted = key("web", "tls").set("algorithm", "p256");
  wanted.set("pcrs", Json::array({Json(std::uint64_t{7}), Json(std::uint64_t{11})}));
  const auto made = unit_->call("generate", wanted);
  ASSERT_OK(made);
  EXPECT_EQ(made->object_at("pcrs")->members().size(), 2U);
  EXPECT_OK(sign(k_web, "web", "tls"));
  EXPECT_EQ(state(), BootFinding::State::holds);
  extend(11);
  unit_->start();
  EXPECT_REASON(sign(k_web, "web", "tls"), "keystore.boot-state");
  EXPECT_EQ(state(), BootFinding::State::differs);
  unit_->power_cycle();
  EXPECT_OK(sign(k_web, "web", "tls"));
  EXPECT_EQ(state(), BootFinding::State::holds);
  for (const auto& pcrs : {Json::array(), Json::array({Json(std::uint64_t{24})})}) {
    EXPECT_REASON(unit_->call("generate", key("k", "tls").set("algorithm", "p256").set("pcrs", pcrs)),
                  "keystored.request");
  }
}

TEST_F(Rights, the_service_explains_what_it_would_decide_to_root_and_to_each_about_himself) {
  const Json question = Json::object({{"uid", std::uint64_t{k_web}}, {"act", "sign"}, {"label", "web"}});
  const auto told = unit_->call("policy-explain", question);
  ASSERT_OK(told);
  EXPECT_EQ(told->object_at("explanation")->string_at("rule").value_or("?"), "web");
  EXPECT_OK(unit_->call("policy-explain", question, k_web));
  EXPECT_REASON(unit_->call("policy-explain", question, k_video), "keystored.peer");
  const auto refused = unit_->call("policy-explain", Json::object({{"act", "sign"}, {"label", "camera"}}), k_web);
  ASSERT_OK(refused);
  EXPECT_EQ(refused->object_at("explanation")->string_at("rule").value_or("none"), "none");
}

namespace {

/// What a process of another user is told by the running program.
std::string reason_for(Program& program, uid_t uid, const std::string& op, const Json& arguments) {
  int ends[2];
  ensure(::pipe(ends) == 0, "pipe");
  const pid_t child = ::fork();
  ensure(child >= 0, "fork");
  if (child == 0) {
    const bool other = ::setgid(uid) == 0 && ::setuid(uid) == 0;
    const auto answer = other ? program.call(op, arguments) : Result<Json>(Error(Errc::internal, "fake.setuid", ""));
    const std::string reason = answer ? "ok" : answer.error().reason();
    ::_exit(::write(ends[1], reason.data(), reason.size()) == static_cast<ssize_t>(reason.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string reason(128, '\0');
  const ssize_t size = ::read(ends[0], reason.data(), reason.size());
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  reason.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return reason;
}

}  // namespace

TEST(RightsOfProgram, P_KEYSTORED_030_real_users_get_what_the_policy_file_says_and_a_new_file_at_sighup) {
  SKIP_UNDER_EMULATOR("a program of the other processor cannot be started from within");
  NEEDS_SWTPM();
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  test::Swtpm tpm;
  const test::TempDir folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0711), 0);
  const std::filesystem::path policy = folder / "policy.json";
  ASSERT_OK(os::replace_file(policy, as_bytes(std::string_view(k_policy)), 0600));
  Program program(tpm.tcti(), folder.path(), {}, {"--policy", policy.string()});
  ASSERT_OK(program.call("generate", key("web", "tls").set("algorithm", "p256")));
  EXPECT_EQ(reason_for(program, k_web, "sign", to_sign("web", "tls")), "ok");
  EXPECT_EQ(reason_for(program, k_video, "sign", to_sign("web", "tls")), "keystored.policy");
  EXPECT_EQ(reason_for(program, 4246, "sign", to_sign("web", "tls")), "keystored.peer");
  ASSERT_OK(os::replace_file(policy, as_bytes(std::string_view("{")), 0600));
  program.signal(SIGHUP);
  const auto failed = [&] {
    const auto told = program.call("describe", Json::object());
    return told && told->find("policy")->find("reload_failed") != nullptr;
  };
  for (int tries = 0; tries < 100 && !failed(); ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(failed());
  EXPECT_EQ(reason_for(program, k_web, "sign", to_sign("web", "tls")), "ok");
  const std::string_view other = R"({"version":1,"rules":[{"name":"a","who":{"user":"4246"},"may":["sign"]}]})";
  ASSERT_OK(os::replace_file(policy, as_bytes(other), 0600));
  program.signal(SIGHUP);
  for (int tries = 0; tries < 100 && failed(); ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(reason_for(program, k_web, "sign", to_sign("web", "tls")), "keystored.peer");
  EXPECT_EQ(reason_for(program, 4246, "sign", to_sign("web", "tls")), "ok");
  EXPECT_EQ(WEXITSTATUS(program.end(SIGTERM)), 0);
  ASSERT_OK(os::replace_file(policy, as_bytes(std::string_view("{")), 0600));
  Program broken(tpm.tcti(), folder.path(), {}, {"--policy", policy.string()});
  EXPECT_REASON(broken.call("describe", Json::object()), "fake.died");
}

}  // namespace signet::keystored
