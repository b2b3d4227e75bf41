// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_request_fuzz)
#include "conversation.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace signet::keystored {

namespace {

using keystore::bytes_at;

constexpr std::uint64_t k_watch_ms_max = 10'000;
constexpr std::uint64_t k_groups_max = 256;

std::string label_in(const Json& arguments) { return arguments.string_at("label").value_or(""); }

Error bad(std::string text) { return {Errc::invalid_input, "keystored.request", std::move(text)}; }

Result<std::uint32_t> id_of(const Json& value, std::string_view name) {
  TRY_ASSIGN(const std::uint64_t number, value.as_uint(name));
  if (number < UINT32_MAX) return static_cast<std::uint32_t>(number);
  return bad("'" + std::string(name) + "' is no number of a user or group");
}

/// The caller himself, or for an administrator somebody else.
Result<Subject> subject_in(const Conversation& at, const Json& arguments) {
  if (arguments.find("uid") == nullptr) return at.caller.subject;
  Subject subject;
  TRY_ASSIGN(subject.uid, id_of(*arguments.find("uid"), "uid"));
  if (subject.uid != at.caller.subject.uid && !is_administrator(at.caller.subject)) {
    return Error(Errc::denied, "keystored.peer", "what others may do is not for every user to know",
                 "Ask as root, or about yourself.");
  }
  if (const Json* gid = arguments.find("gid")) {
    TRY_ASSIGN(subject.gid, id_of(*gid, "gid"));
  }
  if (const Json* groups = arguments.find("groups")) {
    if (groups->elements().size() > k_groups_max) return bad("more than 256 groups");
    for (const Json& group : groups->elements()) {
      TRY_ASSIGN(const gid_t gid, id_of(group, "groups"));
      subject.groups.push_back(gid);
    }
  }
  for (const auto& [name, member] : {std::pair("unit", &Subject::unit), std::pair("program", &Subject::program)}) {
    if (arguments.find(name) == nullptr) continue;
    TRY_ASSIGN(subject.*member, arguments.string_at(name));
  }
  return subject;
}

/// Whether the TPM would let the key work now, where it is bound to a boot state.
std::optional<BootFinding> boot_finding(const Conversation& at, const Ask& ask) {
  if (ask.act != Act::sign && ask.act != Act::decrypt && ask.act != Act::derive) return std::nullopt;
  const auto keys = at.device.keys();
  const auto info = keys ? (*keys)->info(ask.key) : Result<keystore::TpmKeyInfo>(keys.error());
  if (!info || info->boot_state.empty()) return std::nullopt;
  std::vector<unsigned> pcrs;
  for (const tpm::PcrValue& value : info->boot_state) pcrs.push_back(value.index);
  const std::string bound =
      "the TPM lets the key work only in the boot state that it was made in (" + tpm::names_of(pcrs) + ")";
  const auto changed = (*keys)->changed_pcrs(ask.key);
  if (!changed) return BootFinding{BootFinding::State::unknown, bound + ", and cannot be asked now"};
  if (changed->empty()) return BootFinding{BootFinding::State::holds, bound + ", and this is it"};
  return BootFinding{BootFinding::State::differs, bound + ", and now it is another: " + tpm::names_of(*changed) +
                                                      (changed->size() == 1 ? " differs" : " differ")};
}

Json life_json(Json key, const KeyLife& life) {
  key.set("uses", life.uses);
  if (life.made) key.set("made", to_rfc3339(*life.made));
  if (life.last_used) key.set("last_used", to_rfc3339(*life.last_used));
  return key;
}

}  // namespace

bool is_administrator(const Subject& subject) { return subject.uid == 0 || subject.uid == ::geteuid(); }

Result<Json> only_shown(Conversation& at, const Json& /*arguments*/, Json answer) {
  const auto policy = at.guard.policy();
  TRY_ASSIGN(const Json::Array rows, answer.array_at("keys"));
  Json shown = Json::array();
  for (const Json& row : rows) {
    TRY_ASSIGN(const std::string label, row.string_at("label"));
    TRY_ASSIGN(const std::string purpose_name, row.string_at("purpose"));
    TRY_ASSIGN(const keystore::Purpose purpose, keystore::purpose_from(purpose_name));
    if (policy->shows(at.caller.subject, label, purpose)) shown.push(life_json(row, at.usage.of(label)));
  }
  return answer.set("keys", std::move(shown));
}

Result<Json> note_made(Conversation& at, const Json& arguments, Json answer) {
  at.usage.made(label_in(arguments), at.now);
  (void)at.usage.save();  // tried again with the next count; the key is made all the same
  return answer;
}

Result<Json> note_next(Conversation& at, const Json& /*arguments*/, Json answer) {
  const std::string label = label_in(answer);
  if (!at.usage.of(label).made) at.usage.made(label, at.now);  // asked again, it is as old as it is
  (void)at.usage.save();
  return answer;
}

Result<Json> note_rotated(Conversation& at, const Json& arguments, Json answer) {
  const std::string label = label_in(arguments);
  at.usage.renamed(label, label + ".old");
  if (at.usage.of(label + ".next").made) {
    at.usage.renamed(label + ".next", label);
    (void)at.usage.save();
    return answer;
  }
  return note_made(at, arguments, std::move(answer));
}

Result<Json> note_destroyed(Conversation& at, const Json& arguments, Json answer) {
  at.usage.gone(label_in(arguments));
  return answer;
}

Result<Json> forget_floor(Conversation& at, const Json& /*arguments*/, Json answer) {
  at.guard.forget_floor();
  return answer;
}

Result<Json> describe_service(Conversation& at, const Json& /*arguments*/, Json answer) {
  return answer.set("policy", at.guard.describe()).set("audit_lost", at.audit.lost());
}

Result<Json> begin_login(Conversation& at, const Json& arguments, Json answer) {
  // The security officer's PIN manages the token; it opens no key.
  if (arguments.string_at("owner").value_or("") != "user") return answer;
  return answer.set("ticket", to_base64(at.guard.logins().begin(at.caller)));
}

Result<Json> join_login(Conversation& at, const Json& arguments, Json answer) {
  TRY_ASSIGN(const Bytes ticket, bytes_at(arguments, "ticket"));
  TRY(at.guard.logins().join(at.caller, ticket));
  return answer;
}

Result<Json> end_login(Conversation& at, const Json& /*arguments*/, Json answer) {
  at.guard.logins().end(at.caller);
  return answer;
}

Result<Json> end_logins(Conversation& at, const Json& /*arguments*/, Json answer) {
  at.guard.logins().end_all();
  return answer;
}

Result<Json> explain(Conversation& at, const Json& arguments, Json answer) {
  TRY_ASSIGN(Subject subject, subject_in(at, arguments));
  Ask ask;
  TRY_ASSIGN(const std::string act, arguments.string_at("act"));
  TRY_ASSIGN(ask.act, act_from(act));
  if (arguments.find("label") != nullptr) {
    TRY_ASSIGN(ask.key, arguments.string_at("label"));
  }
  if (arguments.find("purpose") != nullptr) {
    TRY_ASSIGN(const std::string purpose, arguments.string_at("purpose"));
    TRY_ASSIGN(ask.purpose, keystore::purpose_from(purpose));
  } else if (const auto keys = at.device.keys()) {
    const auto info = (*keys)->info(ask.key);
    if (info) ask.purpose = info->purpose;
  }
  bool logged_in = false;
  if (const Json* given = arguments.find("logged_in")) TRY(given->as_bool(logged_in, "logged_in"));
  const auto floor_of = [&]() -> Result<std::uint64_t> {
    TRY_ASSIGN(const Floor floor, at.device.read_floor());
    return floor.value;
  };
  // What would not be seen of the caller himself must not decide here.
  if (subject.program && !sees_programs_of(subject.uid)) subject.program.reset();
  Explanation found = at.guard.explain(subject, ask, logged_in, floor_of);
  found.boot_state = boot_finding(at, ask);
  return answer.set("explanation", found.to_json()).set("policy", at.guard.describe());
}

Result<Json> watch(Conversation& at, const Json& arguments, Json answer) {
  std::optional<std::uint64_t> next;
  if (arguments.find("next") != nullptr) {
    TRY_ASSIGN(next, arguments.uint_at("next"));
  }
  TRY_ASSIGN(const std::uint64_t wait_ms, arguments.uint_at("wait_ms"));
  if (wait_ms > k_watch_ms_max) return bad("at most 10000 ms can be waited");
  const Audit::Watched seen = at.audit.watch(next, std::chrono::milliseconds(wait_ms));
  Json uses = Json::array();
  for (const std::string& line : seen.lines) {
    TRY_ASSIGN(Json use, Json::parse(as_bytes(line)));
    uses.push(std::move(use));
  }
  return answer.set("uses", std::move(uses)).set("next", seen.next).set("missed", seen.missed);
}

}  // namespace signet::keystored
