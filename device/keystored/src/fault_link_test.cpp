// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong between the TPM and keystored: lost in mid-command, gone and back under load, answers that make no
// sense.
#include "fault_test.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

namespace signet::keystored {
namespace {

TEST_F(Fault, P_KEYSTORED_024_a_tpm_lost_in_mid_command_is_taken_up_again_with_every_key) {
  TpmProxy& proxy = unit_->put_proxy_between();
  struct Cut {
    const char* what;
    std::uint32_t at;
    std::string op;
    Json arguments;
  };
  const std::vector<Cut> cuts{
      {"a signature", k_cc_sign, "sign", sign_arguments("web", "tls", Bytes(32))},
      {"a signature of the device ID", k_cc_sign, "identity", Json::object({{"nonce", to_base64(Bytes(32))}})},
      {"the loading of a key", k_cc_load, "sign", sign_arguments("video", "video", Bytes(32))},
      {"the making of a key", k_cc_create, "generate",
       Json::object({{"label", "new"}, {"purpose", "tls"}, {"algorithm", "p256"}})},
      {"a write of the floor", k_cc_nv_write, "floor-write", Json::object()},
  };
  for (const Cut& cut : cuts) {
    for (const bool carried_out : {false, true}) {
      SCOPED_TRACE(std::string(cut.what) + (carried_out ? ", carried out" : ", not carried out"));
      Json arguments = cut.arguments;
      if (cut.op == "floor-write") {
        const auto approval = station_.approve(tpm::FloorApproval::Kind::raise, carried_out ? 10 : 9);
        arguments.set("approval", *Json::parse(approval.encode()));
      }
      unit_->power_cycle();  // no key is loaded
      std::atomic<bool> cut_off{false};
      proxy.set_rule([&](ByteView command, const TpmProxy::Ask& ask) -> std::optional<Bytes> {
        if (TpmProxy::code_of(command) != cut.at || cut_off.exchange(true)) return ask(command);
        if (carried_out) (void)ask(command);
        unit_->tpm().kill();
        return std::nullopt;
      });
      const auto answer = unit_->call(cut.op, arguments);
      EXPECT_TRUE(cut_off);
      ASSERT_FALSE(answer.has_value());
      EXPECT_EQ(answer.error().code(), Errc::unavailable) << answer.error().reason() << answer.error().message();
      EXPECT_NE(tpm_state(), "ready");
      unit_->tpm().start();
      proxy.pass();
      // Asked again, it is done, unless it had been done and cannot be twice.
      const auto again = unit_->call(cut.op, arguments);
      const bool done_before = cut.op == "floor-write" && carried_out;
      EXPECT_EQ(again ? "" : again.error().reason(), done_before ? "tpm.policy" : "");
      if (cut.op == "generate") {
        EXPECT_OK(unit_->call("destroy", Json::object({{"label", "new"}, {"purpose", "tls"}})));
      }
      EXPECT_OK(sign("video", "video"));
      EXPECT_OK(sign("web", "tls"));
      EXPECT_OK(sign("idevid", "device-id"));
    }
  }
  EXPECT_EQ(unit_->call("floor-read")->uint_at("floor").value_or(0), 10U);
}

TEST_F(Fault, P_KEYSTORED_024_a_tpm_that_comes_and_goes_under_load_loses_no_key) {
  std::atomic<bool> stop{false};
  std::atomic<unsigned> good{0};
  std::atomic<unsigned> refused{0};
  std::vector<std::thread> programs;
  for (unsigned i = 0; i < 4; ++i) {
    programs.emplace_back([&, i] {
      while (!stop) {
        const auto done = i % 2 == 0 ? sign("video", "video") : sign("web", "tls");
        if (done) {
          ++good;
        } else {
          ++refused;
          EXPECT_EQ(done.error().code(), Errc::unavailable) << done.error().reason() << done.error().message();
        }
      }
    });
  }
  for (int i = 0; i < 5; ++i) {
    const unsigned before = good;
    for (int tries = 0; tries < 1500 && good < before + 20; ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_GE(good, before + 20) << "keys work between the power cuts";
    unit_->tpm().restart();
  }
  stop = true;
  for (std::thread& program : programs) program.join();
  expect_all_well();
}

/// Ways in which an answer goes wrong between the TPM and us; empty cuts the connection.
struct Damage {
  const char* name;
  Bytes (*done)(Bytes answer, unsigned place);
};
Bytes resized(Bytes answer, std::size_t size) {
  answer.resize(size);
  if (answer.size() >= 6) put_be32(ByteSpan(answer).subspan(2), static_cast<std::uint32_t>(size));
  return answer;
}
constexpr std::array k_damages{
    Damage{"a flipped bit",
           [](Bytes answer, unsigned place) {
             // Size and tag stay, or the answer would have no end.
             const std::size_t at = 6 + place * 7 % (answer.size() - 6);
             answer[at] ^= std::byte{0x10};
             return answer;
           }},
    Damage{"cut short",
           [](Bytes answer, unsigned place) {
             return resized(answer, std::max<std::size_t>(10, answer.size() - 1 - place * 5 % answer.size() / 2));
           }},
    Damage{"too long", [](Bytes answer, unsigned place) { return resized(answer, answer.size() + 1 + place); }},
    Damage{"nothing but zeros after the header",
           [](Bytes answer, unsigned) {
             std::fill(answer.begin() + 10, answer.end(), std::byte{0});
             return answer;
           }},
    Damage{"all ones after the header",
           [](Bytes answer, unsigned) {
             std::fill(answer.begin() + 10, answer.end(), std::byte{0xff});
             return answer;
           }},
    Damage{"the wrong tag",
           [](Bytes answer, unsigned) {
             put_be16(ByteSpan(answer).first(2), 0x00c4);
             return answer;
           }},
    Damage{"a response code that does not exist",
           [](Bytes, unsigned place) { return TpmProxy::refusal(0x0fff0000U + place); }},
    Damage{"an end in mid-answer",
           [](Bytes answer, unsigned) {
             answer.resize(answer.size() / 2);  // the size that stands in it is that of the whole
             return answer;
           }},
};

TEST_F(Fault, P_KEYSTORED_025_answers_that_make_no_sense_are_an_error_and_harm_nothing) {
  TpmProxy& proxy = unit_->put_proxy_between();
  const auto before = files();
  for (const Damage& damage : k_damages) {
    for (unsigned round = 0; round < 2; ++round) {
      const auto place = static_cast<unsigned>(&damage - k_damages.data()) + 5 * round;
      const auto& [op, arguments] = operations_of_the_tpm()[place % operations_of_the_tpm().size()];
      if (op == "generate") continue;  // whether it was done is another question
      SCOPED_TRACE(std::string(damage.name) + " " + std::to_string(place) + " " + op);
      // From the place-th command on, each answer is damaged, so that a second try does not help.
      const unsigned first = proxy.commands() + place % 4;
      proxy.set_rule([&, first](ByteView command, const TpmProxy::Ask& ask) -> std::optional<Bytes> {
        Bytes answer = ask(command);
        if (proxy.commands() <= first || answer.size() < 12) return answer;
        return damage.done(std::move(answer), place);
      });
      const auto answer = unit_->call(op, arguments);
      if (!answer) {
        EXPECT_FALSE(answer.error().reason().empty());
        EXPECT_NE(answer.error().code(), Errc::internal) << answer.error().message();
      }
      proxy.pass();
      EXPECT_OK(sign("web", "tls")) << (answer ? "" : answer.error().message());
      EXPECT_OK(sign("idevid", "device-id"));
    }
  }
  expect_all_well();
  EXPECT_EQ(files(), before);
  // None of it was taken for a wrong guess.
  EXPECT_EQ(unit_->describe()->uint_at("lockout_failures").value_or(1), 0U);
}

}  // namespace
}  // namespace signet::keystored
