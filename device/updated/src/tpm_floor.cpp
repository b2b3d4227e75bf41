// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystored.hpp"
#include "signet/tpm_policy.hpp"
#include "signet/updated.hpp"

#include <algorithm>

namespace signet::updated {

namespace {

/// The floor as signet-keystored tells it: its value, and the name that its TPM index has.
struct FloorNow {
  std::uint64_t value = 0;
  Bytes name;
};

class TpmVersionFloor : public VersionFloor {
 public:
  explicit TpmVersionFloor(std::filesystem::path socket) : keystored_(std::move(socket)) {}

  Result<std::uint64_t> read() override {
    TRY_ASSIGN(const FloorNow now, load());
    return now.value;
  }

  Result<std::string> choose(std::uint64_t to, const std::vector<Bytes>& approvals) override {
    TRY_ASSIGN(const FloorNow now, load());
    if (to <= now.value) return std::string();
    std::string why = approvals.empty() ? "it carries no floor approval" : "";
    for (const Bytes& bytes : approvals) {
      const Result<void> fit = fits(bytes, to, now.name);
      if (fit) return std::string(as_text(bytes));
      why += (why.empty() ? "" : "; ") + fit.error().message();
    }
    return Error(Errc::untrusted, "updated.no-floor-approval",
                 "the bundle cannot raise this device's floor from " + std::to_string(now.value) + " to " +
                     std::to_string(to) + ": " + why,
                 "Get the bundle as the maker published it; the maker adds the approval with 'signet floor approve'.");
  }

  Result<void> raise(std::uint64_t to, std::string_view approval) override {
    TRY_ASSIGN(const FloorNow now, load());
    if (to <= now.value) return {};
    TRY(keystored_.write_floor(as_bytes(approval)));
    return {};
  }

  Result<std::uint64_t> apply(ByteView approval) override { return keystored_.write_floor(approval); }

 private:
  Result<FloorNow> load() {
    TRY_ASSIGN(const Json answer, keystored_.call("floor-read"));
    FloorNow now;
    TRY_ASSIGN(now.value, answer.uint_at("floor"));
    TRY_ASSIGN(const std::string name, answer.string_at("name"));
    TRY_ASSIGN(now.name, from_base64(name));
    return now;
  }

  /// Whether the TPM would take it: for this value, and by the key that the floor's own name binds it to.
  static Result<void> fits(ByteView bytes, std::uint64_t to, const Bytes& name) {
    TRY_ASSIGN(const tpm::FloorApproval approval, tpm::FloorApproval::parse(bytes));
    if (approval.kind != tpm::FloorApproval::Kind::raise || approval.value != to) {
      return Error(Errc::untrusted, "updated.floor-approval-other", "an approval is for another value");
    }
    TRY_ASSIGN(const tpm::NvPublic ruled, tpm::floor_public(approval.key, true));
    if (ruled.name != name) {
      return Error(Errc::untrusted, "updated.floor-approval-key",
                   "an approval is by a key that does not rule this floor");
    }
    return approval.check();
  }

  keystore::KeystoredClient keystored_;
};

}  // namespace

std::unique_ptr<VersionFloor> tpm_version_floor(std::filesystem::path keystored_socket) {
  return std::make_unique<TpmVersionFloor>(std::move(keystored_socket));
}

}  // namespace signet::updated
