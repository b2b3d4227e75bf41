// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"
#include "signet/crypto.hpp"
#include "signet/keystore.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

/// What programs on a device say to signet-keystored, the only holder of the TPM, and how: one JSON object per message
/// over a local socket (docs/formats/keystored-protocol.md). The URI form of the same is
/// `keystored:SOCKET?label=NAME&purpose=PURPOSE` (SOCKET defaults to /run/signet/keystored.sock).
namespace signet::keystore {

/// What a key is bound to at its creation, for good.
enum class Purpose : std::uint8_t { device_id, tls, network, video, storage };
/// "device-id", "tls", "network", "video", "storage".
[[nodiscard]] std::string_view name_of(Purpose purpose);
Result<Purpose> purpose_from(std::string_view name);

/// What may be done with a key; which purpose allows what is one table (lib/keystore/src/purpose.cpp).
enum class KeyAct : std::uint8_t {
  sign,
  decrypt,
  derive,
  seal,
  certify,
  sign_any,  ///< sign what is no SHA-2 digest (docs/decisions/0025)
};
enum class Permission : std::uint8_t { allowed, refused };
[[nodiscard]] Permission may(Purpose purpose, KeyAct act);

inline constexpr std::string_view k_keystored_socket = "/run/signet/keystored.sock";
inline constexpr std::uint32_t k_keystored_message_bytes_max = 1U << 20U;

/// In place of a scheme: the input is a whole padded block, for RSA keys of the use "sign-any".
inline constexpr std::string_view k_rsa_block = "rsa-block";

/// A key as the daemon describes it.
struct KeystoredKey {
  std::string label;
  Purpose purpose;
  std::string use;  ///< "sign", "decrypt", "derive", "attest", "sign-any"
  crypto::PublicKey public_key;
  Protection protection;
  Extractable extractable;
  std::vector<tpm::PcrValue> boot_state = {};  ///< which the TPM demands at each use; empty: none

  /// "keystored.answer" (invalid_input).
  static Result<KeystoredKey> parse(const Json& key);
  [[nodiscard]] Json to_json() const;
  [[nodiscard]] bool signs() const { return use == "sign" || use == "sign-any"; }
};

/// A question to the daemon, as it travels.
struct KeystoredRequest {
  std::string op;  ///< "sign", "generate", "floor-raise", ...
  Json arguments;

  /// "keystored.request" (invalid_input). What the arguments mean is for the operation to check.
  static Result<KeystoredRequest> parse(ByteView message);
  [[nodiscard]] Bytes encode() const;
};
/// A member that holds bytes in base64. "keystored.request" (invalid_input).
Result<Bytes> bytes_at(const Json& object, std::string_view name);
/// The same for a secret; the text that it stood in is not wiped, since the message is foreign anyway.
Result<Secret> secret_at(const Json& object, std::string_view name);
/// A secret as it stands in a message.
[[nodiscard]] std::string text_of(const Secret& secret);
/// The scheme of that name, as crypto::name_of() has it. "keystored.request" (invalid_input).
Result<crypto::SignatureScheme> scheme_from(std::string_view name);

/// The answer: a JSON object, or an error that keeps its code, reason, text, hint and context on the way.
[[nodiscard]] Bytes encode_answer(const Result<Json>& answer);
/// What the daemon answered: its error, or its object. "keystored.answer" (invalid_input) if it is neither.
Result<Json> parse_answer(ByteView message);

/// A connection to the daemon; connects at the first call and again after the daemon was restarted. What may be asked
/// twice without harm is asked again if the daemon goes in mid-answer. Safe to call from several threads, and in a
/// child process after fork. Reasons: "keystored.gone" (unavailable), "keystored.denied" (denied: the socket is not for
/// this user), "keystored.answer", and whatever the daemon says.
class KeystoredClient {
 public:
  explicit KeystoredClient(std::filesystem::path socket = std::string(k_keystored_socket));
  ~KeystoredClient();
  KeystoredClient(const KeystoredClient&) = delete;
  KeystoredClient& operator=(const KeystoredClient&) = delete;

  /// Any operation; the typed ones below go through it.
  Result<Json> call(std::string_view op, Json arguments = Json::object());

  /// `use` is what the purpose suggests unless it is named; `pcrs` as Keystore::generate_bound().
  Result<KeystoredKey> generate(std::string_view label, Purpose purpose, crypto::KeyAlgorithm algorithm,
                                std::string_view use = {}, const std::vector<unsigned>& pcrs = {});
  Result<KeystoredKey> import_key(std::string_view label, Purpose purpose, const Secret& pkcs8_der);
  Result<KeystoredKey> find(std::string_view label);
  Result<std::vector<KeystoredKey>> list();
  Result<void> destroy(std::string_view label, Purpose purpose);
  /// Signs a digest with a key of that purpose.
  Result<Bytes> sign(std::string_view label, Purpose purpose, crypto::SignatureScheme scheme, ByteView input);
  /// Signs a block that is padded as RFC 8017 pads signatures, with an RSA key of the use "sign-any".
  Result<Bytes> sign_block(std::string_view label, Purpose purpose, ByteView block);
  Result<Secret> decrypt(std::string_view label, Purpose purpose, ByteView ciphertext);
  Result<Secret> derive(std::string_view label, Purpose purpose, const crypto::PublicKey& peer);
  /// Bytes of the TPM's generator, at most 1024.
  Result<Bytes> random(std::size_t size_bytes);
  /// Seals up to 128 bytes for the purpose `storage`, to this TPM, and opens them again.
  Result<Bytes> seal(const Secret& data);
  Result<Secret> unseal(ByteView sealed);
  /// The floor in the TPM, and the only way to move it: an approval that the TPM accepts (tpm::FloorApproval as JSON).
  Result<std::uint64_t> read_floor();
  Result<std::uint64_t> write_floor(ByteView approval);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace signet::keystore
