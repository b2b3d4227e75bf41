// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <cstdint>

namespace signet::keystore {

/// How a block, as long as an RSA modulus, was padded.
enum class BlockPadding : std::uint8_t {
  none,   ///< not as a signature: it may be a ciphertext
  pkcs1,  ///< EMSA-PKCS1-v1_5 (RFC 8017 section 9.2), around a DigestInfo or any other data
  pss,    ///< EMSA-PSS (section 9.1) with SHA-2, MGF1 of the same hash, and a salt that is not longer than the digest
};

[[nodiscard]] BlockPadding padding_of(ByteView block);

}  // namespace signet::keystore
