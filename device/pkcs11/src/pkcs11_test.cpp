// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "mechanisms.hpp"
#include "memory_backend_test.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

namespace signet::pkcs11 {

namespace {

std::array<CK_BYTE, 10> g_p256{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
CK_BBOOL g_true = CK_TRUE;
CK_ULONG g_bits = 2048;
std::array<CK_BYTE, 32> g_data{};

class Pkcs11 : public ::testing::Test {
 protected:
  void SetUp() override {
    fake::store() = std::make_shared<fake::Store>();
    fake::use();
    ASSERT_EQ(C_Initialize(nullptr), CKR_OK);
    session_ = open_session(CKF_RW_SESSION);
    std::array<CK_UTF8CHAR, 4> pin{'1', '2', '3', '4'};
    ASSERT_EQ(C_Login(session_, CKU_USER, pin.data(), pin.size()), CKR_OK);
  }
  void TearDown() override { EXPECT_EQ(C_Finalize(nullptr), CKR_OK); }

  static CK_SESSION_HANDLE open_session(CK_FLAGS flags) {
    CK_SESSION_HANDLE handle = 0;
    EXPECT_EQ(C_OpenSession(0, CKF_SERIAL_SESSION | flags, nullptr, nullptr, &handle), CKR_OK);
    return handle;
  }

  struct Pair {
    CK_OBJECT_HANDLE public_key = 0;
    CK_OBJECT_HANDLE private_key = 0;
  };
  /// A pair in the token (or the session) with one use.
  Pair make(CK_MECHANISM_TYPE generator, CK_ATTRIBUTE_TYPE use, bool in_token) const {
    CK_BBOOL token = in_token ? CK_TRUE : CK_FALSE;
    const bool rsa = generator == CKM_RSA_PKCS_KEY_PAIR_GEN;
    std::vector<CK_ATTRIBUTE> public_half{rsa ? CK_ATTRIBUTE{CKA_MODULUS_BITS, &g_bits, sizeof g_bits}
                                              : CK_ATTRIBUTE{CKA_EC_PARAMS, g_p256.data(), g_p256.size()}};
    std::vector<CK_ATTRIBUTE> private_half{{CKA_TOKEN, &token, 1}, {use, &g_true, 1}};
    CK_MECHANISM mechanism{generator, nullptr, 0};
    Pair pair;
    EXPECT_EQ(C_GenerateKeyPair(session_, &mechanism, public_half.data(), public_half.size(), private_half.data(),
                                private_half.size(), &pair.public_key, &pair.private_key),
              CKR_OK);
    return pair;
  }
  CK_OBJECT_HANDLE make_secret(CK_MECHANISM_TYPE generator) const {
    CK_ULONG size = 32;
    std::array attributes{CK_ATTRIBUTE{CKA_VALUE_LEN, &size, sizeof size}};
    CK_MECHANISM mechanism{generator, nullptr, 0};
    CK_OBJECT_HANDLE key = 0;
    EXPECT_EQ(C_GenerateKey(session_, &mechanism, attributes.data(), attributes.size(), &key), CKR_OK);
    return key;
  }

  CK_SESSION_HANDLE session_ = 0;
};

/// What signs with which parameters, and over how many bytes.
struct SignCase {
  CK_MECHANISM_TYPE mechanism;
  CK_MECHANISM_TYPE pss_hash = 0;
  CK_RSA_PKCS_MGF_TYPE mgf = 0;
  CK_ULONG salt = 0;
};

}  // namespace

TEST_F(Pkcs11, P_PKCS11_001_every_signing_mechanism_signs_and_verifies_in_token_and_session) {
  const std::array k_pss{SignCase{CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32},
                         SignCase{CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 48},
                         SignCase{CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, 64},
                         SignCase{CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32}};
  for (const bool in_token : {true, false}) {
    const Pair ec = make(CKM_EC_KEY_PAIR_GEN, CKA_SIGN, in_token);
    const Pair rsa = make(CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_SIGN, in_token);
    const CK_OBJECT_HANDLE secret = make_secret(CKM_GENERIC_SECRET_KEY_GEN);
    for (const Mechanism& row : mechanisms()) {
      if ((row.flags & CKF_SIGN) == 0) continue;
      CK_RSA_PKCS_PSS_PARAMS pss{};
      CK_MECHANISM mechanism{row.type, nullptr, 0};
      for (const SignCase& each : k_pss) {
        if (each.mechanism != row.type) continue;
        pss = {each.pss_hash, each.mgf, each.salt};
        mechanism = {row.type, &pss, sizeof pss};
      }
      const Pair pair = row.family == Family::hmac ? Pair{secret, secret} : row.family == Family::ecdsa ? ec : rsa;
      std::array<CK_BYTE, 512> signature{};
      CK_ULONG size = signature.size();
      ASSERT_EQ(C_SignInit(session_, &mechanism, pair.private_key), CKR_OK) << row.type;
      ASSERT_EQ(C_Sign(session_, g_data.data(), g_data.size(), signature.data(), &size), CKR_OK) << row.type;
      ASSERT_EQ(C_VerifyInit(session_, &mechanism, pair.public_key), CKR_OK) << row.type;
      EXPECT_EQ(C_Verify(session_, g_data.data(), g_data.size(), signature.data(), size), CKR_OK) << row.type;
      signature[5] ^= 1;
      ASSERT_EQ(C_VerifyInit(session_, &mechanism, pair.public_key), CKR_OK) << row.type;
      EXPECT_EQ(C_Verify(session_, g_data.data(), g_data.size(), signature.data(), size), CKR_SIGNATURE_INVALID);
    }
  }
}

TEST_F(Pkcs11, P_PKCS11_002_a_key_of_the_token_gives_out_no_private_number) {
  for (const CK_MECHANISM_TYPE generator : {CKM_EC_KEY_PAIR_GEN, CKM_RSA_PKCS_KEY_PAIR_GEN}) {
    const Pair pair = make(generator, CKA_SIGN, true);
    CK_BBOOL sensitive = CK_FALSE;
    CK_BBOOL extractable = CK_TRUE;
    std::array known{CK_ATTRIBUTE{CKA_SENSITIVE, &sensitive, 1}, CK_ATTRIBUTE{CKA_EXTRACTABLE, &extractable, 1}};
    ASSERT_EQ(C_GetAttributeValue(session_, pair.private_key, known.data(), known.size()), CKR_OK);
    EXPECT_EQ(sensitive, CK_TRUE);
    EXPECT_EQ(extractable, CK_FALSE);
    for (const CK_ATTRIBUTE_TYPE type : {CKA_VALUE, CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_COEFFICIENT}) {
      CK_ATTRIBUTE row{type, nullptr, 0};
      EXPECT_NE(C_GetAttributeValue(session_, pair.private_key, &row, 1), CKR_OK);
      EXPECT_EQ(row.ulValueLen, CK_UNAVAILABLE_INFORMATION);
    }
  }
}

TEST_F(Pkcs11, P_PKCS11_003_a_question_for_the_size_and_a_small_buffer_change_nothing) {
  const Pair pair = make(CKM_EC_KEY_PAIR_GEN, CKA_SIGN, true);
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  std::array<CK_BYTE, 64> signature{};
  CK_ULONG size = 0;
  ASSERT_EQ(C_SignInit(session_, &mechanism, pair.private_key), CKR_OK);
  EXPECT_EQ(C_Sign(session_, g_data.data(), g_data.size(), nullptr, &size), CKR_OK);
  EXPECT_EQ(size, 64U);
  size = 63;
  EXPECT_EQ(C_Sign(session_, g_data.data(), g_data.size(), signature.data(), &size), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, 64U);
  EXPECT_EQ(C_SignInit(session_, &mechanism, pair.private_key), CKR_OPERATION_ACTIVE);
  EXPECT_EQ(C_Sign(session_, g_data.data(), g_data.size(), signature.data(), &size), CKR_OK);
  EXPECT_EQ(C_Sign(session_, g_data.data(), g_data.size(), signature.data(), &size), CKR_OPERATION_NOT_INITIALIZED);
  // What was asked the size of as a whole is not gone on with in parts: that would sign something else.
  ASSERT_EQ(C_SignInit(session_, &mechanism, pair.private_key), CKR_OK);
  EXPECT_EQ(C_Sign(session_, g_data.data(), g_data.size(), nullptr, &size), CKR_OK);
  EXPECT_EQ(C_SignFinal(session_, signature.data(), &size), CKR_OPERATION_ACTIVE);
  EXPECT_EQ(C_SignFinal(session_, signature.data(), &size), CKR_OPERATION_NOT_INITIALIZED);
  CK_MECHANISM sha256{CKM_SHA256, nullptr, 0};
  ASSERT_EQ(C_DigestInit(session_, &sha256), CKR_OK);
  EXPECT_EQ(C_Digest(session_, g_data.data(), g_data.size(), nullptr, &size), CKR_OK);
  EXPECT_EQ(C_DigestUpdate(session_, g_data.data(), g_data.size()), CKR_OPERATION_ACTIVE);
  EXPECT_EQ(C_DigestFinal(session_, signature.data(), &size), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(Pkcs11, P_PKCS11_004_a_child_starts_anew_and_the_parent_goes_on) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    CK_SESSION_INFO info{};
    const bool gone = C_GetSessionInfo(session_, &info) == CKR_CRYPTOKI_NOT_INITIALIZED;
    const bool anew = C_Initialize(nullptr) == CKR_OK &&
                      C_GetSessionInfo(session_, &info) == CKR_SESSION_HANDLE_INVALID && C_Finalize(nullptr) == CKR_OK;
    ::_exit(gone && anew ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CK_SESSION_INFO info{};
  EXPECT_EQ(C_GetSessionInfo(session_, &info), CKR_OK);
  EXPECT_EQ(info.state, CKS_RW_USER_FUNCTIONS);
}

TEST_F(Pkcs11, P_PKCS11_007_names_outlive_the_program_and_private_keys_need_the_login) {
  std::string label = "my camera";
  CK_ATTRIBUTE name{CKA_LABEL, label.data(), label.size()};
  const Pair pair = make(CKM_EC_KEY_PAIR_GEN, CKA_SIGN, true);
  ASSERT_EQ(C_SetAttributeValue(session_, pair.private_key, &name, 1), CKR_OK);
  ASSERT_EQ(C_Finalize(nullptr), CKR_OK);
  ASSERT_EQ(C_Initialize(nullptr), CKR_OK);
  session_ = open_session(0);
  const auto count = [&] {
    std::array<CK_OBJECT_HANDLE, 4> found{};
    CK_ULONG there = 0;
    EXPECT_EQ(C_FindObjectsInit(session_, &name, 1), CKR_OK);
    EXPECT_EQ(C_FindObjects(session_, found.data(), found.size(), &there), CKR_OK);
    EXPECT_EQ(C_FindObjectsFinal(session_), CKR_OK);
    return there;
  };
  EXPECT_EQ(count(), 0U);
  std::array<CK_UTF8CHAR, 4> pin{'1', '2', '3', '5'};
  EXPECT_EQ(C_Login(session_, CKU_USER, pin.data(), pin.size()), CKR_PIN_INCORRECT);
  pin[3] = '4';
  ASSERT_EQ(C_Login(session_, CKU_USER, pin.data(), pin.size()), CKR_OK);
  EXPECT_EQ(count(), 1U);
}

}  // namespace signet::pkcs11
