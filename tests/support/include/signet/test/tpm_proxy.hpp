// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/test/swtpm.hpp"
#include "signet/test/temp_dir.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace signet::test {

/// A TPM that misbehaves: stands between a program and its software TPM and decides, command by command, what the
/// program gets to hear.
class TpmProxy {
 public:
  /// Has the TPM carry out a command; empty if it is gone.
  using Ask = std::function<Bytes(ByteView command)>;
  /// The answer that the program gets; none cuts the connection, and so does one that is shorter than the size that
  /// stands in it, after it was sent. Called in the proxy's own thread.
  using Rule = std::function<std::optional<Bytes>(ByteView command, const Ask& ask)>;

  explicit TpmProxy(const Swtpm& behind);
  ~TpmProxy();
  TpmProxy(const TpmProxy&) = delete;
  TpmProxy& operator=(const TpmProxy&) = delete;

  /// For Tpm::connect().
  [[nodiscard]] std::string tcti() const { return "swtpm:path=" + socket_; }
  /// From the next command on; no rule hands everything through.
  void set_rule(Rule rule);
  void pass() { set_rule({}); }
  /// Commands so far.
  [[nodiscard]] unsigned commands() const { return commands_; }

  /// TPM_CC of a command (Part 2, section 6.5.2).
  [[nodiscard]] static std::uint32_t code_of(ByteView command);
  /// An answer that is nothing but a response code.
  [[nodiscard]] static Bytes refusal(std::uint32_t response_code);

 private:
  void serve(int listener);
  void serve_control(int listener);
  void converse(int program, int tpm);

  TempDir folder_;
  std::string socket_;
  std::string behind_;
  std::mutex mutex_;
  Rule rule_;
  std::atomic<unsigned> commands_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
  std::thread control_thread_;
};

}  // namespace signet::test
