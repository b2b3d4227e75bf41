// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/conformance.hpp"

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the parts of the conformance check share. For lib/keystore only.
namespace signet::keystore::conformance {

/// How an operation ended that did not fail.
struct Finding {
  Conformance outcome = Conformance::works;
  std::string remark = {};
  std::optional<Speed> speed = {};
};
inline Finding weak(std::string remark) { return {Conformance::weak, std::move(remark), {}}; }
inline Finding fails(std::string remark) { return {Conformance::fails, std::move(remark), {}}; }
inline Finding not_tried(std::string remark) { return {Conformance::not_tried, std::move(remark), {}}; }

/// A key that this run made.
struct MadeKey {
  KeyInfo info;
  enum class Origin : std::uint8_t { generated, imported } origin = Origin::generated;
};

/// One run over one store.
class Run {
 public:
  using Open = std::function<Result<std::unique_ptr<Keystore>>()>;

  Run(std::string uri, const ConformanceOptions& options, Open open)
      : uri_(std::move(uri)), options_(&options), open_(std::move(open)) {}
  ~Run() { destroy_left(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Opens the store, again if need be.
  Result<void> open();
  void close() { store_.reset(); }
  [[nodiscard]] bool is_open() const { return store_ != nullptr; }
  [[nodiscard]] Keystore& store() { return *store_; }
  [[nodiscard]] const std::string& uri() const { return uri_; }
  [[nodiscard]] const ConformanceOptions& options() const { return *options_; }

  /// Does one operation and writes its row. What the back end says that it does not have is unsupported; any other
  /// error fails. Gives the outcome.
  Conformance row(std::string_view group, std::string operation, const std::function<Result<Finding>()>& work);

  /// A label that nobody else has.
  [[nodiscard]] std::string label(std::string_view name) const { return prefix_ + std::string(name); }
  /// From now on it is this run's duty to destroy it.
  void made(KeyInfo info, MadeKey::Origin origin) { made_.push_back({std::move(info), origin}); }
  [[nodiscard]] const std::vector<MadeKey>& keys() const { return made_; }
  void forget(const std::string& label);
  /// The rest, at the end.
  void destroy_left();

  /// Repeats `work` for the time of the options, at least three times, and gives the speed.
  Result<Speed> measure(const std::function<Result<void>()>& work) const;

  [[nodiscard]] std::vector<ConformanceRow> take_rows() && { return std::move(rows_); }

 private:
  std::string uri_;
  const ConformanceOptions* options_;
  Open open_;
  const std::string prefix_ = "conformance-" + to_hex(crypto::random_bytes(4)) + "-";
  std::unique_ptr<Keystore> store_;
  std::vector<MadeKey> made_;
  std::vector<ConformanceRow> rows_;
};

/// From how long each operation took, in microseconds, and how long all of them.
[[nodiscard]] Speed speed_of(std::vector<double> each_us, std::chrono::duration<double> whole);

/// A refusal that is right: works where `result` is an error with one of these reasons, fails where it is a success.
template <typename T>
Result<Finding> refused_for(const Result<T>& result, std::initializer_list<std::string_view> reasons) {
  if (result) return fails("it was not refused");
  for (const std::string_view reason : reasons) {
    if (result.error().reason() == reason) return Finding{};
  }
  return weak("refused, but for another reason: " + printable(result.error().message(), 200));
}

/// All operations.
Result<ConformanceReport> check(Run& run);

// --- What back ends have beyond Keystore; nothing where the store is of another kind. ---

void check_pkcs11(Run& run);
void check_wrong_pin(Run& run);
void check_wrong_passphrase(Run& run);
void check_tpm(Run& run);

// --- Other software that checks what came of an operation. ---

/// A fresh private key in software, as PKCS#8.
Result<Secret> fresh_pkcs8(crypto::KeyAlgorithm algorithm);
/// RSA-OAEP by OpenSSL; the hash serves for the mask as well.
Result<Bytes> encrypt_oaep(const crypto::PublicKey& key, ByteView message, const char* hash);
/// ECDH by OpenSSL: the other side's public key, and the secret that both should have.
struct Agreement {
  crypto::PublicKey peer;
  Secret secret;
};
Result<Agreement> agree(const crypto::PublicKey& with);

}  // namespace signet::keystore::conformance
