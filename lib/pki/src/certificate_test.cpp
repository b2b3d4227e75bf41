// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/expect.hpp"

#include "der.hpp"
#include "issued_for_test.hpp"
#include "raw_for_test.hpp"

#include <gtest/gtest.h>

using namespace signet;
using namespace signet::pki::issued;
using pki::Certificate;

TEST(Certificate, TellsWhatOpensslTells) {
  const test::TempDir folder;
  const std::string file = (folder / "cert.pem").string();
  ASSERT_EQ(peer({"openssl",     "req",
                  "-x509",       "-newkey",
                  "rsa:2048",    "-nodes",
                  "-keyout",     (folder / "key").string(),
                  "-out",        file,
                  "-subj",       "/C=SE/O=Peer/CN=peer.example",
                  "-set_serial", "0x00c0ffee",
                  "-days",       "3",
                  "-addext",     "subjectAltName=DNS:peer.example,DNS:www.peer.example",
                  "-addext",     "extendedKeyUsage=serverAuth,codeSigning"})
                .exit_code,
            0);
  const auto certificate = Certificate::from_pem(as_text(*os::read_file(file, 65'536)));
  ASSERT_OK(certificate);
  EXPECT_EQ(certificate->subject(), "CN=peer.example,O=Peer,C=SE");
  EXPECT_EQ(certificate->issuer(), certificate->subject());
  EXPECT_EQ(certificate->common_name(), "peer.example");
  EXPECT_EQ(certificate->serial_hex(), "c0ffee");
  EXPECT_EQ(certificate->not_after(), certificate->not_before().plus_days(3));
  EXPECT_EQ(certificate->dns_names(), (std::vector<std::string>{"peer.example", "www.peer.example"}));
  EXPECT_TRUE(certificate->has_extended_usage(pki::Usage::tls_server));
  EXPECT_TRUE(certificate->has_extended_usage(pki::Usage::code_signing));
  EXPECT_FALSE(certificate->has_extended_usage(pki::Usage::tls_client));
  EXPECT_EQ(certificate->public_key()->algorithm(), KeyAlgorithm::rsa_2048);
  EXPECT_FALSE(certificate->is_ca());  // a CA by basicConstraints, but without a key usage that says so
  const std::string fingerprint = peer({"openssl", "dgst", "-sha256", save(folder / "der", certificate->der())}).out;
  EXPECT_NE(fingerprint.find(to_hex(certificate->fingerprint())), std::string::npos);
  EXPECT_EQ(Certificate::from_pem(certificate->pem()).value(), *certificate);
}

TEST(Certificate, MalformedOnesAreRefused) {
  const Bytes good = make_root().certificate.der();
  Bytes longer = good;
  longer.push_back(std::byte{0});
  Bytes shorter = good;
  shorter.pop_back();
  Bytes indefinite = good;  // 30 82 xx xx -> 30 80 ... 00 00: BER, not DER
  indefinite.erase(indefinite.begin() + 2, indefinite.begin() + 4);
  indefinite[1] = std::byte{0x80};
  indefinite.insert(indefinite.end(), 2, std::byte{0});
  for (const Bytes& bad : {Bytes{}, to_bytes("hello"), longer, shorter, indefinite, Bytes(65'537)}) {
    EXPECT_REASON(Certificate::from_der(bad), "pki.malformed");
  }
}

TEST(Certificate, TwoSignatureAlgorithmsInOneAreRefused) {
  Bytes der = make_root().certificate.der();
  const Bytes ecdsa_sha256 = *from_hex("06082a8648ce3d040302");
  const auto at = std::search(der.begin(), der.end(), ecdsa_sha256.begin(), ecdsa_sha256.end());
  ASSERT_NE(at, der.end());
  *(at + 9) = std::byte{0x03};  // the inner one says ecdsa-with-SHA384 now
  EXPECT_REASON(Certificate::from_der(der), "pki.malformed");
}

TEST(Certificate, PemIsOneBlockUnlessAllAreAskedFor) {
  const std::string pem = make_root().certificate.pem();
  EXPECT_REASON(Certificate::from_pem(""), "pki.malformed");
  EXPECT_REASON(Certificate::from_pem("no certificate"), "pki.malformed");
  EXPECT_REASON(Certificate::from_pem(pem + pem), "pki.malformed");
  EXPECT_REASON(Certificate::from_pem(pem.substr(0, pem.size() / 2)), "pki.malformed");
  EXPECT_REASON(Certificate::from_pem(std::string(9U << 20U, 'x')), "pki.malformed");
  EXPECT_OK(Certificate::from_pem("a line of explanation\n" + pem + "and another\n"));
  EXPECT_EQ(Certificate::all_from_pem(pem + pem)->size(), 2U);
  std::string many;
  for (int i = 0; i < 257; ++i) many += pem;
  EXPECT_REASON(Certificate::all_from_pem(many), "pki.malformed");
}

TEST(Certificate, TextFromOutsideIsSafeToPrint) {
  const auto made = pki::raw::make({.name = "evil\x1b[2J\nname"});
  EXPECT_EQ(made.certificate.common_name().find('\x1b'), std::string::npos);
  EXPECT_EQ(made.certificate.subject().find('\x1b'), std::string::npos);
  EXPECT_EQ(made.certificate.subject().find('\n'), std::string::npos);
}

TEST(Certificate, AKeyOfAnotherKindIsSaidWhenAskedFor) {
  const auto made = pki::raw::make({.key = pki::raw::make_key("P-521")});
  EXPECT_REASON(made.certificate.public_key(), "crypto.key-unsupported");
}

TEST(Der, OnlyTheOneSpellingIsAccepted) {
  // X.690: element in hexadecimal, and whether it is DER.
  const std::pair<const char*, bool> table[] = {
      {"0500", true},         // NULL
      {"", false},            // nothing
      {"05", false},          // no length
      {"050100", false},      // NULL with content
      {"02017f", true},       // INTEGER
      {"0200", false},        // INTEGER without content
      {"0202007f", false},    // a leading zero too many
      {"02020080", true},     // needed: otherwise negative
      {"0202ff80", false},    // a leading one too many
      {"0a0101", true},       // ENUMERATED
      {"0101ff", true},       // TRUE
      {"010101", false},      // TRUE in BER only
      {"030100", true},       // empty BIT STRING
      {"030107", false},      // unused bits of nothing
      {"03020708", false},    // unused bits that are not zero
      {"03020780", true},     // one bit
      {"0300", false},        // without the count of unused bits
      {"06032a0304", true},   // OBJECT IDENTIFIER
      {"06032a8001", false},  // a group that begins with zeros
      {"06022a83", false},    // a group that does not end
      {"3000", true},         // empty SEQUENCE
      {"1000", false},        // SEQUENCE as a primitive
      {"3080"
       "0500"
       "0000",
       false},                    // indefinite length
      {"308103020101", false},    // a length that fits into one octet
      {"30820003020101", false},  // the same with two
      {"30020500"
       "00",
       false},                // a byte behind the end
      {"3003050000", false},  // a byte behind an inner end
      {"2403040101", false},  // OCTET STRING in pieces
      {"31060201010201"
       "02",
       true},  // SET in order
      {"31060201020201"
       "01",
       false},                // SET out of order
      {"1f0100", false},      // a tag number above 30
      {"a003020101", true},   // [0] EXPLICIT
      {"a003020200", false},  // cut short inside
  };
  for (const auto& [hex, strict] : table) EXPECT_EQ(pki::der::is_strict(*from_hex(hex)), strict) << hex;
}

TEST(Der, DepthIsBounded) {
  Bytes nested = *from_hex("0500");
  for (int i = 0; i < 31; ++i) {
    Bytes outer{std::byte{0x30}, static_cast<std::byte>(nested.size())};
    append(outer, nested);
    nested = std::move(outer);
    EXPECT_TRUE(pki::der::is_strict(nested)) << i;
  }
  Bytes outer{std::byte{0x30}, static_cast<std::byte>(nested.size())};
  append(outer, nested);
  EXPECT_FALSE(pki::der::is_strict(outer));
}
