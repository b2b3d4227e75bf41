// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "stream.hpp"

#include <algorithm>

namespace signet::bundle {

namespace {

Result<void> check_signature(const RawHead& head, ByteView record) {
  TRY_ASSIGN(const pki::CmsSigner added, pki::cms_verify(record, head.manifest));
  for (const auto& [kind, body] : head.records) {
    if (kind != RecordKind::cms_signature) continue;
    const auto present = pki::cms_verify(body, head.manifest);
    if (!present) {
      return Error(Errc::untrusted, "bundle.altered",
                   "a signature that is in the bundle already does not belong to its manifest",
                   "Pack the bundle again and sign the new one.");
    }
    if (present->signer == added.signer) {  // the same key under a renewed certificate is welcome, and counts once
      return Error(Errc::conflict, "bundle.signed-already",
                   "'" + added.signer.subject() + "' has signed this bundle already",
                   "Nothing needs to be done; m-of-n counts different keys.");
    }
  }
  return {};
}

}  // namespace

Result<void> check_record(const RawHead& head, RecordKind kind, ByteView record) {
  for (const auto& [present_kind, body] : head.records) {
    if (present_kind == kind && equal(body, record)) {
      return Error(Errc::conflict, "bundle.record-exists", "this record is in the bundle already",
                   "Nothing needs to be done.");
    }
  }
  if (kind == RecordKind::cms_signature) return check_signature(head, record);
  if (kind == RecordKind::floor_approval) {
    if (record.size() <= k_floor_approval_size_bytes_max) return {};
    return Error(Errc::invalid_input, "bundle.approval-too-large",
                 "a floor approval has at most " + std::to_string(k_floor_approval_size_bytes_max) + " bytes");
  }
  if (kind == RecordKind::hss_signature) return {};  // attach_hss() has judged it: a record does not hold its key
  TRY(ledger::ProofFile::decode(record));  // which logs a device trusts is its own business, so no more is checked here
  return {};
}

Result<void> sign(const std::filesystem::path& bundle, const std::shared_ptr<crypto::Signer>& signer,
                  const pki::Certificate& certificate, const std::vector<pki::Certificate>& chain,
                  const Progress& progress) {
  TRY_ASSIGN(const std::unique_ptr<Source> source, open_source(bundle));
  TRY_ASSIGN(const Untrusted<Head> head, read_head(*source));
  const Bytes& manifest = head.unverified().manifest;
  TRY(Manifest::parse(manifest));  // nobody signs what no device can read
  TRY_ASSIGN(const Bytes cms, pki::cms_sign(signer, certificate, chain, manifest));
  return add_record(bundle, RecordKind::cms_signature, cms, progress);
}

Result<void> attach_hss(const std::filesystem::path& bundle, const crypto::HssPublicKey& key, ByteView signature,
                        const Progress& progress) {
  TRY_ASSIGN(const std::unique_ptr<Source> source, open_source(bundle));
  TRY_ASSIGN(const Untrusted<Head> head, read_head(*source));
  TRY(Manifest::parse(head.unverified().manifest));
  TRY(key.verify(head.unverified().manifest, signature));
  Bytes record = key.fingerprint();
  for (const Bytes& present : head.unverified().hss_signatures) {
    if (present.size() < record.size() || !equal(ByteView(present).first(record.size()), record)) continue;
    return Error(Errc::conflict, "bundle.signed-already", "this HSS key has signed this bundle already",
                 "Nothing needs to be done; m-of-n counts different keys.");
  }
  append(record, signature);
  return add_record(bundle, RecordKind::hss_signature, record, progress);
}

}  // namespace signet::bundle
