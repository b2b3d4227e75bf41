// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle.hpp"
#include "signet/test/fuzz.hpp"
#include "signet/test/memory_source.hpp"

#include "layout.hpp"

#include <algorithm>

using namespace signet;

namespace {

/// Mends the digest, so that the fuzzer gets past it to the parsers behind.
Bytes mended(ByteView input) {
  Bytes bytes = to_bytes(input);
  if (bytes.size() < bundle::layout::k_header_bytes) return bytes;
  const std::size_t body = std::size_t{get_be32(ByteView(bytes).subspan(12))} + get_be32(ByteView(bytes).subspan(16));
  if (body > bytes.size() - bundle::layout::k_header_bytes) return bytes;
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(ByteView(bytes).first(bundle::layout::k_checked_header_bytes));
  hasher.update(ByteView(bytes).subspan(bundle::layout::k_header_bytes, body));
  std::ranges::copy(hasher.finish(), bytes.begin() + bundle::layout::k_checked_header_bytes);
  return bytes;
}

}  // namespace

// A front that is read is written again byte for byte, and nothing that no trusted key has signed is ever verified.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = mended(test::fuzz_input(data, size));
  test::MemorySource source(bytes);
  const auto untrusted = bundle::read_head(source);
  if (!untrusted) return 0;
  const bundle::Head& head = untrusted->unverified();
  FUZZ_ASSERT(head.size_bytes <= bytes.size());
  FUZZ_ASSERT(head.signatures.size() + head.proofs.size() + head.floor_approvals.size() + head.hss_signatures.size() <=
              bundle::k_records_max);
  std::vector<std::pair<bundle::RecordKind, Bytes>> records;
  for (const Bytes& cms : head.signatures) records.emplace_back(bundle::RecordKind::cms_signature, cms);
  for (const Bytes& hss : head.hss_signatures) records.emplace_back(bundle::RecordKind::hss_signature, hss);
  for (const Bytes& proof : head.proofs) records.emplace_back(bundle::RecordKind::release_proof, proof);
  for (const Bytes& approval : head.floor_approvals) records.emplace_back(bundle::RecordKind::floor_approval, approval);
  const Bytes encoded = bundle::layout::encode_head(head.manifest, records);
  FUZZ_ASSERT(encoded.size() == head.size_bytes);
  const int kinds = int{!head.signatures.empty()} + int{!head.proofs.empty()} + int{!head.floor_approvals.empty()} +
                    int{!head.hss_signatures.empty()};
  if (kinds <= 1) {  // with several, their order may differ
    FUZZ_ASSERT(equal(encoded, ByteView(bytes).first(encoded.size())));
  }
  FUZZ_ASSERT(!bundle::verify(*untrusted, bundle::TrustPolicy{}, Instant{1'780'000'000}).has_value());
  return 0;
}
