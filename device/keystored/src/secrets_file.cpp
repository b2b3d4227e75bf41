// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_state_fuzz)
#include "secrets_file.hpp"

#include "signet/core/ensure.hpp"
#include "signet/crypto.hpp"
#include "signet/os/fd.hpp"
#include "signet/os/file.hpp"

#include <algorithm>
#include <utility>

namespace signet::keystored {

namespace {

constexpr std::size_t k_kind_size_chars = 15;
constexpr std::size_t k_check_size_bytes = 32;

std::size_t file_size_bytes(std::size_t count) {
  return k_kind_size_chars + 1 + count * k_auth_size_bytes + k_check_size_bytes;
}

}  // namespace

Secret mix_auth(const Bytes& from_tpm) {
  const auto permission = SecretAccess::for_cryptography();
  for (;;) {
    const Secret kernel = crypto::random_secret(k_auth_size_bytes);
    auto mixed =
        crypto::hkdf(crypto::HashAlgorithm::sha256, kernel, from_tpm, as_bytes("signet auth 1"), k_auth_size_bytes);
    ensure(mixed.has_value(), "HKDF of 32 bytes cannot fail");
    if (mixed->read(permission).back() != std::byte{0}) return std::move(*mixed);
  }
}

Result<void> save_secrets(const std::filesystem::path& path, std::string_view kind, std::span<const Secret> secrets) {
  ensure(kind.size() == k_kind_size_chars, "a kind has 15 characters");
  const auto permission = SecretAccess::for_cryptography();
  Secret content(file_size_bytes(secrets.size()));
  const ByteSpan all = content.write(permission);
  std::ranges::copy(as_bytes(kind), all.begin());
  all[k_kind_size_chars] = std::byte{'\n'};
  std::size_t at = k_kind_size_chars + 1;
  for (const Secret& secret : secrets) {
    ensure(secret.size() == k_auth_size_bytes, "auth values have 32 bytes");
    std::ranges::copy(secret.read(permission), all.begin() + static_cast<std::ptrdiff_t>(at));
    at += k_auth_size_bytes;
  }
  const Bytes check = crypto::digest(crypto::HashAlgorithm::sha256, all.first(at));
  std::ranges::copy(check, all.begin() + static_cast<std::ptrdiff_t>(at));
  return os::replace_file(path, content.read(permission), 0600);
}

Result<std::vector<Secret>> parse_secrets(const Secret& content, std::string_view kind, std::size_t count) {
  const ByteView all = content.read(SecretAccess::for_cryptography());
  const Error damaged(Errc::invalid_input, "keystored.damaged", "the file is not what keystored wrote");
  if (all.size() != file_size_bytes(count)) return damaged;
  if (as_text(all.first(k_kind_size_chars)) != kind || all[k_kind_size_chars] != std::byte{'\n'}) return damaged;
  const ByteView body = all.first(all.size() - k_check_size_bytes);
  if (!equal(crypto::digest(crypto::HashAlgorithm::sha256, body), all.last(k_check_size_bytes))) return damaged;
  std::vector<Secret> secrets;
  for (std::size_t i = 0; i < count; ++i) {
    secrets.push_back(Secret::copy_of(body.subspan(k_kind_size_chars + 1 + i * k_auth_size_bytes, k_auth_size_bytes)));
  }
  return secrets;
}

Result<std::vector<Secret>> load_secrets(const std::filesystem::path& path, std::string_view kind, std::size_t count) {
  TRY_ASSIGN(const Secret content, os::read_secret_file(path, file_size_bytes(count)));
  return parse_secrets(content, kind, count).context("reading " + path.string());
}

Result<void> destroy_secrets(const std::filesystem::path& path) {
  auto file = os::open_read_write(path);
  if (!file && file.error().code() == Errc::not_found) return {};
  if (!file) return std::move(file).error();
  TRY_ASSIGN(const std::uint64_t size_bytes, os::size_of(*file));
  TRY(os::write_all_at(*file, 0, Bytes(std::min<std::uint64_t>(size_bytes, 4096))));
  TRY(os::sync(*file));
  return os::remove_file(path);
}

}  // namespace signet::keystored
