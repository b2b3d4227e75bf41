// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

/// The peer of bench_keystore: the TSS alone, as a program would use it that has a TPM to itself and does everything
/// right. One P-256 key with an auth, loaded once; one salted HMAC session (SHA-256, AES-128-CFB) that stays open.
class RawEsys {
 public:
  explicit RawEsys(const std::string& tcti);
  ~RawEsys();
  RawEsys(const RawEsys&) = delete;
  RawEsys& operator=(const RawEsys&) = delete;

  /// One Esys_Sign of a SHA-256 digest. Ends the program where the TPM refuses.
  void sign();

 private:
  struct State;
  std::unique_ptr<State> state_;
};
