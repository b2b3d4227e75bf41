// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: station_config_fuzz)
#include "config.hpp"

#include "signet/os/file.hpp"

#include <algorithm>
#include <array>

namespace signet::station {

namespace {

constexpr std::uint64_t k_config_bytes_max = 64U << 10U;
constexpr std::uint64_t k_units_parallel_max = 64;
constexpr std::uint64_t k_timeout_seconds_max = 3600;
constexpr std::uint64_t k_failures_max = 1000;
constexpr std::array k_ek_kinds = {crypto::KeyAlgorithm::ec_p256, crypto::KeyAlgorithm::ec_p384,
                                   crypto::KeyAlgorithm::rsa_2048, crypto::KeyAlgorithm::rsa_3072};

Error bad(std::string text) { return {Errc::invalid_input, "station.config", std::move(text)}; }

Result<std::string> text_or(const Json& json, std::string_view name, std::string fallback) {
  if (json.find(name) == nullptr) return fallback;
  return json.string_at(name);
}
Result<std::uint64_t> number_or(const Json& json, std::string_view name, std::uint64_t fallback, std::uint64_t max) {
  if (json.find(name) == nullptr) return fallback;
  TRY_ASSIGN(const std::uint64_t value, json.uint_at(name));
  if (value == 0 || value > max) return bad("'" + std::string(name) + "' must be 1 to " + std::to_string(max));
  return value;
}

struct Reader {
  std::filesystem::path folder;

  [[nodiscard]] Result<std::filesystem::path> path_at(const Json& json, std::string_view name) const {
    TRY_ASSIGN(const std::string text, json.string_at(name));
    if (text.empty()) return bad("'" + std::string(name) + "' names no file");
    return folder / text;  // an absolute one replaces the folder
  }
  [[nodiscard]] Result<std::vector<std::filesystem::path>> paths_at(const Json& json, std::string_view name) const {
    std::vector<std::filesystem::path> paths;
    if (json.find(name) == nullptr) return paths;
    TRY_ASSIGN(const Json::Array elements, json.array_at(name));
    for (const Json& element : elements) {
      TRY_ASSIGN(const std::string text, element.as_string(name));
      paths.push_back(folder / text);
    }
    return paths;
  }

  Result<void> keys(const Json& json, Config& config) const {
    TRY_ASSIGN(const Json ca, json.object_at("ca"));
    TRY(ca.only_members({"folder", "key"}));
    TRY_ASSIGN(config.ca_folder, path_at(ca, "folder"));
    TRY_ASSIGN(config.ca_key, ca.string_at("key"));
    TRY_ASSIGN(const Json signing, json.object_at("signing"));
    TRY(signing.only_members({"key", "certificate"}));
    TRY_ASSIGN(config.station_key, signing.string_at("key"));
    TRY_ASSIGN(config.station_certificate, path_at(signing, "certificate"));
    TRY_ASSIGN(const Json ledger, json.object_at("ledger"));
    TRY(ledger.only_members({"folder", "origin", "key"}));
    TRY_ASSIGN(config.ledger_folder, path_at(ledger, "folder"));
    TRY_ASSIGN(config.ledger_origin, ledger.string_at("origin"));
    TRY_ASSIGN(config.ledger_key, ledger.string_at("key"));
    TRY_ASSIGN(const Json vendor, json.object_at("vendor"));
    TRY(vendor.only_members({"policy", "key"}));
    TRY_ASSIGN(config.policy, path_at(vendor, "policy"));
    TRY_ASSIGN(config.policy_key, path_at(vendor, "key"));
    return {};
  }

  Result<void> tpms(const Json& json, Config& config) const {
    TRY_ASSIGN(const Json tpm, json.object_at("tpm"));
    TRY(tpm.only_members({"makers", "intermediates", "crls", "endorsement_key"}));
    TRY_ASSIGN(const Json::Array makers, tpm.array_at("makers"));
    for (const Json& maker : makers) {
      TRY(maker.only_members({"certificate", "strength"}));
      TRY_ASSIGN(auto path, path_at(maker, "certificate"));
      TRY_ASSIGN(const std::string strength, maker.string_at("strength"));
      TRY_ASSIGN(const attest::Strength worth, attest::strength_from(strength));
      config.tpm_makers.emplace_back(std::move(path), worth);
    }
    if (config.tpm_makers.empty()) return bad("'tpm.makers' is empty, so no unit could be born");
    TRY_ASSIGN(config.tpm_intermediates, paths_at(tpm, "intermediates"));
    TRY_ASSIGN(config.tpm_crls, paths_at(tpm, "crls"));
    TRY_ASSIGN(const std::string kind, text_or(tpm, "endorsement_key", "p384"));
    TRY_ASSIGN(config.tpm_endorsement_key, crypto::key_algorithm_from(kind));
    if (std::ranges::find(k_ek_kinds, config.tpm_endorsement_key) != k_ek_kinds.end()) return {};
    return bad("'tpm.endorsement_key' must be p256, p384, rsa2048 or rsa3072");
  }
};

Result<std::optional<double>> bound_at(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  if (value == nullptr) return std::optional<double>();
  TRY_ASSIGN(const double number, value->as_number(name));
  return std::optional(number);
}

Result<void> read_tests(const Json& json, Config& config) {
  if (json.find("tests") == nullptr) return {};
  TRY_ASSIGN(const Json tests, json.object_at("tests"));
  for (const auto& [name, value] : tests.members()) {
    TRY(check_name(name, "test"));
    TRY(value.only_members({"minimum", "maximum"}));
    WantedTest& wanted = config.tests[name];
    TRY_ASSIGN(wanted.minimum, bound_at(value, "minimum"));
    TRY_ASSIGN(wanted.maximum, bound_at(value, "maximum"));
  }
  return {};
}

Result<void> read_limits(const Json& json, Config& config) {
  TRY_ASSIGN(const std::uint64_t units, number_or(json, "units_parallel", 4, k_units_parallel_max));
  config.units_parallel = static_cast<unsigned>(units);
  TRY_ASSIGN(const std::uint64_t seconds, number_or(json, "timeout_seconds", 60, k_timeout_seconds_max));
  config.timeout = std::chrono::seconds(seconds);
  if (json.find("quarantine") == nullptr) return {};
  TRY_ASSIGN(const Json rules, json.object_at("quarantine"));
  TRY(rules.only_members({"failures_of_trust", "failures_of_the_line"}));
  TRY_ASSIGN(const std::uint64_t trust, number_or(rules, "failures_of_trust", 1, k_failures_max));
  TRY_ASSIGN(const std::uint64_t line, number_or(rules, "failures_of_the_line", 5, k_failures_max));
  config.failures_of_trust_max = static_cast<unsigned>(trust);
  config.failures_of_the_line_max = static_cast<unsigned>(line);
  return {};
}

Result<Config> read(ByteView text, const std::filesystem::path& folder) {
  TRY_ASSIGN(const Json json,
             Json::parse(text, {.size_bytes_max = k_config_bytes_max, .depth_max = 5, .values_max = 2000}));
  TRY(json.only_members({"station", "line", "listen", "serial", "page", "organization", "hardware_type", "ca",
                         "signing", "ledger", "vendor", "tpm", "state", "units_parallel", "timeout_seconds",
                         "quarantine", "tests"}));
  Config config;
  const Reader reader{folder};
  TRY_ASSIGN(config.station, json.string_at("station"));
  TRY(check_name(config.station, "station"));
  TRY_ASSIGN(config.line, json.string_at("line"));
  TRY(check_name(config.line, "line"));
  TRY_ASSIGN(config.listen, text_or(json, "listen", ""));
  TRY_ASSIGN(config.page, text_or(json, "page", ""));
  if (json.find("serial") != nullptr) {
    TRY_ASSIGN(const Json::Array lines, json.array_at("serial"));
    for (const Json& line : lines) {
      TRY_ASSIGN(std::string where, line.as_string("serial[]"));
      config.serial.push_back(std::move(where));
    }
  }
  if (config.listen.empty() && config.serial.empty()) return bad("neither 'listen' nor 'serial' says where units are");
  TRY_ASSIGN(config.organization, text_or(json, "organization", ""));
  TRY_ASSIGN(config.hardware_type, json.string_at("hardware_type"));
  TRY_ASSIGN(config.state, reader.path_at(json, "state"));
  TRY(reader.keys(json, config));
  TRY(reader.tpms(json, config));
  TRY(read_limits(json, config));
  TRY(read_tests(json, config));
  return config;
}

}  // namespace

Result<Config> parse_config(ByteView text, const std::filesystem::path& folder) {
  auto config = read(text, folder);
  if (config) return config;
  return Error(Errc::invalid_input, "station.config", config.error().message(),
               "docs/formats/station-config.md shows a whole one.");
}

Result<Config> Config::load(const std::filesystem::path& path) {
  TRY_ASSIGN(const Bytes text, os::read_file(path, k_config_bytes_max));
  return parse_config(text, std::filesystem::absolute(path).parent_path())
      .context("read the configuration '" + printable(path.string()) + "'");
}

}  // namespace signet::station
