// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Preloaded into a program, kills it at the N-th call that changes a file: SIGNET_CRASH_AT=N kills before that call is
// done; with SIGNET_CRASH_TORN=1 a write at that place is done by half first. Without SIGNET_CRASH_AT it does nothing,
// but with SIGNET_CRASH_COUNT=FILE it writes to FILE how many such calls there were. With SIGNET_CRASH_TPM=1 a TPM
// command that changes the TPM for good counts as well, with SIGNET_CRASH_TPM=2 nothing else does.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long g_calls;

static int is_torn(void) {
  const char* text = getenv("SIGNET_CRASH_TORN");
  return text != NULL && text[0] == '1';
}

// Counts one call; true if the program is to die at it.
static int is_last(void) {
  const char* text = getenv("SIGNET_CRASH_AT");
  const long call = atomic_fetch_add(&g_calls, 1) + 1;
  return text != NULL && call == atol(text);
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static int counts_files(void) {
  const char* wanted = getenv("SIGNET_CRASH_TPM");
  return wanted == NULL || wanted[0] != '2';
}

// Only what reaches a disk counts: not terminals, pipes and sockets.
static int is_file(int fd) {
  struct stat status;
  return counts_files() && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// Commands whose effect outlasts a power cycle, or locks something until then (TPM 2.0 Library, Part 2, table 12).
static int is_lasting(unsigned code) {
  switch (code) {
    case 0x120:  // EvictControl
    case 0x121:  // HierarchyControl
    case 0x122:  // NV_UndefineSpace
    case 0x127:  // ClearControl
    case 0x129:  // HierarchyChangeAuth
    case 0x12A:  // NV_DefineSpace
    case 0x137:  // NV_Write
    case 0x138:  // NV_WriteLock
    case 0x13A:  // DictionaryAttackParameters
    case 0x14F:  // NV_ReadLock
      return 1;
    default:
      return 0;
  }
}

// A whole TPM command on its way to a socket or a device: tag, size, command code.
static int is_tpm_command(const void* data, size_t size) {
  const char* wanted = getenv("SIGNET_CRASH_TPM");
  const unsigned char* b = data;
  if (wanted == NULL || (wanted[0] != '1' && wanted[0] != '2') || size < 10) return 0;
  if (b[0] != 0x80 || (b[1] != 0x01 && b[1] != 0x02)) return 0;
  const size_t stated = (size_t)b[2] << 24 | (size_t)b[3] << 16 | (size_t)b[4] << 8 | b[5];
  return stated == size && is_lasting((unsigned)b[6] << 24 | (unsigned)b[7] << 16 | (unsigned)b[8] << 8 | b[9]);
}

__attribute__((destructor)) static void report(void) {
  const char* path = getenv("SIGNET_CRASH_COUNT");
  if (path == NULL) return;
  char text[32];
  const int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&g_calls));
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ssize_t (*real)(int, const void*, size_t) = (ssize_t(*)(int, const void*, size_t))dlsym(RTLD_NEXT, "write");
  if (fd >= 0 && real(fd, text, (size_t)length) != length) abort();
  if (fd >= 0) close(fd);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRITES(name, parameters, arguments, half)    \
  ssize_t name parameters {                          \
    if (is_file(fd) && is_last()) {                  \
      if (is_torn() && REAL(name) half < 0) abort(); \
      die();                                         \
    }                                                \
    return REAL(name) arguments;                     \
  }

#define CHANGES(name, parameters, arguments) \
  int name parameters {                      \
    if (counts_files() && is_last()) die();  \
    return REAL(name) arguments;             \
  }

ssize_t write(int fd, const void* data, size_t size) {
  if (is_file(fd)) {
    if (is_last()) {
      if (is_torn() && REAL(write)(fd, data, size / 2) < 0) abort();
      die();
    }
  } else if (is_tpm_command(data, size) && is_last()) {
    die();
  }
  return REAL(write)(fd, data, size);
}
ssize_t send(int fd, const void* data, size_t size, int flags) {
  if (is_tpm_command(data, size) && is_last()) die();
  return REAL(send)(fd, data, size, flags);
}
WRITES(pwrite, (int fd, const void* data, size_t size, off_t at), (fd, data, size, at), (fd, data, size / 2, at))
WRITES(pwrite64, (int fd, const void* data, size_t size, off64_t at), (fd, data, size, at), (fd, data, size / 2, at))
WRITES(writev, (int fd, const struct iovec* parts, int count), (fd, parts, count), (fd, parts, count / 2))
WRITES(pwritev, (int fd, const struct iovec* parts, int count, off_t at), (fd, parts, count, at),
       (fd, parts, count / 2, at))
CHANGES(fsync, (int fd), (fd))
CHANGES(fdatasync, (int fd), (fd))
CHANGES(ftruncate, (int fd, off_t size), (fd, size))
CHANGES(ftruncate64, (int fd, off64_t size), (fd, size))
CHANGES(truncate, (const char* path, off_t size), (path, size))
CHANGES(truncate64, (const char* path, off64_t size), (path, size))
CHANGES(rename, (const char* from, const char* to), (from, to))
CHANGES(renameat, (int from_fd, const char* from, int to_fd, const char* to), (from_fd, from, to_fd, to))
CHANGES(renameat2, (int from_fd, const char* from, int to_fd, const char* to, unsigned flags),
        (from_fd, from, to_fd, to, flags))
CHANGES(link, (const char* from, const char* to), (from, to))
CHANGES(linkat, (int from_fd, const char* from, int to_fd, const char* to, int flags),
        (from_fd, from, to_fd, to, flags))
CHANGES(unlink, (const char* path), (path))
CHANGES(unlinkat, (int fd, const char* path, int flags), (fd, path, flags))
CHANGES(remove, (const char* path), (path))
CHANGES(mkdir, (const char* path, mode_t mode), (path, mode))
CHANGES(rmdir, (const char* path), (path))
