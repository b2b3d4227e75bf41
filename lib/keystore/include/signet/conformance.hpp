// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/result.hpp"
#include "signet/crypto.hpp"
#include "signet/keystore.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Whether a back end can carry Signet: a maker runs it against the module of his own chip and reads, operation by
/// operation, what works, how fast, and what is weaker than it should be.
namespace signet::keystore {

/// What became of one operation, from good to bad.
enum class Conformance : std::uint8_t {
  works,        ///< done, and what came of it was checked by other software
  unsupported,  ///< the back end says that it does not have it: no fault, keys of that kind live elsewhere
  not_tried,    ///< the remark says why
  weak,         ///< works, but protects less than it should
  fails,        ///< wrong, or refused without need
};
/// "works", "unsupported", "not-tried", "weak", "fails".
[[nodiscard]] std::string_view name_of(Conformance outcome);

/// How long an operation took, one after the other unless its row says otherwise.
struct Speed {
  std::uint64_t operations = 0;
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

/// One operation.
struct ConformanceRow {
  std::string group;      ///< "make", "sign", "secrecy", "use", "life", "parallel"
  std::string operation;  ///< "sign ecdsa-sha256 with p256"
  Conformance outcome = Conformance::not_tried;
  std::string remark = {};  ///< for people, safe to print; empty where there is nothing to say
  std::optional<Speed> speed = {};
};

/// What became of all of them.
struct ConformanceReport {
  StoreInfo store;
  std::vector<ConformanceRow> rows;

  [[nodiscard]] std::size_t count(Conformance outcome) const;
  /// The worst of all rows.
  [[nodiscard]] Conformance verdict() const;
};

/// Whether a wrong PIN is tried; it costs one of the few tries that a token gives, until the right one follows.
enum class WrongPin : std::uint8_t { spare, try_once };

/// How a store is tried.
struct ConformanceOptions {
  Options open = {};  ///< the PIN may be asked for more than once, since the store is opened again
  std::vector<crypto::KeyAlgorithm> algorithms = {crypto::KeyAlgorithm::ec_p256, crypto::KeyAlgorithm::ec_p384,
                                                  crypto::KeyAlgorithm::rsa_2048, crypto::KeyAlgorithm::rsa_3072,
                                                  crypto::KeyAlgorithm::ed25519};
  std::chrono::milliseconds measure{500};  ///< for each speed
  unsigned sessions = 4;                   ///< at once
  WrongPin wrong_pin = WrongPin::spare;
  /// Called before each operation.
  std::function<void(std::string_view operation)> progress = {};
};

/// Runs all operations on the store that a URI names. Touches no key but those that it makes, whose labels begin with
/// "conformance-", and destroys them at the end, also where something went wrong. An error only where the store cannot
/// be opened (as open() and Keystore::describe()); all else is a row.
Result<ConformanceReport> check_backend(std::string_view uri, const ConformanceOptions& options = {});

}  // namespace signet::keystore
