// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_policy_fuzz)
#include "caller.hpp"

#include "signet/os/file.hpp"

#include <linux/capability.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <system_error>

namespace signet::keystored {

namespace {

constexpr std::uint64_t k_cgroup_bytes_max = 16384;

/// The effective capabilities of this process, as the kernel prints them (proc(5)).
std::uint64_t own_capabilities() {
  constexpr std::string_view k_name = "CapEff:\t";
  const auto status = os::read_file("/proc/self/status", k_cgroup_bytes_max);
  if (!status) return 0;
  const std::string_view text = as_text(*status);
  const std::size_t at = text.find(k_name);
  std::uint64_t bits = 0;
  if (at != std::string_view::npos) {
    const std::string_view digits = text.substr(at + k_name.size());
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
  }
  return bits;
}

}  // namespace

bool sees_programs_of(uid_t uid) {
  // ptrace(2), "Ptrace access mode checking": a capable one sees everybody, others themselves; but what has
  // capabilities, as root's programs do, nobody who lacks them.
  const bool capable = (own_capabilities() & (1ULL << CAP_SYS_PTRACE)) != 0;
  return capable || (uid == ::geteuid() && uid != 0);
}

std::optional<std::string> unit_in(std::string_view cgroups) {
  while (!cgroups.empty()) {
    const std::string_view line = cgroups.substr(0, cgroups.find('\n'));
    cgroups.remove_prefix(std::min(cgroups.size(), line.size() + 1));
    // One hierarchy (cgroups(7): "0::/..."), or systemd's own among several.
    const bool ours = line.starts_with("0::/") || line.find(":name=systemd:/") != std::string_view::npos;
    if (!ours) continue;
    std::string_view path = line.substr(line.find('/') + 1);
    while (!path.empty()) {
      const std::string_view part = path.substr(0, path.find('/'));
      if (part.ends_with(".service") && part.size() > 8) return std::string(part);
      path.remove_prefix(std::min(path.size(), part.size() + 1));
    }
  }
  return std::nullopt;
}

Caller Caller::of(const os::Peer& peer) {
  Caller caller{.pid = peer.pid, .subject = {.uid = peer.uid, .gid = peer.gid, .groups = peer.groups}};
  if (peer.pid <= 0) return caller;
  const std::filesystem::path process = "/proc/" + std::to_string(peer.pid);
  if (const auto cgroups = os::read_file(process / "cgroup", k_cgroup_bytes_max)) {
    caller.subject.unit = unit_in(as_text(*cgroups));
  }
  std::error_code failed;
  const std::filesystem::path program = std::filesystem::read_symlink(process / "exe", failed);
  if (!failed) caller.subject.program = program.native();
  return caller;
}

}  // namespace signet::keystored
