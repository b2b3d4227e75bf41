// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "tss.hpp"

#include <cstdlib>

namespace signet::tpm {

namespace {

// The TSS prints each refusal on standard error by itself; ours go to the caller, once. Before main, since the
// environment may not change under running threads. Whoever debugs sets the variable.
const int k_quiet = ::setenv("TSS2_LOG", "all+NONE", 0);

struct HashRow {
  crypto::HashAlgorithm ours;
  TPM2_ALG_ID theirs;
};
constexpr HashRow k_hashes[] = {{crypto::HashAlgorithm::sha256, TPM2_ALG_SHA256},
                                {crypto::HashAlgorithm::sha384, TPM2_ALG_SHA384},
                                {crypto::HashAlgorithm::sha512, TPM2_ALG_SHA512}};

struct SchemeRow {
  crypto::SignatureScheme ours;
  TPM2_ALG_ID algorithm;
  TPM2_ALG_ID hash;
};
using enum crypto::SignatureScheme;
constexpr SchemeRow k_schemes[] = {
    {ecdsa_sha256, TPM2_ALG_ECDSA, TPM2_ALG_SHA256},      {ecdsa_sha384, TPM2_ALG_ECDSA, TPM2_ALG_SHA384},
    {ecdsa_sha512, TPM2_ALG_ECDSA, TPM2_ALG_SHA512},      {rsa_pkcs1_sha256, TPM2_ALG_RSASSA, TPM2_ALG_SHA256},
    {rsa_pkcs1_sha384, TPM2_ALG_RSASSA, TPM2_ALG_SHA384}, {rsa_pkcs1_sha512, TPM2_ALG_RSASSA, TPM2_ALG_SHA512},
    {rsa_pss_sha256, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256},   {rsa_pss_sha384, TPM2_ALG_RSAPSS, TPM2_ALG_SHA384},
    {rsa_pss_sha512, TPM2_ALG_RSAPSS, TPM2_ALG_SHA512}};

}  // namespace

Error malformed(std::string_view what) {
  return {Errc::invalid_input, "tpm.malformed", "this is not " + std::string(what) + " as a TPM writes it"};
}

Error too_long(std::size_t size, std::size_t size_max) {
  return {Errc::invalid_input, "tpm.too-long",
          std::to_string(size) + " bytes are more than a TPM takes here (" + std::to_string(size_max) + ")"};
}

TPM2_ALG_ID to_tpm(crypto::HashAlgorithm algorithm) {
  const auto* row = std::ranges::find(k_hashes, algorithm, &HashRow::ours);
  ensure(row != std::end(k_hashes), "each hash has a row");
  return row->theirs;
}

std::optional<crypto::HashAlgorithm> hash_from_tpm(TPM2_ALG_ID algorithm) {
  const auto* row = std::ranges::find(k_hashes, algorithm, &HashRow::theirs);
  if (row == std::end(k_hashes)) return std::nullopt;
  return row->ours;
}

Bytes name_of_wire(crypto::HashAlgorithm algorithm, ByteView wire) {
  Bytes name;
  append_be16(name, to_tpm(algorithm));
  append(name, crypto::digest(algorithm, wire));
  return name;
}

TPMT_SIG_SCHEME to_tpm(crypto::SignatureScheme scheme) {
  const auto* row = std::ranges::find(k_schemes, scheme, &SchemeRow::ours);
  ensure(row != std::end(k_schemes), "a scheme of ECDSA or RSA");
  return {.scheme = row->algorithm, .details = {.any = {.hashAlg = row->hash}}};
}

std::optional<crypto::SignatureScheme> scheme_from_tpm(TPM2_ALG_ID algorithm, TPM2_ALG_ID hash) {
  for (const SchemeRow& row : k_schemes) {
    if (row.algorithm == algorithm && row.hash == hash) return row.ours;
  }
  return std::nullopt;
}

void append_be16(Bytes& to, std::uint16_t value) {
  to.resize(to.size() + 2);
  put_be16(ByteSpan(to).last(2), value);
}

void append_be32(Bytes& to, std::uint32_t value) {
  to.resize(to.size() + 4);
  put_be32(ByteSpan(to).last(4), value);
}

void append_be64(Bytes& to, std::uint64_t value) {
  to.resize(to.size() + 8);
  put_be64(ByteSpan(to).last(8), value);
}

void append_tpm2b(Bytes& to, ByteView bytes) {
  ensure(bytes.size() <= 0xffff, "a TPM2B holds it");
  append_be16(to, static_cast<std::uint16_t>(bytes.size()));
  append(to, bytes);
}

}  // namespace signet::tpm
