// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/crypto.hpp"

#include <iostream>

int main() {
  const signet::Bytes digest = signet::crypto::digest(signet::crypto::HashAlgorithm::sha256, signet::as_bytes("abc"));
  std::cout << signet::to_hex(digest) << "\n";
}
