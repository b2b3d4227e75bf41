// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <algorithm>
#include <utility>

namespace signet::video {

namespace {

constexpr std::size_t k_items_max = 8192;  // 96 bytes each; no signer waits that long for a signature
constexpr std::size_t k_deferred_max = 64;
constexpr std::size_t k_deferred_entries_max = 8192;
constexpr std::uint64_t k_work_for_each_item = 4096;
constexpr std::size_t k_recent_max = 8;

Instant instant_of_us(std::int64_t us) { return {us / 1'000'000}; }

}  // namespace

Engine::Engine(Family family, crypto::HashAlgorithm hash, FindingSink& findings, VerifiedSink& verified)
    : family_(family), hash_(hash), hasher_(hash), findings_(findings), verified_(verified) {}

bool Engine::is_by_signer(ByteView document, ByteView signature) {
  hasher_.update(document);
  return keys_.is_by_signer(family_, hash_, hasher_.finish(), signature);
}

void Engine::report(FindingKind kind, std::uint64_t gop, std::optional<std::uint64_t> frame,
                    std::optional<std::uint64_t> unit, std::uint64_t count, std::string text) {
  findings_.found({.kind = kind, .gop = gop, .frame = frame, .unit = unit, .count = count, .text = std::move(text)});
}

void Engine::add_item(Item item) {
  if (items_.size() >= k_items_max) {
    const Item& oldest = items_.front();
    if (previous_ && !lost_from_gop_) lost_from_gop_ = timeline_.gop_of(oldest.frame);
    const std::size_t surplus = k_items_max / 8;
    for (std::size_t i = 0; i < surplus; ++i) timeline_.uncovered(items_[i].frame);
    drop_front(surplus);
    timeline_.settle(items_.front().frame);
  }
  items_.push_back(std::move(item));
  work_left_ += k_work_for_each_item;
}

void Engine::drop_front(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (items_[i].is_anchor) anchor_before_ = items_[i].hash;
  }
  items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(count));
}

void Engine::add_broken_sei(const Error& error, std::uint64_t unit) {
  ++signatures_invalid_;
  Sei nothing;
  nothing.family = family_;
  refuse(nothing, unit, FindingKind::malformed_sei, "a signature SEI cannot be read: " + error.text());
}

/// ONVIF Media Signing allows a SEI to be sent twice. But if the pictures are here a second time as well, it is a
/// replay.
bool Engine::is_repetition(const Sei& sei) {
  UnitHasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(sei.document);
  hasher.update(sei.signature);
  const std::uint64_t key = hasher.finish().key();
  if (std::ranges::find(recent_seis_, key) != recent_seis_.end())
    return !sei.general || match(sei, UINT64_MAX).pairs.empty();
  recent_seis_.push_back(key);
  if (recent_seis_.size() > k_recent_max) recent_seis_.pop_front();
  return false;
}

void Engine::take_unsigned(Sei sei, std::uint64_t unit, const Digest& unit_hash) {
  // A repetition would be a second entry that no list has.
  const bool is_again =
      std::ranges::any_of(items_, [&](const Item& item) { return item.is_plain && item.hash == unit_hash; });
  if (is_again) return;
  add_item({.hash = unit_hash, .unit = unit, .frame = timeline_.current_frame(), .is_plain = true});
  if (!sei.general || sei.has_arbitrary_data) return;
  deferred_.push_back({unit, std::move(sei)});
  const auto entries = [&] {
    std::size_t sum = 0;
    for (const Deferred& each : deferred_) sum += each.sei.hash_list ? each.sei.hash_list->size() : 0;
    return sum;
  };
  while (deferred_.size() > k_deferred_max || entries() > k_deferred_entries_max) deferred_.pop_front();
}

void Engine::add_sei(Sei sei, std::uint64_t unit, const Digest& unit_hash) {
  if (!sei.was_escaped && !std::exchange(unescaped_reported_, true)) {
    report(FindingKind::signer_defect, gop_now(), std::nullopt, unit, 1,
           "the signer did not escape its SEI (no emulation prevention): split at start codes this stream cannot be "
           "verified");
  }
  if (sei.hash && *sei.hash != hash_) {
    hash_ = *sei.hash;
    hasher_ = UnitHasher(hash_);
  }
  if (!sei.is_signed) return take_unsigned(std::move(sei), unit, unit_hash);
  if (is_repetition(sei)) return;
  // ONVIF Media Signing: arbitrary data stands alone in an unsigned SEI.
  if (family_ == Family::onvif && sei.has_arbitrary_data) {
    ++signatures_invalid_;
    return refuse(sei, unit, FindingKind::signature_invalid,
                  "arbitrary data in a signed SEI, which the format forbids");
  }
  if (sei.signs_gop_hash && (!sei.general || sei.hash_list)) {
    ++signatures_invalid_;
    return refuse(sei, unit, FindingKind::signature_invalid, "a signature over a hash that its SEI does not describe");
  }
  if (sei.signs_gop_hash) return judge_section(sei, unit);  // the signature is over what the units make
  if (const auto key = check(sei, unit)) accept(std::move(sei), *key, unit);
}

std::optional<std::size_t> Engine::check(const Sei& sei, std::uint64_t unit) {
  hasher_.update(sei.document);
  const auto key = keys_.check(sei, hash_, hasher_.finish());
  if (key) return *key;
  ++signatures_invalid_;
  const bool brings_none = sei.public_key_pem.empty() && sei.chains.empty();
  if (key.error().code() == Errc::not_found && brings_none) {
    // Keys that are sent once are cut away with the beginning: nothing holds, and nothing speaks against the pictures.
    report(FindingKind::no_key, gop_now(), std::nullopt, unit, 1,
           "a signature cannot be checked: the stream has not brought its key");
  } else if (key.error().code() == Errc::not_found) {
    refuse(sei, unit, FindingKind::no_key, "a signature cannot be checked: the key that it brings cannot be read");
  } else {
    refuse(sei, unit, FindingKind::signature_invalid, "a signature does not hold");
  }
  return std::nullopt;
}

void Engine::accept(Sei sei, std::size_t key, std::uint64_t unit) {
  ++signatures_valid_;
  note_signed_facts(sei);
  if (!sei.general) return;  // certificate SEI: brings keys, covers nothing
  note_key(key, unit);
  judge_section(sei, unit);
}

void Engine::note_key(std::size_t key, std::uint64_t unit) {
  if (key_in_use_ && *key_in_use_ != key) {
    timeline_.bad_gop(gop_now());
    report(FindingKind::key_changed, gop_now(), std::nullopt, unit, 1, "the stream goes on with another key");
  }
  key_in_use_ = key;
  keys_.note_use(key);
}

void Engine::note_signed_facts(const Sei& sei) {
  const Profile profile = sei.family == Family::onvif ? Profile::onvif : sei.profile;
  if (std::ranges::find(profiles_, profile) == profiles_.end()) profiles_.push_back(profile);
  if (sei.device) {
    const std::string version = std::exchange(device_, *sei.device).signer_version;
    device_.signer_version = version;
  }
  if (!sei.signer_version.empty()) device_.signer_version = sei.signer_version;
  if (!sei.general || !sei.general->is_date) return;
  const Instant start = instant_of_us(*sei.general->start_us);
  const Instant end = instant_of_us(sei.general->end_us.value_or(*sei.general->start_us));
  signed_from_ = std::min(signed_from_.value_or(start), start);
  signed_to_ = std::max(signed_to_.value_or(end), end);
}

/// Marks the units that a useless signature was for: they must not pass as merely uncovered.
std::uint64_t Engine::claim(const Sei& sei) {
  // A SEI stands behind the I picture that follows its part; only the parts of a GOP end elsewhere.
  std::size_t end = items_.size();
  if (!sei.general || sei.general->partial != true) {
    while (end > 0 && !items_[end - 1].is_anchor) --end;
    if (end > 0) --end;
  }
  const std::size_t wanted = sei.hash_list ? sei.hash_list->size() : sei.general ? sei.general->units : end;
  const std::size_t count = std::min(end, wanted);
  for (std::size_t i = 0; i < count; ++i) items_[i].is_claimed = true;
  return count;
}

void Engine::refuse(const Sei& sei, std::uint64_t unit, FindingKind kind, const std::string& text) {
  const std::uint64_t count = claim(sei);
  const std::uint64_t gop = count > 0 ? timeline_.gop_of(items_.front().frame) : gop_now();
  report(kind, gop, std::nullopt, unit, count, text);
  if (count == 0) timeline_.bad_gop(gop);
}

void Engine::finish() {
  // A part that ends within a GOP: what stands in the place of its last units, now that no later one claims it.
  std::size_t in_place = previous_ && previous_->partial == true ? previous_->tail_missing : 0;
  for (const Item& item : items_) {
    if (in_place > 0 && item.unit < previous_->next_part_unit) {
      --in_place;
      condemn(item, FindingKind::altered, "this unit is not the one that was signed here");
    } else if (item.is_claimed) {
      condemn(item, FindingKind::signature_invalid, "the signature for this unit does not hold or does not fit");
    } else {
      timeline_.uncovered(item.frame);
    }
  }
  items_.clear();
  timeline_.finish();
}

}  // namespace signet::video
