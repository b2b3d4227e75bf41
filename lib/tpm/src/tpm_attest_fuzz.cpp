// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/ensure.hpp"
#include "signet/test/fuzz.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/tpm_policy.hpp"

using namespace signet;

namespace {

/// A key in software that poses as an attestation key: restricted, P-256.
struct Poser {
  std::shared_ptr<crypto::Signer> signer = test::make_memory_signer(crypto::KeyAlgorithm::ec_p256);
  tpm::Public area = [this] {
    auto made = tpm::external_public(signer->public_key());
    ensure(made.has_value(), "a key of ours has an area");
    made->attributes |= tpm::k_restricted;
    made->scheme = crypto::SignatureScheme::ecdsa_sha256;
    return *made;
  }();
};

}  // namespace

// First byte: how much of the rest is the statement, in quarters. Nobody signed it, so it is never accepted, whatever
// stands in it; and what is an answer about hierarchies is read as exactly these bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Poser k_poser;
  if (size == 0) return 0;
  const ByteView rest = test::fuzz_input(data, size).subspan(1);
  const std::size_t cut = rest.size() * (data[0] & 3U) / 4;
  const tpm::Attestation said{to_bytes(rest.first(cut)), to_bytes(rest.subspan(cut))};
  FUZZ_ASSERT(!tpm::verify(k_poser.area, said).has_value());
  if (tpm::parse_hierarchy_state(rest)) {
    FUZZ_ASSERT(rest.size() == 25 && !tpm::parse_hierarchy_state(rest.first(24)).has_value());
  }
  return 0;
}
