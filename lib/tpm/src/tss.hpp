// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/ensure.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"
#include "signet/crypto.hpp"

#include <tss2/tss2_mu.h>
#include <tss2/tss2_tpm2_types.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>

/// The TSS's structures and ours: marshalling in both directions, strict.
namespace signet::tpm {

/// Which functions of the TSS write and read a structure.
template <typename T>
struct Wire;
#define SIGNET_TPM_WIRE(type)                               \
  template <>                                               \
  struct Wire<type> {                                       \
    static constexpr auto put = Tss2_MU_##type##_Marshal;   \
    static constexpr auto get = Tss2_MU_##type##_Unmarshal; \
  }
SIGNET_TPM_WIRE(TPMT_PUBLIC);
SIGNET_TPM_WIRE(TPMT_SIGNATURE);
SIGNET_TPM_WIRE(TPMS_ATTEST);
SIGNET_TPM_WIRE(TPMS_NV_PUBLIC);
SIGNET_TPM_WIRE(TPMS_CAPABILITY_DATA);
SIGNET_TPM_WIRE(TPMS_CONTEXT);
SIGNET_TPM_WIRE(TPMS_ECC_POINT);
SIGNET_TPM_WIRE(TPMT_TK_CREATION);
SIGNET_TPM_WIRE(TPMT_SENSITIVE);
SIGNET_TPM_WIRE(TPML_PCR_SELECTION);
SIGNET_TPM_WIRE(TPM2B_DIGEST);
SIGNET_TPM_WIRE(TPM2B_ENCRYPTED_SECRET);
SIGNET_TPM_WIRE(TPM2B_ID_OBJECT);
SIGNET_TPM_WIRE(TPM2B_PRIVATE);
SIGNET_TPM_WIRE(TPM2B_MAX_NV_BUFFER);
#undef SIGNET_TPM_WIRE

[[nodiscard]] Error malformed(std::string_view what);

/// A structure of ours as the TPM marshals it; it is valid by construction.
template <typename T>
Bytes marshal(const T& value) {
  Bytes out(sizeof(T) + 64);
  std::size_t size = 0;
  ensure(Wire<T>::put(&value, as_uchar(ByteSpan(out)), out.size(), &size) == TPM2_RC_SUCCESS, "a structure marshals");
  out.resize(size);
  return out;
}

/// A foreign structure, all of the bytes and in the only spelling: what is read is written again and must be equal.
template <typename T>
Result<T> unmarshal(ByteView wire, std::string_view what) {
  T value{};
  std::size_t used = 0;
  if (wire.empty() || Wire<T>::get(as_uchar(wire), wire.size(), &used, &value) != TPM2_RC_SUCCESS) {
    return malformed(what);
  }
  Bytes again(sizeof(T) + 64);
  std::size_t size = 0;
  if (used != wire.size() || Wire<T>::put(&value, as_uchar(ByteSpan(again)), again.size(), &size) != TPM2_RC_SUCCESS ||
      !equal(ByteView(again).first(size), wire)) {
    return malformed(what);
  }
  return value;
}

/// The bytes of a TPM2B, whatever the TSS calls them.
template <typename B>
auto area_of(B& b) {
  if constexpr (requires { b.buffer; }) {
    return std::span(b.buffer);
  } else if constexpr (requires { b.name; }) {
    return std::span(b.name);
  } else if constexpr (requires { b.credential; }) {
    return std::span(b.credential);
  } else if constexpr (requires { b.secret; }) {
    return std::span(b.secret);
  } else {
    return std::span(b.attestationData);
  }
}

template <typename B>
ByteView view(const B& b) {
  return std::as_bytes(area_of(b)).first(b.size);
}

template <typename B>
Bytes bytes_of(const B& b) {
  return to_bytes(view(b));
}

[[nodiscard]] Error too_long(std::size_t size, std::size_t size_max);

template <typename B>
Result<B> to_tpm2b(ByteView bytes) {
  B b{};
  const auto area = std::as_writable_bytes(area_of(b));
  if (bytes.size() > area.size()) return too_long(bytes.size(), area.size());
  std::ranges::copy(bytes, area.begin());
  b.size = static_cast<UINT16>(bytes.size());
  return b;
}

/// The same for what is known to fit.
template <typename B>
B must_tpm2b(ByteView bytes) {
  auto b = to_tpm2b<B>(bytes);
  ensure(b.has_value(), "a TPM2B holds it");
  return *b;
}

/// A structure that held a secret on the stack: wiped at the end.
template <typename T>
struct Wiped {
  T value{};
  Wiped() = default;
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { wipe(std::as_writable_bytes(std::span(&value, 1))); }
};

[[nodiscard]] TPM2_ALG_ID to_tpm(crypto::HashAlgorithm algorithm);
[[nodiscard]] std::optional<crypto::HashAlgorithm> hash_from_tpm(TPM2_ALG_ID algorithm);
/// nameAlg || digest: the name of an object or index.
[[nodiscard]] Bytes name_of_wire(crypto::HashAlgorithm algorithm, ByteView wire);

/// A scheme as the TPM takes it; the key's algorithm fits.
[[nodiscard]] TPMT_SIG_SCHEME to_tpm(crypto::SignatureScheme scheme);
[[nodiscard]] std::optional<crypto::SignatureScheme> scheme_from_tpm(TPM2_ALG_ID algorithm, TPM2_ALG_ID hash);

/// Big-endian integers appended.
void append_be16(Bytes& to, std::uint16_t value);
void append_be32(Bytes& to, std::uint32_t value);
void append_be64(Bytes& to, std::uint64_t value);
/// A TPM2B: size and bytes.
void append_tpm2b(Bytes& to, ByteView bytes);

/// The TPM's raw signature as crypto has it (ECDSA as DER), with its scheme; "tpm.malformed".
struct PlainSignature {
  crypto::SignatureScheme scheme;
  Bytes bytes;
};
Result<PlainSignature> plain_signature(const TPMT_SIGNATURE& signature);
/// And back: a DER or RSA signature as the TPM takes it.
Result<TPMT_SIGNATURE> tpm_signature(crypto::SignatureScheme scheme, ByteView signature);

/// A public key as parameters and unique field of a public area, without scheme: "tpm.key-unsupported".
Result<TPMT_PUBLIC> key_area(const crypto::PublicKey& key);
/// The key of a public area: none where Signet does not use its kind; "tpm.malformed" where it is no key at all.
Result<std::optional<crypto::PublicKey>> key_of(const TPMT_PUBLIC& area);

}  // namespace signet::tpm
