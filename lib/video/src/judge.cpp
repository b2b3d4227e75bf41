// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_judge_fuzz)
#include "engine.hpp"
#include "sei_reader.hpp"
#include "unit.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace signet::video {

namespace {

constexpr std::size_t k_findings_max = 200;
constexpr std::size_t k_parameter_sets_max = 64;

}  // namespace

/// The findings of both engines: counted, the first ones kept, all of them told to the observer.
class FindingLog : public FindingSink {
 public:
  explicit FindingLog(JudgeObserver* observer) : observer_(observer) {}
  void found(Finding finding) override {
    if (joins(finding)) {
      kept_.back().count += finding.count;
      return;
    }
    ++total_;
    if (observer_ != nullptr) observer_->on_finding(finding);
    if (kept_.size() < k_findings_max) kept_.push_back(std::move(finding));
  }
  [[nodiscard]] std::vector<Finding>& kept() { return kept_; }
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  /// Units that lack a signature come by the GOP: one finding, with their count.
  [[nodiscard]] bool joins(const Finding& finding) const {
    if (finding.kind != FindingKind::signature_missing && finding.kind != FindingKind::signature_invalid) return false;
    if (kept_.empty() || kept_.size() >= k_findings_max) return false;
    const Finding& last = kept_.back();
    return last.kind == finding.kind && last.gop == finding.gop && last.text == finding.text;
  }

  JudgeObserver* observer_;
  std::vector<Finding> kept_;
  std::uint64_t total_ = 0;
};

/// Makes the verdict from what the engines found; the only maker there is.
class VerdictMaker {
 public:
  static Verdict make(std::span<Engine* const> active, Engine& reporting, FindingLog& log, const JudgeOptions& options);

 private:
  static Authenticity authenticity_of(Engine& engine);
  static ProvenanceReport provenance_of(Engine& engine, const JudgeOptions& options);
};

class StreamJudge::Impl {
 public:
  Impl(Codec codec, JudgeOptions options, JudgeObserver* observer)
      : codec_(codec),
        options_(std::move(options)),
        observer_(observer),
        log_(observer),
        hasher_(options_.hash.value_or(crypto::HashAlgorithm::sha256)),
        onvif_(Family::onvif, hasher_.algorithm(), log_),
        axis_(Family::axis, hasher_.algorithm(), log_) {
    onvif_.timeline().report_to(observer);
  }

  void add(const Piece& piece);
  Verdict finish();

 private:
  void begin(const Piece& piece);
  void end();
  void end_frame_header();
  void take_sei(ByteView unit);
  void take_parameter_set(ByteView unit);
  void take_unprotected();
  void choose_reporter(Engine& engine);
  void count_frames(const Piece& piece);

  Codec codec_;
  JudgeOptions options_;
  JudgeObserver* observer_;
  FindingLog log_;
  UnitHasher hasher_;
  Engine onvif_;
  Engine axis_;
  Engine* reporter_ = nullptr;
  std::array<Engine*, 2> engines_{&onvif_, &axis_};

  std::uint64_t unit_ = 0;  // number of the unit at hand
  bool has_unit_ = false;
  UnitClass kind_;
  bool is_hashing_ = false;       // kind_ takes part in hash lists
  bool is_frame_header_ = false;  // AV1: tile groups may follow and belong to it
  std::uint64_t header_unit_ = 0;
  bool header_is_anchor_ = false;
  bool is_frame_open_ = false;  // AV1: a hidden frame waits for the shown one of its temporal unit
  bool has_slices_ = false;
  std::unordered_set<std::uint64_t> parameter_sets_;
  std::uint64_t parameter_set_count_ = 0;
  std::uint64_t parameter_set_changes_ = 0;
  std::uint64_t foreign_sei_ = 0;
};

void StreamJudge::Impl::add(const Piece& piece) {
  if (piece.begins) begin(piece);
  if (!has_unit_) return;
  if (is_hashing_) hasher_.update(piece.bytes);
  if (piece.begins && piece.ends) {
    if (kind_.kind == UnitKind::sei || kind_.kind == UnitKind::metadata) take_sei(piece.bytes);
    if (kind_.kind == UnitKind::parameter_set) take_parameter_set(piece.bytes);
  }
  if (piece.ends) end();
}

void StreamJudge::Impl::begin(const Piece& piece) {
  if (piece.bytes.empty()) return;
  if (has_unit_) end();
  has_unit_ = true;
  kind_ = classify(codec_, piece.bytes.first(std::min(piece.bytes.size(), k_unit_head_size_bytes)));
  const bool continues = kind_.kind == UnitKind::continuation && is_frame_header_;
  if (!continues) end_frame_header();
  if (kind_.kind == UnitKind::continuation && !continues) kind_.kind = UnitKind::unprotected;
  count_frames(piece);
  is_hashing_ =
      kind_.kind == UnitKind::anchor || kind_.kind == UnitKind::slice || kind_.kind == UnitKind::metadata || continues;
  if (kind_.kind == UnitKind::unprotected) take_unprotected();
  // An SEI is hashed where it is taken, since only unsigned ones of ours stand in lists.
}

void StreamJudge::Impl::count_frames(const Piece& piece) {
  const bool opens = kind_.begins_frame && !is_frame_open_;
  if (opens) {
    for (Engine* engine : engines_) {
      engine->timeline().open_frame(unit_, kind_.kind == UnitKind::anchor, piece.time_us);
    }
  }
  if (kind_.begins_frame && codec_ == Codec::av1) is_frame_open_ = !kind_.ends_frame;
}

void StreamJudge::Impl::take_unprotected() {
  // Such a slice may stand before any signed one, and before the first picture that can be shown.
  if (!has_slices_ && onvif_.timeline().waiting() == 0) {
    for (Engine* engine : engines_) engine->timeline().open_frame(unit_, false, std::nullopt);
  }
  for (Engine* engine : engines_) engine->timeline().add_unprotected();
  log_.found(
      {.kind = FindingKind::unprotected_slice,
       .gop = (reporter_ != nullptr ? *reporter_ : onvif_).gop_now(),
       .frame = onvif_.timeline().current_frame(),
       .unit = unit_,
       .count = 1,
       .text = "a coded slice of type " + std::to_string(kind_.type) + ", which the signature formats do not cover"});
}

void StreamJudge::Impl::end_frame_header() {
  if (!std::exchange(is_frame_header_, false)) return;
  const Digest hash = hasher_.finish();
  for (Engine* engine : engines_) {
    engine->add_item({.hash = hash,
                      .unit = header_unit_,
                      .frame = engine->timeline().current_frame(),
                      .is_anchor = header_is_anchor_});
  }
}

void StreamJudge::Impl::end() {
  has_unit_ = false;
  const std::uint64_t unit = unit_++;
  if (!std::exchange(is_hashing_, false) || kind_.kind == UnitKind::continuation) return;
  has_slices_ = has_slices_ || kind_.kind != UnitKind::metadata;
  if (codec_ == Codec::av1 && kind_.type == 3) {  // OBU_FRAME_HEADER: one unit with its tile groups
    is_frame_header_ = true;
    header_unit_ = unit;
    header_is_anchor_ = kind_.kind == UnitKind::anchor;
    return;
  }
  const Digest hash = hasher_.finish();
  for (Engine* engine : engines_) {
    engine->add_item({.hash = hash,
                      .unit = unit,
                      .frame = engine->timeline().current_frame(),
                      .is_anchor = kind_.kind == UnitKind::anchor});
  }
}

void StreamJudge::Impl::take_sei(ByteView unit) {
  const auto family = family_of(codec_, unit);
  if (!family) {
    if (kind_.kind == UnitKind::sei) ++foreign_sei_;
    return;
  }
  if (is_hashing_) {  // AV1 metadata: ours is not a part of the picture
    is_hashing_ = false;
    hasher_.restart();
  }
  Engine& engine = *family == Family::onvif ? onvif_ : axis_;
  choose_reporter(engine);
  auto sei = parse_sei(codec_, unit, engine.hash());
  if (!sei) {
    engine.add_broken_sei(sei.error(), unit_);
  } else {
    if (sei->hash && *sei->hash != hasher_.algorithm()) hasher_ = UnitHasher(*sei->hash);
    hasher_.update(unit);
    engine.add_sei(std::move(*sei), unit_, hasher_.finish());
  }
}

/// The first engine that sees a signature reports frames and GOPs. Before that nothing has left but uncovered frames,
/// and both engines let them go at the same places.
void StreamJudge::Impl::choose_reporter(Engine& engine) {
  if (reporter_ != nullptr) return;
  onvif_.timeline().report_to(nullptr);
  engine.timeline().report_to(observer_);
  reporter_ = &engine;
}

void StreamJudge::Impl::take_parameter_set(ByteView unit) {
  ++parameter_set_count_;
  UnitHasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(unit);
  const std::uint64_t key = hasher.finish().key();
  const bool is_new = !parameter_sets_.contains(key);
  if (is_new && parameter_sets_.size() < k_parameter_sets_max) parameter_sets_.insert(key);
  if (!is_new || !has_slices_) return;
  ++parameter_set_changes_;
  log_.found({.kind = FindingKind::parameters_changed,
              .gop = (reporter_ != nullptr ? *reporter_ : onvif_).gop_now(),
              .frame = {},
              .unit = unit_,
              .count = 1,
              .text = "the decoder's parameters change here; no signature covers them, and they say how pictures are "
                      "cropped and shown"});
}

Verdict StreamJudge::Impl::finish() {
  if (has_unit_) end();
  end_frame_header();
  choose_reporter(onvif_);
  std::vector<Engine*> active;
  for (Engine* engine : engines_) {
    engine->finish();
    if (engine->has_signatures()) active.push_back(engine);
  }
  Coverage& coverage = reporter_->timeline().totals().coverage;
  coverage.foreign_sei = foreign_sei_;
  coverage.parameter_sets = parameter_set_count_;
  coverage.parameter_set_changes = parameter_set_changes_;
  coverage.time_gaps = reporter_->time_gaps();
  return VerdictMaker::make(active, *reporter_, log_, options_);
}

Authenticity VerdictMaker::authenticity_of(Engine& engine) {
  const TimelineTotals& totals = engine.timeline().totals();
  if (totals.any_bad || !engine.has_verified()) return Authenticity::not_authentic;
  if (totals.any_unprotected) return Authenticity::partly_unprotected;
  if (totals.any_missing) return Authenticity::authentic_with_missing;
  return Authenticity::authentic;
}

ProvenanceReport VerdictMaker::provenance_of(Engine& engine, const JudgeOptions& options) {
  TimeSource source = TimeSource::none;
  std::optional<Instant> from = engine.signed_from();
  std::optional<Instant> to = engine.signed_to();
  if (from) {
    source = TimeSource::signature;
  } else if (options.recorded) {
    source = TimeSource::container;
    from = options.recorded;
    to = options.recorded;
  }
  return judge_provenance(
      engine.keys().keys(),
      {.anchors = options.anchors, .now = options.now, .from = from, .to = to, .time_source = source});
}

Verdict VerdictMaker::make(std::span<Engine* const> active, Engine& reporting, FindingLog& log,
                           const JudgeOptions& options) {
  Verdict verdict;
  verdict.coverage_ = reporting.timeline().totals().coverage;
  verdict.device_ = reporting.device();
  for (Engine* engine : active) {
    const bool is_first = engine == active.front();
    verdict.authenticity_ = std::max(verdict.authenticity_, authenticity_of(*engine));
    ProvenanceReport provenance = provenance_of(*engine, options);
    if (is_first || provenance.provenance < verdict.provenance_.provenance) verdict.provenance_ = std::move(provenance);
    const auto first_bad = engine->timeline().totals().first_bad_gop;
    if (first_bad) verdict.first_bad_gop_ = std::min(verdict.first_bad_gop_.value_or(*first_bad), *first_bad);
    for (const Profile profile : engine->profiles()) verdict.profiles_.push_back(profile);
    verdict.signatures_valid_ += engine->signatures_valid();
    verdict.signatures_invalid_ += engine->signatures_invalid();
  }
  // Signatures that all fail leave no key that could be anybody's.
  if (!active.empty() && verdict.provenance_.provenance == Provenance::none) {
    verdict.provenance_.provenance = Provenance::untrusted;
    verdict.provenance_.reason = "no signature in the stream holds";
  }
  verdict.findings_total_ = log.total();
  verdict.findings_ = std::move(log.kept());
  return verdict;
}

StreamJudge::StreamJudge(Codec codec, JudgeOptions options, JudgeObserver* observer)
    : impl_(std::make_unique<Impl>(codec, std::move(options), observer)) {}
StreamJudge::StreamJudge(StreamJudge&&) noexcept = default;
StreamJudge& StreamJudge::operator=(StreamJudge&&) noexcept = default;
StreamJudge::~StreamJudge() = default;

void StreamJudge::add(const Piece& piece) { impl_->add(piece); }
Verdict StreamJudge::finish() && { return impl_->finish(); }

}  // namespace signet::video
