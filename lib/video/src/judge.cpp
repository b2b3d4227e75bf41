// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/video_writer.hpp"

#include "engine.hpp"
#include "order_watch.hpp"
#include "parameter_watch.hpp"
#include "unit_feed.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace signet::video {

namespace {

constexpr std::size_t k_findings_max = 200;

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

class StreamJudge::Impl : public UnitSink, public VerifiedSink {
 public:
  Impl(Codec codec, JudgeOptions options, JudgeObserver* observer)
      : codec_(codec),
        options_(std::move(options)),
        observer_(observer),
        log_(observer),
        watch_(codec, log_),
        order_watch_(log_),
        onvif_(Family::onvif, first_hash(), log_, *this),
        axis_(Family::axis, first_hash(), log_, *this),
        feed_(codec, first_hash(), options_.threads, options_.is_live, *this) {
    onvif_.timeline().report_to(observer);
    begin_with_configuration();
  }

  void add(const Piece& piece) { feed_.add(piece); }
  Verdict finish();
  void take(HashedUnit unit) override;
  void verified(Engine& engine, const Item& item) override {
    watch_.verified(engine, item);
    order_watch_.verified(engine, item);
  }

 private:
  [[nodiscard]] crypto::HashAlgorithm first_hash() const {
    return options_.hash.value_or(crypto::HashAlgorithm::sha256);
  }
  void begin_with_configuration();
  void count_frames(const HashedUnit& unit);
  void take_item(const HashedUnit& unit);
  void take_signature(SignatureUnit signature, std::uint64_t unit);
  void take_statement(Result<ParameterStatement> statement, std::uint64_t unit);
  void take_unprotected(const HashedUnit& unit);
  void choose_reporter(Engine& engine);

  Codec codec_;
  JudgeOptions options_;
  JudgeObserver* observer_;
  FindingLog log_;
  ParameterWatch watch_;
  OrderWatch order_watch_;
  Engine onvif_;
  Engine axis_;
  Engine* reporter_ = nullptr;
  std::array<Engine*, 2> engines_{&onvif_, &axis_};

  bool is_frame_open_ = false;  // AV1: a hidden frame waits for the shown one of its temporal unit
  bool has_slices_ = false;
  std::uint64_t foreign_sei_ = 0;
  std::uint64_t frames_not_presented_ = 0;
  UnitFeed feed_;  // last: its threads end before what it delivers to
};

void StreamJudge::Impl::begin_with_configuration() {
  UnitHasher hasher(crypto::HashAlgorithm::sha256);
  for (const Bytes& unit : parameter_sets_in(codec_, options_.configuration)) {
    const UnitClass kind = classify(codec_, unit);
    if (kind.kind != UnitKind::parameter_set) continue;
    hasher.update(unit);
    feed_.begin_with(unit);
    watch_.begin_with({kind.type, parameter_set_id(codec_, unit), hasher.finish()});
  }
}

void StreamJudge::Impl::take(HashedUnit unit) {
  count_frames(unit);
  if (unit.kind.kind == UnitKind::unprotected) take_unprotected(unit);
  if (unit.signature != nullptr) return take_signature(std::move(*unit.signature), unit.unit);
  if (unit.statement != nullptr) return take_statement(std::move(*unit.statement), unit.unit);
  if (unit.kind.kind == UnitKind::sei && unit.is_whole) ++foreign_sei_;
  if (unit.parameter_set) watch_.add_set(*unit.parameter_set, unit.unit, has_slices_);
  if (unit.is_item) take_item(unit);
}

void StreamJudge::Impl::count_frames(const HashedUnit& unit) {
  if (unit.kind.begins_frame && !is_frame_open_) {
    if (!unit.is_presented) ++frames_not_presented_;
    for (Engine* engine : engines_) {
      engine->timeline().open_frame(unit.unit, unit.kind.kind == UnitKind::anchor, unit.time_us);
    }
  }
  if (unit.kind.begins_frame && codec_ == Codec::av1) is_frame_open_ = !unit.kind.ends_frame;
  constexpr std::uint8_t k_cra = 21;
  if (unit.order) {
    order_watch_.add(*unit.order, unit.kind.type == k_cra, onvif_.timeline().current_frame(), unit.unit);
  }
}

void StreamJudge::Impl::take_unprotected(const HashedUnit& unit) {
  // Such a slice may stand before any signed one, and before the first picture that can be shown.
  if (!has_slices_ && onvif_.timeline().waiting() == 0) {
    for (Engine* engine : engines_) engine->timeline().open_frame(unit.unit, false, std::nullopt);
  }
  for (Engine* engine : engines_) engine->timeline().add_unprotected();
  log_.found({.kind = FindingKind::unprotected_slice,
              .gop = (reporter_ != nullptr ? *reporter_ : onvif_).gop_now(),
              .frame = onvif_.timeline().current_frame(),
              .unit = unit.unit,
              .count = 1,
              .text = "a coded slice of type " + std::to_string(unit.kind.type) +
                      ", which the signature formats do not cover"});
}

void StreamJudge::Impl::take_item(const HashedUnit& unit) {
  has_slices_ = has_slices_ || unit.kind.kind != UnitKind::metadata;
  const Item item{.hash = unit.hash,
                  .unit = unit.unit,
                  .frame = onvif_.timeline().current_frame(),
                  .is_anchor = unit.kind.kind == UnitKind::anchor};
  watch_.add_slice(item, (reporter_ != nullptr ? *reporter_ : onvif_).gop_now());
  for (Engine* engine : engines_) engine->add_item(item);
}

void StreamJudge::Impl::take_signature(SignatureUnit signature, std::uint64_t unit) {
  Engine& engine = signature.family == Family::onvif ? onvif_ : axis_;
  choose_reporter(engine);
  if (!signature.sei) return engine.add_broken_sei(signature.sei.error(), unit);
  engine.add_sei(std::move(*signature.sei), unit, signature.unit_hash);
}

/// The first engine that sees a signature reports frames and GOPs. Before that nothing has left but uncovered frames,
/// and both engines let them go at the same places.
void StreamJudge::Impl::choose_reporter(Engine& engine) {
  if (reporter_ != nullptr) return;
  onvif_.timeline().report_to(nullptr);
  engine.timeline().report_to(observer_);
  reporter_ = &engine;
}

void StreamJudge::Impl::take_statement(Result<ParameterStatement> statement, std::uint64_t unit) {
  if (statement) return watch_.add_statement(*std::move(statement));
  log_.found(
      {.kind = FindingKind::malformed_sei,
       .gop = (reporter_ != nullptr ? *reporter_ : onvif_).gop_now(),
       .frame = {},
       .unit = unit,
       .count = 1,
       .text = "what the signer stated about the decoder's parameters cannot be read: " + statement.error().text()});
}

Verdict StreamJudge::Impl::finish() {
  feed_.finish();
  choose_reporter(onvif_);
  std::vector<Engine*> active;
  for (Engine* engine : engines_) {
    engine->finish();
    if (engine->has_signatures()) active.push_back(engine);
  }
  Coverage& coverage = reporter_->timeline().totals().coverage;
  coverage.foreign_sei = foreign_sei_;
  watch_.finish();
  coverage.parameter_sets = watch_.sets();
  coverage.parameter_set_changes = watch_.changes();
  coverage.gops_with_parameters = watch_.gops_covered();
  coverage.parameters_covered = watch_.covers_all();
  coverage.frames_absent = order_watch_.absent();
  coverage.time_gaps = reporter_->time_gaps();
  coverage.frames_not_presented = frames_not_presented_;
  return VerdictMaker::make(active, *reporter_, log_, options_);
}

Authenticity VerdictMaker::authenticity_of(Engine& engine) {
  const TimelineTotals& totals = engine.timeline().totals();
  if (totals.any_bad) return Authenticity::not_authentic;
  if (!engine.timeline().span_started()) return Authenticity::not_signed;
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
  return judge_provenance(engine.keys().keys(), {.anchors = options.anchors,
                                                 .now = options.now,
                                                 .from = from,
                                                 .to = to,
                                                 .time_source = source,
                                                 .serial = engine.device().serial});
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
