// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_case_fuzz)
#include "signet/advisories/documents.hpp"
#include "signet/core/ids.hpp"
#include "signet/core/json.hpp"

#include "case_json.hpp"
#include "words.hpp"

#include <algorithm>

namespace signet::advisories {

namespace {

struct Member {
  std::string_view name;
  std::string Publisher::* text;
  bool is_required;
};

constexpr std::array<Member, 9> k_members{{{"name", &Publisher::name, true},
                                           {"url", &Publisher::url, true},
                                           {"base", &Publisher::base, true},
                                           {"prefix", &Publisher::prefix, true},
                                           {"contact", &Publisher::contact, true},
                                           {"policy", &Publisher::policy, false},
                                           {"cna_org", &Publisher::cna_org, false},
                                           {"cna_name", &Publisher::cna_name, false},
                                           {"csirt", &Publisher::csirt, false}}};

Error bad(const std::string& reason, const std::string& text, const std::string& hint) {
  return {Errc::invalid_input, "publisher." + reason, text, hint};
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// A UUID of version 4, as the schema of CVE wants it.
bool is_uuid4(std::string_view text) {
  constexpr std::string_view k_form = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  if (text.size() != k_form.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char wanted = k_form[i];
    const bool is_fine = wanted == 'x' || wanted == 'y' ? is_hex(text[i]) : text[i] == wanted;
    if (!is_fine || (wanted == 'y' && std::string_view("89abAB").find(text[i]) == std::string_view::npos)) return false;
  }
  return true;
}

bool is_mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string::npos &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"'; });
}

}  // namespace

Result<void> Publisher::check() const {
  for (const Member& member : k_members) {
    TRY(check_line(this->*member.text, member.name, k_line_size_bytes_max));
    if (member.is_required && (this->*member.text).empty()) {
      return bad("missing", "the publisher has no '" + std::string(member.name) + "'", "Give it in publisher.json.");
    }
  }
  TRY(check_url(url, "the publisher's address"));
  TRY(check_url(base, "the address of the published folder"));
  if (base.ends_with('/') || !base.starts_with("https://")) {
    return bad("base", "'" + printable(base, 100) + "' is no https address without a slash at its end",
               "CSAF providers are reached by https alone (7.1.3): https://example.com/security.");
  }
  if (!policy.empty()) TRY(check_url(policy, "the policy's address"));
  const bool has_mail = contact.starts_with("mailto:") && is_mail_address(std::string_view(contact).substr(7));
  if (!has_mail && !contact.starts_with("https://")) {
    return bad("contact", "'" + printable(contact, 100) + "' is no way to reach you",
               "Write mailto:psirt@example.com or https://example.com/report.");
  }
  if (!has_mail) TRY(check_url(contact, "the contact"));
  const auto name_of_cases = check_name(prefix, "case");
  if (!name_of_cases || prefix.size() > 32) {
    return bad("prefix", "'" + printable(prefix, 60) + "' cannot begin the names of cases",
               "Use a few letters and digits: EXAMPLE.");
  }
  if (!cna_org.empty() && !is_uuid4(cna_org)) {
    return bad("cna", "'" + printable(cna_org, 60) + "' is no UUID of an organization in the CVE program",
               "CVE Services shows it for your organization.");
  }
  if (!cna_name.empty() && (cna_name.size() < 2 || cna_name.size() > 32)) {
    return bad("cna", "the CNA's short name has " + std::to_string(cna_name.size()) + " characters",
               "2 to 32 are right.");
  }
  return {};
}

Result<Publisher> Publisher::parse(ByteView file) {
  TRY_ASSIGN(const Json json, Json::parse(file, case_limits()));
  if (!json.is_object()) return bad("format", "publisher.json is no object", "See docs/formats/advisory-case.md.");
  Publisher read;
  for (const auto& [name, value] : json.members()) {
    const auto* member = std::ranges::find(k_members, std::string_view(name), &Member::name);
    if (member != k_members.end()) {
      TRY_ASSIGN(read.*(member->text), value.as_string(name));
    } else if (name == "contact_until" || name == "since") {
      TRY_ASSIGN(const std::string text, value.as_string(name));
      TRY_ASSIGN((name == "since" ? read.since : read.contact_until), from_rfc3339(text));
    } else {
      return bad("format", "publisher.json has an unknown member '" + printable(name, 60) + "'",
                 "See docs/formats/advisory-case.md.");
    }
  }
  TRY(read.check());
  return read;
}

std::string Publisher::file() const {
  Json json = Json::object();
  for (const Member& member : k_members) {
    if (!(this->*member.text).empty()) json.set(member.name, this->*member.text);
  }
  json.set("contact_until", to_rfc3339(contact_until));
  json.set("since", to_rfc3339(since));
  return json.dump(2) + "\n";
}

}  // namespace signet::advisories
