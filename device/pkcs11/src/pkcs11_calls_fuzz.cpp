// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "mechanisms.hpp"
#include "memory_backend_test.hpp"

#include <array>
#include <cstring>
#include <vector>

namespace {

using signet::Bytes;
using signet::ByteView;

constexpr std::byte k_canary{0xA5};
constexpr std::array k_types{CKA_CLASS,     CKA_TOKEN,     CKA_PRIVATE, CKA_LABEL,           CKA_ID,
                             CKA_KEY_TYPE,  CKA_VALUE,     CKA_SIGN,    CKA_DERIVE,          CKA_SENSITIVE,
                             CKA_VALUE_LEN, CKA_EC_PARAMS, CKA_ENCRYPT, CKA_EXTRACTABLE,     CKA_EC_POINT,
                             CKA_WRAP,      CKA_DECRYPT,   CKA_MODULUS, CKA_CERTIFICATE_TYPE};

/// The fuzzer's bytes, taken from the front; zeros after the end.
class Script {
 public:
  explicit Script(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  [[nodiscard]] bool done() const { return at_ >= bytes_.size(); }
  unsigned next() { return done() ? 0 : std::to_integer<unsigned>(bytes_[at_++]); }
  Bytes take(std::size_t size) {
    Bytes out(size);
    for (std::byte& each : out) each = static_cast<std::byte>(next());
    return out;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

/// A template with its values.
struct Template {
  explicit Template(Script& script) {
    const std::size_t count = script.next() % 8;
    for (std::size_t i = 0; i < count; ++i) {
      const CK_ATTRIBUTE_TYPE type = k_types[script.next() % k_types.size()];
      values.push_back(script.take(script.next() % 40));
      rows.push_back({type, nullptr, 0});
    }
    for (std::size_t i = 0; i < count; ++i) rows[i] = {rows[i].type, values[i].data(), values[i].size()};
  }
  std::vector<Bytes> values;
  std::vector<CK_ATTRIBUTE> rows;
};

/// A buffer that shows whether more was written to it than it was said to hold.
struct Output {
  explicit Output(Script& script) : room(script.next() % 100), bytes(room + 64, k_canary), size(room) {}
  CK_BYTE* data() { return room == 99 ? nullptr : reinterpret_cast<CK_BYTE*>(bytes.data()); }
  void check(CK_RV code) {
    for (std::size_t i = room; i < bytes.size(); ++i) FUZZ_ASSERT(bytes[i] == k_canary);
    if (code == CKR_OK && room != 99) FUZZ_ASSERT(size <= room);
  }
  std::size_t room;
  Bytes bytes;
  CK_ULONG size;
};

class Player {
 public:
  explicit Player(Script& script) : script_(script) {}

  void step() {
    const unsigned call = script_.next() % 24;
    if (call < 6) return session_call(call);
    if (call < 12) return object_call(call);
    crypto_call(call);
  }

 private:
  CK_SESSION_HANDLE session() { return 1 + script_.next() % 6; }
  CK_OBJECT_HANDLE object() { return 1 + script_.next() % 24; }

  void session_call(unsigned call) {
    CK_SESSION_HANDLE opened = 0;
    std::array<CK_OBJECT_HANDLE, 4> found{};
    CK_ULONG count = 0;
    std::array<CK_UTF8CHAR, 4> pin{'1', '2', '3', '4'};
    switch (call) {
      case 0:
        (void)C_OpenSession(0, CKF_SERIAL_SESSION | (script_.next() % 2 == 0 ? CKF_RW_SESSION : 0), nullptr, nullptr,
                            &opened);
        return;
      case 1:
        (void)C_CloseSession(session());
        return;
      case 2:
        (void)C_Login(session(), script_.next() % 3, pin.data(), pin.size());
        return;
      case 3:
        (void)C_Logout(session());
        return;
      case 4: {
        Template wanted(script_);
        (void)C_FindObjectsInit(session(), wanted.rows.data(), wanted.rows.size());
        return;
      }
      default:
        (void)C_FindObjects(session(), found.data(), script_.next() % 5, &count);
        if (script_.next() % 2 == 0) (void)C_FindObjectsFinal(session());
    }
  }

  void object_call(unsigned call) {
    Template given(script_);
    CK_OBJECT_HANDLE made = 0;
    CK_OBJECT_HANDLE other = 0;
    CK_MECHANISM mechanism = any_mechanism();
    switch (call) {
      case 6:
        (void)C_CreateObject(session(), given.rows.data(), given.rows.size(), &made);
        return;
      case 7:
        read_values(given);
        return;
      case 8:
        (void)C_SetAttributeValue(session(), object(), given.rows.data(), given.rows.size());
        return;
      case 9:
        (void)C_GenerateKey(session(), &mechanism, given.rows.data(), given.rows.size(), &made);
        return;
      case 10: {
        Template more(script_);
        mechanism.mechanism = CKM_EC_KEY_PAIR_GEN;  // RSA keys take too long to be made a thousand times
        (void)C_GenerateKeyPair(session(), &mechanism, given.rows.data(), given.rows.size(), more.rows.data(),
                                more.rows.size(), &made, &other);
        return;
      }
      default:
        if (script_.next() % 2 == 0) (void)C_DestroyObject(session(), object());
        (void)C_CopyObject(session(), object(), given.rows.data(), given.rows.size(), &made);
    }
  }

  /// No private number of a key that is in the token or sensitive comes out, and no row is overrun.
  void read_values(Template& rows) {
    const CK_SESSION_HANDLE at = session();
    const CK_OBJECT_HANDLE handle = object();
    (void)C_GetAttributeValue(at, handle, rows.rows.data(), rows.rows.size());
    CK_OBJECT_CLASS object_class = 0;
    CK_BBOOL sensitive = CK_FALSE;
    std::array<CK_ATTRIBUTE, 2> known{CK_ATTRIBUTE{CKA_CLASS, &object_class, sizeof object_class},
                                      CK_ATTRIBUTE{CKA_SENSITIVE, &sensitive, sizeof sensitive}};
    if (C_GetAttributeValue(at, handle, known.data(), known.size()) != CKR_OK || sensitive == CK_FALSE) return;
    CK_ATTRIBUTE value{CKA_VALUE, nullptr, 0};
    FUZZ_ASSERT(C_GetAttributeValue(at, handle, &value, 1) != CKR_OK);
    FUZZ_ASSERT(value.ulValueLen == CK_UNAVAILABLE_INFORMATION);
  }

  CK_MECHANISM any_mechanism() {
    const auto all = signet::pkcs11::mechanisms();
    parameter_ = script_.take(script_.next() % 3 == 0 ? 16 : 0);
    return {all[script_.next() % all.size()].type, parameter_.data(), parameter_.size()};
  }

  void crypto_call(unsigned call) {
    CK_MECHANISM mechanism = any_mechanism();
    const CK_SESSION_HANDLE at = session();
    Bytes in = script_.take(script_.next() % 48);
    CK_BYTE* const data = reinterpret_cast<CK_BYTE*>(in.data());
    Output out(script_);
    CK_RV code = CKR_GENERAL_ERROR;
    switch (call) {
      case 12:
        code = C_SignInit(at, &mechanism, object());
        break;
      case 13:
        code = C_VerifyInit(at, &mechanism, object());
        break;
      case 14:
        code = C_EncryptInit(at, &mechanism, object());
        break;
      case 15:
        code = C_DecryptInit(at, &mechanism, object());
        break;
      case 16:
        code = C_DigestInit(at, &mechanism);
        break;
      case 17:
        code = C_Sign(at, data, in.size(), out.data(), &out.size);
        break;
      case 18:
        code = script_.next() % 2 == 0 ? C_SignUpdate(at, data, in.size()) : C_SignFinal(at, out.data(), &out.size);
        break;
      case 19:
        code = C_Encrypt(at, data, in.size(), out.data(), &out.size);
        break;
      case 20:
        code = script_.next() % 2 == 0 ? C_EncryptUpdate(at, data, in.size(), out.data(), &out.size)
                                       : C_EncryptFinal(at, out.data(), &out.size);
        break;
      case 21:
        code = script_.next() % 2 == 0 ? C_DecryptUpdate(at, data, in.size(), out.data(), &out.size)
                                       : C_DecryptFinal(at, out.data(), &out.size);
        break;
      case 22:
        code = script_.next() % 2 == 0 ? C_Digest(at, data, in.size(), out.data(), &out.size)
                                       : C_DigestFinal(at, out.data(), &out.size);
        break;
      default:
        code = C_WrapKey(at, &mechanism, object(), object(), out.data(), &out.size);
    }
    if (call >= 17) out.check(code);
  }

  Script& script_;
  Bytes parameter_;
};

}  // namespace

/// Whatever is called in whatever order: no buffer is written beyond its size, no sensitive value is given out, and the
/// module can be finalised and is gone then.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace signet::pkcs11;
  fake::store() = std::make_shared<fake::Store>();
  fake::use();
  Script script(signet::test::fuzz_input(data, std::min<std::size_t>(size, 4096)));
  FUZZ_ASSERT(C_Initialize(nullptr) == CKR_OK);
  Player player(script);
  while (!script.done()) player.step();
  FUZZ_ASSERT(C_Finalize(nullptr) == CKR_OK);
  CK_ULONG count = 0;
  FUZZ_ASSERT(C_GetSlotList(CK_FALSE, nullptr, &count) == CKR_CRYPTOKI_NOT_INITIALIZED);
  return 0;
}
