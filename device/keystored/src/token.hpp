// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/core/secret.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace signet::keystored {

/// The two roles of a PKCS#11 token.
enum class PinOwner : std::uint8_t { user, officer };
/// "user", "so".
Result<PinOwner> pin_owner_from(std::string_view name);

inline constexpr std::size_t k_pin_bytes_min = 4;
inline constexpr std::size_t k_pin_bytes_max = 64;
inline constexpr std::uint64_t k_pin_failures_max = 10;

/// What is kept of a PIN: scrypt of it, and how often it was missed since it was last right.
struct PinRecord {
  Bytes salt;
  Bytes hash;
  std::uint64_t failures = 0;
};

/// The token's name and PINs, as they stand in token.json (docs/formats/keystored-state.md).
struct TokenState {
  std::string label;
  std::array<std::optional<PinRecord>, 2> pins;  ///< by PinOwner

  /// "keystored.damaged" (invalid_input).
  static Result<TokenState> parse(ByteView text);
  [[nodiscard]] Bytes encode() const;
};

/// What makes of the keys a PKCS#11 token: its name and PINs, and small objects (certificates, names and ids of keys)
/// that mean nothing to keystored. A PIN guards against accidents, and against a program that took over another one's
/// connection; who may use a key at all follows from what the kernel says of him. Safe to call from several threads.
class Token {
 public:
  explicit Token(const std::filesystem::path& state) : file_(state / "token.json"), folder_(state / "objects") {}

  /// label, so_pin and user_pin ("unset", "set", "missed", "last-try", "locked").
  Result<Json> info();
  /// Names the token and sets the SO PIN, at the first time; later with that PIN only. Removes the user PIN and all
  /// objects; keys stay. Reasons here and below: "token.pin-wrong", "token.pin-locked", "token.pin-unset" (denied),
  /// "token.pin-size" (invalid_input).
  Result<void> initialise(const Secret& officer_pin, std::string label);
  Result<void> check(PinOwner owner, const Secret& pin);
  /// Sets the user PIN anew, unlocked.
  Result<void> set_user_pin(const Secret& officer_pin, const Secret& pin);
  Result<void> change(PinOwner owner, const Secret& old_pin, const Secret& pin);

  /// Objects have names of 1 to 64 characters of [a-z0-9-]. "token.object-name" (invalid_input), "token.full"
  /// (exhausted).
  Result<void> put(std::string_view name, ByteView data);
  Result<void> remove(std::string_view name);
  /// objects: array of {"name","data"}.
  Result<Json> objects();

 private:
  Result<TokenState> load() const;
  Result<void> save(const TokenState& state) const;
  Result<void> check(TokenState& state, PinOwner owner, const Secret& pin) const;

  const std::filesystem::path file_;
  const std::filesystem::path folder_;
  std::mutex mutex_;
};

}  // namespace signet::keystored
