// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ossl.hpp"

#include "signet/core/ensure.hpp"

#include "provider.hpp"

#include <openssl/err.h>

namespace signet::ossl {

Error take_error(Errc code, std::string reason, std::string text, std::string hint) {
  // The first entry is the cause, later ones say who passed it on. What a Signer said comes back as it was, code and
  // hint included.
  unsigned long first = 0;
  while (const unsigned long entry = ERR_get_error()) {
    if (auto error = provider::raised(entry)) {
      ERR_clear_error();
      return text.empty() ? *std::move(error) : (*std::move(error)).with_context(std::move(text));
    }
    if (first == 0) first = entry;
  }
  if (const char* cause = first == 0 ? nullptr : ERR_reason_error_string(first)) {
    text += std::string(text.empty() ? "" : ": ") + cause;
  }
  return {code, std::move(reason), std::move(text), std::move(hint)};
}

Bio memory_bio(ByteView bytes) {
  ensure(bytes.size() <= 0x7fffffff, "memory_bio: below 2 GiB");
  Bio bio(BIO_new_mem_buf(bytes.empty() ? "" : static_cast<const void*>(bytes.data()), static_cast<int>(bytes.size())));
  ensure(bio != nullptr, "memory for a BIO");
  return bio;
}

Bytes bio_bytes(BIO* bio) {
  char* start = nullptr;
  const long size = BIO_get_mem_data(bio, &start);
  return size > 0 ? to_bytes(std::string_view(start, static_cast<std::size_t>(size))) : Bytes{};
}

}  // namespace signet::ossl
