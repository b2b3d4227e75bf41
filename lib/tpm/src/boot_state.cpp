// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// PCRs that a key is bound to, as policy and as JSON.
// parses: foreign bytes (fuzz: tpm_pcrs_fuzz)
#include "signet/tpm_policy.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace signet::tpm {

namespace {

constexpr std::size_t k_value_bytes = 32;

Error bad_pcrs(std::string text) { return {Errc::invalid_input, "tpm.pcrs", std::move(text)}; }

/// A number as to_json() writes it: one spelling each.
Result<unsigned> pcr_number_of(const std::string& text) {
  unsigned number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed == std::errc() && end == text.data() + text.size() && number < k_pcrs && std::to_string(number) == text)
    return number;
  return bad_pcrs("'" + printable(text, 20) + "' is no PCR: they are numbered from 0 to 23");
}

}  // namespace

Policy boot_policy(std::vector<PcrValue> values) {
  ensure(!values.empty(), "a boot state has a PCR");
  return {PolicyPcr{.values = std::move(values)}, PolicyAuthValue{}};
}

Json to_json(const std::vector<PcrValue>& values) {
  Json json = Json::object();
  for (const PcrValue& value : values) json.set(std::to_string(value.index), to_base64(value.value));
  return json;
}

Result<std::vector<PcrValue>> pcr_values_from(const Json& json) {
  if (!json.is_object()) return bad_pcrs("PCRs are an object from number to value");
  std::vector<PcrValue> values;
  for (const auto& [name, value] : json.members()) {
    TRY_ASSIGN(const unsigned index, pcr_number_of(name));
    TRY_ASSIGN(const std::string text, value.as_string(name));
    auto bytes = from_base64(text);
    if (!bytes || bytes->size() != k_value_bytes) return bad_pcrs("the value of a PCR is 32 bytes in base64");
    if (std::ranges::find(values, index, &PcrValue::index) != values.end()) return bad_pcrs("a PCR is named twice");
    values.push_back({.bank = crypto::HashAlgorithm::sha256, .index = index, .value = *std::move(bytes)});
  }
  if (values.empty()) return bad_pcrs("no PCR is named");
  std::ranges::sort(values, {}, &PcrValue::index);
  return values;
}

std::string names_of(const std::vector<unsigned>& pcrs) {
  std::string text = pcrs.size() == 1 ? "PCR " : "PCRs ";
  for (std::size_t i = 0; i < pcrs.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(pcrs[i]);
  return text;
}

}  // namespace signet::tpm
