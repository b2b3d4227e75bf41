// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "line.hpp"

#include "signet/core/ensure.hpp"
#include "signet/keystore.hpp"
#include "signet/os/file.hpp"

#include <array>

namespace signet::station {

namespace {

constexpr std::uint32_t k_crl_days = 90;
constexpr const char* k_crl_file = "ca.crl";

/// Which profile the certificate of a key has. Further keys but video have none yet; a policy that orders them is
/// refused at the start.
std::string_view profile_of(std::string_view label) { return label == "video" ? "media-signing" : label; }

std::string issued_name(std::string_view profile, const crypto::PublicKey& key) {
  return std::string(profile) + ":" + to_hex(key.fingerprint());
}

Error behind(std::uint64_t known, std::uint64_t entries) {
  return {Errc::untrusted, "station.registry-behind",
          "the ledger has " + std::to_string(entries) + " records, but the registry knows only " +
              std::to_string(known) + " of them",
          "Units would be born twice. Restore the newest registry; never begin with an empty one on a used ledger."};
}

constexpr const char* k_what_to_do =
    "Units would get receipts that others refuse. Keep the folder as it is, let 'signet ledger verify' list what was "
    "changed, and restore the ledger from its newest copy.";

Error ledger_behind(std::uint64_t wanted, std::uint64_t entries) {
  return {Errc::untrusted, "station.ledger-behind",
          "units were given receipts for " + std::to_string(wanted) + " records, but the ledger has only " +
              std::to_string(entries),
          k_what_to_do};
}

Error altered(const std::string& what) {
  return {Errc::untrusted, "station.ledger-altered", "the ledger was changed behind the station's back: " + what,
          k_what_to_do};
}

}  // namespace

Line::Line(const Config& config, const Orders& orders, const os::Clock& clock, os::FileLock lock, Registry registry,
           ca::Authority authority, ledger::Ledger ledger)
    : config_(&config),
      orders_(&orders),
      clock_(&clock),
      lock_(std::move(lock)),
      registry_(std::move(registry)),
      authority_(std::move(authority)),
      ledger_(std::move(ledger)) {}

Result<std::unique_ptr<Line>> Line::open(const Config& config, const Orders& orders, const os::Clock& clock) {
  for (const std::string& key : orders.policy.keys) {
    if (key == "video") continue;
    return Error(Errc::unsupported, "station.key-unknown",
                 "the vendor's policy orders the key '" + key + "', for which this station has no kind of certificate",
                 "Use a newer program, or another policy.");
  }
  TRY_ASSIGN(auto registry, Registry::open(config.state));
  TRY(registry.check_ek_kind(config.tpm_endorsement_key));
  TRY_ASSIGN(auto lock, os::FileLock::try_acquire(config.state / "lock",
                                                  "the station's state " + printable(config.state.string())));
  TRY_ASSIGN(auto ca_key, keystore::open_signer(config.ca_key));
  TRY_ASSIGN(auto authority, ca::Authority::open(config.ca_folder, std::move(ca_key), clock));
  TRY_ASSIGN(auto ledger, ledger::Ledger::open(config.ledger_folder));
  if (ledger.origin() != config.ledger_origin) {
    return Error(Errc::usage, "station.other-ledger",
                 "the ledger is '" + printable(ledger.origin()) + "', not '" + printable(config.ledger_origin) + "'");
  }
  TRY_ASSIGN(const Status known, registry.status(clock.now()));
  TRY_ASSIGN(const auto written, registry.in_phase(Phase::written));  // may be in the ledger without an index
  if (known.ledger_entries + written.size() < ledger.size()) return behind(known.ledger_entries, ledger.size());
  std::unique_ptr<Line> line(
      new Line(config, orders, clock, std::move(lock), std::move(registry), std::move(authority), std::move(ledger)));
  TRY_ASSIGN(line->ledger_key_, keystore::open_signer(config.ledger_key));
  TRY_ASSIGN(line->station_key_, keystore::open_signer(config.station_key));
  TRY_ASSIGN(const auto certified, orders.station_certificates.front().public_key());
  if (!(certified == line->station_key_->public_key())) {
    return Error(Errc::usage, "pki.key-mismatch", "the station's certificate is of another key than 'signing.key'");
  }
  TRY(line->check_ledger());
  line->index_authority();
  return line;
}

/// What was written and given away is compared with what is there: a ledger that was changed, cut or exchanged while
/// nobody looked is not gone on with. Reads the whole ledger.
Result<void> Line::check_ledger() {
  TRY_ASSIGN(const std::uint64_t wanted, registry_.ledger_size_min());
  if (ledger_->size() < wanted) return ledger_behind(wanted, ledger_->size());
  const auto published = ledger::Published::open(config_->ledger_folder);
  TRY_ASSIGN(const auto last, registry_.last_receipted());
  if (!published && published.error().reason() == "ledger.unpublished" && !last) return {};
  if (!published) return altered(published.error().message());
  TRY_ASSIGN(const auto key, ledger::VerifierKey::for_log(config_->ledger_origin, ledger_key_->public_key()));
  TRY_ASSIGN(const auto own, ledger::Policy::make({key}));
  const auto checkpoint = ledger::open_checkpoint(Untrusted(as_bytes(published->note())), own);
  if (!checkpoint) return altered(checkpoint.error().message());
  std::vector<ledger::VerifiedCheckpoint> held;
  if (last) {
    TRY_ASSIGN(const auto receipt, ledger::ProofFile::decode(as_bytes(last->receipt)));
    auto seen = ledger::open_checkpoint(Untrusted(as_bytes(receipt.checkpoint)), own);
    if (!seen) return altered("the last unit's receipt is under another key than 'ledger.key'");
    if (checkpoint->size() < seen->size()) return ledger_behind(seen->size(), checkpoint->size());
    held.push_back(*std::move(seen));
  }
  const auto audit = ledger::verify_all(config_->ledger_folder, *checkpoint, held);
  if (!audit) return altered(audit.error().message());
  if (audit->findings.empty()) return {};
  return altered(audit->findings.front().text);
}

void Line::index_authority() {
  const auto& list = authority_.list();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto certificate = pki::Certificate::from_der(list[i].certificate_der);
    if (!certificate || list[i].revoked) continue;
    if (const auto key = certificate->public_key()) issued_[issued_name(list[i].profile, *key)] = i;
  }
}

std::uint64_t Line::ledger_size() {
  const std::scoped_lock guard(mutex_);
  return ledger_ ? ledger_->size() : 0;
}

Result<ledger::Ledger*> Line::ledger() {
  if (!ledger_) {
    TRY_ASSIGN(ledger_, ledger::Ledger::open(config_->ledger_folder));
  }
  return &*ledger_;
}

Result<void> Line::settle() {
  std::string step;
  for (const Phase phase : {Phase::reserved, Phase::issued, Phase::written, Phase::recorded}) {
    TRY_ASSIGN(const auto entries, registry_.in_phase(phase));
    for (const Entry& entry : entries) {
      // Reserved, and the authority knows no certificate: nothing has happened yet; the unit will come again.
      const auto idevid = entry.facts.keys.find("idevid");
      ensure(idevid != entry.facts.keys.end(), "facts name the IDevID key");
      if (phase == Phase::reserved && !issued_.contains(issued_name("idevid", idevid->second))) continue;
      TRY(finish(entry.unit.serial, step).context("end the birth of " + entry.unit.serial));
    }
  }
  return keep_crl();
}

Result<birth::Identity> Line::finish(const std::string& serial, std::string& step) {
  const std::scoped_lock guard(mutex_);
  struct Act {
    Phase from;
    const char* step;
    Result<void> (Line::*act)(const Entry&);
  };
  constexpr std::array k_acts = {
      Act{Phase::reserved, "issue", &Line::issue}, Act{Phase::issued, "record", &Line::write},
      Act{Phase::written, "record", &Line::record}, Act{Phase::recorded, "receipt", &Line::receipt}};
  for (const Act& act : k_acts) {
    TRY_ASSIGN(const auto entry, registry_.find(serial));
    ensure(entry.has_value(), "a unit that was reserved");
    if (entry->unit.phase != act.from) continue;
    step = act.step;
    TRY((this->*act.act)(*entry));
  }
  TRY_ASSIGN(const auto done, registry_.find(serial));
  return identity(*done);
}

Result<pki::Certificate> Line::certificate_for(const Entry& entry, const std::string& label) {
  const crypto::PublicKey& key = entry.facts.keys.at(label);
  const std::string_view profile = profile_of(label);
  // The authority's own journal says whether it was issued before a crash: one key gets one certificate.
  const std::string name = issued_name(profile, key);
  if (const auto found = issued_.find(name); found != issued_.end()) {
    return pki::Certificate::from_der(authority_.list()[found->second].certificate_der);
  }
  TRY_ASSIGN(const pki::Profile wanted, pki::profile_named(profile));
  const std::string& serial = entry.unit.serial;
  ca::Application application{.profile = wanted,
                              .subject = {.common_name = orders_->policy.product.str() + " " + serial,
                                          .organization = config_->organization,
                                          .serial_number = serial},
                              .public_key = key};
  if (wanted.needs_hardware_module) {
    application.hardware = pki::HardwareModule{.type_oid = config_->hardware_type, .serial = to_bytes(serial)};
  }
  auto certificate = authority_.issue(application);
  if (certificate) issued_[name] = authority_.list().size() - 1;
  return certificate;
}

Result<void> Line::issue(const Entry& entry) {
  std::map<std::string, Bytes> certificates;
  for (const auto& [label, key] : entry.facts.keys) {
    TRY_ASSIGN(const auto certificate, certificate_for(entry, label));
    certificates[label] = certificate.der();
  }
  return registry_.keep_certificates(entry.unit.serial, certificates, clock_->now());
}

Result<void> Line::write(const Entry& entry) {
  birth::Record record{.product = orders_->policy.product,
                       .serial = entry.unit.serial,
                       .station = config_->station,
                       .line = config_->line,
                       .born = clock_->now(),
                       .policy_revision = orders_->policy.revision,
                       .policy_sha256 = orders_->policy_sha256,
                       .strength = entry.facts.strength,
                       .tpm_model = entry.facts.tpm_model,
                       .ek_fingerprint = entry.ek,
                       .certificates = {},
                       .issuer_serials = {},
                       .floor = entry.facts.floor,
                       .evidence_sha256 = entry.facts.evidence_sha256,
                       .escrow = entry.facts.escrow,
                       .tests = entry.facts.tests};
  for (const auto& [label, der] : entry.certificates) {
    TRY_ASSIGN(const auto certificate, pki::Certificate::from_der(der));
    record.certificates[label] = to_hex(certificate.fingerprint());
    record.issuer_serials[label] = certificate.serial_hex();
  }
  TRY_ASSIGN(const Bytes envelope,
             documents::sign_envelope(birth::k_record_type, record.encode(), std::array{station_key_.get()}));
  if (envelope.size() > ledger::k_entry_size_bytes_max) {
    return Error(Errc::invalid_input, "station.record-too-big", "the birth record does not fit into a ledger's entry",
                 "Ask for fewer test values.");
  }
  TRY_ASSIGN(const ledger::Ledger* log, ledger());
  return registry_.keep_record(entry.unit.serial, envelope, log->size(), clock_->now());
}

Result<std::optional<std::uint64_t>> Line::find_in_ledger(const Entry& entry) {
  TRY_ASSIGN(ledger::Ledger* const log, ledger());
  if (entry.ledger_from >= log->size()) return std::optional<std::uint64_t>();
  TRY(log->checkpoint(*ledger_key_));  // entries are read where they are published
  TRY_ASSIGN(const auto published, ledger::Published::open(config_->ledger_folder));
  for (std::uint64_t i = entry.ledger_from; i < published.size(); ++i) {
    TRY_ASSIGN(const Bytes each, published.entry(i));
    if (each == entry.record) return std::optional(i);
  }
  return std::optional<std::uint64_t>();
}

Result<void> Line::record(const Entry& entry) {
  TRY_ASSIGN(auto index, find_in_ledger(entry));
  if (!index) {
    TRY_ASSIGN(ledger::Ledger* const log, ledger());
    auto appended = log->append(entry.record);
    if (!appended) {
      ledger_.reset();  // after an error of the disk it must be opened anew
      return appended.error();
    }
    index = *appended;
  }
  return registry_.keep_index(entry.unit.serial, *index, clock_->now());
}

Result<void> Line::receipt(const Entry& entry) {
  TRY_ASSIGN(ledger::Ledger* const log, ledger());
  if (auto note = log->checkpoint(*ledger_key_); !note) {
    ledger_.reset();
    return note.error();
  }
  TRY_ASSIGN(const auto published, ledger::Published::open(config_->ledger_folder));
  TRY_ASSIGN(const auto proof, published.proof_file(*entry.unit.ledger_index));
  return registry_.keep_receipt(entry.unit.serial, proof.encode(), clock_->now());
}

Result<birth::Identity> Line::identity(const Entry& entry) const {
  birth::Identity identity;
  for (const auto& [label, der] : entry.certificates) {
    TRY_ASSIGN(auto certificate, pki::Certificate::from_der(der));
    std::vector<pki::Certificate> chain = {std::move(certificate), authority_.certificate()};
    if (label == "idevid") {
      identity.idevid = std::move(chain);
    } else if (label == "iak") {
      identity.iak = std::move(chain);
    } else {
      identity.keys[label] = std::move(chain);
    }
  }
  identity.record_envelope = entry.record;
  identity.receipt = entry.receipt;
  // With them the vendor's root alone tells whose word the record is. Usually the line's own authority certified both.
  identity.station = orders_->station_certificates;
  if (identity.station.size() == 1) identity.station.push_back(authority_.certificate());
  return identity;
}

Result<void> Line::keep_crl() {
  const std::filesystem::path path = config_->state / k_crl_file;
  if (const auto old = os::read_file(path, 1U << 20U)) {
    const auto list = pki::Crl::from_der(*old);
    if (list && list->number() == authority_.crl_number() && list->this_update().plus_days(1) > clock_->now())
      return {};
  }
  const std::scoped_lock guard(mutex_);
  TRY_ASSIGN(const pki::Crl list, authority_.crl(k_crl_days));
  return os::replace_file(path, list.der());
}

}  // namespace signet::station
