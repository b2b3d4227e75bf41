// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "conversation.hpp"

#include <algorithm>
#include <variant>

namespace signet::station {

namespace {

constexpr std::size_t k_nonce_bytes = 32;
constexpr std::size_t k_told_bytes_max = 400;
/// Keys of a claim and a proof that are not ordered by the policy but are always there.
constexpr const char* k_attester = "attester";
constexpr const char* k_iak = "iak";

Error untrusted(const char* reason, std::string text, std::string hint = {}) {
  return {Errc::untrusted, reason, std::move(text), std::move(hint)};
}

Error already_born(const std::string& serial) {
  return {Errc::conflict, "station.born", "the unit " + serial + " was born already",
          "A unit is born once; its record is in the ledger."};
}

/// Makers certify several endorsement keys of one TPM. By which of them it came it would have as many names, and as
/// many serial numbers: so there is one kind that counts.
Result<void> check_kind(crypto::KeyAlgorithm is, crypto::KeyAlgorithm wanted) {
  if (is == wanted) return {};
  return untrusted("station.ek-kind",
                   "the unit shows an endorsement key of kind " + std::string(crypto::name_of(is)) +
                       ", but this line knows TPMs by theirs of kind " + std::string(crypto::name_of(wanted)) +
                       ", and asked for it",
                   "Its TPM has no certificate for such a key, or the unit's software does not know the question. One "
                   "TPM has several keys, and must not be born under each: 'tpm.endorsement_key' is chosen when a line "
                   "begins.");
}

/// Whose fault a failure is: it decides who is held back for it.
enum class Fault : std::uint8_t { unit, line, station };
Fault fault_of(const Error& error) {
  if (error.reason() == "birth.noise") return Fault::line;
  switch (error.code()) {
    case Errc::unavailable:
      return error.reason().starts_with("birth.") ? Fault::line : Fault::station;
    case Errc::internal:
    case Errc::io:
    case Errc::exhausted:
    case Errc::usage:
      return Fault::station;
    default:
      // A ledger or an authority that was tampered with is no fault of the unit that happened to come.
      return error.reason().starts_with("ledger.") || error.reason().starts_with("ca.") ? Fault::station : Fault::unit;
  }
}

}  // namespace

Conversation::Conversation(const Config& config, const Orders& orders, const os::Clock& clock, Line& line,
                           birth::Channel channel)
    : config_(&config), orders_(&orders), clock_(&clock), line_(&line), channel_(std::move(channel)) {}

Result<void> Conversation::say(const birth::Message& message) { return channel_.send(birth::encode(message)); }

template <typename T>
Result<T> Conversation::expect() {
  TRY_ASSIGN(last_message_, channel_.receive());
  TRY_ASSIGN(birth::Message message, birth::parse_message(last_message_));
  if (auto* wanted = std::get_if<T>(&message)) return std::move(*wanted);
  if (const auto* refused = std::get_if<birth::Refused>(&message)) {
    told_ = true;
    return Error(Errc::incompatible, "station.unit-refused",
                 "the unit refused: " + printable(refused->text, 300) + " (" + printable(refused->reason, 80) + ")",
                 "Its own log says more.");
  }
  return Error(Errc::invalid_input, "birth.message",
               "the unit sent '" + std::string(birth::name_of(message)) + "' out of turn");
}

Result<std::string> Conversation::run() {
  auto born = speak();
  if (born) return born;
  refuse(born.error());
  return born;
}

Result<void> Conversation::begin() {
  asked_ = true;
  return say(birth::Begin{.policy_envelope = orders_->policy_envelope,
                          .nonce = crypto::random_bytes(k_nonce_bytes),
                          .station = config_->station,
                          .endorsement_key = config_->tpm_endorsement_key});
}

Result<Conversation::Answer> Conversation::ask(std::chrono::milliseconds patience) {
  TRY(begin());
  const auto heard = channel_.listen(patience);
  if (heard) return Answer::begun;
  if (heard.error().reason() == "birth.timeout") return Answer::none;
  return heard.error();
}

Result<std::string> Conversation::speak() {
  if (!asked_) TRY(begin());
  TRY_ASSIGN(last_message_, channel_.receive());
  TRY_ASSIGN(birth::Message first, birth::parse_message(last_message_));
  if (const auto* late = std::get_if<birth::Installed>(&first)) return take_late_word(*late);
  if (const auto* refused = std::get_if<birth::Refused>(&first)) {
    told_ = true;
    return Error(Errc::incompatible, "station.unit-refused",
                 "the unit refused: " + printable(refused->text, 300) + " (" + printable(refused->reason, 80) + ")");
  }
  auto* claim = std::get_if<birth::Claim>(&first);
  if (claim == nullptr) return Error(Errc::invalid_input, "birth.message", "the unit did not begin with its claim");
  TRY(take_claim(*claim));

  step_ = "endorsement";
  attest::EkPolicy tpms = orders_->tpms;
  tpms.at = clock_->now();
  TRY_ASSIGN(const tpm::Public ek_area, tpm::Public::parse(claim_->ek_area));
  TRY_ASSIGN(auto ek, attest::verify_ek(claim_->ek_certificates, ek_area, tpms));
  TRY(check_kind(ek.area().key->algorithm(), config_->tpm_endorsement_key));
  if (ek.strength() < orders_->policy.minimum_strength) {
    return untrusted("station.weak-tpm",
                     "the unit's TPM is worth " + std::string(attest::name_of(ek.strength())) +
                         ", but the policy demands " + std::string(attest::name_of(orders_->policy.minimum_strength)),
                     "What counts is the maker of its endorsement certificate, not what the unit says.");
  }

  step_ = "challenge";
  TRY(check_areas(*claim_));
  TRY_ASSIGN(auto challenge, attest::Challenge::make(std::move(ek), *attester_area_));
  const Bytes nonce = crypto::random_bytes(k_nonce_bytes);
  TRY(say(birth::Ask{.credential = challenge.credential(), .nonce = nonce}));
  TRY_ASSIGN(const birth::Proof proof, expect<birth::Proof>());
  const Bytes proof_message = std::move(last_message_);
  TRY_ASSIGN(const attest::VerifiedAttester attester, std::move(challenge).answer(Secret::copy_of(proof.secret)));
  TRY_ASSIGN(const Facts facts, take_proof(proof, attester, nonce, proof_message));

  step_ = "reserve";
  TRY(line_->registry().reserve(claim_->serial, ek_, facts, clock_->now()));
  TRY_ASSIGN(const birth::Identity identity, line_->finish(claim_->serial, step_));
  TRY(hand_over(identity));
  TRY(line_->registry().forget_failures(claim_->serial, ek_));
  return claim_->serial;
}

/// "I was born, and my answer was lost": whose it is follows from the key that signed. Nothing is given to anybody, so
/// a replay harms nobody.
Result<std::string> Conversation::take_late_word(const birth::Installed& installed) {
  step_ = "install";
  for (const Phase phase : {Phase::handed, Phase::receipted, Phase::born}) {
    TRY_ASSIGN(const auto waiting, line_->registry().in_phase(phase));
    for (const Entry& entry : waiting) {
      const crypto::PublicKey& key = entry.facts.keys.at("idevid");
      const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, entry.record);
      if (!key.verify(crypto::default_scheme(key.algorithm()), attest::challenge_message(digest),
                      installed.signature)) {
        continue;
      }
      if (phase != Phase::born) {
        TRY(line_->registry().keep_phase(entry.unit.serial, phase, Phase::born, clock_->now()));
      }
      return entry.unit.serial;
    }
  }
  return untrusted("station.not-installed",
                   "a unit says that it was born, but its signature is of no unit of this line");
}

Result<void> Conversation::take_claim(const birth::Claim& claim) {
  claim_ = claim;
  // One TPM has one name however it is described: the key itself (attest::VerifiedEk::fingerprint), not its area.
  const auto ek_area = tpm::Public::parse(claim.ek_area);
  ek_ = ek_area && ek_area->key ? ek_area->key->fingerprint()
                                : crypto::digest(crypto::HashAlgorithm::sha256, claim.ek_area);
  if (!(claim.product == orders_->policy.product)) {
    return Error(
        Errc::incompatible, "station.other-product",
        "the unit is a '" + claim.product.str() + "', but this line makes '" + orders_->policy.product.str() + "'");
  }
  TRY(line_->registry().check_quarantine(claim.serial, ek_));
  TRY(line_->registry().check_free(claim.serial, ek_));
  TRY_ASSIGN(const auto before, line_->registry().find(claim.serial));
  if (before && before->unit.phase == Phase::born) {
    return already_born(claim.serial);
  }
  return {};
}

Result<void> Conversation::check_areas(const birth::Claim& claim) {
  TRY_ASSIGN(const tpm::Public iak, tpm::Public::parse(claim.iak_area));
  TRY_ASSIGN(const tpm::Public idevid, tpm::Public::parse(claim.idevid_area));
  if (tpm::fits_iak(orders_->policy.devid, iak) != tpm::TemplateFit::fits ||
      tpm::fits_idevid(orders_->policy.devid, idevid) != tpm::TemplateFit::fits) {
    return untrusted("station.template", "the unit's keys are not made from the template " +
                                             std::string(tpm::name_of(orders_->policy.devid)) + " of the policy");
  }
  const auto attester = claim.key_areas.find(k_attester);
  const bool same =
      attester != claim.key_areas.end() && claim.key_areas.size() == orders_->policy.keys.size() + 1 &&
      std::ranges::all_of(orders_->policy.keys, [&](const std::string& key) { return claim.key_areas.contains(key); });
  if (!same) {
    return Error(Errc::incompatible, "station.keys", "the unit did not make exactly the keys that the policy orders");
  }
  TRY_ASSIGN(attester_area_, tpm::Public::parse(attester->second));
  return {};
}

/// The evidence for one key: it must be the one that was claimed, and `signer` must vouch for it.
Result<attest::ResidentKey> Conversation::take_key(const birth::Proof& proof, const std::string& label,
                                                   const tpm::Public& signer, const Bytes& claimed,
                                                   ByteView nonce) const {
  const auto evidence = proof.keys.find(label);
  if (evidence == proof.keys.end() || evidence->second.public_area != claimed) {
    return untrusted("station.other-keys-proved", "the unit did not prove the key '" + label + "' that it claimed");
  }
  return attest::verify_resident(signer, evidence->second, nonce);
}

/// Endorsement key -> attester (it opened the credential) -> IAK -> every other key, the hierarchies and the floor.
Result<Facts> Conversation::take_proof(const birth::Proof& proof, const attest::VerifiedAttester& attester,
                                       ByteView nonce, ByteView proof_message) {
  step_ = "residency";
  Facts facts{.keys = {},
              .strength = attester.ek().strength(),
              .tpm_model = attester.ek().model(),
              .floor = 0,
              .evidence_sha256 = crypto::digest(crypto::HashAlgorithm::sha256, proof_message),
              .escrow = proof.escrow,
              .tests = proof.tests};
  const auto iak_evidence = proof.keys.find(k_iak);
  if (iak_evidence == proof.keys.end() || iak_evidence->second.public_area != claim_->iak_area) {
    return untrusted("station.other-keys-proved", "the unit did not prove the attestation key that it claimed");
  }
  TRY_ASSIGN(const attest::VerifiedIak iak, attest::verify_iak(attester, iak_evidence->second, nonce));
  facts.keys.emplace(k_iak, *iak.area().key);
  if (proof.idevid.public_area != claim_->idevid_area || proof.keys.size() != orders_->policy.keys.size() + 1) {
    return untrusted("station.other-keys-proved", "the unit proved other keys than those that it claimed");
  }
  TRY_ASSIGN(const auto idevid, attest::verify_resident(iak.area(), proof.idevid, nonce));
  facts.keys.emplace("idevid", idevid.key());
  for (const std::string& label : orders_->policy.keys) {
    TRY_ASSIGN(const auto resident, take_key(proof, label, iak.area(), claim_->key_areas.at(label), nonce));
    facts.keys.emplace(label, resident.key());
  }
  step_ = "hierarchies";
  TRY(attest::verify_closed(iak.area(), proof.state, nonce));
  step_ = "floor";
  TRY_ASSIGN(const auto floor, attest::verify_floor(iak.area(), proof.floor, orders_->policy.floor_key, nonce));
  if (floor.value() != orders_->policy.first_floor.value) {
    return untrusted("station.floor", "the unit's version floor is " + std::to_string(floor.value()) + ", not " +
                                          std::to_string(orders_->policy.first_floor.value));
  }
  facts.floor = floor.value();
  step_ = "tests";
  TRY(check_tests(proof.tests));
  return facts;
}

Result<void> Conversation::check_tests(const Json& tests) const {
  for (const auto& [name, wanted] : config_->tests) {
    const Json* value = tests.find(name);
    if (value == nullptr) {
      return Error(Errc::incompatible, "station.test-missing", "the test '" + name + "' was not made");
    }
    bool passed = true;
    if (value->as_bool(passed) && passed) continue;
    const auto number = value->as_number();
    const bool is_text = value->as_string().has_value();
    const bool low = number && wanted.minimum && *number < *wanted.minimum;
    const bool high = number && wanted.maximum && *number > *wanted.maximum;
    const bool unmeasured = !number && (wanted.minimum || wanted.maximum);
    if ((is_text || number) && !low && !high && !unmeasured) continue;
    return Error(Errc::incompatible, "station.test-failed",
                 "the test '" + name + "' failed: " + printable(value->dump(), 80));
  }
  return {};
}

Result<void> Conversation::hand_over(const birth::Identity& identity) {
  step_ = "hand-over";
  const std::string& serial = claim_->serial;
  TRY(say(identity));
  TRY_ASSIGN(const auto entry, line_->registry().find(serial));
  if (entry->unit.phase == Phase::born) return already_born(serial);  // meanwhile, over another connection
  TRY(line_->registry().keep_phase(serial, entry->unit.phase, Phase::handed, clock_->now()));
  step_ = "install";
  TRY_ASSIGN(const birth::Installed installed, expect<birth::Installed>());
  const crypto::PublicKey& key = entry->facts.keys.at("idevid");
  const Bytes digest = crypto::digest(crypto::HashAlgorithm::sha256, identity.record_envelope);
  if (!key.verify(crypto::default_scheme(key.algorithm()), attest::challenge_message(digest), installed.signature)) {
    return untrusted("station.not-installed", "the unit did not prove that it has its new identity");
  }
  return line_->registry().keep_phase(serial, Phase::handed, Phase::born, clock_->now());
}

void Conversation::refuse(const Error& error) {
  const Fault fault = fault_of(error);
  if (!told_) {
    // What is wrong inside the station is no business of a box on the line.
    const bool inside = fault == Fault::station;
    const auto ignored = say(birth::Refused{
        .reason = inside ? "station.fault" : error.reason(),
        .text = inside ? "the station cannot go on; ask its operator" : printable(error.message(), k_told_bytes_max)});
  }
  if (!claim_) return;  // nobody in particular: somebody connected and said nothing of use
  const unsigned failures_max = fault == Fault::unit   ? config_->failures_of_trust_max
                                : fault == Fault::line ? config_->failures_of_the_line_max
                                                       : UINT32_MAX;
  // A box that is held back stays so for its first reason.
  if (error.reason() == "station.quarantined") return;
  // The operator is also told what to do.
  const std::string text = error.message() + (error.hint().empty() ? "" : ". " + error.hint());
  const auto noted = line_->registry().note_failure({.serial = claim_->serial,
                                                     .tpm = to_hex(ek_),
                                                     .at = clock_->now(),
                                                     .step = step_,
                                                     .reason = error.reason(),
                                                     .text = printable(text, k_told_bytes_max)},
                                                    ek_, failures_max);
}

}  // namespace signet::station
