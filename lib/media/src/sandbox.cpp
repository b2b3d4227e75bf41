// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "sandbox.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace signet::media {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t k_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t k_architecture = AUDIT_ARCH_AARCH64;
#else
#error "name the system call architecture of this machine"
#endif

/// Never needed to take a recording apart: privileges, other processes, the kernel, changes to files.
constexpr std::array k_refused{
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kill,
    SYS_tkill,
    SYS_tgkill,
    SYS_pidfd_open,
    SYS_pidfd_send_signal,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_reboot,
    SYS_swapon,
    SYS_acct,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_mkdirat,
    SYS_linkat,
    SYS_symlinkat,
    SYS_mknodat,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fchown,
    SYS_fchownat,
    SYS_truncate,
    SYS_setxattr,
    SYS_fsetxattr,
    SYS_open_by_handle_at,
#if defined(__x86_64__)
    SYS_creat,
    SYS_unlink,
    SYS_rename,
    SYS_renameat,
    SYS_mkdir,
    SYS_rmdir,
    SYS_link,
    SYS_symlink,
    SYS_mknod,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_uselib,
#endif
};
constexpr std::array k_network{SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4};

constexpr std::uint32_t refuse_with(int errno_value) {
  return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(errno_value) & SECCOMP_RET_DATA);
}

sock_filter statement(unsigned code, std::uint32_t value) {
  return {.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = 0, .k = value};
}

/// Goes on with the next instruction if the accumulator compares so, else skips `otherwise`.
sock_filter compare(unsigned comparison, std::uint32_t value, std::uint8_t otherwise) {
  return {.code = static_cast<std::uint16_t>(BPF_JMP | BPF_K | comparison), .jt = 0, .jf = otherwise, .k = value};
}

void refuse(std::vector<sock_filter>& filter, long call, int errno_value) {
  filter.push_back(compare(BPF_JEQ, static_cast<std::uint32_t>(call), 1));
  filter.push_back(statement(BPF_RET | BPF_K, refuse_with(errno_value)));
}

/// Opening for anything but reading is refused.
void refuse_writing(std::vector<sock_filter>& filter, long call, unsigned flags_argument) {
  constexpr auto k_writing = static_cast<std::uint32_t>(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND);
  filter.push_back(compare(BPF_JEQ, static_cast<std::uint32_t>(call), 4));
  const auto at = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + flags_argument * sizeof(std::uint64_t));
  filter.push_back(statement(BPF_LD | BPF_W | BPF_ABS, at));  // the low half: these machines are little-endian
  filter.push_back(compare(BPF_JSET, k_writing, 1));
  filter.push_back(statement(BPF_RET | BPF_K, refuse_with(EACCES)));
  filter.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

std::vector<sock_filter> make_filter(bool may_network) {
  std::vector<sock_filter> filter;
  filter.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  filter.push_back({.code = BPF_JMP | BPF_K | BPF_JEQ, .jt = 1, .jf = 0, .k = k_architecture});
  filter.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  filter.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
#if defined(__x86_64__)
  filter.push_back(compare(BPF_JGE, 0x4000'0000U, 1));  // the x32 calls would go round the table
  filter.push_back(statement(BPF_RET | BPF_K, refuse_with(ENOSYS)));
  refuse_writing(filter, SYS_open, 1);
#endif
  refuse_writing(filter, SYS_openat, 2);
  refuse(filter, SYS_openat2, ENOSYS);  // its flags stand in memory, where a filter cannot see them
  for (const long call : k_refused) refuse(filter, call, EPERM);
  if (!may_network) {
    for (const long call : k_network) refuse(filter, call, EPERM);
  }
  filter.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return filter;
}

bool limit(__rlimit_resource what, std::uint64_t value) noexcept {
  rlimit now{};
  if (::getrlimit(what, &now) != 0) return false;
  const rlim_t most = value < now.rlim_max ? value : now.rlim_max;
  const rlimit next{most, most};
  return ::setrlimit(what, &next) == 0;
}

bool drop_privileges() noexcept {
  if (::geteuid() == 0) {  // root without capabilities, also behind exec; who runs a container may lack the right to
    ::prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP, 0, 0, 0);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct head{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &head, none.data()) != 0) return false;
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/// Programs, libraries and what name resolution reads; an older kernel goes without.
void read_only_the_system() noexcept {
  constexpr std::uint64_t k_read =
      LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  constexpr std::uint64_t k_all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;  // all rights of the first version
  const landlock_ruleset_attr attributes{.handled_access_fs = k_all};
  const long rules = ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
  if (rules < 0) return;
  constexpr std::array k_folders{
      "/usr", "/lib", "/lib64", "/bin", "/etc/ssl", "/etc/alternatives", "/proc/sys", "/sys/devices/system/cpu"};
  constexpr std::array k_files{"/etc/ld.so.cache", "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
                               "/etc/gai.conf",    "/etc/host.conf",   "/dev/null",  "/dev/urandom",
                               "/proc/cpuinfo",    "/proc/meminfo"};
  const auto allow = [&](const char* path, std::uint64_t rights) {
    const int at = ::open(path, O_PATH | O_CLOEXEC);
    if (at < 0) return;
    const landlock_path_beneath_attr rule{.allowed_access = rights, .parent_fd = at};
    ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    ::close(at);
  };
  for (const char* path : k_folders) allow(path, k_read);
  for (const char* path : k_files) allow(path, LANDLOCK_ACCESS_FS_READ_FILE);
  ::syscall(SYS_landlock_restrict_self, rules, 0);
  ::close(static_cast<int>(rules));
}

}  // namespace

Sandbox::Sandbox(const Confinement& confinement)
    : confinement_(confinement), filter_(make_filter(confinement.may_network)) {}

bool Sandbox::enter() const noexcept {
  // An empty network besides the filter below, where the kernel lets us have one.
  if (!confinement_.may_network && ::unshare(CLONE_NEWNET) != 0) ::unshare(CLONE_NEWUSER | CLONE_NEWNET);
  constexpr std::uint64_t k_files_max = 64;
  if (!limit(RLIMIT_AS, confinement_.memory_bytes) || !limit(RLIMIT_CPU, confinement_.cpu_seconds) ||
      !limit(RLIMIT_CORE, 0) || !limit(RLIMIT_FSIZE, 0) || !limit(RLIMIT_NOFILE, k_files_max)) {
    return false;
  }
  if (!drop_privileges()) return false;
  read_only_the_system();
  sock_fprog program{static_cast<unsigned short>(filter_.size()), const_cast<sock_filter*>(filter_.data())};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

}  // namespace signet::media
