// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Who is told: mail (RFC 5322 with RFC 2045 and 2047), Atom (RFC 4287), security.txt (RFC 9116).
#include "signet/core/bytes.hpp"

#include "drafts.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace signet::advisories {

namespace {

constexpr std::size_t k_line_max = 76;  // RFC 2045 section 6.7 rule 5, RFC 2047 section 2

std::string hex_of(char c) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {'=', k_digits[byte >> 4U], k_digits[byte & 0xfU]};
}

/// Quoted-printable (RFC 2045 section 6.7): any text in lines of 7-bit characters.
std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
    const bool is_plain = c > ' ' && c < 0x7f && c != '=';
    const bool is_dot = c == '.' && column == 0;  // a line of one dot ends a mail for SMTP
    const std::string piece = (is_plain && !is_dot) || (c == ' ' && !ends_line) ? std::string(1, c) : hex_of(c);
    if (column + piece.size() > k_line_max - 1) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  }
  return out;
}

/// A header's text: as it is if it is ASCII, else encoded words in base64 (RFC 2047), never cut within a character.
std::string header_text(std::string_view text) {
  const bool is_ascii = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
  if (is_ascii && text.find("=?") == std::string_view::npos) return std::string(text);
  constexpr std::size_t k_piece_max = 42;  // 56 characters of base64
  std::string out;
  while (!text.empty()) {
    std::size_t size = std::min(k_piece_max, text.size());
    while (size < text.size() && size > 1 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
    out += (out.empty() ? "=?utf-8?B?" : "\r\n =?utf-8?B?") + to_base64(as_bytes(text.substr(0, size))) + "?=";
    text.remove_prefix(size);
  }
  return out;
}

/// RFC 5322 section 3.3: "Mon, 23 Nov 2026 07:00:00 +0000".
std::string mail_date(Instant instant) {
  using namespace std::chrono;
  constexpr std::array<const char*, 7> k_days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> k_months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds moment{seconds{instant.seconds_since_epoch}};
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const std::string time = to_rfc3339(instant).substr(11, 8);
  std::array<char, 48> text{};
  const int size = std::snprintf(text.data(), text.size(), "%s, %u %s %d %s +0000", k_days[weekday{day}.c_encoding()],
                                 static_cast<unsigned>(date.day()), k_months[static_cast<unsigned>(date.month()) - 1],
                                 static_cast<int>(date.year()), time.c_str());
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string quoted_name(std::string_view name) {
  const bool is_ascii = std::ranges::all_of(name, [](char c) { return c >= ' ' && c < 0x7f; });
  if (!is_ascii) return header_text(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string feed_head(const Publisher& publisher, Instant updated) {
  const std::string self = url_below(publisher, "feed.atom");
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n  <title>Security "
         "advisories of " +
         escaped(publisher.name) + "</title>\n  <id>" + escaped(self) + "</id>\n  <link rel=\"self\" href=\"" +
         escaped(self) + "\"/>\n  <link rel=\"alternate\" type=\"text/html\" href=\"" +
         escaped(url_below(publisher, "index.html")) + "\"/>\n  <updated>" + to_rfc3339(updated) +
         "</updated>\n  <author><name>" + escaped(publisher.name) + "</name></author>\n";
}

}  // namespace

std::string mail_notice(const Draft& draft) {
  const std::string severity = severity_word(draft.one.facts());
  const std::string subject = (draft.is_public ? std::string() : "[DRAFT] ") + (draft.revision > 1 ? "Updated: " : "") +
                              draft.one.id() + (severity.empty() ? "" : " (" + severity + ")") + ": " +
                              draft.one.facts().title;
  const std::string host = host_of(draft.publisher.url);
  const bool has_address = draft.publisher.contact.starts_with("mailto:");
  const std::string from = has_address ? draft.publisher.contact.substr(7) : "psirt@" + host;
  std::string mail = "From: " + quoted_name(draft.publisher.name) + " <" + from + ">\r\n";
  mail += "To: undisclosed-recipients:;\r\n";
  mail += "Date: " + mail_date(draft.last) + "\r\n";
  mail += "Subject: " + header_text(subject) + "\r\n";
  mail += "Message-ID: <" + draft.one.id() + "." + std::to_string(draft.revision) + "@" + host + ">\r\n";
  if (draft.revision > 1) mail += "In-Reply-To: <" + draft.one.id() + ".1@" + host + ">\r\n";
  mail += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
  mail += "Content-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\n";
  const std::string page = url_below(draft.publisher, page_path(draft.one));
  return mail + quoted_printable(text_advisory(draft) + "\nThis advisory: " + page + "\n");
}

std::string atom_entry(const Draft& draft) {
  const std::string page = url_below(draft.publisher, page_path(draft.one));
  const Facts& facts = draft.one.facts();
  const std::string severity = severity_word(facts);
  std::string entry = "  <entry>\n    <title>" + escaped(draft.one.id() + ": " + facts.title) + "</title>\n    <id>" +
                      escaped(page) + "</id>\n    <link rel=\"alternate\" type=\"text/html\" href=\"" + escaped(page) +
                      "\"/>\n    <published>" + to_rfc3339(draft.first) + "</published>\n    <updated>" +
                      to_rfc3339(draft.last) + "</updated>\n";
  if (!severity.empty()) entry += "    <category term=\"" + escaped(severity) + "\"/>\n";
  return entry + "    <summary>" + escaped(facts.description.empty() ? facts.title : facts.description) +
         "</summary>\n  </entry>\n";
}

std::string atom_feed(const std::vector<Case>& cases, const Publisher& publisher) {
  Instant updated = publisher.since;
  for (const Case& one : cases) updated = std::max(updated, draft_of(one, publisher).last);
  std::string feed = feed_head(publisher, updated);
  for (const Case& one : cases) feed += atom_entry(draft_of(one, publisher));
  return feed + "</feed>\n";
}

std::string security_txt(const Publisher& publisher) {
  // RFC 9116 sections 2.5.3, 2.5.5, 2.5.2, 2.5.8, 2.5.7, 2.5.1; "CSAF" as registered with IANA for CSAF providers.
  std::string text = "Contact: " + publisher.contact + "\n";
  text += "Expires: " + to_rfc3339(publisher.contact_until) + "\n";
  text += "Canonical: " + url_below(publisher, ".well-known/security.txt") + "\n";
  if (!publisher.policy.empty()) text += "Policy: " + publisher.policy + "\n";
  text += "Preferred-Languages: en\n";
  text += "CSAF: " + url_below(publisher, ".well-known/csaf/provider-metadata.json") + "\n";
  return text;
}

}  // namespace signet::advisories
