// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/cli.hpp"

#include <utility>

// A noun whose folder is not there yet is a piece of work that has not begun.
#if __has_include("tour/tour_commands.hpp")
#include "tour/tour_commands.hpp"
#define SIGNET_HAS_TOUR 1
#endif
#if __has_include("key/key_commands.hpp")
#include "key/key_commands.hpp"
#define SIGNET_HAS_KEY 1
#endif
#if __has_include("ca/ca_commands.hpp")
#include "ca/ca_commands.hpp"
#define SIGNET_HAS_CA 1
#endif
#if __has_include("firmware/firmware_commands.hpp")
#include "firmware/firmware_commands.hpp"
#define SIGNET_HAS_FIRMWARE 1
#endif
#if __has_include("ledger/ledger_commands.hpp")
#include "ledger/ledger_commands.hpp"
#define SIGNET_HAS_LEDGER 1
#endif

namespace signet::cli {

namespace {

[[maybe_unused]] void add(std::vector<Command>& all, std::vector<Command> more) {
  for (Command& command : more) all.push_back(std::move(command));
}

std::vector<Command> collect() {
  std::vector<Command> all;
#ifdef SIGNET_HAS_TOUR
  add(all, tour_commands());
#endif
#ifdef SIGNET_HAS_KEY
  add(all, key_commands());
#endif
#ifdef SIGNET_HAS_CA
  add(all, ca_commands());
#endif
#ifdef SIGNET_HAS_FIRMWARE
  add(all, firmware_commands());
#endif
#ifdef SIGNET_HAS_LEDGER
  add(all, ledger_commands());
#endif
  return all;
}

}  // namespace

const std::vector<Command>& all_commands() {
  static const std::vector<Command> k_commands = collect();
  return k_commands;
}

}  // namespace signet::cli
