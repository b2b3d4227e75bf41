// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/advisories/publish.hpp"

#include "signet/advisory/validate.hpp"
#include "signet/crypto.hpp"
#include "signet/os/file.hpp"

#include "drafts.hpp"
#include "openpgp.hpp"
#include "provider.hpp"

#include <algorithm>
#include <array>

namespace signet::advisories {

namespace {

namespace fs = std::filesystem;

/// Every case as it was published, the newest first. Refuses what is under embargo.
Result<std::vector<Case>> public_cases(const std::vector<Case>& cases, Instant now) {
  std::vector<Case> all;
  for (const Case& one : cases) {
    const auto then = one.as_published();
    if (!then) continue;
    for (const auto& embargo : {one.facts().embargo, then->facts().embargo}) {
      if (!embargo || *embargo <= now) continue;
      return Error(Errc::denied, "case.embargo",
                   "the case " + one.id() + " is under embargo until " + to_rfc3339(*embargo),
                   "Nothing was published. Wait, or agree on another date: `signet advisory set --embargo`.");
    }
    all.push_back(*then);
  }
  const auto order = [](const Case& a, const Case& b) {
    const Instant first_a = a.publications().front().at;
    const Instant first_b = b.publications().front().at;
    return first_a != first_b ? first_b < first_a : b.id() < a.id();
  };
  std::ranges::sort(all, order);
  return all;
}

/// Where each form of a case stands; CSAF stands elsewhere.
struct Place {
  Form form;
  std::string_view folder;
  std::string_view suffix;
  bool is_called_by_cve;
};
constexpr std::array<Place, 6> k_places{{{Form::cve52, "cve/", ".json", true},
                                         {Form::openvex, "openvex/", ".json", false},
                                         {Form::cyclonedx, "cyclonedx/", ".json", false},
                                         {Form::osv, "osv/x_", ".json", false},
                                         {Form::text, "advisories/", ".txt", false},
                                         {Form::html, "advisories/", ".html", false}}};

class Maker {
 public:
  Maker(const Publisher& publisher, std::optional<OpenPgpSigner> signer, const Tree& old)
      : publisher_(publisher), signer_(std::move(signer)), old_(old), validator_(advisory::Preset::basic) {}

  Result<void> make(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
      TRY(add_csaf(one).context("make the CSAF document of " + one.id()));
      for (const Place& place : k_places) TRY(add(one, place).context("make the documents of " + one.id()));
    }
    std::string fingerprint;
    if (signer_) {
      fingerprint = signer_->fingerprint();
      TRY_ASSIGN(tree_[key_path(fingerprint)], signer_->public_key());
    }
    add_provider_files(distributed_, publisher_, fingerprint, tree_);
    TRY(judge(std::string(k_metadata_name), tree_[std::string(k_metadata_name)]));
    tree_["index.html"] = list_page(cases, publisher_);
    tree_["feed.atom"] = atom_feed(cases, publisher_);
    tree_[".well-known/security.txt"] = security_txt(publisher_);
    return {};
  }

  [[nodiscard]] const Tree& tree() const { return tree_; }
  Publication take_result() { return std::move(result_); }

 private:
  /// Nothing leaves that our own validator calls wrong.
  Result<void> judge(const std::string& name, const std::string& text) {
    TRY_ASSIGN(const advisory::Report report, validator_.validate(as_bytes(text)));
    for (const advisory::Finding& one : report.findings) {
      if (one.weight != advisory::Weight::error) continue;
      return Error(Errc::internal, "publish.not-valid",
                   name + " is not valid: " + one.test + " at " + one.path + ": " + one.text,
                   "This is a fault of the program, please report it; nothing was published.");
    }
    return {};
  }

  Result<void> add_csaf(const Case& one) {
    const Draft draft = draft_of(one, publisher_);
    const std::string path = csaf_path(draft);
    TRY_ASSIGN(const std::string text, make_document(one, publisher_, Form::csaf20));
    TRY(judge(path, text));
    const std::string name = fs::path(path).filename().string();
    for (const auto& [algorithm, suffix] :
         {std::pair{crypto::HashAlgorithm::sha256, ".sha256"}, std::pair{crypto::HashAlgorithm::sha512, ".sha512"}}) {
      tree_[path + suffix] = to_hex(crypto::digest(algorithm, as_bytes(text))) + "  " + name + "\n";
    }
    if (signer_) TRY(add_signature(path, text));
    if (!tree_.emplace(path, text).second) {
      return Error(Errc::conflict, "publish.same-name", "two cases would have the file " + path,
                   "CSAF's file names know no difference of these ids; open one of them under another id.");
    }
    ++result_.advisories;
    distributed_.push_back({.path = path,
                            .id = one.id(),
                            .title = one.facts().title,
                            .summary = one.facts().description,
                            .first = draft.first,
                            .last = draft.last,
                            .is_signed = signer_.has_value()});
    return {};
  }

  /// A signature that is there and holds stays: the same cases give the same folder.
  Result<void> add_signature(const std::string& path, const std::string& text) {
    const auto document = old_.find(path);
    const auto signature = old_.find(path + ".asc");
    const bool is_same = document != old_.end() && signature != old_.end() && document->second == text;
    if (is_same && signer_->check(as_bytes(text), as_bytes(signature->second))) {
      tree_[path + ".asc"] = signature->second;
      return {};
    }
    TRY_ASSIGN(tree_[path + ".asc"], signer_->sign(as_bytes(text)));
    ++result_.signatures_new;
    return {};
  }

  Result<void> add(const Case& one, const Place& place) {
    const auto text = make_document(one, publisher_, place.form);
    if (!text && text.error().code() == Errc::unsupported) {
      result_.not_expressed.push_back(one.id() + ": " + std::string(slug_of(place.form)) + ": " + text.error().text());
      return {};
    }
    if (!text) return text.error();
    const std::string& name = place.is_called_by_cve ? one.facts().cve : one.id();
    const std::string path = std::string(place.folder) + name + std::string(place.suffix);
    if (place.suffix == ".json") TRY(judge(path, *text));
    tree_[path] = *text;
    return {};
  }

  const Publisher& publisher_;
  std::optional<OpenPgpSigner> signer_;
  const Tree& old_;
  advisory::Validator validator_;
  Tree tree_;
  std::vector<Distributed> distributed_;
  Publication result_;
};

}  // namespace

Result<Publication> publish(const std::vector<Case>& cases, const Publisher& publisher, const fs::path& folder,
                            const OpenPgpKey& key, Instant now) {
  TRY(publisher.check());
  if (publisher.contact_until <= now) {
    return Error(Errc::expired, "publish.security-txt",
                 "security.txt would be out of date since " + to_rfc3339(publisher.contact_until),
                 "See that the contact is right, and set contact_until in publisher.json (RFC 9116 section 2.5.5).");
  }
  TRY_ASSIGN(const std::vector<Case> all, public_cases(cases, now));
  const fs::path place = fs::absolute(folder).lexically_normal();
  const fs::path target = place.has_filename() ? place : place.parent_path();
  TRY_ASSIGN(const std::optional<Tree> old, read_tree(target));
  std::optional<OpenPgpSigner> signer;
  if (!key.fingerprint.empty()) {
    TRY_ASSIGN(signer, OpenPgpSigner::open(key));
  }
  const Tree none;
  Maker maker(publisher, std::move(signer), old ? *old : none);
  TRY(maker.make(all));
  Publication result = maker.take_result();
  result.files = maker.tree().size();
  result.is_changed = !old || *old != maker.tree();
  const fs::path lock_path = target.parent_path() / ("." + target.filename().string() + ".lock");
  TRY_ASSIGN(const os::FileLock lock, os::FileLock::try_acquire(lock_path, "the published folder"));
  TRY(result.is_changed ? replace_tree(target, maker.tree()) : remove_left_over(target));
  return result;
}

}  // namespace signet::advisories
