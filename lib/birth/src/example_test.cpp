// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// tests/vectors/identity: one born device, made by Signet's own programs (README.md there names how), and the page of
// the documentation that takes it apart.
#include "signet/identity.hpp"
#include "signet/os/file.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/vendor_ca.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <map>
#include <sstream>

namespace signet::birth {
namespace {

using test::must;

const std::filesystem::path k_source = SIGNET_SOURCE_DIR;

std::string text_of(const std::filesystem::path& file) {
  return std::string(as_text(must(os::read_file(k_source / file, 1U << 20U))));
}
std::string vector(const std::string& name) { return text_of("tests/vectors/identity/" + name); }
pki::Certificate certificate(const std::string& name) { return must(pki::Certificate::from_pem(vector(name))); }
attest::IdentityStatement statement() {
  return must(attest::IdentityStatement::parse(as_bytes(vector("statement.json"))));
}

IdentityTrust trust() {
  std::string vkey = vector("line.vkey");
  while (vkey.ends_with('\n')) vkey.pop_back();
  return {.anchors = {certificate("vendor-root.pem")},
          .stations = {must(certificate("station.pem").public_key())},
          .line = must(ledger::Policy::make({must(ledger::VerifierKey::parse(vkey))})),
          .at = must(from_rfc3339("2027-01-01T00:00:00Z")),
          .nonce = must(from_hex("8f1c2a90d75e43b6a1f00c9be2d71634"))};
}

/// The fenced blocks of the page that have a name: "```hex NAME".
std::map<std::string, std::string> blocks() {
  std::istringstream page(text_of("docs/formats/device-identity.md"));
  std::map<std::string, std::string> found;
  std::string line;
  std::string name;
  while (std::getline(page, line)) {
    if (!line.starts_with("```")) {
      if (!name.empty()) found[name] += line + "\n";
      continue;
    }
    const std::size_t space = line.find(' ');
    name = name.empty() && space != std::string::npos ? line.substr(space + 1) : "";
  }
  return found;
}

/// What stands before the '#' of each line.
Bytes bytes_of(const std::string& block) {
  std::istringstream lines(block);
  std::string digits;
  for (std::string line; std::getline(lines, line);) {
    for (const char each : line.substr(0, line.find('#'))) {
      if (std::isspace(static_cast<unsigned char>(each)) == 0) digits += each;
    }
  }
  return must(from_hex(digits));
}

/// Equal, where texts that end with "..." are only begun.
void expect_shown(const Json& shown, const Json& whole, const std::string& where) {
  const auto text = shown.as_string();
  const auto full = whole.as_string();
  if (text && full && text->ends_with("...")) {
    EXPECT_TRUE(full->starts_with(text->substr(0, text->size() - 3))) << where;
    return;
  }
  ASSERT_EQ(shown.members().size(), whole.members().size()) << where;
  ASSERT_EQ(shown.elements().size(), whole.elements().size()) << where;
  if (shown.members().empty() && shown.elements().empty()) {
    EXPECT_EQ(shown.dump(), whole.dump()) << where;
  }
  for (std::size_t i = 0; i < shown.members().size(); ++i) {
    EXPECT_EQ(shown.members()[i].first, whole.members()[i].first) << where;
    expect_shown(shown.members()[i].second, whole.members()[i].second, where + "." + whole.members()[i].first);
  }
  for (std::size_t i = 0; i < shown.elements().size(); ++i) {
    expect_shown(shown.elements()[i], whole.elements()[i], where + "[" + std::to_string(i) + "]");
  }
}

Json json(const std::string& text) { return must(Json::parse(as_bytes(text))); }

}  // namespace

TEST(IdentityExample, P_IDENTITY_008_IsAGenuineDevice) {
  const auto device = judge_identity(statement(), trust());
  ASSERT_OK(device);
  EXPECT_EQ(device->serial(), "CAM0001");
  EXPECT_EQ(device->residency(), Residency::attested);
  EXPECT_EQ(device->recorded(), Recorded::ledger);
  EXPECT_EQ(device->presence(), attest::Presence::proven);
  EXPECT_TRUE(device->notes().empty());
  EXPECT_EQ(device->certificate(), certificate("idevid.pem"));
  EXPECT_EQ(device->record()->strength, attest::Strength::software);
  // It ends never; its issuer is what runs out (IEEE 802.1AR-2018 section 8.7).
  IdentityTrust late = trust();
  late.at = must(from_rfc3339("2090-01-01T00:00:00Z"));
  EXPECT_REASON(judge_identity(statement(), late), "pki.expired");
}

TEST(IdentityExample, P_IDENTITY_008_IsWrittenAsItIsRead) {
  const attest::IdentityStatement shown = statement();
  EXPECT_EQ(json(std::string(as_text(shown.encode()))).dump(), json(vector("statement.json")).dump());
  EXPECT_EQ(shown.idevid.front(), certificate("idevid.pem"));
  EXPECT_EQ(shown.iak.front(), certificate("iak.pem"));
  EXPECT_EQ(shown.idevid.back(), certificate("factory.pem"));
  const Bytes payload = must(from_base64(must(must(Json::parse(*shown.birth_record)).string_at("payload"))));
  EXPECT_EQ(json(vector("record.json")).dump(), must(Json::parse(payload)).dump());
  const Record record = must(Record::parse(payload));
  EXPECT_EQ(as_text(record.encode()), as_text(payload));
  EXPECT_EQ(record.certificates.at("idevid"), to_hex(certificate("idevid.pem").fingerprint()));
  EXPECT_EQ(record.issuer_serials.at("iak"), certificate("iak.pem").serial_hex());
}

TEST(IdentityExample, P_IDENTITY_008_ItsProofsCannotBeChanged) {
  constexpr std::size_t k_stride = 7;  // every byte: P_ATTEST_019
  const attest::IdentityStatement good = statement();
  const auto refused = [&](auto part, const char* what) {
    attest::IdentityStatement changed = good;
    Bytes& bytes = part(changed);
    for (std::size_t i = 0; i < bytes.size(); i += k_stride) {
      bytes[i] ^= std::byte{1};
      EXPECT_FALSE(judge_identity(changed, trust()).has_value()) << what << ", byte " << i;
      bytes[i] ^= std::byte{1};
    }
  };
  refused([](auto& s) -> Bytes& { return s.idevid_evidence.public_area; }, "idevid.public_area");
  refused([](auto& s) -> Bytes& { return s.idevid_evidence.attestation.statement; }, "idevid.statement");
  refused([](auto& s) -> Bytes& { return s.idevid_evidence.attestation.signature; }, "idevid.signature");
  refused([](auto& s) -> Bytes& { return s.birth_nonce; }, "birth_nonce");
  refused([](auto& s) -> Bytes& { return *s.fresh_signature; }, "answer.signature");
}

TEST(IdentityExample, P_IDENTITY_008_IsWhatThePageShows) {
  const auto shown = blocks();
  const attest::IdentityStatement whole = statement();
  const std::map<std::string, Bytes> bytes{{"idevid.public_area", whole.idevid_evidence.public_area},
                                           {"idevid.statement", whole.idevid_evidence.attestation.statement},
                                           {"idevid.signature", whole.idevid_evidence.attestation.signature},
                                           {"iak.public_area", whole.iak_area}};
  for (const auto& [name, value] : bytes) {
    ASSERT_TRUE(shown.contains(name)) << name;
    EXPECT_EQ(to_hex(bytes_of(shown.at(name))), to_hex(value)) << name;
  }
  for (const char* name : {"idevid.pem", "iak.pem", "record.json"}) {
    ASSERT_TRUE(shown.contains(name)) << name;
    EXPECT_EQ(shown.at(name), vector(name));
  }
  ASSERT_TRUE(shown.contains("statement.json") && shown.contains("receipt"));
  expect_shown(json(shown.at("statement.json")), json(vector("statement.json")), "statement");
  EXPECT_EQ(shown.at("receipt"), *whole.receipt);
}

}  // namespace signet::birth
