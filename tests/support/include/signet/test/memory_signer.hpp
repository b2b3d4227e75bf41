// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/crypto.hpp"

#include <memory>

namespace signet::test {

/// A fresh software key behind Signer, for unit tests only; programs get their signers from lib/keystore.
std::shared_ptr<crypto::Signer> make_memory_signer(crypto::KeyAlgorithm algorithm);

}  // namespace signet::test
