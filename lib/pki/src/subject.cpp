// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: csr_fuzz)
#include "subject.hpp"

#include "signet/core/ensure.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace signet::pki {

namespace {

struct AttributeRow {
  std::string_view name;
  int nid;
  std::string Subject::* member;
  std::size_t size_chars_max;  ///< RFC 5280 appendix A.1
};
// In the order in which they are written, the widest first.
constexpr std::array k_attributes{
    AttributeRow{"C", NID_countryName, &Subject::country, 2},
    AttributeRow{"O", NID_organizationName, &Subject::organization, 64},
    AttributeRow{"OU", NID_organizationalUnitName, &Subject::organizational_unit, 64},
    AttributeRow{"CN", NID_commonName, &Subject::common_name, 64},
    AttributeRow{"serialNumber", NID_serialNumber, &Subject::serial_number, 64},
};

Error bad_subject(std::string text) {
  return {Errc::usage, "pki.subject", std::move(text),
          "Write it as 'CN=Example Root,O=Example,C=SE' with CN, O, OU, C or serialNumber."};
}

std::string trim(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

// Cuts at commas; a backslash takes the next character as it is.
Result<std::vector<std::string>> cut(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (++i == text.size()) return bad_subject("a subject that ends in a backslash");
      parts.back() += text[i];
    } else if (text[i] == ',') {
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  return parts;
}

bool is_dns_name(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > 253 || name.front() == '.' || name.back() == '.') return false;
  std::size_t label = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    label = c == '.' ? 0 : label + 1;
    const bool empty_label = c == '.' && name[i - 1] == '.';
    if (empty_label || label > 63 || (std::isalnum(c) == 0 && c != '-' && c != '.') || c > 127) return false;
  }
  return true;
}

}  // namespace

Result<Subject> Subject::parse(std::string_view text) {
  if (text.size() > 1000) return bad_subject("a subject of more than 1000 characters");
  TRY_ASSIGN(const auto parts, cut(text));
  Subject subject;
  for (const std::string& part : parts) {
    const auto equals = part.find('=');
    if (equals == std::string::npos) return bad_subject("'" + printable(part, 80) + "' is no attribute of a subject");
    const std::string name = trim(std::string_view(part).substr(0, equals));
    const auto* row = std::ranges::find(k_attributes, std::string_view(name), &AttributeRow::name);
    if (row == k_attributes.end()) return bad_subject("'" + printable(name, 80) + "' is no attribute of a subject");
    if (!(subject.*row->member).empty()) return bad_subject("a subject with two attributes '" + name + "'");
    subject.*row->member = trim(std::string_view(part).substr(equals + 1));
  }
  TRY(to_name(subject));
  return subject;
}

Result<X509Name> to_name(const Subject& subject) {
  X509Name name(X509_NAME_new());
  ensure(name != nullptr, "memory for a name");
  for (const AttributeRow& row : k_attributes) {
    const std::string& value = subject.*row.member;
    if (value.empty()) continue;
    if (printable(value, 1000) != value) return bad_subject("a subject with unprintable characters");
    // OpenSSL knows the type and the bounds of each attribute (RFC 5280 appendix A.1).
    if (X509_NAME_add_entry_by_NID(name.get(), row.nid, MBSTRING_UTF8, as_uchar(as_bytes(value)),
                                   static_cast<int>(value.size()), -1, 0) != 1) {
      ERR_clear_error();
      return bad_subject("'" + printable(value, 80) + "' cannot be the " + std::string(row.name) + " of a subject (" +
                         (row.size_chars_max == 2 ? "two letters" : "at most 64 characters") + ")");
    }
  }
  if (X509_NAME_entry_count(name.get()) == 0) return bad_subject("an empty subject");
  return name;
}

Result<Subject> to_subject(const X509_NAME* name) {
  Subject subject;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    const auto* row = std::ranges::find(k_attributes, nid, &AttributeRow::nid);
    if (row == k_attributes.end() || !(subject.*row->member).empty()) {
      return bad_subject("the subject '" + text_of(name) + "' has an attribute that is not known here, or one twice");
    }
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    if (size < 0) return malformed("a subject that cannot be read");
    (subject.*row->member).assign(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
  }
  TRY(to_name(subject));
  return subject;
}

Result<GeneralNames> to_general_names(std::span<const std::string> names) {
  GeneralNames result(GENERAL_NAMES_new());
  ensure(result != nullptr, "memory for names");
  for (const std::string& name : names) {
    GENERAL_NAME* entry = GENERAL_NAME_new();
    ensure(entry != nullptr && sk_GENERAL_NAME_push(result.get(), entry) > 0, "memory for names");
    if (ASN1_OCTET_STRING* address = a2i_IPADDRESS(name.c_str())) {
      GENERAL_NAME_set0_value(entry, GEN_IPADD, address);
      continue;
    }
    ERR_clear_error();
    if (!is_dns_name(name)) {
      return Error(Errc::usage, "pki.dns-name",
                   "'" + printable(name, 80) + "' is neither a DNS name nor an IP address");
    }
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ensure(text != nullptr && ASN1_STRING_set(text, name.data(), static_cast<int>(name.size())) == 1,
           "memory for a name");
    GENERAL_NAME_set0_value(entry, GEN_DNS, text);
  }
  return result;
}

}  // namespace signet::pki
