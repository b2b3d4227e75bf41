// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/attest.hpp"
#include "signet/birth.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/crypto.hpp"
#include "signet/os/clock.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

/// The station of a production line: gives identities to units, each of which it takes for an untrusted box.
namespace signet::station {

// --- Configuration (docs/formats/station-config.md) ---

/// A test whose value every unit must bring.
struct WantedTest {
  std::optional<double> minimum = {};
  std::optional<double> maximum = {};
};

/// Everything a station is told; paths are absolute, or made so from the configuration's folder.
struct Config {
  std::string station;
  std::string line;
  std::string listen;               ///< "HOST:PORT"; empty: no network
  std::vector<std::string> serial;  ///< "/dev/ttyS1@115200"
  std::string page;                 ///< "127.0.0.1:PORT"; empty: no page
  std::string organization;
  std::string hardware_type;  ///< OID below the maker's enterprise number
  std::filesystem::path ca_folder;
  std::string ca_key;
  std::string station_key;
  std::filesystem::path station_certificate;
  std::vector<std::pair<std::filesystem::path, attest::Strength>> tpm_makers;
  std::vector<std::filesystem::path> tpm_intermediates;
  std::vector<std::filesystem::path> tpm_crls;
  /// The one kind of endorsement key by which this line knows a TPM; kept in the registry from init() on.
  crypto::KeyAlgorithm tpm_endorsement_key = crypto::KeyAlgorithm::ec_p384;
  std::filesystem::path policy;      ///< the vendor's envelope
  std::filesystem::path policy_key;  ///< PEM: the key that signs policies
  std::filesystem::path ledger_folder;
  std::string ledger_origin;
  std::string ledger_key;
  std::filesystem::path state;
  unsigned units_parallel = 4;
  std::chrono::seconds timeout{60};       ///< for each message
  unsigned failures_of_trust_max = 1;     ///< a box is quarantined at so many
  unsigned failures_of_the_line_max = 5;  ///< and at so many broken connections in a row
  std::map<std::string, WantedTest> tests;

  /// "station.config" (invalid_input); an unknown member is refused.
  static Result<Config> load(const std::filesystem::path& path);
};

// --- What a station knows ---

/// How far a unit has come; each step is durable before the next begins. The one table of moves is in src/phase.cpp.
enum class Phase : std::uint8_t {
  reserved,   ///< serial and TPM belong together from now on, and to nobody else
  issued,     ///< its certificates exist
  written,    ///< its record is signed and about to be appended
  recorded,   ///< its record is in the ledger
  receipted,  ///< its record is under a signed checkpoint
  handed,     ///< certificates, record and receipt were sent to the unit
  born,       ///< the unit has proved with its new identity that it has them
};
[[nodiscard]] std::string_view name_of(Phase phase);

/// A unit that has a serial number here.
struct Unit {
  std::string serial;
  std::string tpm;  ///< EK fingerprint, hexadecimal
  Phase phase = Phase::reserved;
  attest::Strength strength = attest::Strength::software;
  Instant reserved_at;
  Instant updated_at;
  std::optional<std::uint64_t> ledger_index;
};
/// A box (a serial number and the TPM that came with it) that failed.
struct Failed {
  std::string serial;
  std::string tpm;
  Instant at;
  std::string step;
  std::string reason;
  std::string text;  ///< safe to print
  std::uint64_t failures = 0;
  bool quarantined = false;
};
/// How a line is doing.
struct Status {
  std::map<std::string, std::uint64_t> phases;            ///< units in each phase
  std::map<std::string, std::uint64_t> failures_by_step;  ///< of all time
  std::uint64_t identities_issued = 0;
  std::uint64_t ledger_entries = 0;
  std::uint64_t quarantined = 0;
  std::vector<std::uint64_t> births_per_minute;  ///< of the last hour, oldest first

  [[nodiscard]] Json json() const;
};

/// Reads or changes a station's books beside a running service. "station.none" (not_found) before init().
Result<Status> status(const Config& config, Instant now);
Result<std::vector<Unit>> units(const Config& config);
Result<std::vector<Failed>> failures(const Config& config);
/// Lets every quarantined box of that serial number try again; how many there were. "station.not-quarantined"
/// (not_found).
Result<std::uint64_t> release(const Config& config, std::string_view serial);

/// Makes what a new line begins with: the folder of state, and the ledger where there is none. "station.exists"
/// (conflict) if there is a state already.
Result<void> init(const Config& config);

/// What was handed over.
struct Batch {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t left = 0;  ///< entries that did not fit
};
inline constexpr std::string_view k_batch_type = "application/vnd.signet.birth-batch+json";
/// Writes the published records from `first` on (default: after the last batch) as one envelope signed by the station
/// (docs/formats/birth-record.md, "Batches"). "station.nothing-new" (not_found).
Result<Batch> batch(const Config& config, std::optional<std::uint64_t> first, const std::filesystem::path& out,
                    Instant now);

// --- The service ---

/// A station at work; holds the locks of its state, its CA and its ledger. Safe to use from several threads.
class Station {
 public:
  /// Opens all parts, and ends what a crash left half-done. "os.locked" (conflict) if another station works on the same
  /// state, CA or ledger; "station.registry-behind" (untrusted) if the ledger knows more births than the registry,
  /// "station.ledger-behind" if it knows fewer, "station.ledger-altered" (both untrusted) if it is not what units were
  /// given receipts for; "station.ek-kind-changed" (usage).
  static Result<Station> open(const Config& config, const os::Clock& clock);
  Station(Station&&) noexcept;
  Station& operator=(Station&&) noexcept;
  ~Station();

  /// One birth over a connected channel: the serial number of the unit that was born. An error was told to the unit
  /// and is in the books.
  Result<std::string> give_birth(birth::Channel channel);
  /// Listens and serves units, serial lines and the page until asked to stop; `on_ready` is told the port of units and
  /// the port of the page.
  Result<void> serve(const std::stop_token& stop, const std::function<void(std::uint16_t, std::uint16_t)>& on_ready);
  /// What the page shows.
  Result<Status> status() const;

 private:
  struct State;
  explicit Station(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace signet::station
