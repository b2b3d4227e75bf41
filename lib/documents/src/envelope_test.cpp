// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/json.hpp"
#include "signet/documents.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"

#include "pae.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

using namespace signet;
using namespace signet::documents;

namespace {

constexpr std::string_view k_type = "application/vnd.signet.test+json";
constexpr std::string_view k_body = R"({"unit":"S-0001"})";

// The example of the DSSE protocol (protocol.md, "Test Vectors"): the key by its coordinates; the signature is r || s
// there and DER here, as X.509, CMS and every DSSE library with ECDSA have it.
constexpr std::string_view k_spec_type = "http://example.com/HelloWorld";
constexpr std::string_view k_spec_pae = "DSSEv1 29 http://example.com/HelloWorld 11 hello world";
constexpr std::string_view k_spec_key =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200"
    "0467cd390f77aa359cb08c2235f652270493a9ed832b0abcc01f70954c0390d238"
    "0c782bd54e269125a44f4433aff1432ce94e12bca73aa67ac80cea12608ddf74";
constexpr std::string_view k_spec_envelope =
    R"({"payload":"aGVsbG8gd29ybGQ=","payloadType":"http://example.com/HelloWorld","signatures":[{"sig":)"
    R"("MEQCIANyarEBrVbCdjtsaqyOSHJ14qeRk6CdxfhZ2fjvPEo7AiBR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]})";

std::vector<std::shared_ptr<crypto::Signer>> make_signers(std::size_t count) {
  std::vector<std::shared_ptr<crypto::Signer>> signers;
  for (std::size_t i = 0; i < count; ++i) {
    signers.push_back(
        signet::test::make_memory_signer(i % 2 == 0 ? crypto::KeyAlgorithm::ec_p256 : crypto::KeyAlgorithm::ed25519));
  }
  return signers;
}

using Signers = std::vector<crypto::Signer*>;

/// Three keys that are trusted, one that is not.
class Envelope : public ::testing::Test {
 protected:
  [[nodiscard]] crypto::Signer* key(std::size_t index) const { return keys_[index].get(); }
  [[nodiscard]] static std::string sign(const Signers& signers, std::string_view body = k_body,
                                        std::string_view type = k_type) {
    const auto envelope = sign_envelope(type, as_bytes(body), signers);
    EXPECT_OK(envelope);
    return envelope ? std::string(as_text(*envelope)) : std::string();
  }
  [[nodiscard]] Result<VerifiedPayload> open(std::string_view text, std::size_t threshold = 1) const {
    return open_envelope(Untrusted(as_bytes(text)), k_type, trusted_, threshold);
  }

  std::vector<std::shared_ptr<crypto::Signer>> keys_ = make_signers(3);
  std::shared_ptr<crypto::Signer> stranger_ = signet::test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  std::vector<crypto::PublicKey> trusted_ = {key(0)->public_key(), key(1)->public_key(), key(2)->public_key()};
};

/// The envelope with its members changed by `edit`.
template <typename F>
std::string edited(std::string_view text, F edit) {
  Json json = *Json::parse(as_bytes(text));
  edit(json);
  return json.dump();
}

Json::Array signatures_of(std::string_view text) { return *Json::parse(as_bytes(text))->array_at("signatures"); }

/// The envelope whose signatures are those of all `texts`, in order.
std::string joined(const std::vector<std::string>& texts) {
  Json::Array all;
  for (const std::string& text : texts) std::ranges::copy(signatures_of(text), std::back_inserter(all));
  return edited(texts.front(), [&](Json& json) { json.set("signatures", all); });
}

std::string with_key_ids(std::string_view text, std::string_view key_id) {
  Json::Array signatures = signatures_of(text);
  for (Json& signature : signatures) signature.set("keyid", key_id);
  return edited(text, [&](Json& json) { json.set("signatures", signatures); });
}

}  // namespace

TEST(Dsse, P_DOCUMENTS_001_EncodesAsTheSpecsOwnExample) {
  EXPECT_EQ(as_text(pre_authentication_encoding(k_spec_type, as_bytes("hello world"))), k_spec_pae);
  EXPECT_EQ(as_text(pre_authentication_encoding("", {})), "DSSEv1 0  0 ");
}

TEST(Dsse, P_DOCUMENTS_001_OpensTheSpecsOwnEnvelope) {
  const std::vector keys{*crypto::PublicKey::from_spki_der(*from_hex(k_spec_key))};
  const auto opened = open_envelope(Untrusted(as_bytes(k_spec_envelope)), k_spec_type, keys);
  ASSERT_OK(opened);
  EXPECT_EQ(opened->type(), k_spec_type);
  EXPECT_EQ(as_text(opened->payload()), "hello world");
  EXPECT_EQ(opened->signers(), keys);
}

TEST(Dsse, ReadsTheUrlSafeAlphabetToo) {
  const auto signer = signet::test::make_memory_signer(crypto::KeyAlgorithm::ed25519);
  const std::vector keys{signer->public_key()};
  const Signers signers{signer.get()};
  const std::string body = "\xfb\xff\xfe";  // "+//+" in the standard alphabet
  const auto envelope = sign_envelope(k_type, as_bytes(body), signers);
  ASSERT_OK(envelope);
  const std::string url_safe = edited(as_text(*envelope), [](Json& json) { json.set("payload", "-__-"); });
  EXPECT_OK(open_envelope(Untrusted(as_bytes(url_safe)), k_type, keys));
  const std::string mixed = edited(as_text(*envelope), [](Json& json) { json.set("payload", "+__+"); });
  EXPECT_REASON(open_envelope(Untrusted(as_bytes(mixed)), k_type, keys), "documents.envelope");
}

TEST_F(Envelope, P_DOCUMENTS_002_WhatWasSignedComesBackWithItsSigners) {
  for (const std::string& body : {std::string(k_body), std::string(), std::string(1, '\0'), std::string(70'000, 'x')}) {
    const auto opened = open(sign({key(2), key(0)}, body));
    ASSERT_OK(opened);
    EXPECT_EQ(as_text(opened->payload()), body);
    EXPECT_EQ(opened->type(), k_type);
    EXPECT_EQ(opened->signers(), (std::vector{trusted_[0], trusted_[2]}));
  }
}

TEST_F(Envelope, EveryKindOfKeySigns) {
  for (const auto algorithm : {crypto::KeyAlgorithm::ec_p256, crypto::KeyAlgorithm::ec_p384,
                               crypto::KeyAlgorithm::rsa_2048, crypto::KeyAlgorithm::ed25519}) {
    const auto signer = signet::test::make_memory_signer(algorithm);
    const std::vector keys{signer->public_key()};
    EXPECT_OK(open_envelope(Untrusted(as_bytes(sign({signer.get()}))), k_type, keys)) << name_of(algorithm);
  }
}

TEST_F(Envelope, TheFormIsTheOneThatTheFormatPageShows) {
  const std::string text = sign({key(0)});
  EXPECT_TRUE(text.ends_with("}]}\n")) << text;
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto json = Json::parse(as_bytes(text));
  ASSERT_OK(json);
  ASSERT_EQ(json->members().size(), 3U);
  EXPECT_EQ(json->members()[0].first, "payloadType");
  EXPECT_EQ(*json->string_at("payload"), to_base64(as_bytes(k_body)));
  const auto signatures = json->array_at("signatures");
  ASSERT_OK(signatures);
  EXPECT_EQ(*signatures->at(0).string_at("keyid"), to_hex(key(0)->public_key().fingerprint()));
}

TEST_F(Envelope, P_DOCUMENTS_003_KeysAreCountedNotSignatures) {
  const std::string one = sign({key(0)});
  EXPECT_OK(open(sign({key(0), key(1)}), 2));
  EXPECT_OK(open(joined({one, sign({key(1)}), sign({key(2)})}), 3));
  // ECDSA signs differently each time: four good signatures, one key.
  EXPECT_REASON(open(joined({one, sign({key(0)}), sign({key(0)}), one}), 2), "documents.too-few-signers");
  EXPECT_REASON(open(sign({key(0), stranger_.get()}), 2), "documents.too-few-signers");
  const std::vector twice{trusted_[0], trusted_[0], trusted_[1]};
  EXPECT_REASON(open_envelope(Untrusted(as_bytes(one)), k_type, twice, 2), "documents.too-few-signers");
  EXPECT_REASON(open_envelope(Untrusted(as_bytes(one)), k_type, twice, 3), "documents.threshold");
}

TEST_F(Envelope, AStrangersSignatureNeitherCountsNorHarms) {
  EXPECT_OK(open(sign({stranger_.get(), key(1)})));
  const std::string good = sign({key(0)});
  const Json::Array among_garbage{Json::object({{"sig", ""}}), Json::object({{"keyid", "?"}, {"sig", "AAAA"}}),
                                  signatures_of(good).at(0)};
  const std::string garbage = edited(good, [&](Json& json) { json.set("signatures", among_garbage); });
  EXPECT_OK(open(garbage));
}

TEST_F(Envelope, P_DOCUMENTS_004_AKeyIdChangesNoVerdict) {
  const std::string good = sign({key(0), key(1)});
  const std::string bad = sign({stranger_.get()});
  const std::string other = to_hex(trusted_[2].fingerprint());
  for (const std::string& key_id : {std::string(), std::string("nonsense"), other}) {
    EXPECT_OK(open(with_key_ids(good, key_id), 2)) << key_id;
    EXPECT_FALSE(open(with_key_ids(bad, key_id)).has_value()) << key_id;
  }
}

TEST_F(Envelope, P_DOCUMENTS_005_EveryChangedByteOfTheEnvelopeChangesNothingOrIsRefused) {
  const std::string text = sign({key(0)});
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto opened = open(changed);
    if (!opened) continue;
    EXPECT_EQ(as_text(opened->payload()), k_body) << "at byte " << at;
    EXPECT_EQ(opened->type(), k_type) << "at byte " << at;
  }
}

TEST_F(Envelope, P_DOCUMENTS_006_EachRefusalHasItsReason) {
  const std::string good = sign({key(0)});
  const auto payload = [&](std::string_view base64) {
    return edited(good, [&](Json& json) { json.set("payload", base64); });
  };
  const auto without = [&](std::string_view name) { return edited(good, [&](Json& json) { json.set(name, Json()); }); };
  const auto signatures = [&](Json list) {
    return edited(good, [&](Json& json) { json.set("signatures", std::move(list)); });
  };
  const auto many = [&](std::size_t count) { return signatures(Json::Array(count, Json::object({{"sig", "AAAA"}}))); };
  const struct {
    std::string text;
    std::string reason;
  } k_table[] = {
      {payload(to_base64(as_bytes("other"))), "documents.altered"},
      {sign({stranger_.get()}), "documents.wrong-signer"},
      {signatures(Json::array()), "documents.unsigned"},
      {sign({key(0)}, k_body, "text/plain"), "documents.payload-type"},
      // An envelope of another type, relabelled: the type is signed as well.
      {edited(sign({key(0)}, k_body, "text/plain"), [](Json& json) { json.set("payloadType", k_type); }),
       "documents.altered"},
      {payload("AAA"), "documents.envelope"},
      {payload("AAA=\n"), "documents.envelope"},
      {many(k_signatures_max), "documents.wrong-signer"},
      {many(k_signatures_max + 1), "documents.envelope"},
      {signatures(Json::Array{Json::object({{"sig", "*"}})}), "documents.envelope"},
      {signatures(Json::Array{Json::object()}), "json.missing"},
      {signatures(Json::Array{Json::object({{"keyid", 7}, {"sig", "AAAA"}})}), "json.wrong-type"},
      {signatures("none"), "json.wrong-type"},
      {without("payload"), "json.wrong-type"},
      {without("payloadType"), "json.wrong-type"},
      {good.substr(0, good.size() / 2), "json.syntax"},
      {good + "{}", "json.syntax"},
      {R"({"payloadType":"a","payloadType":"b"})", "json.duplicate"},
      {"{}", "json.missing"},
      {"", "json.syntax"},
      {std::string(k_envelope_size_bytes_max + 1, ' '), "json.too-big"},
  };
  for (const auto& row : k_table) EXPECT_REASON(open(row.text), row.reason) << row.text.substr(0, 300);
  EXPECT_OK(open(good));
}

TEST_F(Envelope, MembersThatAreNotKnownAreIgnored) {
  EXPECT_OK(open(edited(sign({key(0)}), [](Json& json) { json.set("note", "added later"); })));
}

TEST_F(Envelope, AThresholdThatCannotBeMeantIsRefused) {
  const std::string good = sign({key(0)});
  EXPECT_REASON(open(good, 0), "documents.threshold");
  EXPECT_REASON(open(good, 4), "documents.threshold");
  EXPECT_REASON(open_envelope(Untrusted(as_bytes(good)), k_type, {}, 1), "documents.threshold");
  std::vector<crypto::PublicKey> many;
  for (const auto& signer : make_signers(k_trusted_keys_max + 1)) many.push_back(signer->public_key());
  EXPECT_REASON(open_envelope(Untrusted(as_bytes(good)), k_type, many, 1), "documents.threshold");
}

TEST_F(Envelope, SigningRefusesWhatCouldNotBeOpened) {
  const Signers one{key(0)};
  const auto signed_as = [&](std::string_view type) { return sign_envelope(type, as_bytes(k_body), one); };
  EXPECT_REASON(signed_as(""), "documents.payload-type");
  EXPECT_REASON(signed_as("two words"), "documents.payload-type");
  EXPECT_REASON(signed_as("t\xc3\xbcr"), "documents.payload-type");
  EXPECT_REASON(signed_as(std::string(k_payload_type_size_bytes_max + 1, 'a')), "documents.payload-type");
  EXPECT_REASON(sign_envelope(k_type, as_bytes(k_body), {}), "documents.signers");
  const Signers twice{key(0), key(1), key(0)};
  EXPECT_REASON(sign_envelope(k_type, as_bytes(k_body), twice), "documents.signers");
  EXPECT_REASON(sign_envelope(k_type, Bytes(k_payload_size_bytes_max + 1), one), "documents.too-big");
  const auto largest = sign_envelope(k_type, Bytes(k_payload_size_bytes_max), one);
  ASSERT_OK(largest);
  EXPECT_OK(open(as_text(*largest)));
}
