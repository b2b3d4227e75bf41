// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: firmware_bundle_fuzz)
#include "layout.hpp"
#include "stream.hpp"

namespace signet::bundle {

namespace {

Error damaged(std::string text) {
  return {Errc::invalid_input, "bundle.damaged", std::move(text), "The file was damaged on its way; get it again."};
}

struct CheckedHead {
  Bytes manifest;
  Bytes records;
  std::size_t records_count = 0;
  std::uint64_t size_bytes = 0;
};

/// Reads the front and compares its digest. The digest finds damage and says so plainly; it proves nothing about the
/// origin.
Result<CheckedHead> read_checked(Source& source) {
  Bytes header_bytes(layout::k_header_bytes);
  TRY(read_exact(source, header_bytes));
  TRY_ASSIGN(const layout::Header header, layout::parse_header(header_bytes));
  CheckedHead head{Bytes(header.manifest_size_bytes), Bytes(header.records_size_bytes), header.records, 0};
  TRY(read_exact(source, head.manifest));
  TRY(read_exact(source, head.records));

  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(ByteView(header_bytes).first(layout::k_checked_header_bytes));
  hasher.update(head.manifest);
  hasher.update(head.records);
  if (!equal(hasher.finish(), header.digest))
    return damaged("the front of the bundle does not have the digest that it names");

  const std::uint64_t used = layout::k_header_bytes + head.manifest.size() + head.records.size();
  Bytes padding(layout::padding_after(used));
  TRY(read_exact(source, padding));
  if (!layout::all_zero(padding)) {
    return damaged("the padding behind the front of the bundle is not zero");
  }
  head.size_bytes = layout::padded(used);
  return head;
}

}  // namespace

Result<Untrusted<Head>> read_head(Source& source) {
  TRY_ASSIGN(CheckedHead checked, read_checked(source));
  Head head;
  TRY(layout::parse_records(checked.records, checked.records_count, head));
  head.manifest = std::move(checked.manifest);
  head.size_bytes = checked.size_bytes;
  return Untrusted<Head>(std::move(head));
}

Result<RawHead> read_raw_head(Source& source) {
  TRY_ASSIGN(const Untrusted<Head> untrusted, read_head(source));
  const Head& head = untrusted.unverified();
  RawHead raw{head.manifest, {}, head.size_bytes};
  // Order among records carries no meaning, so signatures come first wherever they stood.
  for (const Bytes& signature : head.signatures) raw.records.emplace_back(RecordKind::cms_signature, signature);
  for (const Bytes& signature : head.hss_signatures) raw.records.emplace_back(RecordKind::hss_signature, signature);
  for (const Bytes& proof : head.proofs) raw.records.emplace_back(RecordKind::release_proof, proof);
  for (const Bytes& approval : head.floor_approvals) raw.records.emplace_back(RecordKind::floor_approval, approval);
  return raw;
}

}  // namespace signet::bundle
