// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "line.hpp"

#include <chrono>
#include <cstdint>

namespace signet::station {

/// One unit's birth over one channel, step by step; what it says is checked before anything is done for it.
class Conversation {
 public:
  Conversation(const Config& config, const Orders& orders, const os::Clock& clock, Line& line, birth::Channel channel);

  enum class Answer : std::uint8_t { none, begun };
  /// For a line without connections: asks into it, and says whether a unit began to answer; run() then goes on.
  Result<Answer> ask(std::chrono::milliseconds patience);
  /// The serial number of the unit that was born. Errors were told to the unit and are in the registry.
  Result<std::string> run();

 private:
  Result<void> begin();
  Result<std::string> speak();
  Result<std::string> take_late_word(const birth::Installed& installed);
  Result<void> take_claim(const birth::Claim& claim);
  Result<void> check_areas(const birth::Claim& claim);
  Result<Facts> take_proof(const birth::Proof& proof, const attest::VerifiedAttester& attester, ByteView nonce,
                           ByteView proof_message);
  Result<attest::ResidentKey> take_key(const birth::Proof& proof, const std::string& label, const tpm::Public& signer,
                                       const Bytes& claimed, ByteView nonce) const;
  Result<void> check_tests(const Json& tests) const;
  Result<void> hand_over(const birth::Identity& identity);
  void refuse(const Error& error);

  template <typename T>
  Result<T> expect();
  Result<void> say(const birth::Message& message);

  const Config* config_;
  const Orders* orders_;
  const os::Clock* clock_;
  Line* line_;
  birth::Channel channel_;
  bool asked_ = false;
  std::string step_ = "claim";
  std::optional<birth::Claim> claim_;
  Bytes ek_;  ///< fingerprint; before `endorsement` was checked, what the unit says
  std::optional<tpm::Public> attester_area_;
  Bytes last_message_;
  bool told_ = false;  ///< the unit refused, or is gone: there is nobody to be told
};

}  // namespace signet::station
