// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/bundle.hpp"

namespace signet::bundle {

/// Fills `out`; an end before that is "bundle.truncated".
Result<void> read_exact(Source& source, ByteSpan out);

/// The front of a bundle with its records in their order, for tools that write it anew.
struct RawHead {
  Bytes manifest;
  std::vector<std::pair<RecordKind, Bytes>> records;
  std::uint64_t size_bytes = 0;
};
Result<RawHead> read_raw_head(Source& source);
/// Whether a record may be added to this front: a signature over this manifest by a key that has not signed yet, or a
/// proof of its release.
Result<void> check_record(const RawHead& head, RecordKind kind, ByteView record);

}  // namespace signet::bundle
