// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/core/time.hpp"
#include "signet/keystored.hpp"

#include <sys/types.h>

#include <bitset>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Who may do what with which key of signet-keystored, how often and when: docs/formats/keystored-policy.md. A policy
/// only allows; what no rule allows is refused.
namespace signet::keystored {

/// What a rule can allow.
enum class Act : std::uint8_t {
  sign,
  decrypt,
  derive,
  seal,  ///< seal and unseal, without a key of one's own
  generate,
  import,
  destroy,
  rotate,
  attest,
  list,     ///< to see public halves; whoever may use a key sees it as well
  objects,  ///< to change what stands beside the keys in the PKCS#11 token
  token,    ///< to initialise that token
  watch,    ///< to see who uses which key
};
inline constexpr std::size_t k_acts = 13;
/// "sign", "decrypt", ...
[[nodiscard]] std::string_view name_of(Act act);
/// "policy.act" (invalid_input).
Result<Act> act_from(std::string_view name);
/// Whether an act is done with one key, so that a rule's keys and purposes count.
[[nodiscard]] bool needs_key(Act act);

/// Who asks. User and groups are what the kernel says of the connection; unit and program are what /proc said when it
/// was made, which is weaker, so they only narrow a rule.
struct Subject {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
  std::vector<gid_t> groups = {};           ///< supplementary ones
  std::optional<std::string> unit = {};     ///< systemd's system unit: "nginx.service"; nothing where it is not known
  std::optional<std::string> program = {};  ///< path of the executable; nothing where it is not known
};

/// What is asked for.
struct Ask {
  Act act = Act::sign;
  std::string key = {};                           ///< label
  std::optional<keystore::Purpose> purpose = {};  ///< of the key
};

/// What the rest of a rule is compared with.
struct Circumstances {
  Instant now;
  bool logged_in = false;                                       ///< the token's user PIN was given on this connection
  std::function<std::optional<std::uint64_t>()> floor_of = {};  ///< asked only if a rule wants to know
};

/// How often one user may do what a rule allows: `burst` at once, refilled by so many a minute.
struct Rate {
  std::uint64_t per_minute = 0;
  std::uint64_t burst = 0;
};

/// One rule; members that are empty are not compared.
struct PolicyRule {
  std::string name;
  std::optional<uid_t> uid = {};
  std::optional<gid_t> gid = {};
  std::string unit = {};
  std::string program = {};
  std::bitset<k_acts> may = {};
  std::vector<std::string> keys = {};  ///< patterns in which '*' stands for any characters
  std::vector<keystore::Purpose> purposes = {};
  std::optional<Rate> rate = {};
  bool pin = false;
  std::optional<Instant> from = {};   ///< the first second
  std::optional<Instant> until = {};  ///< the first second that is not allowed any more
  std::optional<std::uint64_t> floor_at_least = {};
};

/// How a rule stands to a question, from far to near.
enum class Fit : std::uint8_t {
  other_user,
  program_unknown,  ///< about this caller, if he were the rule's program; which one he is could not be seen
  other_act,
  other_key,
  too_early,
  too_late,
  floor,
  pin,
  rate,
  grants,
};

/// "other-user", "program-unknown", "other-act", "other-key", "too-early", "too-late", "floor", "pin", "rate",
/// "grants".
[[nodiscard]] std::string_view name_of(Fit fit);

/// Turns the names in a policy into numbers.
struct Accounts {
  std::function<Result<uid_t>(const std::string&)> uid_of;
  std::function<Result<gid_t>(const std::string&)> gid_of;
};
/// As this machine's user database has them; numbers stand for themselves. "policy.unknown-user",
/// "policy.unknown-group" (not_found).
[[nodiscard]] Accounts system_accounts();
/// A user of this machine as keystored would see a program of his, without unit and program. "policy.unknown-user".
Result<Subject> subject_of_user(const std::string& name);

/// One rule's part in an explanation.
struct Finding {
  std::string rule;
  Fit fit;
  std::string text;  ///< one sentence
};
/// What the TPM itself demands for a use of the key, whatever the policy says.
struct BootFinding {
  enum class State : std::uint8_t { holds, differs, unknown };
  State state = State::unknown;
  std::string text;  ///< one sentence
};
struct Explanation {
  std::optional<std::string> granted_by;    ///< the rule, if one grants it
  std::vector<Finding> findings;            ///< for each rule, in order
  std::optional<BootFinding> boot_state{};  ///< of a key that is bound to one

  /// Whether it would be done now: a rule grants it, and the TPM does not refuse.
  [[nodiscard]] bool allowed() const {
    return granted_by && !(boot_state && boot_state->state == BootFinding::State::differs);
  }

  [[nodiscard]] Json to_json() const;
  /// "policy.explanation" (invalid_input).
  static Result<Explanation> parse(const Json& json);
};

/// The rules, as they were read or as they stand without a file. A value; decisions change nothing in it.
class Policy {
 public:
  /// "policy.malformed" (invalid_input: says where), "policy.unknown-user", "policy.unknown-group".
  static Result<Policy> parse(ByteView text, const Accounts& accounts);
  /// Without a file: root and keystored's own user may do everything, the named users all but watch.
  static Policy built_in(uid_t own_uid, const std::vector<uid_t>& allow_uids);

  [[nodiscard]] const std::vector<PolicyRule>& rules() const { return rules_; }
  /// SHA-256 of the file, in hexadecimal; of what the rules say where there is no file.
  [[nodiscard]] const std::string& digest() const { return digest_; }
  [[nodiscard]] bool from_file() const { return from_file_; }

  /// Whether any rule is about this caller.
  [[nodiscard]] bool knows(const Subject& subject) const;
  /// Whether a caller may see the public half of a key: if he may do anything with it, at whatever time.
  [[nodiscard]] bool shows(const Subject& subject, const std::string& key, keystore::Purpose purpose) const;

  /// Takes one use out of a caller's allowance under a rule: nothing, or in how many seconds there is one again.
  using Take = std::function<std::optional<std::int64_t>(std::size_t rule)>;
  /// The first rule that grants it. "keystored.peer", "keystored.policy", "keystored.too-early", "keystored.too-late",
  /// "keystored.floor", "keystored.pin" (denied), "keystored.rate" (unavailable).
  Result<std::size_t> decide(const Subject& subject, const Ask& ask, const Circumstances& around,
                             const Take& take) const;
  /// The same decision with its reasons. Nothing is taken: rates are named, not counted.
  [[nodiscard]] Explanation explain(const Subject& subject, const Ask& ask, const Circumstances& around) const;

 private:
  Policy() = default;
  [[nodiscard]] Error refusal(const Subject& subject, const Ask& ask, Fit fit, std::size_t rule,
                              std::int64_t wait_seconds) const;
  std::vector<PolicyRule> rules_;
  std::string digest_;
  bool from_file_ = false;
};

}  // namespace signet::keystored
