// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/cli.hpp"

#include "advisory/advisory_commands.hpp"
#include "ca/ca_commands.hpp"
#include "firmware/firmware_commands.hpp"
#include "floor/floor_commands.hpp"
#include "id/id_commands.hpp"
#include "key/key_commands.hpp"
#include "key/keystored_commands.hpp"
#include "ledger/ledger_commands.hpp"
#include "repo/repo_commands.hpp"
#include "sbom/sbom_commands.hpp"
#include "station/station_commands.hpp"
#include "tour/tour_commands.hpp"
#include "video/video_commands.hpp"
#include "vuln/vuln_commands.hpp"

#include <utility>

namespace signet::cli {

namespace {

/// In the order in which help lists them; a new noun adds its line here.
std::vector<Command> collect() {
  std::vector<Command> all;
  for (auto* noun : {&tour_commands, &key_commands, &keystored_key_commands, &id_commands, &ca_commands,
                     &firmware_commands, &floor_commands, &ledger_commands, &repo_commands, &station_commands,
                     &video_commands, &sbom_commands, &cvss_commands, &vuln_commands,
                     &advisory_case_commands, &advisory_commands, &cve_commands}) {
    for (Command& command : (*noun)()) all.push_back(std::move(command));
  }
  return all;
}

}  // namespace

const std::vector<Command>& all_commands() {
  static const std::vector<Command> k_commands = collect();
  return k_commands;
}

}  // namespace signet::cli
