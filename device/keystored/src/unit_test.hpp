// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/ensure.hpp"
#include "signet/keystored.hpp"
#include "signet/keystored_service.hpp"
#include "signet/os/file.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/test/tpm_proxy.hpp"

#include "state.hpp"
#include "station_test.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

/// A unit for tests: a software TPM, a state folder, and keystored in this process.
namespace signet::keystored::fake {

/// How a test reaches a keystored, in this process or another.
using Call = std::function<Result<Json>(const std::string& op, Json arguments)>;

inline Json text_of_message(const birth::Message& message) { return Json::object({{"message", as_json(message)}}); }

template <typename Kind>
Result<Kind> told(Result<Json> answer) {
  TRY_ASSIGN(const Json json, std::move(answer));
  TRY_ASSIGN(const Json message, json.object_at("message"));
  return message_of<Kind>(message);
}

inline Json begin_arguments(const Station& station, const birth::Begin& begin, const std::string& serial) {
  return text_of_message(begin)
      .set("serial", serial)
      .set("product", k_product)
      .set("hardware", "cam-a-r2")
      .set("vendor_key", station.vendor_key().pem());
}

/// One birth as a station plays it, from the beginning to the end.
inline Result<birth::Claim> give_birth(Station& station, const Call& call, const std::string& serial = "A4711") {
  TRY_ASSIGN(birth::Claim claim,
             told<birth::Claim>(call("birth-begin", begin_arguments(station, station.begin(), serial))));
  TRY_ASSIGN(const birth::Proof proof, told<birth::Proof>(call("birth-prove", text_of_message(station.ask(claim)))));
  TRY(station.check(claim, proof));
  TRY_ASSIGN(const birth::Installed installed,
             told<birth::Installed>(call("birth-install", text_of_message(station.identity(claim)))));
  if (installed.signature.empty()) return Error(Errc::untrusted, "fake.installed", "no signature");
  return claim;
}

class Unit {
 public:
  explicit Unit(test::SwtpmOptions options = {}) : tpm_(options) { start(); }

  void start() {
    service_ = must(Service::open({.tcti = proxy_ ? proxy_->tcti() : tpm_.tcti(),
                                   .state = folder_ / "state",
                                   .allow_uids = policy_ ? std::vector<uid_t>{} : std::vector<uid_t>{4242},
                                   .policy = policy_,
                                   .log = [this](LogLevel, const std::string& line) { log_ += line + "\n"; }}));
  }
  /// From now on this says who may do what.
  void use_policy(const std::string& text) {
    policy_ = folder_ / "policy.json";
    ensure(os::replace_file(*policy_, as_bytes(text), 0600).has_value(), "write a policy");
  }
  /// keystored is killed; the TPM keeps its power.
  void stop() { service_.reset(); }
  /// The device loses its power, keystored with it.
  void power_cycle() {
    stop();
    tpm_.restart();
    start();
  }

  /// From now on keystored reaches its TPM through somebody who may lie.
  test::TpmProxy& put_proxy_between() {
    stop();
    proxy_.emplace(tpm_);
    start();
    return *proxy_;
  }

  Result<Json> call(const std::string& op, Json arguments = Json::object(), uid_t uid = 0) {
    const Bytes question = keystore::KeystoredRequest{.op = op, .arguments = std::move(arguments)}.encode();
    return keystore::parse_answer(service_->answer({.pid = 1, .uid = uid, .gid = uid}, question));
  }
  Call caller() {
    return [this](const std::string& op, Json arguments) { return call(op, std::move(arguments)); };
  }
  Result<Json> describe() { return call("describe"); }

  [[nodiscard]] std::filesystem::path state() const { return folder_ / "state"; }
  [[nodiscard]] test::Swtpm& tpm() { return tpm_; }
  [[nodiscard]] const std::string& log() const { return log_; }
  [[nodiscard]] Service& service() { return *service_; }
  /// On a connection that stays.
  Result<Json> call_on(Connection& connection, const std::string& op, Json arguments) {
    const Bytes question = keystore::KeystoredRequest{.op = op, .arguments = std::move(arguments)}.encode();
    return keystore::parse_answer(service_->answer(connection, question));
  }

 private:
  test::Swtpm tpm_;
  std::optional<test::TpmProxy> proxy_;
  test::TempDir folder_;
  std::optional<std::filesystem::path> policy_;
  std::string log_;
  std::unique_ptr<Service> service_;
};

}  // namespace signet::keystored::fake
