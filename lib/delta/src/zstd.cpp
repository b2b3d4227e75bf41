// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: delta_patch_fuzz)
#include "zstd.hpp"

#include "signet/core/ensure.hpp"

#include <zstd.h>

namespace signet::delta {

void Compressor::Free::operator()(void* context) const { ZSTD_freeCCtx(static_cast<ZSTD_CCtx*>(context)); }
void Decompressor::Free::operator()(void* context) const { ZSTD_freeDCtx(static_cast<ZSTD_DCtx*>(context)); }

Compressor::Compressor(int level) : context_(ZSTD_createCCtx()) {
  auto* context = static_cast<ZSTD_CCtx*>(context_.get());
  ensure(context != nullptr, "zstd gives a context");
  for (const auto& [parameter, value] : {std::pair{ZSTD_c_compressionLevel, level},
                                         {ZSTD_c_contentSizeFlag, 1},
                                         {ZSTD_c_checksumFlag, 0},
                                         {ZSTD_c_dictIDFlag, 0}}) {
    ensure(ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)) == 0, "zstd knows its parameters");
  }
}

Result<Bytes> Compressor::compress(ByteView bytes) {
  Bytes out(ZSTD_compressBound(bytes.size()));
  const std::size_t size =
      ZSTD_compress2(static_cast<ZSTD_CCtx*>(context_.get()), out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0) {
    return Error(Errc::internal, "delta.compress", std::string("zstd: ") + ZSTD_getErrorName(size));
  }
  out.resize(size);
  return out;
}

Decompressor::Decompressor() : context_(ZSTD_createDCtx()) { ensure(context_ != nullptr, "zstd gives a context"); }

Result<void> Decompressor::decompress(ByteView frame, ByteSpan out) {
  const std::size_t size =
      ZSTD_decompressDCtx(static_cast<ZSTD_DCtx*>(context_.get()), out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) == 0 && size == out.size()) return {};
  return Error(Errc::untrusted, "delta.store-altered", "a compressed part does not hold what was promised",
               "It was damaged or made by a faulty tool; get it again.");
}

}  // namespace signet::delta
