// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"
#include "signet/tuf.hpp"

#include "errors.hpp"
#include "repository_state.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace signet::tuf {

namespace {

using Signers = std::vector<std::shared_ptr<crypto::Signer>>;

/// A state of the whole repository that might become public.
struct Candidate {
  Root root;
  std::map<std::string, Document> documents;  ///< by role, all of them
  std::vector<std::string> changed;           ///< roles whose drafts are in it
};

Result<Root> parse_root(const Document& document) {
  TRY_ASSIGN(const Envelope envelope, document.envelope());
  return Root::parse(envelope);
}

/// What a file says of another (4.4): version, length and digest.
Json file_meta(const Document& document) {
  const Bytes bytes = document.encode();
  return Json::object(
      {{"version", document.version()},
       {"length", std::uint64_t{bytes.size()}},
       {"hashes", Json::object({{"sha256", to_hex(crypto::digest(crypto::HashAlgorithm::sha256, bytes))}})}});
}

/// Signs with each signer that the role knows.
Result<void> sign_online(Document& document, const RoleKeys& keys, const std::string& role, const Signers& signers) {
  TRY_ASSIGN(const Envelope envelope, document.envelope());
  for (const auto& signer : signers) {
    const auto key = std::ranges::find(keys.keys, signer->public_key(), &Key::key);
    if (key == keys.keys.end()) continue;
    // The same key may be at hand twice: named by the caller, and kept for unattended use.
    if (std::ranges::find(document.signatures, key->id, &Signature::keyid) != document.signatures.end()) continue;
    TRY_ASSIGN(const Bytes signature, signer->sign(key->scheme, as_bytes(envelope.canonical)));
    document.signatures.push_back({key->id, to_hex(signature)});
  }
  if (check_signed(document, keys, role)) return {};
  return Error(Errc::unavailable, "repo.online-keys", "the key of '" + role + "' is not at hand",
               "Give it with --key; then what is complete becomes public.");
}

/// Serves a candidate over what is public already.
class CandidateFetcher : public Fetcher {
 public:
  CandidateFetcher(const Candidate& candidate, std::unique_ptr<Fetcher> below) : below_(std::move(below)) {
    for (const auto& [role, document] : candidate.documents) {
      files_[role == "timestamp" ? "timestamp.json" : std::to_string(document.version()) + "." + role + ".json"] =
          document.encode();
    }
  }
  Result<Bytes> metadata(const std::string& name, std::uint64_t size_bytes_max) override {
    const auto file = files_.find(name);
    return file != files_.end() ? Result<Bytes>(file->second) : below_->metadata(name, size_bytes_max);
  }
  Result<void> target(const std::string& name, std::uint64_t size_bytes_max, const Sink& sink) override {
    return below_->target(name, size_bytes_max, sink);
  }

 private:
  std::map<std::string, Bytes> files_;
  std::unique_ptr<Fetcher> below_;
};

/// A folder that goes when it is left.
class Scratch {
 public:
  explicit Scratch(std::filesystem::path path) : path_(std::move(path)) { clear(); }
  ~Scratch() { clear(); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  void clear() const {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path path_;
};

std::string file_name(const std::string& role, const Document& document) {
  return role == "timestamp" ? "timestamp.json" : std::to_string(document.version()) + "." + role + ".json";
}

}  // namespace

/// How a release is put together; the steps share the folder.
struct Repository::State::ReleaseMaker {
  State& state;
  const Signers& online;
  Instant now;
  std::string waits_for = {};

  /// Root, targets and products of a candidate that starts with or without the drafts of the two that others depend
  /// on. Nothing if it would not hold together; then waits_for says why.
  Result<std::optional<Candidate>> gather(bool with_root, bool with_targets);
  /// The draft if it may be taken and enough have signed it, else what is public, if that is signed as `keys` demand.
  Result<std::optional<Document>> pick(const std::string& role, const RoleKeys& keys, bool with_draft,
                                       Candidate& candidate);
  Result<std::optional<Document>> pick_root(bool with_draft, Candidate& candidate);
  /// The draft of a role, if it is ahead of what is public: a release that was cut short may have left an older one.
  Result<std::optional<Document>> live_draft(const std::string& role, const std::optional<Document>& current) const;
  /// Snapshot and timestamp over it, as far as they must be new.
  Result<void> seal(Candidate& candidate);
  /// A client that knows all that is public now takes the candidate, or the release is refused.
  Result<void> rehearse(const Candidate& candidate) const;
  Result<std::vector<std::string>> write(const Candidate& candidate) const;
};

Result<std::optional<Document>> Repository::State::ReleaseMaker::live_draft(
    const std::string& role, const std::optional<Document>& current) const {
  TRY_ASSIGN(std::optional<Document> draft, state.draft(role));
  if (draft && current && draft->version() <= current->version()) {
    TRY(os::remove_file(state.draft_path(role)));
    draft.reset();
  }
  return draft;
}

Result<std::optional<Document>> Repository::State::ReleaseMaker::pick_root(bool with_draft, Candidate& candidate) {
  TRY_ASSIGN(std::optional<Document> current, state.published("root"));
  TRY_ASSIGN(const std::optional<Document> draft, live_draft("root", current));
  if (with_draft && draft) {
    TRY_ASSIGN(const std::vector<Authority> authorities, state.authorities("root"));
    const bool complete = std::ranges::all_of(authorities, [&](const Authority& authority) {
      return check_signed(*draft, authority.keys, "root").has_value();
    });
    if (complete) {
      candidate.changed.push_back("root");
      return draft;
    }
    waits_for = "signatures for root version " + std::to_string(draft->version());
  }
  return current;
}

Result<std::optional<Document>> Repository::State::ReleaseMaker::pick(const std::string& role, const RoleKeys& keys,
                                                                      bool with_draft, Candidate& candidate) {
  TRY_ASSIGN(std::optional<Document> current, state.published(role));
  TRY_ASSIGN(const std::optional<Document> draft, live_draft(role, current));
  if (with_draft && draft && check_signed(*draft, keys, role)) {
    candidate.changed.push_back(role);
    return draft;
  }
  if (draft && with_draft) {
    waits_for = "signatures for " + role + " version " + std::to_string(draft->version());
  }
  if (current && !check_signed(*current, keys, role)) current.reset();
  return current;
}

Result<std::optional<Candidate>> Repository::State::ReleaseMaker::gather(bool with_root, bool with_targets) {
  Candidate candidate;
  TRY_ASSIGN(std::optional<Document> root, pick_root(with_root, candidate));
  if (!root) return std::optional<Candidate>();
  TRY_ASSIGN(candidate.root, parse_root(*root));
  candidate.documents.emplace("root", *std::move(root));
  TRY_ASSIGN(std::optional<Document> targets,
             pick("targets", candidate.root.roles.at("targets"), with_targets, candidate));
  if (!targets) return std::optional<Candidate>();
  TRY_ASSIGN(const Envelope envelope, targets->envelope());
  TRY_ASSIGN(const Targets parsed, Targets::parse(envelope));
  candidate.documents.emplace("targets", *std::move(targets));
  for (const Delegation& delegation : parsed.delegations) {
    TRY_ASSIGN(std::optional<Document> document, pick(delegation.name, delegation.keys, true, candidate));
    if (!document) return std::optional<Candidate>();
    candidate.documents.emplace(delegation.name, *std::move(document));
  }
  return std::optional(std::move(candidate));
}

Result<void> Repository::State::ReleaseMaker::seal(Candidate& candidate) {
  const auto asked = [&](const char* role) { return std::ranges::find(state.renewals, role) != state.renewals.end(); };
  const auto next = [&](const std::string& role) -> Result<std::pair<std::optional<Document>, std::uint64_t>> {
    TRY_ASSIGN(std::optional<Document> current, state.published(role));
    const std::uint64_t version = current ? current->version() + 1 : 1;
    if (current && !check_signed(*current, candidate.root.roles.at(role), role)) current.reset();
    return std::pair(std::move(current), version);
  };
  const auto make = [&](const std::string& role, std::uint64_t version, Json meta) -> Result<void> {
    Document document{Json::object({{"_type", role},
                                    {"spec_version", k_spec_version},
                                    {"version", version},
                                    {"expires", to_rfc3339(now.plus_days(state.days_valid(role)))},
                                    {"meta", std::move(meta)}}),
                      {}};
    TRY(sign_online(document, candidate.root.roles.at(role), role, online));
    candidate.changed.push_back(role);
    candidate.documents.insert_or_assign(role, std::move(document));
    return {};
  };
  Json meta = Json::object();
  for (const auto& [role, document] : candidate.documents) {
    if (role != "root") meta.set(role + ".json", file_meta(document));
  }
  TRY_ASSIGN(const auto snapshot, next("snapshot"));
  // As soon as half of its time is over, so that a reader never meets one that is about to expire.
  const std::int64_t half_seconds = std::int64_t{state.days_valid("snapshot")} * 43'200;
  const bool fresh = snapshot.first && snapshot.first->expires() > now.plus_seconds(half_seconds);
  const Json* present = snapshot.first ? snapshot.first->signed_part.find("meta") : nullptr;
  if (present != nullptr && *present == meta && fresh && !asked("snapshot")) {
    candidate.documents.emplace("snapshot", *snapshot.first);
  } else {
    TRY(make("snapshot", snapshot.second, std::move(meta)));
  }
  TRY_ASSIGN(const auto timestamp, next("timestamp"));
  if (candidate.changed.empty() && !asked("timestamp") && timestamp.first) {
    candidate.documents.emplace("timestamp", *timestamp.first);
    return {};
  }
  return make("timestamp", timestamp.second,
              Json::object({{"snapshot.json", file_meta(candidate.documents.at("snapshot"))}}));
}

Result<void> Repository::State::ReleaseMaker::rehearse(const Candidate& candidate) const {
  const Scratch scratch(state.folder / ".rehearsal");
  TRY_ASSIGN(const std::optional<Document> root, state.published("root"));
  TRY(Client::init(scratch.path(), root ? root->encode() : candidate.documents.at("root").encode()));
  for (const char* role : {"timestamp", "snapshot"}) {
    TRY_ASSIGN(const std::optional<Document> current, state.published(role));
    if (current) TRY(os::replace_file(scratch.path() / (std::string(role) + ".json"), current->encode()));
  }
  TRY_ASSIGN(Client client, Client::open(scratch.path()));
  CandidateFetcher fetcher(candidate, make_folder_fetcher(state.folder / "public"));
  TRY(client.refresh(fetcher, {.now = now}));
  for (const auto& [role, document] : candidate.documents) {
    if (role != "root" && role != "snapshot" && role != "timestamp") TRY(client.list(fetcher, role));
  }
  return {};
}

Result<std::vector<std::string>> Repository::State::ReleaseMaker::write(const Candidate& candidate) const {
  // Readers come in by root and timestamp: the files that these lead to must be there first, the timestamp last.
  std::vector<std::string> order;
  for (const std::string& role : candidate.changed) {
    if (role != "root" && role != "timestamp") order.push_back(role);
  }
  for (const char* role : {"root", "timestamp"}) {
    if (std::ranges::find(candidate.changed, role) != candidate.changed.end()) order.emplace_back(role);
  }
  std::vector<std::string> names;
  for (const std::string& role : order) {
    const Document& document = candidate.documents.at(role);
    TRY(os::replace_file(state.metadata(file_name(role, document)), document.encode()));
    names.push_back(role + " version " + std::to_string(document.version()));
  }
  for (const std::string& role : order) TRY(os::remove_file(state.draft_path(role)));
  return names;
}

Result<Released> Repository::release(const std::vector<std::shared_ptr<crypto::Signer>>& online, Instant now) {
  State::ReleaseMaker maker{*state_, online, now};
  std::optional<Candidate> candidate;
  std::string first_reason;
  // The most that holds together: root and targets wait for those whose signatures they make necessary.
  constexpr std::array<std::pair<bool, bool>, 4> k_attempts{
      {{true, true}, {false, true}, {true, false}, {false, false}}};
  for (const auto& [with_root, with_targets] : k_attempts) {
    maker.waits_for.clear();
    TRY_ASSIGN(candidate, maker.gather(with_root, with_targets));
    if (first_reason.empty()) first_reason = maker.waits_for;
    if (candidate) break;
  }
  if (!candidate) return Released{.roles = {}, .waits_for = first_reason};
  TRY_ASSIGN(const std::optional<Document> timestamp, state_->published("timestamp"));
  const bool nothing = candidate->changed.empty() && state_->renewals.empty() && timestamp &&
                       check_signed(*timestamp, candidate->root.roles.at("timestamp"), "timestamp").has_value();
  if (nothing) return Released{.roles = {}, .waits_for = first_reason};
  TRY(maker.seal(*candidate));
  auto rehearsed = maker.rehearse(*candidate);
  if (!rehearsed) return std::move(rehearsed).error().with_context("a client refuses what would be released");
  TRY_ASSIGN(std::vector<std::string> names, maker.write(*candidate));
  state_->renewals.clear();
  return Released{.roles = std::move(names), .waits_for = first_reason};
}

}  // namespace signet::tuf
