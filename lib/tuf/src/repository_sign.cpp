// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "errors.hpp"
#include "repository_state.hpp"

#include <algorithm>

namespace signet::tuf {

namespace {

/// Puts a signature in, or in the place of an older one by the same key.
void put_signature(std::vector<Signature>& all, const std::string& id, const std::string& sig) {
  const auto present = std::ranges::find(all, id, &Signature::keyid);
  if (present != all.end()) {
    present->sig = sig;
  } else {
    all.push_back({id, sig});
  }
}

/// The identifier under which a key may sign a role; empty if it may not.
std::string id_of(const std::vector<Authority>& authorities, const crypto::PublicKey& key) {
  for (const Authority& authority : authorities) {
    for (const Key& one : authority.keys.keys) {
      if (one.key == key) return one.id;
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> Repository::sign(crypto::Signer& signer) {
  std::vector<std::string> done;
  bool known = false;
  TRY_ASSIGN(std::vector<std::string> roles, state_->drafts());
  for (const std::string& role : roles) {
    TRY_ASSIGN(const std::vector<Authority> authorities, state_->authorities(role));
    const std::string id = id_of(authorities, signer.public_key());
    if (id.empty()) continue;
    known = true;
    TRY_ASSIGN(std::optional<Document> document, state_->draft(role));
    TRY_ASSIGN(const Envelope envelope, document->envelope());
    const auto row = parse_key(id, key_json(signer.public_key()));
    TRY_ASSIGN(const Bytes signature, signer.sign(row->scheme, as_bytes(envelope.canonical)));
    put_signature(document->signatures, id, to_hex(signature));
    TRY(os::replace_file(state_->draft_path(role), document->encode()));
    done.push_back(role);
  }
  if (!known && !state_->key_info.contains(key_id(key_json(signer.public_key())))) {
    return Error(Errc::not_found, "repo.no-key", "no role of this repository knows that key",
                 "See 'signet repo status' for the keys, and 'signet repo rotate' to add one.");
  }
  return done;
}

Result<void> Repository::attach(ByteView metadata) {
  TRY_ASSIGN(const Document brought, Document::parse(metadata));
  TRY_ASSIGN(std::vector<std::string> roles, state_->drafts());
  for (const std::string& role : roles) {
    TRY_ASSIGN(std::optional<Document> document, state_->draft(role));
    if (document->signed_part != brought.signed_part) continue;
    for (const Signature& one : brought.signatures) put_signature(document->signatures, one.keyid, one.sig);
    return os::replace_file(state_->draft_path(role), document->encode());
  }
  return Error(Errc::conflict, "repo.other-draft", "what was signed is no draft of this repository as it is now",
               "Somebody changed the draft meanwhile: carry the new one to the signer.");
}

namespace {

std::vector<std::string> names_of(const RoleKeys& keys, const auto& name_of_key) {
  std::vector<std::string> names;
  for (const Key& key : keys.keys) names.push_back(name_of_key(key.id));
  return names;
}

SignatureNeed need_of(const Authority& authority, const Envelope& envelope, const auto& name_of_key) {
  SignatureNeed need{
      .on_behalf_of = authority.on_behalf_of, .threshold = authority.keys.threshold, .signed_by = {}, .missing = {}};
  const auto signers = signers_of(envelope.canonical, envelope.signatures, authority.keys);
  for (const Key& key : authority.keys.keys) {
    const bool has = std::ranges::any_of(signers, [&](const Key* one) { return one->id == key.id; });
    (has ? need.signed_by : need.missing).push_back(name_of_key(key.id));
  }
  return need;
}

}  // namespace

Result<std::vector<std::string>> Repository::products() const {
  std::vector<std::string> names;
  TRY_ASSIGN(const std::optional<Document> targets, state_->newest("targets"));
  if (!targets) return names;
  TRY_ASSIGN(const Envelope envelope, targets->envelope());
  TRY_ASSIGN(const Targets parsed, Targets::parse(envelope));
  for (const Delegation& delegation : parsed.delegations) names.push_back(delegation.name);
  return names;
}

Result<std::vector<RoleStatus>> Repository::status() const {
  std::vector<std::string> roles{"root", "targets"};
  TRY_ASSIGN(const std::vector<std::string> names, products());
  roles.insert(roles.end(), names.begin(), names.end());
  roles.insert(roles.end(), {"snapshot", "timestamp"});
  const auto name_of_key = [this](const std::string& id) { return state_->name_of_key(id); };
  std::vector<RoleStatus> all;
  for (const std::string& role : roles) {
    RoleStatus one{.role = role, .threshold = 1, .keys = {}, .version = {}, .expires = {}, .draft = {}};
    TRY_ASSIGN(const std::vector<Authority> authorities, state_->authorities(role));
    if (!authorities.empty()) {
      one.threshold = authorities.back().keys.threshold;
      one.keys = names_of(authorities.back().keys, name_of_key);
    }
    TRY_ASSIGN(const std::optional<Document> current, state_->published(role));
    if (current) {
      one.version = current->version();
      one.expires = current->expires();
    }
    TRY_ASSIGN(const std::optional<Document> draft, state_->draft(role));
    if (draft) {
      TRY_ASSIGN(const Envelope envelope, draft->envelope());
      one.draft = DraftStatus{.version = draft->version(), .expires = draft->expires(), .needs = {}};
      for (const Authority& authority : authorities) {
        one.draft->needs.push_back(need_of(authority, envelope, name_of_key));
      }
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::string> Repository::online_uris() const {
  std::vector<std::string> uris;
  for (const auto& [id, info] : state_->key_info) {
    if (!info.second.empty()) uris.push_back(info.second);
  }
  return uris;
}

std::filesystem::path Repository::public_folder() const { return state_->folder / "public"; }

}  // namespace signet::tuf
