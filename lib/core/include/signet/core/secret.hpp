// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"

#include <cstddef>
#include <memory>
#include <utility>

namespace signet {

/// The permission to read a Secret. Searching for `SecretAccess::` finds every place that does.
class SecretAccess {
 public:
  /// For code that hands the bytes to a cryptographic library or a key store.
  static SecretAccess for_cryptography() { return SecretAccess{}; }
  /// For code that writes the bytes out on its user's explicit order. Keep these few.
  static SecretAccess for_export() { return SecretAccess{}; }

 private:
  SecretAccess() = default;
};

/// Bytes that must not leak: kept in pages of their own that are locked into memory, left out of core dumps and not
/// inherited by child processes where the kernel allows it; wiped at the end; compared in constant time; not printable.
class Secret {
 public:
  /// An empty secret.
  Secret() = default;
  /// `size_bytes` zero bytes to be filled through write().
  explicit Secret(std::size_t size_bytes);
  /// Copies `bytes`; wiping the original stays the caller's duty (see wipe()).
  static Secret copy_of(ByteView bytes);

  Secret(Secret&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() = default;

  [[nodiscard]] Secret clone() const;
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// The bytes, for those who hold the permission.
  [[nodiscard]] ByteView read(SecretAccess permission) const;
  [[nodiscard]] ByteSpan write(SecretAccess permission);

  /// Constant-time for equal lengths; the length itself is not secret.
  friend bool operator==(const Secret& a, const Secret& b);

 private:
  struct Unmap {
    std::size_t size_mapped;
    void operator()(std::byte* start) const noexcept;
  };
  std::unique_ptr<std::byte, Unmap> data_;
  std::size_t size_ = 0;
};

/// Overwrites memory in a way that the compiler keeps.
void wipe(ByteSpan bytes) noexcept;

/// Wipes a text buffer that held a secret (a PIN read from a terminal) and empties it.
void wipe(std::string& text) noexcept;

}  // namespace signet
