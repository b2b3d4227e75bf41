// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Preloaded into a program, kills it at the N-th call that changes a file: SIGNET_CRASH_AT=N kills before that call is
// done; with SIGNET_CRASH_TORN=1 a write at that place is done by half first. Without SIGNET_CRASH_AT it does nothing,
// but with SIGNET_CRASH_COUNT=FILE it writes to FILE how many such calls there were.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

// Only what reaches a disk counts: not terminals, pipes and sockets.
static int is_file(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
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
    if (is_last()) die();                    \
    return REAL(name) arguments;             \
  }

WRITES(write, (int fd, const void* data, size_t size), (fd, data, size), (fd, data, size / 2))
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
