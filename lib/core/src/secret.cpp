// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/secret.hpp"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

namespace signet {

Secret::Secret(std::size_t size_bytes) : size_(size_bytes) {
  if (size_bytes == 0) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t mapped = (size_bytes + page - 1) / page * page;
  void* start = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  // Each is best effort: a container without the right to lock memory must still be able to sign.
  (void)::mlock(start, mapped);
  (void)::madvise(start, mapped, MADV_DONTDUMP);
  (void)::madvise(start, mapped, MADV_WIPEONFORK);
  data_ = std::unique_ptr<std::byte, Unmap>(static_cast<std::byte*>(start), Unmap{mapped});
}

void Secret::Unmap::operator()(std::byte* start) const noexcept {
  wipe(ByteSpan(start, size_mapped));
  (void)::munlock(start, size_mapped);
  ::munmap(start, size_mapped);
}

Secret Secret::copy_of(ByteView bytes) {
  Secret secret(bytes.size());
  std::ranges::copy(bytes, secret.data_.get());
  return secret;
}

Secret Secret::clone() const { return copy_of(ByteView(data_.get(), size_)); }

ByteView Secret::read(SecretAccess) const { return {data_.get(), size_}; }

ByteSpan Secret::write(SecretAccess) { return {data_.get(), size_}; }

bool operator==(const Secret& a, const Secret& b) {
  if (a.size_ != b.size_) return false;
  std::byte difference{0};
  for (std::size_t i = 0; i < a.size_; ++i) difference |= a.data_.get()[i] ^ b.data_.get()[i];
  return difference == std::byte{0};
}

void wipe(ByteSpan bytes) noexcept {
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

void wipe(std::string& text) noexcept {
  wipe(std::as_writable_bytes(std::span(text.data(), text.size())));
  text.clear();
}

}  // namespace signet
