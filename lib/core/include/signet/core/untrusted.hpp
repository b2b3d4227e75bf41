// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace signet {

/// A value from outside over which no signature has been checked yet.
///
/// It travels as Untrusted<T> until a verifier takes it; only verifiers and the minimal parsers that find the signature
/// call unverified(), so a search for that name shows every place where foreign bytes are looked at.
template <typename T>
class Untrusted {
 public:
  explicit Untrusted(T value) : value_(std::move(value)) {}

  [[nodiscard]] const T& unverified() const& { return value_; }
  [[nodiscard]] T unverified() && { return std::move(value_); }

 private:
  T value_;
};

}  // namespace signet
