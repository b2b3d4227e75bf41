// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/conformance.hpp"

#include "key/attest_commands.hpp"

#include <algorithm>
#include <cmath>

namespace signet::cli {

namespace {

using keystore::Conformance;
using keystore::ConformanceReport;
using keystore::ConformanceRow;
using keystore::Speed;

constexpr std::uint64_t k_measure_ms_max = 60'000;
constexpr std::uint64_t k_sessions_max = 256;

/// Three digits are all that a measurement of this kind is good for.
std::string number(double value) {
  if (value >= 100) return std::to_string(std::llround(value));
  const auto tenths = std::llround(value * 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string duration(double us) { return us >= 10'000 ? number(us / 1000) + " ms" : number(us) + " us"; }

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

void print(Output& out, const ConformanceReport& report) {
  out.line("Back end    " + report.store.backend + ", " + printable(report.store.label, 200));
  if (report.store.model.find_first_not_of(' ') != std::string::npos) {
    out.line("Model       " + printable(report.store.model, 200));
  }
  std::size_t width = 0;
  for (const ConformanceRow& row : report.rows) width = std::max(width, row.operation.size());
  out.line(padded("operation", width) + "  outcome          ops/s         p50         p99");
  for (const ConformanceRow& row : report.rows) {
    std::string line = padded(row.operation, width) + "  " + padded(std::string(keystore::name_of(row.outcome)), 11);
    if (row.speed) {
      const auto right = [](const std::string& text) {
        return std::string(12 - std::min<std::size_t>(text.size(), 12), ' ') + text;
      };
      line += right(number(row.speed->per_second)) + right(duration(row.speed->p50_us)) +
              right(duration(row.speed->p99_us));
    }
    if (!row.remark.empty()) line += "  " + row.remark;
    out.line(line.substr(0, line.find_last_not_of(' ') + 1));
  }
}

Json as_json(const Speed& speed) {
  return Json::object({{"operations", speed.operations},
                       {"per_second", speed.per_second},
                       {"p50_us", speed.p50_us},
                       {"p99_us", speed.p99_us}});
}

Json as_json(const ConformanceReport& report) {
  Json rows = Json::array();
  for (const ConformanceRow& row : report.rows) {
    Json json =
        Json::object({{"group", row.group}, {"operation", row.operation}, {"outcome", keystore::name_of(row.outcome)}});
    if (!row.remark.empty()) json.set("remark", row.remark);
    if (row.speed) json.set("speed", as_json(*row.speed));
    rows.push(std::move(json));
  }
  Json counts = Json::object();
  for (int i = 0; i <= static_cast<int>(Conformance::fails); ++i) {
    const auto outcome = static_cast<Conformance>(i);
    counts.set(keystore::name_of(outcome), std::uint64_t{report.count(outcome)});
  }
  return Json::object({{"backend", report.store.backend},
                       {"model", printable(report.store.model, 200)},
                       {"verdict", keystore::name_of(report.verdict())},
                       {"counts", std::move(counts)},
                       {"operations", std::move(rows)}});
}

Result<void> run_backend_test(const Invocation& call) {
  keystore::ConformanceOptions options;
  TRY_ASSIGN(const std::uint64_t measure_ms, call.get_uint("--measure-ms", 1, k_measure_ms_max));
  TRY_ASSIGN(const std::uint64_t sessions, call.get_uint("--sessions", 2, k_sessions_max));
  options.measure = std::chrono::milliseconds(measure_ms);
  options.sessions = static_cast<unsigned>(sessions);
  if (call.has("--wrong-pin")) options.wrong_pin = keystore::WrongPin::try_once;
  if (call.has("--algorithm")) {
    options.algorithms.clear();
    for (const std::string& name : call.all("--algorithm")) {
      TRY_ASSIGN(const auto algorithm, crypto::key_algorithm_from(name));
      if (std::ranges::count(options.algorithms, algorithm) == 0) options.algorithms.push_back(algorithm);
    }
  }
  std::uint64_t done = 0;
  options.progress = [&](std::string_view operation) { call.out().progress(operation, done++, 0); };
  TRY_ASSIGN(const ConformanceReport report, keystore::check_backend(call.get("STORE"), options));
  print(call.out(), report);
  Json json = as_json(report);
  const std::size_t failed = report.count(Conformance::fails);
  const std::size_t weak = report.count(Conformance::weak);
  call.out().line(std::to_string(report.count(Conformance::works)) + " work, " +
                  std::to_string(report.count(Conformance::unsupported)) + " are not supported, " +
                  std::to_string(report.count(Conformance::not_tried)) + " were not tried, " + std::to_string(weak) +
                  " are weaker than they should be, " + std::to_string(failed) + " fail.");
  if (failed == 0 && weak == 0) {
    call.out().result(std::move(json));
    return {};
  }
  call.out().evidence(Json::object({{"report", std::move(json)}}));
  if (failed > 0) {
    return Error(Errc::conflict, "key.backend-fails", std::to_string(failed) + " operations of the back end fail",
                 "Each has its remark above; under --json see report.operations.");
  }
  return Error(Errc::conflict, "key.backend-weak",
               "all operations work, " + std::to_string(weak) + " of them protect less than they should",
               "Each has its remark above; under --json see report.operations.");
}

}  // namespace

Command backend_test_command() {
  return {
      .noun = "key",
      .verb = "backend-test",
      .summary = "Try a key store operation by operation: what works, how fast",
      .description =
          "For makers: run it against the PKCS#11 module of your own chip, and read what Signet can do with it. Makes "
          "keys of each kind, has them sign with each scheme, imports, decrypts, derives, reopens, destroys, signs in "
          "several sessions at once, and tries what must be refused; what comes of it is checked by other software. "
          "Works on every kind of store.\n\nIt touches no key that it did not make itself, and removes those. Their "
          "labels begin with 'conformance-', should it be killed. A store that lacks a kind of key is not at fault for "
          "it.",
      .positionals = {{.name = "STORE", .help = "The key store's URI", .complete = Complete::nothing}},
      .options = {{.name = "--algorithm",
                   .value = "NAME",
                   .help = "A kind of key to try; all but rsa4096 if none is named.",
                   .repeatable = true,
                   .choices = {"p256", "p384", "rsa2048", "rsa3072", "rsa4096", "ed25519"}},
                  {.name = "--wrong-pin",
                   .value = {},
                   .help = "Try a wrong PIN, which costs a token one of few tries."},
                  {.name = "--measure-ms",
                   .value = "N",
                   .help = "How long to measure each speed, in milliseconds.",
                   .fallback = "500"},
                  {.name = "--sessions", .value = "N", .help = "How many sessions sign at once.", .fallback = "4"}},
      .examples = {{"signet key backend-test 'pkcs11:token=chip?module-path=/usr/lib/libchip.so&pin-source=file:pin'",
                    "the module of a chip"},
                   {"signet key backend-test keystored: --json", "the keys of this device, for machines"}},
      .run = run_backend_test,
      .exits = {{.code = 0, .reasons = {}, .meaning = "everything works as it should"},
                {.code = 1, .reasons = {"key.backend-fails"}, .meaning = "an operation fails"},
                {.code = 2,
                 .reasons = {"key.backend-weak"},
                 .meaning = "all operations work, but some protect less than they should"}}};
}

}  // namespace signet::cli
