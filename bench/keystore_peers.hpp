// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

/// The peers of bench_keystore: each gives signers of a SHA-256 digest by P-256, one per client, and ends the program
/// where it cannot.
namespace peers {

using Signers = std::vector<std::function<void()>>;

/// Any PKCS#11 module: one process, one session per client, the private key of that label. `pin` may be empty.
class Pkcs11 {
 public:
  Pkcs11(const std::string& module, const std::string& token, const std::string& pin, const std::string& label);
  ~Pkcs11();
  Pkcs11(const Pkcs11&) = delete;
  Pkcs11& operator=(const Pkcs11&) = delete;
  [[nodiscard]] Signers signers(unsigned clients);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The OpenSSL provider of tpm2-openssl, with a key file of its own making, in a library context of its own. It holds
/// one connection to the TPM, so clients take turns.
class Tpm2Openssl {
 public:
  /// Finds the TPM by TPM2OPENSSL_TCTI.
  explicit Tpm2Openssl(const std::string& key_file);
  ~Tpm2Openssl();
  Tpm2Openssl(const Tpm2Openssl&) = delete;
  Tpm2Openssl& operator=(const Tpm2Openssl&) = delete;
  [[nodiscard]] Signers signers(unsigned clients);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace peers
